"""What came of a soak."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaido.soak.verdict import Check


@dataclass
class Result:
    """What came of it.

    Attributes:
        plan: as it was asked for.
        deeds: how often each was done.
    """

    plan: dict[str, Any]
    checks: list[Check]
    deeds: dict[str, int]
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether all held."""
        return all(check.ok for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """As data."""
        return {
            "ok": self.ok,
            "plan": self.plan,
            "deeds": self.deeds,
            "figures": self.figures,
            "checks": [check.to_json() for check in self.checks],
        }

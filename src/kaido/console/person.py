"""Who looks at a page: their company, role, and how they read numbers and times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kaido.company import ROLES
from kaido.services.markets import METRIC, markets

if TYPE_CHECKING:
    from kaido.services.markets import Reading

NEEDED = {
    scope: next(role for role, scopes in ROLES.items() if scope in scopes) for scope in ("write", "command", "admin")
}
"""The first role that has a scope, to be named where it is missing."""


@dataclass(frozen=True)
class Person:
    """A signed-in user.

    Attributes:
        csrf: goes with every change.
        zone: in which times are shown.
        reading: the units of their market.
    """

    company: str
    name: str
    role: str
    scopes: frozenset[str]
    csrf: str
    preferences: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, session: dict[str, Any]) -> Person:
        """From what ``GET /v1/session`` answers."""
        return cls(
            company=session["company"],
            name=session["name"],
            role=session["role"],
            scopes=frozenset(session["scopes"]),
            csrf=session["csrf"],
            preferences=session["preferences"] or {},
        )

    @property
    def zone(self) -> ZoneInfo:
        """UTC, unless they chose another."""
        return ZoneInfo(self.preferences.get("zone") or "UTC")

    @property
    def reading(self) -> Reading:
        """Metric, unless they chose a market."""
        known = markets().get(self.preferences.get("market") or "")
        return known.reading if known else METRIC

    @property
    def theme(self) -> str:
        """``auto``, ``light`` or ``dark``."""
        return str(self.preferences.get("theme") or "auto")

    def lacks(self, scope: str) -> str:
        """Why a button is off, for people; empty where they may."""
        if scope in self.scopes:
            return ""
        return f"Your role, {self.role}, may not do this: it takes the role {NEEDED[scope]}."

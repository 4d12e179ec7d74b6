"""What one run of a bench gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kaido.bench.figure import Figure
from kaido.bench.options import Spent


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one run of a bench gave.

    Attributes:
        bench: its name.
        machine: as ``machine.describe`` says.
        figures: in the order of the bench.
        form: "full" or "quick".
        began: when, ISO 8601.
        seconds: how long it took.
        spent: where the time of its stages went.
        remarks: what a reader should know.
        failed: why there are no figures, where it broke.
    """

    bench: str
    machine: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)
    form: str = "full"
    began: str = ""
    seconds: float = 0.0
    spent: list[Spent] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    failed: str = ""

    def to_json(self) -> dict[str, Any]:
        """The object that ``kaido bench NAME --json`` prints."""
        shown: dict[str, Any] = {
            "bench": self.bench,
            "machine": self.machine,
            "figures": [figure.to_json() for figure in self.figures],
            "form": self.form,
            "began": self.began,
            "seconds": round(self.seconds, 1),
            "spent": [spent._asdict() for spent in self.spent],
            "remarks": self.remarks,
        }
        return shown | ({"failed": self.failed} if self.failed else {})

    @classmethod
    def from_json(cls, shown: dict[str, Any]) -> Result:
        """The result that ``to_json`` showed."""
        figures = [Figure.from_json(figure) for figure in shown["figures"]]
        spent = [Spent(**one) for one in shown["spent"]]
        return cls(**{**shown, "figures": figures, "spent": spent})

"""What a reader says about a recording beside its frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

KEPT = 100


class DamagedLine(NamedTuple):
    """A line that could not be read.

    Attributes:
        number: the line, counted from 1 (of a binary kind: the row or object).
        reason: why.
    """

    number: int
    reason: str


@dataclass
class Account:
    """Every line of a recording is a frame, damaged, or other (header, comment, blank, event of another kind)."""

    lines: int = 0
    frames: int = 0
    other: int = 0
    untimed: int = 0
    damaged_count: int = 0
    damaged: list[DamagedLine] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def damage(self, number: int, reason: str) -> None:
        """Count a damaged line; the first hundred are kept."""
        self.damaged_count += 1
        if len(self.damaged) < KEPT:
            self.damaged.append(DamagedLine(number, reason))

    def note(self, text: str) -> None:
        """Say something about the recording as a whole, once."""
        if text not in self.notes:
            self.notes.append(text)

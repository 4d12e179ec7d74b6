"""What the ingest of one company, or of one of its partitions, works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kaido.journal import Journal
    from kaido.lake import Lake
    from kaido.runtime.settings import Settings
    from kaido.runtime.status import Report
    from kaido.store import Store
    from kaido.twin.slices import Slice


@dataclass(frozen=True)
class Rooms:
    """The company and the slice of its vehicles that is worked on, and the rooms beside ingest."""

    company: str
    part: Slice
    journal: Journal
    lake: Lake
    store: Store
    settings: Settings
    report: Report

    @property
    def name(self) -> str:
        """What is worked on, for logs and problems."""
        return self.company if self.part.of == 1 else f"{self.company} (partition {self.part.partition})"

    def problem(self, key: str, text: str | None) -> None:
        """Say that something is wrong with this company's data, or, with None, that it is right again."""
        self.report.problem(key, text, self.company)

"""A company's twin in slices: one for each partition of the journal, each the work of one ingest."""

from __future__ import annotations

from dataclasses import dataclass

from kaido.flow_names import partition_of


@dataclass(frozen=True)
class Slice:
    """The vehicles of one partition of ``of``. What comes from them is in one stream, one twin, one snapshot."""

    partition: int
    of: int

    def holds(self, vehicle: str) -> bool:
        """Whether a vehicle is one of them."""
        return partition_of(vehicle, self.of) == self.partition

    def reads(self, stream: int) -> bool:
        """Whether it reads a stream of the journal: its own, and those left from a time with more partitions."""
        return stream % self.of == self.partition

    @property
    def suffix(self) -> str:
        """What tells its files from those of other slices."""
        return "" if self.of == 1 else f".{self.partition}-{self.of}"


WHOLE = Slice(0, 1)
"""All vehicles of a company."""


def slices(of: int) -> list[Slice]:
    """All slices of so many."""
    return [Slice(partition, of) for partition in range(of)]

"""What a bench is given, and what it says besides its figures."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from kaido.bench.figure import Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_Choice = TypeVar("_Choice")


class Spent(NamedTuple):
    """Where time went: ``seconds`` of a stage in one of its parts."""

    stage: str
    part: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """One run of a bench.

    Attributes:
        folder: scratch of this run, empty at its start and deleted behind it.
        peers: where peers are installed; kept from run to run.
        install: whether peers that are not there yet are installed, else they are left out.
        quick: the short form: it proves that the bench works, its figures mean little.
        seconds: how long a sustained load is held.
        runs: how often what is short is repeated.
        tests: a file of measurements to be held against; the bench's own choice if None.
        spent: where the time went, filled by the bench.
        remarks: what a reader of the figures should know, filled by the bench.
    """

    folder: Path
    peers: Path
    install: bool = True
    quick: bool = False
    seconds: float = 60.0
    runs: int = 5
    tests: Path | None = None
    spent: list[Spent] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def pick(self, full: _Choice, quick: _Choice) -> _Choice:
        """The one of the form that runs."""
        return quick if self.quick else full

    def say(self, text: str) -> None:
        """Tell the person who waits: stderr."""
        print(f"  {text}", file=sys.stderr, flush=True)  # noqa: T201  # progress of a command

    def remark(self, text: str) -> None:
        """Note what a reader of the figures should know."""
        self.remarks.append(text)

    def repeat(self, what: Callable[[], Any], *, runs: int | None = None, warm: bool = True) -> Runs:
        """Seconds of several runs; one before them is not counted."""
        if warm:
            what()
        taken = []
        for _ in range(runs or self.runs):
            began = time.perf_counter()
            what()
            taken.append(time.perf_counter() - began)
        return Runs(tuple(taken))

    @contextmanager
    def profiled(self, stage: str) -> Iterator[None]:
        """Note in which functions of Kaido the time of the block goes."""
        from kaido.bench.profiling import Profile  # noqa: PLC0415  # it imports this module's Spent

        with Profile() as profile:
            yield
        self.spent.extend(Spent(stage, part, seconds) for part, seconds in profile.parts())

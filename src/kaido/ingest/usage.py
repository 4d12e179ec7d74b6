"""What vehicles send for each campaign, counted as it is taken in, for ``kaido.control.usage``."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kaido.control.usage import Usage, Used
from kaido.errors import UnavailableError
from kaido.runtime import clock
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    from kaido.runtime.status import Report
    from kaido.store import Store

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
MOST = 200_000
"""Pairs of vehicle and campaign that are counted between two flushes: a vehicle can make names up."""


@dataclass(frozen=True)
class Origins:
    """Which campaign each of some payloads says that it is of, and which event.

    Attributes:
        rows: the payloads.
        campaigns: sync ids; empty where a payload names none.
        events: the vehicle's numbers of them.
    """

    rows: npt.NDArray[np.int64]
    campaigns: pa.StringArray
    events: pa.UInt32Array


def count(
    vehicles: pa.StringArray, sizes: npt.NDArray[np.int64], origins: Sequence[Origins], unreadable: Collection[int]
) -> pa.Table:
    """Payloads, bytes, events and unreadable payloads by vehicle and campaign's name.

    Args:
        vehicles: of each row of a batch.
        sizes: bytes of each row's payload.
        origins: of the rows that are telemetry and could be read as such.
        unreadable: the rows of telemetry that went to quarantine, with or without an origin.

    Returns:
        Columns vehicle, name (empty where nobody knows), bytes, events, quarantined.
    """
    bad = np.fromiter(unreadable, np.int64, len(unreadable))
    known = np.concatenate([one.rows for one in origins]) if origins else np.empty(0, np.int64)
    lost = np.setdiff1d(bad, known)
    rows = np.concatenate([known, lost])
    campaigns = pa.chunked_array([*(one.campaigns for one in origins), pa.array([""] * len(lost), pa.string())])
    events = pa.chunked_array([*(one.events for one in origins), pa.nulls(len(lost), pa.uint32())])
    is_bad = np.isin(rows, bad)
    table = pa.table(
        {
            "vehicle": vehicles.take(pa.array(rows)),
            "name": pc.replace_substring_regex(campaigns, "@.*$", ""),
            "event": pc.if_else(pa.array(is_bad), None, events),
            "bytes": sizes[rows],
            "quarantined": is_bad.astype(np.int64),
        }
    )
    found = table.group_by(["vehicle", "name"]).aggregate(
        [("bytes", "sum"), ("event", "count_distinct", pc.CountOptions("only_valid")), ("quarantined", "sum")]
    )
    return found.rename_columns(["vehicle", "name", "bytes", "events", "quarantined"])


@dataclass
class Counting:
    """Gathers counts, and adds them to the store now and then.

    Attributes:
        store: where they go.
        company: whose vehicles.
        report: counters.
    """

    store: Store
    company: str
    report: Report
    _gathered: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def add(self, counted: pa.Table | None) -> None:
        """Take in what ``count`` gave, when it is in the lake."""
        for row in zip(*(column.to_pylist() for column in counted.columns), strict=True) if counted is not None else ():
            self._add(Used(row[1], row[0], *row[2:]))

    async def flush(self) -> None:
        """Add what was gathered to the store; while that is away it goes on gathering."""
        gathered, self._gathered = self._gathered, {}
        used = [Used(name, vehicle, *numbers) for (name, vehicle), numbers in gathered.items()]
        if not used:
            return
        try:
            await asyncio.to_thread(Usage(self.store).add, self.company, used, clock.now())
        except UnavailableError as error:
            event(logger, logging.DEBUG, "what vehicles sent cannot be counted now", why=error)
            for one in used:
                self._add(one)

    def _add(self, used: Used) -> None:
        numbers = [used.bytes, used.events, used.quarantined]
        sums = self._gathered.get((used.name, used.vehicle))
        if sums is not None:
            sums[:] = [a + b for a, b in zip(sums, numbers, strict=True)]
        elif len(self._gathered) < MOST:
            self._gathered[used.name, used.vehicle] = numbers
        else:
            self.report.count("uncounted_total", company=self.company)

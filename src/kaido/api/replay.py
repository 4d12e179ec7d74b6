"""Quarantined payloads go back into the journal, as if they had just come from the vehicle."""

from __future__ import annotations

import asyncio
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import xxhash

from kaido.errors import UnavailableError
from kaido.flow import UP_SCHEMA, UpKind, partition_of
from kaido.journal.replays import Replay, wrap
from kaido.lake.reads import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kaido.api.services import Services
    from kaido.lake import Lake

PAGE_ROWS = 100
BATCH_BYTES = 500_000
"""Payload bytes of one journal message; a single payload may be larger."""


async def replay(rooms: Services, company: str, which: Sequence[str] | Kept) -> tuple[int, int]:
    """Publish payloads anew and take them out of quarantine.

    What still cannot be read comes back to quarantine under a new id. A crash between the two steps leaves rows here
    that were published: published once more, they are recognised by their ids, and leave quarantine then.

    Args:
        rooms: the API's services.
        company: whose quarantine.
        which: the payloads' ids, or all that lie there now of a reason or vehicle.

    Returns:
        How many were published, and how many stay because they are no payload of a vehicle.

    Raises:
        UnavailableError: no platform runs, or the journal is away.
    """
    journal = rooms.journal
    if journal is None:
        raise UnavailableError("replaying needs the running platform", fix="Start it: kaido up")
    lake = rooms.lake(company)
    published = kept = 0
    pages = await asyncio.to_thread(_pages, lake, which)
    for page in pages:
        rows = (await asyncio.to_thread(lake.quarantined, ids=page)).to_pylist()
        kept += sum(1 for row in rows if not _from_vehicle(row))
        for partition, batch in _batches([row for row in rows if _from_vehicle(row)], rooms.settings.partitions):
            names = [row["id"] for row in batch]
            message = pa.RecordBatch.from_pylist([_once_more(row) for row in batch], UP_SCHEMA)
            identity = xxhash.xxh3_128_hexdigest("\n".join(sorted(names)).encode())
            await journal.publish_up(company, partition, message, message_id=f"replay-{identity}")
            published += await asyncio.to_thread(lake.drop_quarantined, names)
    return published, kept


def _pages(lake: Lake, which: Sequence[str] | Kept) -> list[list[str]]:
    """The ids in pages, fixed at the start: what comes back to quarantine meanwhile is not replayed again."""
    names = lake.quarantined_ids(which) if isinstance(which, Kept) else list(which)
    return [names[start : start + PAGE_ROWS] for start in range(0, len(names), PAGE_ROWS)]


def _once_more(row: dict[str, Any]) -> dict[str, Any]:
    payload = wrap(Replay(row["kind"], row["id"], row["payload"]))
    return {"vehicle": row["vehicle"], "kind": int(UpKind.REPLAY), "arrival": row["arrival"], "payload": payload}


def _from_vehicle(row: dict[str, Any]) -> bool:
    return bool(row["vehicle"]) and row["kind"] != 0


def _batches(rows: list[dict[str, Any]], partitions: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    def partition(row: dict[str, Any]) -> int:
        return partition_of(row["vehicle"], partitions)

    for number, group in groupby(sorted(rows, key=partition), key=partition):
        batch: list[dict[str, Any]] = []
        size = 0
        for row in group:
            if batch and size + len(row["payload"]) > BATCH_BYTES:
                yield number, batch
                batch, size = [], 0
            batch.append(row)
            size += len(row["payload"])
        yield number, batch

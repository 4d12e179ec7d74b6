"""Payloads put straight into the journal, for benches of what reads it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kaido.bench.vehicles import COMPANY, SAMPLES, ids
from kaido.flow_names import UpKind, partition_of
from kaido.gateway.batch import Batch
from kaido.journal import Journal
from kaido.sim.load.payload import time_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.bench.site import Site
    from kaido.sim.load import Payload

RUN = 20
"""Payloads of a vehicle behind each other, as one connection brings them."""
BATCH_PAYLOADS = 600
"""About a megabyte, as the gateway sends it."""


async def fill(site: Site, payloads: Sequence[Payload], vehicles: int, values: int) -> int:
    """Put at least ``values`` values of so many vehicles into the journal; how many there are."""
    journal = await Journal.connect(site.settings.nats_url, site.settings.nats_token, site.settings, name="bench")
    lanes = site.settings.partitions
    names: list[list[str]] = [[] for _ in range(lanes)]
    for one in ids(vehicles):
        names[partition_of(one, lanes)].append(one)
    event = 0
    try:
        await journal.ensure_company(COMPANY)
        while event * SAMPLES < values:
            for lane in range(lanes):
                batch = Batch()
                for _ in range(BATCH_PAYLOADS // RUN):
                    vehicle = names[lane][event // RUN % len(names[lane])]
                    made = [_stamped(payloads[(event + n) % len(payloads)], event + n) for n in range(RUN)]
                    batch.add(None, vehicle, bytes([UpKind.SIGNALS]) * RUN, made, b"", 0)
                    event += RUN
                await journal.publish_up(COMPANY, lane, batch.records(), message_id=f"fill-{event}")
    finally:
        await journal.close()
    return event * SAMPLES


def _stamped(payload: Payload, event: int) -> bytes:
    buffer = bytearray(payload.data)
    payload.stamp(buffer, 0, event, time_bytes(time.time_ns() // 1_000_000))
    return bytes(buffer)

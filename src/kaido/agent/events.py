"""From what a trigger found to payloads: numbered, with the trouble codes, each signal to its partition."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import numpy as np

from kaido.agent.config import MAX_PAYLOAD_BYTES
from kaido.agent.outbox import Outgoing
from kaido.agent.vehicle_data import Event, payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kaido.agent.rings import Collected
    from kaido.agent.scheme import Scheme
    from kaido.agent.vehicle_data import ActiveCodes
    from kaido.runtime.status import Report


class EventWriter:
    """Writes the events of all schemes.

    Args:
        topic: where VehicleData goes.
        report: counts events and samples.

    Attributes:
        codes: the trouble codes as they were read last; None before that.
    """

    def __init__(self, topic: str, report: Report) -> None:
        self.codes: ActiveCodes | None = None
        self._topic = topic
        self._report = report
        self._last_id = secrets.randbelow(1 << 32)

    def write(self, scheme: Scheme, found: Collected, ids: NDArray[np.uint32]) -> Iterator[Outgoing]:
        """The payloads of an event.

        Args:
            scheme: what triggered.
            found: its samples.
            ids: the ids of the manifest's signals, by place.
        """
        self._report.count("samples_overflowed_total", found.overflowed)
        codes = self.codes if scheme.include_codes else None
        if not len(found.samples.clock_us) and codes is None:
            self._report.count("events_empty_total")  # a condition held, and there was nothing new to send
            return
        self._last_id = (self._last_id + 1) % (1 << 32)
        samples = found.samples
        sample_ms = samples.time_us // 1_000
        event = Event(self._last_id, found.time_ms, ids[samples.signal], sample_ms, samples.value, codes, samples.text)
        self._report.count("events_total")
        self._report.count("samples_total", len(event))
        for key, part in _parts(scheme, event):
            for payload in payloads(
                part, scheme.sync_id, scheme.manifest, compress=scheme.compress, limit=MAX_PAYLOAD_BYTES
            ):
                yield Outgoing(self._topic, payload, scheme.priority, key)


def _parts(scheme: Scheme, event: Event) -> Iterator[tuple[str | None, Event]]:
    """An event by the partitions of its signals; the trouble codes go with the first of them."""
    if not scheme.uploads:
        yield None, event
        return
    partition_of = {one.signal_id: one.partition for one in scheme.signals}
    numbers, place = np.unique(event.signal_id, return_inverse=True)
    partition = np.array([partition_of[number] for number in numbers.tolist()], np.intp)[place]
    codes = event.codes
    for number in np.unique(partition).tolist() or [0]:
        yield scheme.uploads[number].partition.key, event.take(partition == number, codes)
        codes = None

"""Values that a program hands over, on their way to the schemes and state templates."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kaido.agent.readings import Readings, checked
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.agent.collection import Collection
    from kaido.agent.outbox import Outgoing
    from kaido.agent.software import Software
    from kaido.agent.state import LastKnownState
    from kaido.agent.uplink import Uplink
    from kaido.catalog.manifest import DecoderManifest
    from kaido.runtime.status import Report

_GATHER_S = 0.02


class Hearing:
    """Until the vehicle holds a manifest, and a recording has begun, values wait with the program's.

    Args:
        software: what hands them over.
        collection: gets them.
        state: gets them too.
        report: counts them by what became of them.
    """

    def __init__(self, software: Software, collection: Collection, state: LastKnownState, report: Report) -> None:
        self._software = software
        self._collection = collection
        self._state = state
        self._report = report
        self._manifest: DecoderManifest | None = None
        self._known: dict[str, tuple[int, bool]] = {}

    def replace(self, manifest: DecoderManifest | None) -> None:
        """Take another manifest: whose values are heard."""
        if manifest is not self._manifest:
            self._manifest = manifest
            first = len(manifest.ids) - len(manifest.values) if manifest else 0
            values = manifest.values if manifest else ()
            self._known = {one.path: (place, one.is_text) for place, one in enumerate(values, first)}

    async def run(self, uplink: Uplink) -> None:
        """Work until cancelled."""
        while True:
            await asyncio.sleep(_GATHER_S)
            uplink.offer(self.heard())

    def heard(self) -> Iterator[Outgoing]:
        """Take what was handed over; what comes out is what it triggers."""
        if self._manifest is None or not self._collection.has_begun:
            return
        handed, dropped = self._software.take()
        self._count(dropped, "dropped")
        known = [(time_us, *self._known[path], value) for path, value, time_us in handed if path in self._known]
        fitting = [
            (time_us, place, fit)
            for time_us, place, is_text, value in known
            if (fit := checked(value, is_text=is_text)) is not None
        ]
        self._count(len(handed) - len(known), "unknown")
        self._count(len(known) - len(fitting), "unfit")
        self._count(len(fitting), "heard")
        if fitting:
            readings, now_us = self._collection.timed(Readings.of(fitting)), clock.now_us()
            yield from self._collection.add_readings(readings, now_us)
            yield from self._state.add_readings(readings, now_us)

    def _count(self, number: int, outcome: str) -> None:
        if number:
            self._report.count("values_total", number, outcome=outcome)

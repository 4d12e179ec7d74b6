"""What an agent asks for, because it does not come by itself: PIDs, trouble codes, and what schemes fetch."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol

from kaido.agent.fetching.fetches import Fetches
from kaido.agent.readings import Readings, checked
from kaido.catalog.named_signal import NamedSignal
from kaido.catalog.obd_signal import ObdSignal
from kaido.errors import KaidoError
from kaido.runtime import clock, log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kaido.agent.collection import Collection
    from kaido.agent.diagnostics.reader import EcuReader
    from kaido.agent.documents import Held
    from kaido.agent.fetching.plan import Fetch
    from kaido.agent.outbox import Outgoing
    from kaido.agent.uplink import Uplink
    from kaido.catalog.manifest import AnySignal, DecoderManifest
    from kaido.runtime.status import Report

    Fetcher = Callable[[AnySignal, tuple[float | bool | str, ...]], float | bool | str | None]
    """What an action does: called in a thread with the signal (as the vehicle's manifest has it) and the parameters of
    the scheme, it gives the value, or None. What it raises is logged, and the next action is tried."""

_LOG = logging.getLogger(__name__)
_TICK_S = 0.1


def ecu_actions(ecus: EcuReader) -> dict[str, Fetcher]:
    """The actions that ask ECUs.

    ``OBD_QUERY`` asks for the signal as the manifest has it. ``DTC_QUERY`` reads the trouble codes: the value of a
    signal that is a text are the codes ("P0301,P0420"), of any other their number. They also go with the events of
    schemes that include them.
    """

    def query(signal: AnySignal, _: tuple[float | bool | str, ...]) -> float | None:
        return ecus.values([signal]).get(signal) if isinstance(signal, ObdSignal) else None

    def codes(signal: AnySignal, _: tuple[float | bool | str, ...]) -> float | str | None:
        found = ecus.codes()
        if found is None:
            return None
        return ",".join(found.codes) if isinstance(signal, NamedSignal) and signal.is_text else float(len(found.codes))

    return {"OBD_QUERY": query, "DTC_QUERY": codes}


class Taker(Protocol):
    """What wants values of signals that are in no frame."""

    @property
    def asked_for(self) -> list[int]:
        """The ids of those signals."""

    def add_readings(self, readings: Readings, now_us: int) -> Iterable[Outgoing]:
        """Take values."""


class Asking:
    """Asks one thing at a time, beside the loop, and hands the values on.

    Args:
        collection: gets the values and the codes.
        state: gets the values too.
        report: counts fetches by outcome.
        ecus: the car's; None where the agent has no bus of its own.
        actions: what schemes may fetch by, beside ``ecu_actions``; they may replace those.

    Attributes:
        fetches: the conditions of fetches have to see all samples.
        actions: all actions, by name.
    """

    def __init__(
        self,
        collection: Collection,
        state: Taker,
        report: Report,
        ecus: EcuReader | None = None,
        actions: Mapping[str, Fetcher] | None = None,
    ) -> None:
        self.fetches = Fetches()
        self.actions: Mapping[str, Fetcher] = {**(ecu_actions(ecus) if ecus else {}), **(actions or {})}
        self._collection = collection
        self._takers: tuple[Taker, ...] = (collection, state)
        self._report = report
        self._ecus = ecus
        self._manifest: DecoderManifest | None = None
        self._next_values_s = self._next_codes_s = 0.0

    def replace(self, held: Held) -> None:
        """Take other documents."""
        places = {number: place for place, number in enumerate(held.manifest.ids)} if held.manifest else {}
        self.fetches.replace(held.schemes.values(), places, afresh=held.manifest is not self._manifest)
        self._manifest = held.manifest

    async def run(self, uplink: Uplink) -> None:
        """Work until cancelled. What is being asked then ends by itself, soon."""
        try:
            while True:
                await asyncio.sleep(_TICK_S)
                for ask in self._due():
                    values = await asyncio.to_thread(self._tried, ask)
                    self._take(values, uplink)
        finally:
            if self._ecus is not None:
                self._ecus.close()

    def _due(self) -> list[Callable[[], dict[int, float | str]]]:
        """What is to be asked now."""
        due: list[Callable[[], dict[int, float | str]]] = []
        now_s = asyncio.get_running_loop().time()
        if self._ecus is not None and now_s >= self._next_values_s and (wanted := self._polled()):
            self._next_values_s = now_s + self._ecus.every_s
            due.append(partial(self._values, wanted))
        if self._ecus is not None and now_s >= self._next_codes_s and self._collection.wants_codes:
            self._next_codes_s = now_s + self._ecus.codes_every_s
            due.append(self._codes)
        due += [partial(self._fetched, fetch) for fetch in self.fetches.due(clock.now_ms())]
        return due

    def _polled(self) -> dict[ObdSignal, int]:
        """The signals that are wanted, that are in no frame, and that no scheme says when to fetch."""
        signals = self._signals()
        numbers = {number for taker in self._takers for number in taker.asked_for}
        wanted = ((signals.get(number), number) for number in sorted(numbers))
        fetched = self.fetches.signals
        return {signal: number for signal, number in wanted if isinstance(signal, ObdSignal) and number not in fetched}

    def _signals(self) -> dict[int, AnySignal]:
        manifest = self._manifest
        return dict(zip(manifest.ids, manifest.all_signals, strict=True)) if manifest else {}

    def _take(self, values: dict[int, float | str], uplink: Uplink) -> None:
        if self._ecus is not None and self._ecus.active is not None:
            self._collection.set_codes(self._ecus.active)
        if values and self._manifest is not None and self._collection.has_begun:
            now_us = clock.now_us()
            places = {number: place for place, number in enumerate(self._manifest.ids)}
            readings = Readings.of((now_us, places[key], value) for key, value in values.items() if key in places)
            readings = self._collection.timed(readings)
            uplink.offer([one for taker in self._takers for one in taker.add_readings(readings, now_us)])

    # in a thread

    def _tried(self, ask: Callable[[], dict[int, float | str]]) -> dict[int, float | str]:
        try:
            values = ask()
        except KaidoError as error:
            self._report.problem("ecus", str(error))
            log.event(_LOG, logging.WARNING, "ECUs cannot be asked", why=str(error))
            return {}
        self._report.problem("ecus", None)
        return values

    def _values(self, wanted: Mapping[ObdSignal, int]) -> dict[int, float | str]:
        assert self._ecus is not None
        return {wanted[signal]: value for signal, value in self._ecus.values(wanted).items()}

    def _codes(self) -> dict[int, float | str]:
        assert self._ecus is not None
        self._ecus.codes()
        return {}

    def _fetched(self, fetch: Fetch) -> dict[int, float | str]:
        """Try the actions of a fetch, one after the other, until one gives a value."""
        signal = self._signals().get(fetch.signal_id)
        if signal is None:
            return {}
        is_text = isinstance(signal, NamedSignal) and signal.is_text
        for action in fetch.actions:
            try:
                given = self.actions[action.name](signal, action.parameters)
            except Exception as error:  # noqa: BLE001  # whoever wrote it, the next action is tried
                self._report.count("fetches_total", action=action.name, outcome="failed")
                why = str(error) if isinstance(error, KaidoError) else repr(error)
                log.event(_LOG, logging.WARNING, "a fetch failed", action=action.name, why=why)
                continue
            value = None if given is None else checked(given, is_text=is_text)
            outcome = "nothing" if given is None else "unfit" if value is None else "fetched"
            self._report.count("fetches_total", action=action.name, outcome=outcome)
            if value is not None:
                return {fetch.signal_id: value}
        return {}

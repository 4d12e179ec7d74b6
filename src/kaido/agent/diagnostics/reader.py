"""The ECUs of a car as an agent asks them, round after round."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido.agent.diagnostics import obd, uds
from kaido.agent.diagnostics.connection import open_ecu
from kaido.agent.diagnostics.discovery import find_ecus
from kaido.agent.diagnostics.errors import EcuRefusedError, EcuSilentError
from kaido.agent.diagnostics.examine import WRONG
from kaido.agent.vehicle_data import ActiveCodes
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from kaido.agent.bus import BusName
    from kaido.agent.diagnostics.address import EcuAddress
    from kaido.agent.diagnostics.connection import Ecu
    from kaido.catalog.obd_signal import ObdSignal
    from kaido.errors import KaidoError
    from kaido.runtime.status import Report


@dataclass
class _Known:
    """What is known of an ECU.

    Attributes:
        pids: those of mode 01 that it has; None before it was asked.
        speaks_uds: None before it was asked.
        codes: as it told them last.
    """

    bus: BusName
    address: EcuAddress
    pids: Collection[int] | None = None
    speaks_uds: bool | None = None
    codes: list[str] = field(default_factory=list)

    def may_have(self, signal: ObdSignal) -> bool:
        """Whether there is a use in asking it for a signal."""
        if signal.interface not in {"", self.bus.name}:
            return False
        return signal.service_mode != obd.CURRENT_DATA or self.pids is None or signal.pid in self.pids


class EcuReader:
    """Reads values and trouble codes. Every call blocks, for seconds at most; not for several threads at once.

    Args:
        buses: where ECUs are, under the names that decoder manifests use.
        report: counts questions and what went wrong.
        ecus: whom to ask; without them all that answer a functional request.
        every_s: between two readings of the values that schemes collect.
        codes_every_s: between two readings of the codes, where a scheme asks for them.
        timeout_s: how long an answer may take.

    Attributes:
        active: the codes of all ECUs as they were read last; of one that is silent those that it told before.
    """

    def __init__(
        self,
        buses: Sequence[BusName],
        report: Report,
        ecus: Sequence[EcuAddress] = (),
        *,
        every_s: float = 5.0,
        codes_every_s: float = 30.0,
        timeout_s: float = 1.0,
    ) -> None:
        self.every_s = every_s
        self.codes_every_s = codes_every_s
        self.active: ActiveCodes | None = None
        self._buses = tuple(buses)
        self._report = report
        self._named = tuple(ecus)
        self._timeout_s = timeout_s
        self._known: list[_Known] = []
        self._closed = threading.Event()

    def close(self) -> None:
        """Ask no more; a call that runs in another thread ends soon."""
        self._closed.set()

    def values(self, signals: Iterable[ObdSignal]) -> dict[ObdSignal, float]:
        """The values of those signals that an ECU has. Of several ECUs the first that knows a signal counts.

        Raises:
            UnavailableError: a bus failed.
        """
        found: dict[ObdSignal, float] = {}
        wanted: dict[bytes, list[ObdSignal]] = {}
        for signal in signals:
            wanted.setdefault(signal.request, []).append(signal)

        def ask(known: _Known, ecu: Ecu) -> None:
            if known.pids is None:
                known.pids = frozenset(obd.supported(ecu))
            for several in wanted.values():
                missing = [one for one in several if one not in found and known.may_have(one)]
                if missing and not self._closed.is_set():
                    found.update(obd.values(ecu, missing, self._went_wrong))

        self._ask_all(ask)
        self._report.count("ecu_values_total", len(found))
        return found

    def codes(self) -> ActiveCodes | None:
        """Read the trouble codes: by UDS where an ECU speaks it, else by OBD-II; None if none ever answered.

        Raises:
            UnavailableError: a bus failed.
        """

        def ask(known: _Known, ecu: Ecu) -> None:
            known.codes = self._codes(known, ecu)

        if self._ask_all(ask):
            codes = {code for known in self._known for code in known.codes}
            self.active = ActiveCodes(clock.now_ms(), tuple(sorted(codes)))
        return self.active

    def _codes(self, known: _Known, ecu: Ecu) -> list[str]:
        if known.speaks_uds is not False:
            try:
                read = uds.read_codes(ecu)
            except (EcuRefusedError, EcuSilentError):
                if known.speaks_uds:
                    raise
                read = obd.stored_codes(ecu)
                known.speaks_uds = False
            else:
                known.speaks_uds = True
        else:
            read = obd.stored_codes(ecu)
        return [one.code for one in read]

    def _ask_all(self, ask: Callable[[_Known, Ecu], None]) -> int:
        """Ask every ECU; how many answered. What goes wrong with one is counted, and the next is asked."""
        if not self._known:
            self._find()
        answered = silent = 0
        for known in self._known:
            if self._closed.is_set():
                return answered
            with open_ecu(known.bus, known.address, self._timeout_s) as ecu:
                try:
                    ask(known, ecu)
                    answered += 1
                except WRONG as error:
                    silent += isinstance(error, EcuSilentError)
                    self._went_wrong(error)
        if silent == len(self._known) and not self._named:
            self._known = []  # the car sleeps, or it is another one: look again next time
        return answered

    def _find(self) -> None:
        for bus in self._buses:
            addresses = self._named or tuple(find_ecus(bus))
            self._known += [_Known(bus, address) for address in addresses]
        self._report.gauge("ecus", len(self._known))
        text = None if self._known else "no ECU answers; is the ignition on, and is it the right bus?"
        self._report.problem("diagnostics", text)

    def _went_wrong(self, error: KaidoError) -> None:
        self._report.count("ecu_errors_total", reason=error.code)

"""All that one ECU tells about itself: by UDS where it speaks that, else by OBD-II."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido.agent.diagnostics import obd, uds
from kaido.agent.diagnostics.errors import EcuGarbledError, EcuRefusedError, EcuSilentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kaido.agent.diagnostics.codes import TroubleCode
    from kaido.agent.diagnostics.connection import Ecu
    from kaido.catalog.obd_signal import ObdSignal

WRONG = (EcuSilentError, EcuRefusedError, EcuGarbledError)
"""What concerns one question to one ECU; the next may be answered."""


@dataclass
class Examined:
    """What an ECU told.

    Attributes:
        ecu: its name.
        vin: None where it tells none.
        speaks: "UDS", "OBD-II", or None where it gave no codes by either.
        codes: as ``active_codes``.
        values: of the signals that it has.
        wrong: what it did not tell, and why.
    """

    ecu: str
    vin: str | None = None
    speaks: str | None = None
    codes: list[TroubleCode] = field(default_factory=list)
    values: dict[ObdSignal, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def active_codes(ecu: Ecu, status_mask: int = uds.ACTIVE) -> tuple[str, list[TroubleCode]]:
    """The codes of an ECU, and by what they were read: UDS tells more, OBD-II is what every car has.

    Raises:
        EcuSilentError, EcuRefusedError, EcuGarbledError, UnavailableError: by both.
    """
    try:
        return "UDS", uds.read_codes(ecu, status_mask)
    except WRONG:
        return "OBD-II", obd.stored_codes(ecu)


def examine(ecu: Ecu, signals: Iterable[ObdSignal], status_mask: int = uds.ACTIVE) -> Examined:
    """Ask for everything. What an ECU does not tell is noted, and is no reason to ask no more.

    Raises:
        UnavailableError: the bus failed.
    """
    found = Examined(ecu.address.name)

    def vin() -> None:
        found.vin = obd.vehicle_identification_number(ecu)

    def trouble() -> None:
        found.speaks, found.codes = active_codes(ecu, status_mask)

    def current() -> None:
        known = set(obd.supported(ecu))
        wanted = [one for one in signals if one.pid in known]
        found.values = obd.values(ecu, wanted, lambda error: found.wrong.append(str(error)))

    steps: tuple[Callable[[], None], ...] = (vin, trouble, current)
    for step in steps:
        try:
            step()
        except WRONG as error:
            found.wrong.append(str(error))
    return found

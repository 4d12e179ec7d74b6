"""OBD-II over CAN (SAE J1979, ISO 15031-5): modes 01, 03 and 09."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.agent.diagnostics import codes
from kaido.agent.diagnostics.codes import TWO_BYTES, TroubleCode
from kaido.agent.diagnostics.connection import garbled
from kaido.agent.diagnostics.errors import EcuGarbledError, EcuRefusedError
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kaido.agent.diagnostics.connection import Ecu
    from kaido.catalog.obd_signal import ObdSignal
    from kaido.errors import KaidoError

CURRENT_DATA = 0x01
STORED_CODES = 0x03
VEHICLE_INFORMATION = 0x09
VIN = 0x02
_RANGE = 0x20
"""PIDs 00, 20, 40 … say which of the next 32 there are."""
_BITS_BYTES = 4
_NO_CODE = bytes(TWO_BYTES)


def data(ecu: Ecu, request: bytes) -> bytes:
    """The data of an identifier: what stands behind its echo.

    Args:
        ecu: who is asked.
        request: the service and the identifier.

    Raises:
        EcuSilentError, EcuRefusedError, EcuGarbledError, UnavailableError: as ``Ecu.ask``.
    """
    answer, identifier = ecu.ask(request), request[1:]
    if not answer.startswith(identifier):
        raise garbled(ecu.address, request, f"it answered about {answer[: len(identifier)].hex(' ') or 'nothing'}")
    return answer[len(identifier) :]


def supported(ecu: Ecu, service: int = CURRENT_DATA) -> list[int]:
    """The PIDs that an ECU has. One that refuses the question has none.

    Raises:
        EcuSilentError, EcuGarbledError, UnavailableError: as ``Ecu.ask``.
    """
    found: list[int] = []
    for first in range(0, 0x100, _RANGE):
        try:
            bits = data(ecu, bytes([service, first]))
        except EcuRefusedError:
            break
        bits = bits[1:] if service == VEHICLE_INFORMATION and len(bits) > _BITS_BYTES else bits
        if len(bits) != _BITS_BYTES:
            raise garbled(ecu.address, bytes([service, first]), f"{len(bits)} bytes say which there are, not 4")
        number = int.from_bytes(bits, "big")
        found += [first + place for place in range(1, _RANGE + 1) if number >> (_RANGE - place) & 1]
        if not number & 1:
            break
    return [pid for pid in found if pid % _RANGE]


def values(
    ecu: Ecu, signals: Iterable[ObdSignal], on_error: Callable[[KaidoError], None] = lambda _: None
) -> dict[ObdSignal, float]:
    """The values of signals; one question for all signals of an identifier.

    Args:
        ecu: who is asked.
        signals: what for.
        on_error: told why an identifier's signals are left out: refused, or no answer that can be one.

    Raises:
        EcuSilentError: there is no use in asking on.
        UnavailableError: the bus failed.
    """
    wanted: dict[bytes, list[ObdSignal]] = {}
    for signal in signals:
        wanted.setdefault(signal.request, []).append(signal)
    found: dict[ObdSignal, float] = {}
    for request, several in wanted.items():
        try:
            answer = data(ecu, request)
            found |= {signal: signal.value(answer) for signal in several}
        except EcuRefusedError as error:
            on_error(error)
        except InvalidInputError as error:
            on_error(error if isinstance(error, EcuGarbledError) else garbled(ecu.address, request, str(error)))
    return found


def stored_codes(ecu: Ecu) -> list[TroubleCode]:
    """Mode 03: the emission-related codes that are confirmed.

    Raises:
        EcuSilentError, EcuRefusedError, EcuGarbledError, UnavailableError: as ``Ecu.ask``.
    """
    request = bytes([STORED_CODES])
    return [TroubleCode(ecu.address.name, code) for code in read_codes(ecu, request, ecu.ask(request))]


def read_codes(ecu: Ecu, request: bytes, answer: bytes) -> list[str]:
    """The codes of an answer: their number, and two bytes each. Bytes of zero are filling.

    Raises:
        EcuGarbledError: it is none.
    """
    if not answer or len(answer) - 1 != answer[0] * TWO_BYTES:
        raise garbled(
            ecu.address, request, f"{len(answer)} bytes are no list of {answer[0] if answer else 'any'} codes"
        )
    pairs = (answer[at : at + TWO_BYTES] for at in range(1, len(answer), TWO_BYTES))
    return [codes.written(pair) for pair in pairs if pair != _NO_CODE]


def vehicle_identification_number(ecu: Ecu) -> str:
    """Mode 09, 02: the VIN, or the frame number of a Japanese-market car.

    Raises:
        EcuSilentError, EcuRefusedError, EcuGarbledError, UnavailableError: as ``Ecu.ask``.
    """
    request = bytes([VEHICLE_INFORMATION, VIN])
    text = data(ecu, request)[1:].strip(b"\x00 ")  # the first byte counts the items; shorter numbers are filled up
    if not text or not text.isascii() or not text.decode().isprintable():
        raise garbled(ecu.address, request, f"{text[:17].hex(' ') or 'nothing'} is no identification number")
    return text.decode()

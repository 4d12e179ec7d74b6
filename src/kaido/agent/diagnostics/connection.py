"""A conversation with one ECU: ISO-TP (ISO 15765-2) through ``can-isotp``, questions and answers in order."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import can
import isotp
from udsoncan.connections import PythonIsoTpConnection
from udsoncan.ResponseCode import ResponseCode

from kaido.agent.diagnostics.errors import EcuGarbledError, EcuRefusedError, EcuSilentError
from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.agent.bus import BusName
    from kaido.agent.diagnostics.address import EcuAddress

NEGATIVE = 0x7F
POSITIVE = 0x40
_NEGATIVE_LENGTH = 3
_PENDING = 0x78
_PENDING_S = 5.0
"""How long an ECU that asked for patience may take (P2* of ISO 14229-2)."""
_PARAMETERS = {
    "tx_padding": 0x00,
    "tx_data_min_length": 8,  # ISO 15765-4: frames of diagnostics are always full
    "max_frame_size": 4095,
    "rx_flowcontrol_timeout": 1000,
    "rx_consecutive_frame_timeout": 1000,
}


class Ecu:
    """One ECU, asked one thing at a time. Not for several threads at once; every call blocks, none for ever.

    Attributes:
        address: whom is talked to.
        transport: the connection as ``udsoncan`` takes it.
        timeout_s: how long an answer may take (P2, with what the bus adds).
    """

    def __init__(self, address: EcuAddress, transport: PythonIsoTpConnection, timeout_s: float) -> None:
        self.address = address
        self.transport = transport
        self.timeout_s = timeout_s

    def ask(self, request: bytes) -> bytes:
        """Ask, and take the positive answer to it: everything behind the service's echo.

        Raises:
            EcuSilentError: none came in time.
            EcuRefusedError: it is a negative one.
            EcuGarbledError: what came is no answer to the question.
            UnavailableError: the bus failed.
        """
        try:
            self.transport.empty_rxqueue()
            self.transport.send(request)
            return self._answer(request)
        except (can.CanError, OSError) as error:
            raise UnavailableError(f"ECU {self.address.name} cannot be asked", why=str(error)) from error

    def _answer(self, request: bytes) -> bytes:
        """Wait for the answer; what belongs to an older question is passed over."""
        ends = time.monotonic() + self.timeout_s
        latest = ends + _PENDING_S
        other = b""
        while (left := ends - time.monotonic()) > 0:
            answer = self.transport.wait_frame(timeout=left)
            if not answer:
                break
            if answer[0] == request[0] + POSITIVE:
                return answer[1:]
            if answer[0] == NEGATIVE and len(answer) == _NEGATIVE_LENGTH and answer[1] == request[0]:
                if answer[2] != _PENDING:
                    raise refused(self.address, request, answer[2])
                ends = min(time.monotonic() + _PENDING_S, latest)
                continue
            other = answer
        if other:
            raise garbled(self.address, request, f"it answered {other[:16].hex(' ')}")
        raise silent(self.address, request)


@contextlib.contextmanager
def open_ecu(bus: BusName, address: EcuAddress, timeout_s: float = 1.0) -> Iterator[Ecu]:
    """Talk to an ECU.

    Raises:
        UnavailableError: the bus cannot be opened.
    """
    mask = 0x1FFFFFFF if address.extended else 0x7FF
    only = {"can_id": address.answer, "can_mask": mask, "extended": address.extended}
    mode = isotp.AddressingMode.Normal_29bits if address.extended else isotp.AddressingMode.Normal_11bits
    with open_bus(bus, only) as opened:
        # What goes wrong between the frames shows as silence; the question is what counts.
        stack = isotp.CanStack(
            opened,
            address=isotp.Address(mode, txid=address.request, rxid=address.answer),
            params=dict(_PARAMETERS),
            error_handler=lambda _: None,
        )
        transport = PythonIsoTpConnection(stack)
        with transport.open():
            yield Ecu(address, transport, timeout_s)


@contextlib.contextmanager
def open_bus(bus: BusName, *filters: dict[str, Any]) -> Iterator[can.BusABC]:
    """A bus of our own beside the one that the agent listens on, so that no frame goes to one and misses the other.

    Raises:
        UnavailableError: it cannot be opened.
    """
    try:
        opened = can.Bus(interface=bus.interface, channel=bus.channel, can_filters=list(filters) or None)
    except (can.CanError, OSError, ImportError, ValueError) as error:
        raise UnavailableError(f"the bus {bus.interface}:{bus.channel} cannot be opened", why=str(error)) from error
    try:
        yield opened
    finally:
        opened.shutdown()


def refused(address: EcuAddress, request: bytes, reason: int) -> EcuRefusedError:
    """The error of a negative response."""
    name = ResponseCode.get_name(reason)
    error = EcuRefusedError(f"ECU {address.name} refuses {request.hex(' ')}", why=f"{name} (0x{reason:02X})")
    error.reason = reason
    return error


def silent(address: EcuAddress, request: bytes) -> EcuSilentError:
    """The error of no answer."""
    return EcuSilentError(
        f"ECU {address.name} does not answer {request.hex(' ')}", fix="Is the ignition on, and is it the right bus?"
    )


def garbled(address: EcuAddress, request: bytes, why: str) -> EcuGarbledError:
    """The error of a wrong answer."""
    return EcuGarbledError(f"ECU {address.name} gives no answer to {request.hex(' ')}", why=why)

"""Which ECUs a car has: all that answer a functional request (ISO 15765-4)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import can

from kaido.agent.diagnostics.address import FUNCTIONAL, FUNCTIONAL_EXTENDED, EcuAddress
from kaido.agent.diagnostics.connection import open_bus
from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from kaido.agent.bus import BusName

_SUPPORTED_PIDS = bytes([0x02, 0x01, 0x00]).ljust(8, b"\x00")
"""Mode 01, PID 00, in a frame of its own: what every emission-related ECU has to answer."""
_ANSWERS = (
    {"can_id": 0x7E8, "can_mask": 0x7F8, "extended": False},
    {"can_id": 0x18DAF100, "can_mask": 0x1FFFFF00, "extended": True},
)


def find_ecus(bus: BusName, wait_s: float = 0.2) -> list[EcuAddress]:
    """Ask everybody, with 11-bit and with 29-bit identifiers, and list who answers in time.

    Raises:
        UnavailableError: the bus cannot be opened, or takes no frame.
    """
    with open_bus(bus, *_ANSWERS) as opened:
        try:
            for identifier, extended in ((FUNCTIONAL, False), (FUNCTIONAL_EXTENDED, True)):
                opened.send(can.Message(arbitration_id=identifier, data=_SUPPORTED_PIDS, is_extended_id=extended))
            found: set[EcuAddress] = set()
            ends = time.monotonic() + wait_s
            while (left := ends - time.monotonic()) > 0:
                message = opened.recv(left)
                if message is not None and not message.is_remote_frame and not message.is_error_frame:
                    address = EcuAddress.of_answer(message.arbitration_id, extended=message.is_extended_id)
                    found |= {address} if address else set()
        except (can.CanError, OSError) as error:
            raise UnavailableError(f"the bus {bus.interface}:{bus.channel} failed", why=str(error)) from error
    return sorted(found)

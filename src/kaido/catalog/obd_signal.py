"""A signal as it lies in a diagnostic answer: an OBD-II PID, or a data identifier of UDS."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from kaido.errors import InvalidInputError

READ_DATA_BY_IDENTIFIER = 0x22
"""The one service whose identifiers have two bytes (ISO 14229-1)."""

_SERVICES = range(0x01, 0x3F)
"""Requests (ISO 14229-1, table 2); an answer's is 0x40 more."""
MAX_RESPONSE_BYTES = 4_095
MAX_SIGNAL_BYTES = 8
_FLOATS = {32: ">f", 64: ">d"}


@dataclass(frozen=True, slots=True)
class ObdSignal:
    """A signal of a decoder manifest that has to be asked for: ``value = raw * scaling + offset``, in ``unit``.

    The answer's bytes count from the first one behind the echoed identifier, big-endian. Of ``byte_length`` bytes from
    ``start_byte`` the lowest ``bit_right_shift`` bits are left out; the raw value is what stands above them, eight
    bits for every byte but the first, and ``bit_mask_length`` bits of that (as FleetWise's edge agent reads it).

    Attributes:
        path: its name everywhere in Kaido.
        service_mode: the service: 0x01 current data, 0x09 vehicle information, 0x22 UDS data by identifier.
        pid: the identifier; one byte, with service 0x22 two.
        response_length: data bytes of the answer; 0 takes any.
        bit_mask_length: 1 to 8.
        interface: the bus it is on; empty means any.
        is_float: IEEE 754, of 4 or 8 whole bytes.
    """

    path: str
    service_mode: int
    pid: int
    start_byte: int
    byte_length: int
    response_length: int = 0
    bit_right_shift: int = 0
    bit_mask_length: int = 8
    scaling: float = 1.0
    offset: float = 0.0
    signed: bool = False
    is_float: bool = False
    interface: str = ""
    unit: str = ""
    source: str = ""
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        what = f"signal {self.path!r}"
        identifiers = 0xFFFF if self.service_mode == READ_DATA_BY_IDENTIFIER else 0xFF
        if self.service_mode not in _SERVICES or not 0 <= self.pid <= identifiers:
            raise InvalidInputError(f"{what} cannot be asked for", why=f"service {self.service_mode:#x}, {self.pid:#x}")
        if not 1 <= self.byte_length <= MAX_SIGNAL_BYTES or not 1 <= self.bit_mask_length <= 8:  # noqa: PLR2004  # bits of a byte
            raise InvalidInputError(
                f"{what} has {self.byte_length} bytes, masked to {self.bit_mask_length} bits",
                why=f"1 to {MAX_SIGNAL_BYTES} bytes and 1 to 8 bits can be decoded",
            )
        if not 0 <= self.bit_right_shift <= 8 * self.byte_length - self.bits:
            raise InvalidInputError(f"{what} does not fit in its bytes", why=f"it begins at bit {self.bit_right_shift}")
        longest = self.response_length or MAX_RESPONSE_BYTES
        if self.start_byte < 0 or self.start_byte + self.byte_length > longest or longest > MAX_RESPONSE_BYTES:
            raise InvalidInputError(f"{what} does not fit in its answer", why=f"that has {longest} bytes")
        if self.is_float and (self.bits not in _FLOATS or self.bit_right_shift):
            raise InvalidInputError(f"{what} is a float of {self.bits} bits", why="floats have 32 or 64 whole ones")
        if not (math.isfinite(self.scaling) and math.isfinite(self.offset)):
            raise InvalidInputError(f"{what} has scaling {self.scaling} and offset {self.offset}", why="not finite")

    @property
    def bits(self) -> int:
        """How many bits the raw value has."""
        return 8 * (self.byte_length - 1) + self.bit_mask_length

    @property
    def bytes_needed(self) -> int:
        """How many bytes an answer must have so that the signal is whole."""
        return self.start_byte + self.byte_length

    @property
    def request(self) -> bytes:
        """What asks for it."""
        width = 2 if self.service_mode == READ_DATA_BY_IDENTIFIER else 1
        return bytes([self.service_mode]) + self.pid.to_bytes(width, "big")

    def value(self, data: bytes) -> float:
        """The value in the data bytes of an answer.

        Raises:
            InvalidInputError: the answer has another length.
        """
        if len(data) < self.bytes_needed or (self.response_length and len(data) != self.response_length):
            expected = self.response_length or f"at least {self.bytes_needed}"
            raise InvalidInputError(
                f"the answer to {self.request.hex(' ')} cannot be read", why=f"it has {len(data)} bytes, not {expected}"
            )
        raw = int.from_bytes(data[self.start_byte : self.bytes_needed], "big") >> self.bit_right_shift
        raw &= (1 << self.bits) - 1
        if self.is_float:
            (number,) = struct.unpack(_FLOATS[self.bits], raw.to_bytes(self.byte_length, "big"))
            return float(number) * self.scaling + self.offset
        if self.signed and raw >> (self.bits - 1):
            raw -= 1 << self.bits
        return raw * self.scaling + self.offset

"""A signal as it lies in CAN frames."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kaido.catalog import bits
from kaido.errors import InvalidInputError

MAX_FRAME_BITS = 512
MAX_SIGNAL_BITS = 64
MAX_SELECTOR_BITS = 32
FLOAT_BITS = (16, 32, 64)
STANDARD_IDS = 0x7FF
EXTENDED_IDS = 0x1FFFFFFF


@dataclass(frozen=True, slots=True)
class Selector:
    """A multiplexer's bits, and at which values they let a signal be in the frame.

    Attributes:
        start_bit_lsb: as in ``CanSignal``.
        length: bits, at most 32.
        ranges: first and last value, both included; of the raw bits read as unsigned; sorted, disjoint.
    """

    start_bit_lsb: int
    length: int
    big_endian: bool
    ranges: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        _check_bits("a multiplexer", self.start_bit_lsb, self.length, MAX_SELECTOR_BITS, big_endian=self.big_endian)
        values = [value for pair in self.ranges for value in pair]
        ordered = all(first <= last for first, last in self.ranges) and all(
            before[1] < after[0] for before, after in zip(self.ranges, self.ranges[1:], strict=False)
        )
        if not values or not ordered or values[0] < 0 or values[-1] >= 1 << self.length:
            raise InvalidInputError(
                "a multiplexer's values cannot be", why=f"{self.length} bits cannot take {self.ranges}"
            )

    @property
    def bytes_needed(self) -> int:
        """How many bytes a frame must have."""
        return bits.bytes_needed(self.start_bit_lsb, self.length, big_endian=self.big_endian)


@dataclass(frozen=True, slots=True)
class CanSignal:
    """A signal of a decoder manifest: ``value = raw * factor + offset``, in ``unit``.

    Attributes:
        path: its name everywhere in Kaido (a VSS path, or one in a namespace of ours).
        message_id: the identifier alone, 11 or (``extended``) 29 bits.
        start_bit_lsb: the least significant bit, ``8 * byte + bit``, for both byte orders (``kaido.catalog.bits``).
        length: bits, 1 to 64; a float has 16, 32 or 64 (IEEE 754).
        interface: the bus it is on; empty means any.
        unit: of the value; empty where nothing states it.
        source: its name in the CAN database, "Message.Signal".
        minimum: of the value, as the database or the catalog states it; nothing is cut off.
        maximum: as ``minimum``.
        selectors: where it is multiplexed, it is in a frame when all of these hold.
        labels: names of raw values.
    """

    path: str
    message_id: int
    start_bit_lsb: int
    length: int
    extended: bool = False
    big_endian: bool = False
    signed: bool = False
    factor: float = 1.0
    offset: float = 0.0
    is_float: bool = False
    interface: str = ""
    unit: str = ""
    source: str = ""
    minimum: float | None = None
    maximum: float | None = None
    selectors: tuple[Selector, ...] = ()
    labels: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        what = f"signal {self.path or self.source!r}"
        if not 0 <= self.message_id <= (EXTENDED_IDS if self.extended else STANDARD_IDS):
            kind = "29-bit" if self.extended else "11-bit"
            raise InvalidInputError(f"{what} has message id {self.message_id:#x}", why=f"that is no {kind} identifier")
        _check_bits(what, self.start_bit_lsb, self.length, MAX_SIGNAL_BITS, big_endian=self.big_endian)
        if self.is_float and self.length not in FLOAT_BITS:
            raise InvalidInputError(f"{what} is a float of {self.length} bits", why="floats have 16, 32 or 64")
        if not (math.isfinite(self.factor) and math.isfinite(self.offset)):
            raise InvalidInputError(f"{what} has factor {self.factor} and offset {self.offset}", why="not finite")

    @property
    def bytes_needed(self) -> int:
        """How many bytes a frame must have so that the signal is whole."""
        return bits.bytes_needed(self.start_bit_lsb, self.length, big_endian=self.big_endian)


def _check_bits(what: str, start_bit_lsb: int, length: int, longest: int, *, big_endian: bool) -> None:
    if not 1 <= length <= longest:
        raise InvalidInputError(f"{what} has {length} bits", why=f"only 1 to {longest} can be decoded")
    first = bits.first_in_transmission(start_bit_lsb, length) if big_endian else start_bit_lsb
    last = bits.flip(start_bit_lsb) if big_endian else start_bit_lsb + length - 1
    if first < 0 or last >= MAX_FRAME_BITS:
        raise InvalidInputError(
            f"{what} does not fit in a frame", why=f"{length} bits with the least significant one at {start_bit_lsb}"
        )

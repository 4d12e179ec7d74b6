"""Where a signal's bits lie in a frame.

Three numberings meet here. All of them count bytes from the first byte of the payload, and name the bit with weight
2^b in byte B:

- *byte-wise* (ours, the wire's and FleetWise's): ``8 * B + b``. It is a name, not an order. A signal's start bit is
  that of its **least** significant bit, for both byte orders. A little-endian signal goes on to higher numbers; a
  big-endian one goes on to higher bits of the same byte, then to bit 0 of the byte **before**.
- *DBC's start bit*: byte-wise too, but of the **most** significant bit where the signal is big-endian.
- *transmission order*: ``8 * B + 7 - b``. In it a big-endian signal is one run, its least significant bit last.
"""

from __future__ import annotations


def flip(bit: int) -> int:
    """Byte-wise to transmission order, and back (it is its own inverse)."""
    return bit ^ 7


def lsb_from_dbc(start: int, length: int, *, big_endian: bool) -> int:
    """The byte-wise number of the least significant bit, from a DBC start bit (cantools uses DBC's for all formats)."""
    return flip(flip(start) + length - 1) if big_endian else start


def first_in_transmission(lsb: int, length: int) -> int:
    """Where a big-endian signal begins in transmission order; negative when it would begin before the frame."""
    return flip(lsb) - length + 1


def bytes_needed(lsb: int, length: int, *, big_endian: bool) -> int:
    """How many bytes a frame must have so that the signal is whole."""
    last = lsb if big_endian else lsb + length - 1
    return last // 8 + 1

"""Raw-block Snappy, as the edge agent writes it: no framing, no marker."""

from __future__ import annotations

import cramjam

MAX_UNCOMPRESSED_BYTES = 16 * 1024 * 1024


class SnappyError(ValueError):
    """The bytes are no Snappy block, or one that would grow past the limit."""


def compress(data: bytes) -> bytes:
    """The Snappy block of ``data``."""
    return bytes(cramjam.snappy.compress_raw(data))


def uncompressed_length(block: bytes) -> int:
    """The length that the block's preamble states, in bytes.

    Raises:
        SnappyError: the preamble is no varint of at most 32 bits.
    """
    length = shift = 0
    for byte in block[:5]:
        length |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  # the continuation bit of a varint
            return length
        shift += 7
    raise SnappyError("the length at its start cannot be read")


def decompress(block: bytes, limit: int = MAX_UNCOMPRESSED_BYTES) -> bytes:
    """The bytes of a Snappy block.

    Raises:
        SnappyError: not a Snappy block, or one that states more than ``limit`` bytes.
    """
    length = uncompressed_length(block)
    if length > limit:
        raise SnappyError(f"it states {length} bytes, more than the limit of {limit}")
    try:
        return bytes(cramjam.snappy.decompress_raw(block))
    except cramjam.DecompressionError as error:
        raise SnappyError(str(error)) from error

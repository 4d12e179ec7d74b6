"""Diagnostic trouble codes as people write them (SAE J2012, ISO 15031-6): P0301, U0100; of three bytes, P0301-1A."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kaido.errors import InvalidInputError

_SYSTEMS = "PCBU"
_CODE = re.compile(r"(?P<system>[PCBU])(?P<digits>[0-3][0-9A-F]{3})(?:-(?P<failure>[0-9A-F]{2}))?")
TWO_BYTES = 2
THREE_BYTES = 3


@dataclass(frozen=True)
class TroubleCode:
    """A code that an ECU has stored.

    Attributes:
        ecu: the ECU, by the identifier of its answers ("7E8").
        code: as people write it.
        status: the status byte of UDS (ISO 14229-1, annex D.2); None where the service tells none.
    """

    ecu: str
    code: str
    status: int | None = None

    @property
    def states(self) -> tuple[str, ...]:
        """The bits of the status, in words."""
        return tuple(word for bit, word in enumerate(STATUS_BITS) if self.status is not None and self.status >> bit & 1)


STATUS_BITS = (
    "test failed",
    "test failed this cycle",
    "pending",
    "confirmed",
    "test not completed since clear",
    "test failed since clear",
    "test not completed this cycle",
    "warning lamp",
)
TEST_FAILED = 0x01
CONFIRMED = 0x08


def written(raw: bytes) -> str:
    """A code of two bytes (OBD), or of three (UDS: the third is the failure type byte).

    Raises:
        InvalidInputError: it has another length.
    """
    if len(raw) not in {TWO_BYTES, THREE_BYTES}:
        raise InvalidInputError(f"a trouble code has 2 or 3 bytes, not {len(raw)}")
    text = f"{_SYSTEMS[raw[0] >> 6]}{raw[0] & 0x3F:02X}{raw[1]:02X}"
    return text if len(raw) == TWO_BYTES else f"{text}-{raw[2]:02X}"


def parse(text: str) -> bytes:
    """The two or three bytes of a written code.

    Raises:
        InvalidInputError: it is written in another way.
    """
    match = _CODE.fullmatch(text.upper())
    if match is None:
        raise InvalidInputError(f"{text[:20]!r} is no trouble code", fix="Write it like P0301, or P0301-1A")
    number = _SYSTEMS.index(match["system"]) << 14 | int(match["digits"], 16)
    return number.to_bytes(2, "big") + bytes.fromhex(match["failure"] or "")

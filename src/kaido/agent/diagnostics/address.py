"""Where the ECUs of a car listen and answer (ISO 15765-4)."""

from __future__ import annotations

import re
from typing import NamedTuple

from kaido.errors import InvalidInputError

FUNCTIONAL = 0x7DF
FUNCTIONAL_EXTENDED = 0x18DB33F1
_FIRST_ANSWER = 0x7E8
_LAST_ANSWER = 0x7EF
_EXTENDED_ANSWER = 0x18DAF100
_EXTENDED_REQUEST = 0x18DA00F1
_STANDARD_IDS = 0x7FF
_EXTENDED_IDS = 0x1FFFFFFF
_TEXT = re.compile(r"(?P<request>[0-9A-Fa-f]{1,8})(?::(?P<answer>[0-9A-Fa-f]{1,8}))?")


class EcuAddress(NamedTuple):
    """The CAN identifiers of one ECU: what it is asked under, and what it answers under; 11 bits, or both 29."""

    request: int
    answer: int
    extended: bool = False

    @property
    def name(self) -> str:
        """What people call it: the identifier of its answers."""
        return f"{self.answer:08X}" if self.extended else f"{self.answer:03X}"

    @classmethod
    def of_answer(cls, identifier: int, *, extended: bool) -> EcuAddress | None:
        """The address of an emission-related ECU that answered a functional request; None where it is none."""
        if extended:
            if identifier & ~0xFF != _EXTENDED_ANSWER:
                return None
            return cls(_EXTENDED_REQUEST | (identifier & 0xFF) << 8, identifier, extended=True)
        return cls(identifier - 8, identifier) if _FIRST_ANSWER <= identifier <= _LAST_ANSWER else None

    @classmethod
    def parse(cls, text: str) -> EcuAddress:
        """An address as the command line writes it: ``7E0`` (answers under 7E8), or ``712:77C``, or 29-bit ones.

        Raises:
            InvalidInputError: it is written in another way, or the identifiers cannot be.
        """
        match = _TEXT.fullmatch(text)
        request = int(match["request"], 16) if match else -1
        extended = request > _STANDARD_IDS
        if match is None or request > _EXTENDED_IDS:
            raise _unreadable(text)
        if match["answer"]:
            answer = int(match["answer"], 16)
        elif extended:
            # Normal fixed addressing: target and source change places.
            answer = request & ~0xFFFF | (request & 0xFF) << 8 | request >> 8 & 0xFF
        else:
            answer = request + 8
        if answer == request or answer > (_EXTENDED_IDS if extended else _STANDARD_IDS):
            raise _unreadable(text)
        return cls(request, answer, extended)


def _unreadable(text: str) -> InvalidInputError:
    return InvalidInputError(
        f"the ECU {text[:40]!r} cannot be read", fix="Write its identifiers in hex: 7E0, or 712:77C for request:answer"
    )

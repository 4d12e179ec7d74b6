"""What an ECU can answer instead of what it was asked for."""

from __future__ import annotations

from kaido.errors import ConflictError, InvalidInputError, UnavailableError


class EcuSilentError(UnavailableError):
    """No answer came in time."""

    code = "ecu_silent"


class EcuRefusedError(ConflictError):
    """A negative response: the ECU understood, and says no.

    Attributes:
        reason: the negative response code (ISO 14229-1, annex A).
    """

    code = "ecu_refused"
    reason = 0


class EcuGarbledError(InvalidInputError):
    """An answer came that cannot be one to the question."""

    code = "ecu_garbled"

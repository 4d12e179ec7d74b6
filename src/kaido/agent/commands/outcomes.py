"""What becomes of a command: statuses and reason codes as FleetWise numbers them."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from kaido.wire import kaido_wire_pb2 as pb

MOST_TEXT = 1_000
"""Characters of a reason's description."""

SUCCEEDED = pb.CommandResponse.SUCCEEDED
TIMED_OUT = pb.CommandResponse.EXECUTION_TIMEOUT
FAILED = pb.CommandResponse.EXECUTION_FAILED
IN_PROGRESS = pb.CommandResponse.IN_PROGRESS


class Reason(enum.IntEnum):
    """Why, in the codes that the FleetWise edge agent uses (``ICommandDispatcher.h`` of its version 1.3).

    A manufacturer's own codes are 0x10000 to 0x1FFFF.
    """

    UNSPECIFIED = 0x00
    PRECONDITION_FAILED = 0x01
    DECODER_MANIFEST_OUT_OF_SYNC = 0x02
    NO_DECODING_RULES_FOUND = 0x03
    COMMAND_REQUEST_PARSING_FAILED = 0x04
    NO_COMMAND_DISPATCHER_FOUND = 0x05
    STATE_TEMPLATE_OUT_OF_SYNC = 0x06
    ARGUMENT_TYPE_MISMATCH = 0x07
    NOT_SUPPORTED = 0x08
    BUSY = 0x09
    REJECTED = 0x0A
    ACCESS_DENIED = 0x0B
    ARGUMENT_OUT_OF_RANGE = 0x0C
    INTERNAL_ERROR = 0x0D
    UNAVAILABLE = 0x0E
    WRITE_FAILED = 0x0F
    STATE_TEMPLATE_ALREADY_ACTIVATED = 0x10
    STATE_TEMPLATE_ALREADY_DEACTIVATED = 0x11
    TIMED_OUT_BEFORE_DISPATCH = 0x12
    NO_RESPONSE = 0x13


@dataclass(frozen=True)
class Outcome:
    """A report about a command: in progress, or its end.

    Attributes:
        reason: a :class:`Reason`, or a manufacturer's own code.
        text: for people; empty for none.
    """

    status: pb.CommandResponse.Status = SUCCEEDED
    reason: int = Reason.UNSPECIFIED
    text: str = ""

    def response(self, command_id: str) -> bytes:
        """The CommandResponse."""
        return pb.CommandResponse(
            status=self.status,
            command_id=command_id,
            reason_code=self.reason,
            reason_description=self.text[:MOST_TEXT],
        ).SerializeToString()


class CommandError(Exception):
    """A command cannot be carried out. An actuator raises it to say why.

    Args:
        reason: a :class:`Reason`, or a manufacturer's own code (0x10000 to 0x1FFFF).
        text: for people.
        status: what the cloud is told.
    """

    def __init__(self, reason: int, text: str = "", status: pb.CommandResponse.Status = FAILED) -> None:
        super().__init__(text or f"reason {reason}")
        self.outcome = Outcome(status, reason, text)

"""From the bytes of a CommandRequest to a command."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.message import DecodeError

from kaido.agent.commands.outcomes import CommandError, Reason
from kaido.wire import kaido_wire_pb2 as pb

MOST_BYTES = 1_000_000
"""The largest request that is read."""

Value = bool | int | float | str

_TYPES = {
    "bool_value": "boolean",
    "float_value": "float",
    "double_value": "double",
    "string_value": "string",
} | {f"{sign}int{bits}_value": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_RANGES = {
    "int8": (-(1 << 7), (1 << 7) - 1),
    "uint8": (0, (1 << 8) - 1),
    "int16": (-(1 << 15), (1 << 15) - 1),
    "uint16": (0, (1 << 16) - 1),
}
"""Of the types that travel in wider fields."""


@dataclass(frozen=True)
class Actuation:
    """One actuator, one value.

    Attributes:
        signal_id: the actuator's, in the manifest ``manifest`` (a sync id).
        datatype: the value's, as VSS names it.
    """

    signal_id: int
    manifest: str
    datatype: str
    value: Value


@dataclass(frozen=True)
class Command:
    """What the cloud wants.

    Attributes:
        issued_ms: by the cloud's clock, ms since the epoch; 0 where it does not say.
        timeout_ms: how long after that it is valid; 0 for ever.
    """

    id: str
    issued_ms: int
    timeout_ms: int
    what: Actuation | pb.LastKnownStateCommand


def read(command_id: str, payload: bytes) -> Command:
    """The command in a request that came on the topic of ``command_id``.

    Raises:
        CommandError: there is none, or a value that cannot be.
    """
    if len(payload) > MOST_BYTES:
        raise _unreadable(f"it has {len(payload)} bytes, more than {MOST_BYTES}")
    try:
        request = pb.CommandRequest.FromString(payload)
    except DecodeError:
        raise _unreadable("it is no CommandRequest") from None
    if request.command_id != command_id:
        raise _unreadable(f"it came as {command_id} and says that it is {request.command_id[:128]!r}")
    return Command(command_id, request.issued_timestamp_ms, request.timeout_ms, _what(request))


def _what(request: pb.CommandRequest) -> Actuation | pb.LastKnownStateCommand:
    match request.WhichOneof("command"):
        case "actuator":
            return _actuation(request.actuator)
        case "last_known_state":
            return request.last_known_state
        case _:
            raise _unreadable("it asks for nothing that is known here")


def _actuation(asked: pb.ActuatorCommand) -> Actuation:
    field = asked.WhichOneof("value")
    if field is None:
        raise _unreadable("it has no value")
    datatype, value = _TYPES[field], getattr(asked, field)
    least, most = _RANGES.get(datatype, (value, value))
    if datatype in _RANGES and not least <= value <= most:
        raise CommandError(Reason.ARGUMENT_OUT_OF_RANGE, f"{value} is no {datatype}")
    return Actuation(asked.signal_id, asked.decoder_manifest_sync_id, datatype, value)


def _unreadable(why: str) -> CommandError:
    return CommandError(Reason.COMMAND_REQUEST_PARSING_FAILED, why)

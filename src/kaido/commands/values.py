"""An actuator's value as a person writes it, held against the catalog, and as it goes over the wire."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from kaido.catalog.signal import Signal

Value = bool | int | float | str

LONGEST_TEXT = 4_096
_INTEGERS = {
    name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if name.startswith("int") else (0, 2**bits - 1)
    for bits in (8, 16, 32, 64)
    for name in (f"int{bits}", f"uint{bits}")
}
_LARGEST_FLOAT = 3.4028234663852886e38
_WORDS = {"true": True, "false": False, "on": True, "off": False}


def check(signal: Signal, given: object) -> Value:
    """The value, if a command may carry it to this actuator.

    Args:
        signal: as the catalog has it.
        given: of JSON, or a text of the command line.

    Raises:
        InvalidInputError: it is no actuator, or the value is of the wrong type, out of range, or not one of those
            there are.
    """
    if signal.kind != "actuator":
        raise InvalidInputError(
            f"{signal.path} cannot be commanded",
            why=f"in the catalog it is no actuator but {'an' if signal.kind[0] in 'aeiou' else 'a'} {signal.kind}",
            fix="See those that can: kaido catalog list",
        )
    value = _typed(signal, given)
    unit = f" {signal.unit}" if signal.unit else ""
    if not isinstance(value, bool | str):
        if signal.min is not None and value < signal.min:
            raise _wrong(signal, given, f"the smallest value is {signal.min:g}{unit}")
        if signal.max is not None and value > signal.max:
            raise _wrong(signal, given, f"the largest value is {signal.max:g}{unit}")
    if signal.allowed and value not in signal.allowed:
        raise _wrong(signal, given, f"there is {', '.join(map(str, signal.allowed))}")
    return value


def request(signal_id: int, manifest: str, datatype: str, value: Value) -> pb.CommandRequest:
    """The message without command id and times; the value in the field of its type.

    Args:
        signal_id: the actuator's in the manifest.
        manifest: its sync id.
        datatype: of the catalog.
        value: as :func:`check` gave it.
    """
    actuator = pb.ActuatorCommand(signal_id=signal_id, decoder_manifest_sync_id=manifest)
    field = "bool" if datatype == "boolean" else datatype
    setattr(actuator, f"{field}_value", value)
    return pb.CommandRequest(actuator=actuator)


def _typed(signal: Signal, given: object) -> Value:
    datatype = signal.datatype
    if datatype == "boolean":
        found = _WORDS.get(given.casefold()) if isinstance(given, str) else given
        if isinstance(found, bool):
            return found
        raise _wrong(signal, given, "it is either true or false")
    if datatype == "string":
        if isinstance(given, str) and len(given) <= LONGEST_TEXT:
            return given
        raise _wrong(signal, given, f"it is a text of at most {LONGEST_TEXT} characters")
    if datatype in _INTEGERS:
        return _integer(signal, given)
    if datatype in {"float", "double"}:
        return _real(signal, given)
    raise InvalidInputError(f"{signal.path} cannot be commanded", why=f"a command cannot carry {datatype}")


def _integer(signal: Signal, given: object) -> int:
    smallest, largest = _INTEGERS[signal.datatype]
    number: object = given
    if isinstance(given, str):
        try:
            number = int(given)
        except ValueError:
            number = None
    elif isinstance(given, float) and given.is_integer():
        number = int(given)
    if isinstance(number, bool) or not isinstance(number, int) or not smallest <= number <= largest:
        raise _wrong(signal, given, f"{signal.datatype} is an integer from {smallest} to {largest}")
    return number


def _real(signal: Signal, given: object) -> float:
    try:
        number = math.nan if isinstance(given, bool) else float(given)  # type: ignore[arg-type]  # what is no number raises
    except (ValueError, TypeError, OverflowError):
        number = math.nan
    largest = _LARGEST_FLOAT if signal.datatype == "float" else math.inf
    if not math.isfinite(number) or abs(number) > largest:
        raise _wrong(signal, given, f"{signal.datatype} is a finite number")
    return number


def _wrong(signal: Signal, given: object, why: str) -> InvalidInputError:
    return InvalidInputError(f"{signal.path} cannot be {str(given)[:60]!r}", why=why)

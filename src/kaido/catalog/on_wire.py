"""Signals in the wire's DecoderManifest.

A 29-bit identifier has bit 31 set in ``message_id``, as SocketCAN writes it; an identifier above 0x7FF without that
bit is read as 29-bit too. A multiplexed signal travels in a field of ours that other agents skip
(``docs/decisions/0003-multiplexed-signals.md``). Telemetry is double in any case; the primitive type is that of state
values and actuators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.catalog import actuator_signal, named_signal, primitives
from kaido.catalog.can_signal import EXTENDED_IDS, STANDARD_IDS, CanSignal, Selector
from kaido.catalog.obd_signal import ObdSignal
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaido.catalog.actuator_signal import ActuatorSignal
    from kaido.catalog.named_signal import NamedSignal

EXTENDED_FLAG = 1 << 31


def to_wire(
    sync_id: str,
    numbered: Iterable[tuple[int, CanSignal]],
    obd: Iterable[tuple[int, ObdSignal]] = (),
    actuators: Iterable[tuple[int, ActuatorSignal]] = (),
    values: Iterable[tuple[int, NamedSignal]] = (),
) -> pb.DecoderManifest:
    """The message of signals with their ids."""
    message = pb.DecoderManifest(sync_id=sync_id)
    for number, signal in numbered:
        if signal.selectors:
            carrier = message.multiplexed_can_signals.add()
            carrier.selectors.extend(_selector_to_wire(one) for one in signal.selectors)
            carrier.signal.CopyFrom(_signal_to_wire(number, signal))
        else:
            message.can_signals.append(_signal_to_wire(number, signal))
    message.obd_pid_signals.extend(_obd_to_wire(number, signal) for number, signal in obd)
    message.custom_decoding_signals.extend(named_signal.to_wire(number, one) for number, one in values)
    message.custom_decoding_signals.extend(actuator_signal.to_wire(number, one) for number, one in actuators)
    return message


def from_wire(message: pb.DecoderManifest) -> list[tuple[int, CanSignal]]:
    """The CAN signals of a message with their ids, by id. Their paths are their ids.

    Raises:
        InvalidInputError: a signal's bits cannot be.
    """
    plain = [(one.signal_id, _signal_from_wire(one, ())) for one in message.can_signals]
    multiplexed = [
        (one.signal.signal_id, _signal_from_wire(one.signal, tuple(map(_selector_from_wire, one.selectors))))
        for one in message.multiplexed_can_signals
    ]
    return sorted(plain + multiplexed, key=lambda pair: pair[0])


def obd_from_wire(message: pb.DecoderManifest) -> list[tuple[int, ObdSignal]]:
    """The signals of a message that have to be asked for, with their ids, by id. Their paths are their ids.

    Raises:
        InvalidInputError: a signal's bits cannot be.
    """
    return sorted(((one.signal_id, _obd_from_wire(one)) for one in message.obd_pid_signals), key=lambda pair: pair[0])


def custom_from_wire(message: pb.DecoderManifest) -> tuple[dict[int, NamedSignal], dict[int, ActuatorSignal]]:
    """The named signals and the actuators of a message, by id."""
    named = {
        one.signal_id: named_signal.from_wire(one)
        for one in message.custom_decoding_signals
        if one.interface_id == named_signal.INTERFACE
    }
    commanded = {
        one.signal_id: actuator_signal.from_wire(one)
        for one in message.custom_decoding_signals
        if one.interface_id != named_signal.INTERFACE
    }
    return named, commanded


def _signal_to_wire(number: int, signal: CanSignal) -> pb.CANSignal:
    return pb.CANSignal(
        signal_id=number,
        interface_id=signal.interface,
        message_id=signal.message_id | (EXTENDED_FLAG if signal.extended else 0),
        is_big_endian=signal.big_endian,
        is_signed=signal.signed,
        start_bit=signal.start_bit_lsb,
        offset=signal.offset,
        factor=signal.factor,
        length=signal.length,
        primitive_type=primitives.of_signal(signal),
        signal_value_type=pb.FLOATING_POINT if signal.is_float else pb.INTEGER,
    )


def _signal_from_wire(message: pb.CANSignal, selectors: tuple[Selector, ...]) -> CanSignal:
    identifier = message.message_id & ~EXTENDED_FLAG
    return CanSignal(
        path=str(message.signal_id),
        message_id=identifier & EXTENDED_IDS,
        extended=identifier != message.message_id or identifier > STANDARD_IDS,
        interface=message.interface_id,
        start_bit_lsb=message.start_bit,
        length=message.length,
        big_endian=message.is_big_endian,
        signed=message.is_signed,
        factor=message.factor,
        offset=message.offset,
        is_float=message.signal_value_type == pb.FLOATING_POINT,
        selectors=selectors,
    )


def _obd_to_wire(number: int, signal: ObdSignal) -> pb.OBDPIDSignal:
    return pb.OBDPIDSignal(
        signal_id=number,
        interface_id=signal.interface,
        pid_response_length=signal.response_length,
        service_mode=signal.service_mode,
        pid=signal.pid,
        scaling=signal.scaling,
        offset=signal.offset,
        start_byte=signal.start_byte,
        byte_length=signal.byte_length,
        bit_right_shift=signal.bit_right_shift,
        bit_mask_length=signal.bit_mask_length,
        primitive_type=pb.FLOAT64,
        signal_value_type=pb.FLOATING_POINT if signal.is_float else pb.INTEGER,
        is_signed=signal.signed,
    )


def _obd_from_wire(message: pb.OBDPIDSignal) -> ObdSignal:
    return ObdSignal(
        path=str(message.signal_id),
        service_mode=message.service_mode,
        pid=message.pid,
        start_byte=message.start_byte,
        byte_length=message.byte_length,
        response_length=message.pid_response_length,
        bit_right_shift=message.bit_right_shift,
        bit_mask_length=message.bit_mask_length,
        scaling=message.scaling,
        offset=message.offset,
        signed=message.is_signed,
        is_float=message.signal_value_type == pb.FLOATING_POINT,
        interface=message.interface_id,
    )


def _selector_to_wire(selector: Selector) -> pb.CANSelector:
    return pb.CANSelector(
        start_bit=selector.start_bit_lsb,
        length=selector.length,
        is_big_endian=selector.big_endian,
        ranges=[pb.CANSelectorRange(first=first, last=last) for first, last in selector.ranges],
    )


def _selector_from_wire(message: pb.CANSelector) -> Selector:
    return Selector(
        start_bit_lsb=message.start_bit,
        length=message.length,
        big_endian=message.is_big_endian,
        ranges=tuple((one.first, one.last) for one in message.ranges),
    )

"""The type in which a vehicle keeps a signal's value: what state values and actuator values are sent as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.catalog.signal import SCALARS
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from kaido.catalog.can_signal import CanSignal

FLOAT32_BITS = 32

OF_DATATYPE: dict[str, pb.PrimitiveType] = {
    "boolean": pb.BOOL,
    "float": pb.FLOAT32,
    "double": pb.FLOAT64,
    "string": pb.STRING,
    **{name: getattr(pb, name.upper()) for name in SCALARS if "int" in name},
}
"""The type of each scalar datatype of VSS."""
DATATYPES = {primitive: name for name, primitive in OF_DATATYPE.items()}

_UNSIGNED = {pb.UINT8: 8, pb.UINT16: 16, pb.UINT32: 32, pb.UINT64: 64}
_SIGNED = {pb.INT8: 8, pb.INT16: 16, pb.INT32: 32, pb.INT64: 64}
_INTEGERS = (
    *((kind, 0, (1 << bits) - 1) for kind, bits in _UNSIGNED.items()),
    *((kind, -(1 << bits - 1), (1 << bits - 1) - 1) for kind, bits in _SIGNED.items()),
)


def of_signal(signal: CanSignal) -> pb.PrimitiveType:
    """The narrowest type that takes every value of the signal: after scaling, as it is in frames.

    One bit as it is is a BOOL. What scaling may give a fraction is FLOAT64.
    """
    plain = signal.factor == 1 and signal.offset == 0
    if signal.is_float:
        return pb.FLOAT32 if plain and signal.length <= FLOAT32_BITS else pb.FLOAT64
    if plain and signal.length == 1 and not signal.signed:
        return pb.BOOL
    if not (signal.factor.is_integer() and signal.offset.is_integer()):
        return pb.FLOAT64
    lowest = -(1 << signal.length - 1) if signal.signed else 0
    ends = [int(signal.factor) * raw + int(signal.offset) for raw in (lowest, lowest + (1 << signal.length) - 1)]
    return next((kind for kind, least, most in _INTEGERS if least <= min(ends) and max(ends) <= most), pb.FLOAT64)


def of_manifest(message: pb.DecoderManifest) -> dict[int, pb.PrimitiveType]:
    """The type of each signal id of a manifest, as its message says."""
    multiplexed = (one.signal for one in message.multiplexed_can_signals)
    return (
        {one.signal_id: one.primitive_type for one in (*message.can_signals, *multiplexed)}
        | {one.signal_id: one.primitive_type for one in message.obd_pid_signals}
        | {one.signal_id: one.primitive_type for one in message.custom_decoding_signals}
    )

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.primitives import of_manifest, of_signal
from kaido.wire import kaido_wire_pb2 as pb


def signal(length: int, **more: object) -> CanSignal:
    return CanSignal("Vehicle.X", 0x100, 0, length, **more)  # type: ignore[arg-type]  # the tests' own keywords


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (signal(1), pb.BOOL),
        (signal(1, signed=True), pb.INT8),
        (signal(1, factor=2.0), pb.UINT8),
        (signal(8), pb.UINT8),
        (signal(8, offset=-40.0), pb.INT16),
        (signal(8, offset=-128.0), pb.INT8),
        (signal(8, factor=-1.0), pb.INT16),
        (signal(9), pb.UINT16),
        (signal(16, signed=True), pb.INT16),
        (signal(32, factor=10.0), pb.UINT64),
        (signal(64), pb.UINT64),
        (signal(64, signed=True), pb.INT64),
        (signal(64, factor=2.0), pb.FLOAT64),
        (signal(8, factor=0.5), pb.FLOAT64),
        (signal(32, is_float=True), pb.FLOAT32),
        (signal(16, is_float=True), pb.FLOAT32),
        (signal(32, is_float=True, factor=2.0), pb.FLOAT64),
        (signal(64, is_float=True), pb.FLOAT64),
    ],
)
def test_the_narrowest_type(one: CanSignal, kind: pb.PrimitiveType) -> None:
    assert of_signal(one) == kind


_RANGES = {
    pb.BOOL: (0, 1),
    **{getattr(pb, f"UINT{bits}"): (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{getattr(pb, f"INT{bits}"): (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
}


@given(st.data(), st.integers(1, 64), st.booleans(), st.integers(-1000, 1000), st.integers(-100_000, 100_000))
def test_every_value_of_an_integer_fits(
    data: st.DataObject, length: int, signed: bool, factor: int, offset: int
) -> None:
    kind = of_signal(signal(length, signed=signed, factor=float(factor or 1), offset=float(offset)))
    low = -(2 ** (length - 1)) if signed else 0
    raw = data.draw(st.integers(low, low + 2**length - 1))
    if kind != pb.FLOAT64:
        least, most = _RANGES[kind]
        assert least <= raw * (factor or 1) + offset <= most


def test_a_manifest_says_it() -> None:
    manifest = DecoderManifest.of("m", [CanSignal("a", 1, 0, 1), CanSignal("b", 1, 8, 16, factor=0.1)])
    assert of_manifest(manifest.to_wire()) == {1: pb.BOOL, 2: pb.FLOAT64}

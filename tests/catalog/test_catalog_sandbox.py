"""Files of strangers: whatever they hold, an error in bounded time and memory."""

from __future__ import annotations

import pytest

from kaido.catalog import DecoderManifest, sandbox
from kaido.catalog.sandbox import Request, read
from kaido.catalog.signal import Signal
from kaido.errors import InvalidInputError, NotFoundError, TooLargeError

DBC = b'VERSION ""\nBO_ 5 M: 8 X\n SG_ A : 0|8@1+ (1,0) [0|0] "m/s" X\n'


def test_a_can_database_with_its_mapping() -> None:
    own = Signal("Vehicle.Own", "sensor", "float", "km/h")
    found = read(
        Request(DBC, "car.dbc", b"A: Vehicle.Own", "map.yaml", namespace="N", interface="", catalog=(own,)),
    )
    assert isinstance(found, DecoderManifest)
    (signal,) = found.signals
    assert (signal.path, signal.unit, signal.interface) == ("Vehicle.Own", "km/h", "")
    assert found.notes


def test_a_vss_catalog() -> None:
    assert read(Request(b"V.A: {type: sensor, datatype: float}", "v.yaml")) == [Signal("V.A", "sensor", "float")]


def test_errors_come_out_as_they_are() -> None:
    with pytest.raises(InvalidInputError, match="line 1, column 1"):
        read(Request(b"hello", "car.dbc"))
    with pytest.raises(NotFoundError, match="Did you mean"):
        read(Request(DBC, "car.dbc", b"M.B: Vehicle.Speed"))
    with pytest.raises(InvalidInputError, match=r"map\.yaml is no YAML"):
        read(Request(DBC, "car.dbc", b"a: [", "map.yaml"))


def entities() -> bytes:
    lines = ['<!ENTITY a0 "aaaaaaaaaa">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f'<?xml version="1.0"?><!DOCTYPE x [{"".join(lines)}]><NetworkDefinition>&a9;</NetworkDefinition>'.encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("long-message.dbc", b'BO_ 5 M: 4294967295 X\n SG_ A : 0|8@1+ (1,0) [0|0] "" X\n'),
        ("long-signal.dbc", b'BO_ 5 M: 8 X\n SG_ A : 0|4000000000@1+ (1,0) [0|0] "" X\n'),
        (
            "all-values.dbc",
            (
                b'BO_ 5 M: 8 X\n SG_ A M : 0|32@1+ (1,0) [0|0] "" X\n SG_ B m0 : 32|8@1+ (1,0) [0|0] "" X\n'
                b"SG_MUL_VAL_ 5 B A 0-4294967295;\n"
            ),
        ),
        ("entities.kcd", entities()),
        ("entities.arxml", entities()),
        ("deep.kcd", b"<a>" * 1_000_000),
    ],
)
def test_hostile_databases(name: str, content: bytes) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(Request(content, name))
    assert name in caught.value.what


def test_a_reader_that_takes_too_long_or_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_SECONDS", 0.01)
    with pytest.raises(InvalidInputError, match="takes too long"):
        read(Request(DBC, "car.dbc"))
    monkeypatch.undo()
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(InvalidInputError, match="more time or memory"):
        read(Request(DBC, "car.dbc"))


def test_a_file_beyond_the_bound_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_BYTES", 100)
    with pytest.raises(TooLargeError, match="at most 100 bytes"):
        read(Request(DBC * 3, "car.dbc"))

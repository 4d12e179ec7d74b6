"""CAN databases in all four formats become the same manifest; mappings and units decide what signals are called."""

from __future__ import annotations

import textwrap
from typing import Any

import cantools
import pytest

from kaido.catalog import CanSignal, Selector
from kaido.catalog.database import read_can_database
from kaido.catalog.mapping import VALUES, Mapping, Target, read_mapping, read_paths
from kaido.catalog.signal import Signal
from kaido.errors import InvalidInputError, NotFoundError

DBC = b"""VERSION ""
BS_:
BU_: ECU
BO_ 180 SPEED: 8 ECU
 SG_ FAST : 7|16@0+ (0.01,0) [0|300] "kph" ECU
 SG_ TEMP : 16|8@1- (0.5,-40) [0|0] "degC" ECU
BO_ 2566844672 EXTENDED: 8 ECU
 SG_ RATIO : 0|32@1- (1,0) [0|0] "" ECU
 SG_ Mode M : 32|8@1+ (1,0) [0|0] "" ECU
 SG_ A m0 : 40|8@1+ (1,0) [0|0] "V" ECU
 SG_ B m1 : 40|8@1+ (1,0) [0|0] "V" ECU
SIG_VALTYPE_ 2566844672 RATIO : 1;
VAL_ 180 TEMP 0 "cold" 1 "warm" ;
"""

ARXML = """<?xml version="1.0"?>
<AUTOSAR xmlns="http://autosar.org/schema/r4.0"><AR-PACKAGES><AR-PACKAGE><SHORT-NAME>P</SHORT-NAME><ELEMENTS>
<CAN-CLUSTER><SHORT-NAME>Bus</SHORT-NAME><CAN-CLUSTER-VARIANTS><CAN-CLUSTER-CONDITIONAL><PHYSICAL-CHANNELS>
<CAN-PHYSICAL-CHANNEL><SHORT-NAME>Channel</SHORT-NAME><FRAME-TRIGGERINGS><CAN-FRAME-TRIGGERING>
<SHORT-NAME>Trigger</SHORT-NAME><FRAME-REF DEST="CAN-FRAME">/P/SPEED</FRAME-REF>
<CAN-ADDRESSING-MODE>STANDARD</CAN-ADDRESSING-MODE><IDENTIFIER>180</IDENTIFIER>
</CAN-FRAME-TRIGGERING></FRAME-TRIGGERINGS></CAN-PHYSICAL-CHANNEL>
</PHYSICAL-CHANNELS></CAN-CLUSTER-CONDITIONAL></CAN-CLUSTER-VARIANTS></CAN-CLUSTER>
<CAN-FRAME><SHORT-NAME>SPEED</SHORT-NAME><FRAME-LENGTH>8</FRAME-LENGTH><PDU-TO-FRAME-MAPPINGS><PDU-TO-FRAME-MAPPING>
<SHORT-NAME>Mapping</SHORT-NAME><PDU-REF DEST="I-SIGNAL-I-PDU">/P/Pdu</PDU-REF><START-POSITION>0</START-POSITION>
</PDU-TO-FRAME-MAPPING></PDU-TO-FRAME-MAPPINGS></CAN-FRAME>
<I-SIGNAL-I-PDU><SHORT-NAME>Pdu</SHORT-NAME><LENGTH>8</LENGTH><I-SIGNAL-TO-PDU-MAPPINGS><I-SIGNAL-TO-I-PDU-MAPPING>
<SHORT-NAME>Place</SHORT-NAME><I-SIGNAL-REF DEST="I-SIGNAL">/P/FAST</I-SIGNAL-REF>
<PACKING-BYTE-ORDER>MOST-SIGNIFICANT-BYTE-FIRST</PACKING-BYTE-ORDER><START-POSITION>7</START-POSITION>
</I-SIGNAL-TO-I-PDU-MAPPING></I-SIGNAL-TO-PDU-MAPPINGS></I-SIGNAL-I-PDU>
<I-SIGNAL><SHORT-NAME>FAST</SHORT-NAME><LENGTH>16</LENGTH></I-SIGNAL>
</ELEMENTS></AR-PACKAGE></AR-PACKAGES></AUTOSAR>
"""


def parsed() -> Any:
    return cantools.database.load_string(DBC.decode(), "dbc")


def test_a_dbc_without_a_mapping() -> None:
    manifest = read_can_database(DBC, "my car.dbc", namespace="Car")
    assert manifest.name == "my_car"
    mode = Selector(32, 8, big_endian=False, ranges=((0, 0),))
    other = Selector(32, 8, big_endian=False, ranges=((1, 1),))
    extended = {"message_id": 0x18FEF100 & 0x1FFFFFFF, "extended": True, "interface": "can0"}
    fast, temp, *rest = manifest.signals
    assert fast == CanSignal(
        "Car.SPEED.FAST",
        180,
        8,
        16,
        big_endian=True,
        factor=0.01,
        interface="can0",
        unit="km/h",
        source="SPEED.FAST",
        minimum=0,
        maximum=300,
    )
    assert (temp.unit, temp.signed, temp.offset) == ("celsius", True, -40)
    assert temp.labels == ((0, "cold"), (1, "warm"))
    assert [one.path for one in rest] == [f"Car.EXTENDED.{name}" for name in ("RATIO", "Mode", "A", "B")]
    assert {(one.extended, one.message_id) for one in rest} == {(True, extended["message_id"])}
    assert rest[0].is_float
    assert not rest[0].signed
    assert [one.selectors for one in rest] == [(), (), (mode,), (other,)]


def test_the_other_formats_say_the_same() -> None:
    database = parsed()
    expected = read_can_database(DBC, "car.dbc")
    for ending, text in (("kcd", database.as_kcd_string()), ("sym", database.as_sym_string())):
        found = read_can_database(text.encode(), f"car.{ending}")
        for ours, theirs in zip(found.signals, expected.signals, strict=True):
            assert (ours.start_bit_lsb, ours.length, ours.big_endian, ours.signed, ours.is_float) == (
                theirs.start_bit_lsb,
                theirs.length,
                theirs.big_endian,
                theirs.signed,
                theirs.is_float,
            ), (ending, theirs.path)
            assert (ours.message_id, ours.extended, ours.factor) == (theirs.message_id, theirs.extended, theirs.factor)
            if ending == "kcd" or theirs.selectors:
                assert ours.selectors == theirs.selectors


def test_sym_repeats_a_signal_for_each_value_of_the_multiplexer() -> None:
    text = textwrap.dedent("""\
        FormatVersion=6.0 // Do not edit this line!
        Title="x"
        {SIGNALS}
        Sig="A" unsigned 8
        {SEND}
        ["M"]
        ID=100h
        Len=8
        Mux="Low" 0,8 0h
        Sig="A" 8
        ["M"]
        Len=8
        Mux="Next" 0,8 1h
        Sig="A" 8
        ["M"]
        Len=8
        Mux="High" 0,8 9h
        Sig="A" 16
        """)
    found = {one.path: one for one in read_can_database(text.encode(), "n.sym").signals}
    assert set(found) == {"n.M.Low", "n.M.A", "n.M.A_2"}
    assert (found["n.M.A"].start_bit_lsb, found["n.M.A"].selectors[0].ranges) == (8, ((0, 1),))
    assert (found["n.M.A_2"].start_bit_lsb, found["n.M.A_2"].selectors[0].ranges) == (16, ((9, 9),))


def test_arxml() -> None:
    (fast,) = read_can_database(ARXML.encode(), "car.arxml").signals
    assert (fast.source, fast.message_id, fast.start_bit_lsb, fast.length) == ("SPEED.FAST", 180, 8, 16)
    assert fast.big_endian


@pytest.mark.parametrize("name", ["car", "car.txt", "CAR.DBC"])
def test_a_format_is_known_by_its_ending_or_its_text(name: str) -> None:
    assert len(read_can_database(DBC, name).signals) == 6
    kcd = parsed().as_kcd_string().encode()
    assert len(read_can_database(kcd, "car").signals) == 6
    assert len(read_can_database(ARXML.encode(), "car").signals) == 1


def test_interfaces() -> None:
    assert {one.interface for one in read_can_database(DBC, "a.dbc", interface=None).signals} == {""}
    assert {one.interface for one in read_can_database(DBC, "a.dbc", interface="can2").signals} == {"can2"}


def mapped(path: str = "Vehicle.Speed", **how: object) -> CanSignal:
    target = Target(path, **how)  # type: ignore[arg-type]  # keyword arguments of the test's own
    return read_can_database(DBC, "car.dbc", mapping={"FAST": target}).signals[0]


def test_a_mapped_signal_takes_path_unit_and_limits_of_the_catalog() -> None:
    speed = mapped()
    assert (speed.path, speed.unit, speed.factor, speed.maximum) == ("Vehicle.Speed", "km/h", 0.01, 300)


def test_units_convert() -> None:
    speed = mapped(unit="m/s")
    assert speed.factor == pytest.approx(0.036)
    assert speed.unit == "km/h"
    assert speed.maximum == pytest.approx(1080)
    notes = read_can_database(DBC, "car.dbc", mapping={"FAST": Target("Vehicle.Speed", unit="m/s")}).notes
    assert notes == ("SPEED.FAST is converted from m/s to km/h of Vehicle.Speed",)


def test_scale_and_offset_come_after_the_database_s_own() -> None:
    speed = mapped(scale=-2.0, offset=5.0)
    assert (speed.factor, speed.offset) == (-0.02, 5.0)
    assert (speed.minimum, speed.maximum) == (-595, 5)
    shifted = read_can_database(DBC, "car.dbc", mapping={"TEMP": Target("A.Temp", 2.0, 1.0)}).signals[1]
    assert (shifted.factor, shifted.offset) == (1.0, -79.0)


def test_units_that_do_not_convert_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"SPEED.FAST cannot be Vehicle.TraveledDistance: it is in kph"):
        mapped("Vehicle.TraveledDistance")
    assert mapped("Vehicle.TraveledDistance", scale=3.0).unit == "km"


def test_a_unit_that_nobody_states_is_taken_as_the_catalog_s() -> None:
    mapping = {"EXTENDED.RATIO": Target("Vehicle.Speed")}
    manifest = read_can_database(DBC, "car.dbc", mapping=mapping)
    assert manifest.signals[manifest.id_of("Vehicle.Speed") - 1].unit == "km/h"
    assert "states no unit" in manifest.notes[0]


def test_names_that_are_not_there() -> None:
    with pytest.raises(NotFoundError, match=r"Did you mean SPEED\.FAST"):
        read_can_database(DBC, "car.dbc", mapping={"SPEED.FST": Target("Vehicle.Speed")})
    with pytest.raises(NotFoundError, match=r"Did you mean Vehicle\.Speed"):
        mapped("Vehicle.Sped")
    own = (Signal("Vehicle.Sped", "sensor", "float", "m/s"),)
    mapping = {"FAST": Target("Vehicle.Sped")}
    assert read_can_database(DBC, "car.dbc", mapping=mapping, catalog=own).signals[0].unit == "m/s"
    assert mapped("Own.Speed").unit == "km/h"


def test_a_name_in_two_messages_must_be_told_apart() -> None:
    twice = DBC.replace(b"SG_ RATIO", b"SG_ FAST").replace(b"RATIO", b"FAST")
    with pytest.raises(InvalidInputError, match=r"'FAST' is not clear: it could be SPEED.FAST, EXTENDED.FAST"):
        read_can_database(twice, "car.dbc", mapping={"FAST": Target("Vehicle.Speed")})
    mapping: Mapping = {"SPEED.FAST": Target("Vehicle.Speed")}
    assert read_can_database(twice, "car.dbc", mapping=mapping).signals[0].path == "Vehicle.Speed"


def test_messages_of_one_name_are_told_apart_by_their_identifiers() -> None:
    text = (
        b'VERSION ""\nBO_ 1 M: 8 X\n SG_ A : 0|8@1+ (1,0) [0|0] "" X\nBO_ 16 M: 8 X\n SG_ A : 0|8@1+ (1,0) [0|0] "" X\n'
    )
    assert [one.path for one in read_can_database(text, "n.dbc").signals] == ["n.M.A", "n.M_10.A"]


def test_what_cannot_be_decoded_is_left_out_with_a_note() -> None:
    text = textwrap.dedent("""\
        VERSION ""
        BO_ 1 M: 16 X
         SG_ LONG : 0|100@1+ (1,0) [0|0] "" X
         SG_ BEYOND : 120|16@1+ (1,0) [0|0] "" X
         SG_ OVER : 104|8@1+ (1,0) [0|0] "" X
         SG_ LAPPING : 104|8@1+ (1,0) [0|0] "" X
        """)
    manifest = read_can_database(text.encode(), "n.dbc")
    assert [one.source for one in manifest.signals] == ["M.OVER", "M.LAPPING"]
    assert manifest.notes[0].startswith("M.LONG is left out: signal 'n.M.LONG' has 100 bits: only 1 to 64")
    assert manifest.notes[1] == "M.BEYOND is left out: it needs 17 bytes, its message has 16"


def test_labels_of_no_signal_are_left_out_with_a_note() -> None:
    manifest = read_can_database(DBC + b'VAL_ 180 GONE 0 "a;b" 1 "c" ;\nVAL_ 180 FAST 9 "nine";\n', "n.dbc")
    assert manifest.notes == ("labels of GONE in message 180: there is no such signal",)
    assert manifest.signals[0].labels == ((9, "nine"),)


def test_the_same_file_makes_the_same_manifest() -> None:
    assert read_can_database(DBC, "a.dbc") == read_can_database(DBC, "a.dbc")
    assert read_can_database(DBC, "a.dbc").sync_id != read_can_database(DBC, "a.dbc", interface="can1").sync_id


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.dbc", b"", "a.dbc is empty"),
        ("a.dbc", b"\0\1", "zero byte"),
        ("a.dbc", DBC.replace(b"(0.01,0)", b"(0.01,0"), "line 5, column 29"),
        ("a.dbc", b'BO_ 4096 TOO: 8 X\n SG_ A : 0|8@1+ (1,0) [0|0] "" X\n', "line 1: Standard frame id 0x1000"),
        ("a.dbc", b'VERSION ""', "no signals that can be decoded"),
        ("a.kcd", b"<a>\n<b>\n</a>", "line 3, column 3: mismatched tag"),
        ("a.kcd", b"<NetworkDefinition/>", "cannot be read as KCD"),
        ("a.arxml", b"<AUTOSAR/>", "cannot be read as ARXML"),
        ("a.arxml", b"hello", "line 1, column 1: syntax error"),
        ("a.sym", b"FormatVersion=6.0\nTitle=1\n", "line 2, column"),
        ("a.txt", b"hello", "none of DBC, ARXML, KCD, SYM"),
    ],
)
def test_what_does_not_parse_says_where(name: str, content: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_can_database(content, name)
    assert why in str(caught.value)
    assert name in caught.value.what


@pytest.mark.parametrize("namespace", ["a b", "1a", "a..b", "ä"])
def test_namespaces_that_cannot_be(namespace: str) -> None:
    with pytest.raises(InvalidInputError, match="is no namespace"):
        read_can_database(DBC, "a.dbc", namespace=namespace)


def test_a_mapping_file() -> None:
    text = b"""
    SPEED.FAST: Vehicle.Speed
    TEMP: {path: A.Temp, scale: 2, unit: degF}
    A: {path: A.B, offset: -1}
    """
    assert read_mapping(text, "m.yaml") == {
        "SPEED.FAST": Target("Vehicle.Speed"),
        "TEMP": Target("A.Temp", 2.0, 0.0, "degF"),
        "A": Target("A.B", 1.0, -1.0),
    }


def test_what_programs_hand_over_is_named_by_the_mapping() -> None:
    text = b"""
    SPEED.FAST: Vehicle.Speed
    values: [Vehicle.Speed, Vehicle.LowVoltageSystemState, "Vehicle.CurrentLocation.L*"]
    """
    named = read_paths(text, "m.yaml", VALUES)
    manifest = read_can_database(DBC, "car.dbc", mapping=read_mapping(text, "m.yaml"), values=named)
    paths = [one.path for one in manifest.values]
    assert paths == [
        "Vehicle.CurrentLocation.Latitude",
        "Vehicle.CurrentLocation.Longitude",
        "Vehicle.LowVoltageSystemState",
    ]
    assert manifest.texts == {manifest.id_of("Vehicle.LowVoltageSystemState")}
    assert manifest.ids == tuple(range(1, len(manifest.signals) + 4))
    with pytest.raises(NotFoundError, match=r"no signal in the catalog .*Vehicle\.Sped"):
        read_can_database(DBC, "car.dbc", values=["Vehicle.Sped"])
    with pytest.raises(InvalidInputError, match="'values' is no list of paths"):
        read_paths(b"values: 5", "m.yaml", VALUES)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"- a", "is no table"),
        (b"a: 5", "'a' names no path"),
        (b"a: {scale: 1}", "'a' names no path"),
        (b"a: {path: A, factor: 1}", r"'a' has \['factor'\]"),
        (b"a: A B", "no path of a signal"),
        (b"a: {path: A, scale: two}", "the scale of 'a' is 'two'"),
        (b"a: {path: A, scale: .inf}", "the scale of 'a' is inf"),
        (b"a: {path: A, scale: 0}", "has scale 0"),
        (b"a: [", "line 2"),
    ],
)
def test_mappings_that_make_no_sense(content: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        read_mapping(content, "m.yaml")

"""Asking a simulated ECU, over real ISO-TP on a virtual bus."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.agent.bus import BusName
from kaido.agent.diagnostics import codes, obd, uds
from kaido.agent.diagnostics.address import EcuAddress
from kaido.agent.diagnostics.codes import CONFIRMED, TEST_FAILED
from kaido.agent.diagnostics.connection import Ecu, open_ecu
from kaido.agent.diagnostics.discovery import find_ecus
from kaido.agent.diagnostics.errors import EcuGarbledError, EcuRefusedError, EcuSilentError
from kaido.catalog.obd_pids import standard_pids
from kaido.errors import InvalidInputError, KaidoError, UnavailableError
from kaido.sim.ecu import CONDITIONS_NOT_CORRECT, NOT_SUPPORTED, PENDING, EcuState, SimulatedEcu, petrol_car

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINE = EcuAddress(0x7E0, 0x7E8)
BRAKES = EcuAddress(0x18DA28F1, 0x18DAF128, extended=True)
NUMBERS = itertools.count()


@pytest.fixture
def bus() -> BusName:
    return BusName("can0", "virtual", f"diagnostics-{next(NUMBERS)}")


@pytest.fixture
def engine(bus: BusName) -> Iterator[SimulatedEcu]:
    with SimulatedEcu(bus, ENGINE, petrol_car()) as ecu:
        yield ecu


@pytest.fixture
def ecu(bus: BusName, engine: SimulatedEcu) -> Iterator[Ecu]:
    del engine
    with open_ecu(bus, ENGINE) as opened:
        yield opened


def test_all_that_answer_are_found(bus: BusName, engine: SimulatedEcu) -> None:
    with SimulatedEcu(bus, BRAKES, EcuState()):
        assert find_ecus(bus, 0.5) == [ENGINE, BRAKES]
    assert b"\x01\x00" in engine.asked
    assert find_ecus(BusName("x", "virtual", "nobody-here"), 0.05) == []


def test_current_data(ecu: Ecu) -> None:
    assert obd.supported(ecu) == [0x01, 0x04, 0x05, 0x0C, 0x0D, 0x11, 0x2F, 0x42, 0x46]
    values = {signal.path: value for signal, value in obd.values(ecu, standard_pids()).items()}
    assert values["Vehicle.OBD.EngineSpeed"] == 800
    assert values["Vehicle.OBD.CoolantTemperature"] == 83
    assert values["Vehicle.OBD.Status.IsMILOn"] == 1
    assert values["Vehicle.OBD.Status.DTCCount"] == 1
    assert values["Vehicle.OBD.ControlModuleVoltage"] == 14
    assert "Vehicle.OBD.MAF" not in values


def test_one_question_for_all_signals_of_a_pid(bus: BusName, engine: SimulatedEcu) -> None:
    with open_ecu(bus, ENGINE) as ecu:
        obd.values(ecu, standard_pids())
    assert len(engine.asked) == len({signal.pid for signal in standard_pids()}) == len(set(engine.asked))


def test_stored_codes_and_the_vin(ecu: Ecu) -> None:
    assert [one.code for one in obd.stored_codes(ecu)] == ["P0301", "U0100"]
    assert obd.vehicle_identification_number(ecu) == "KAID00000000SIM01"


def test_a_frame_number_is_shorter_than_a_vin(bus: BusName) -> None:
    with SimulatedEcu(bus, ENGINE, EcuState(vin="ZVW30-1234567")), open_ecu(bus, ENGINE) as ecu:
        assert obd.vehicle_identification_number(ecu) == "ZVW30-1234567"


def test_uds_reads_by_status(ecu: Ecu) -> None:
    assert [(one.code, one.status) for one in uds.read_codes(ecu)] == [("P0301-1A", 0x09), ("U0100-87", 0x08)]
    (failing,) = uds.read_codes(ecu, TEST_FAILED)
    assert failing.states == ("test failed", "confirmed")
    assert uds.read_codes(ecu, 0x80) == []


def test_many_codes_take_many_frames(bus: BusName) -> None:
    many = {codes.written(number.to_bytes(3, "big")): CONFIRMED for number in range(1, 1000)}
    with SimulatedEcu(bus, ENGINE, EcuState(codes=many)), open_ecu(bus, ENGINE) as ecu:
        assert {one.code: one.status for one in uds.read_codes(ecu)} == many


def test_codes_are_cleared(engine: SimulatedEcu, ecu: Ecu) -> None:
    uds.clear_codes(ecu, int.from_bytes(codes.parse("U0100-87"), "big"))
    assert list(engine.state.codes) == ["P0301-1A"]
    uds.clear_codes(ecu)
    assert uds.read_codes(ecu, 0xFF) == []
    assert obd.stored_codes(ecu) == []


def test_a_refusal_says_why(engine: SimulatedEcu, ecu: Ecu) -> None:
    engine.state.engine_runs = True
    with pytest.raises(EcuRefusedError, match=r"7E8 refuses 14 ff ff ff: ConditionsNotCorrect \(0x22\)") as caught:
        uds.clear_codes(ecu)
    assert caught.value.reason == CONDITIONS_NOT_CORRECT
    assert len(engine.state.codes) == 2
    engine.state.speaks_uds = False
    with pytest.raises(EcuRefusedError, match="refuses 19 02 09") as caught:
        uds.read_codes(ecu)
    assert caught.value.reason == NOT_SUPPORTED
    with pytest.raises(EcuRefusedError, match="refuses 01 99"):
        obd.data(ecu, b"\x01\x99")


def test_29_bit_identifiers(bus: BusName) -> None:
    with SimulatedEcu(bus, BRAKES, petrol_car()), open_ecu(bus, BRAKES) as ecu:
        assert {one.ecu for one in uds.read_codes(ecu)} == {"18DAF128"}


@pytest.mark.parametrize("ask", [obd.stored_codes, uds.read_codes, uds.clear_codes])
def test_a_silent_ecu_is_an_error_in_time(bus: BusName, ask: object) -> None:
    assert callable(ask)
    with open_ecu(bus, ENGINE, 0.1) as ecu, pytest.raises(EcuSilentError, match="7E8 does not answer"):
        ask(ecu)


def test_an_ecu_may_ask_for_patience(bus: BusName) -> None:
    def answers(request: bytes) -> list[bytes]:
        return [bytes([0x7F, request[0], PENDING])] * 3 + [petrol_car().answer(request)]

    with SimulatedEcu(bus, ENGINE, petrol_car(), answers), open_ecu(bus, ENGINE) as ecu:
        assert len(obd.stored_codes(ecu)) == len(uds.read_codes(ecu)) == 2


def test_an_answer_to_an_older_question_is_passed_over(bus: BusName) -> None:
    def answers(request: bytes) -> list[bytes]:
        return [b"\x41\x0c\x0c\x80", petrol_car().answer(request)]

    with SimulatedEcu(bus, ENGINE, petrol_car(), answers), open_ecu(bus, ENGINE) as ecu:
        assert len(obd.stored_codes(ecu)) == 2


@pytest.mark.parametrize(
    "answer",
    ["43", "4302", "43020301", "43010301ff", "7f0311ff", "00"],
)
def test_garbage_is_an_error_and_no_code(bus: BusName, answer: str) -> None:
    wrong = bytes.fromhex(answer)
    with SimulatedEcu(bus, ENGINE, EcuState(), lambda _: [wrong]), open_ecu(bus, ENGINE, 0.1) as ecu:
        with pytest.raises(EcuGarbledError, match="7E8 gives no answer to 03"):
            obd.stored_codes(ecu)
        with pytest.raises((EcuGarbledError, EcuSilentError)):
            uds.read_codes(ecu)


class AnswersInMemory:
    """The end of udsoncan's connection, without a bus: for many answers a second."""

    def __init__(self, answer: bytes) -> None:
        self.left = [answer]

    def empty_rxqueue(self) -> None:
        pass

    def send(self, request: bytes) -> None:
        pass

    def wait_frame(self, timeout: float, *, exception: bool = False) -> bytes | None:
        del timeout, exception
        return self.left.pop() if self.left else None


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.binary(max_size=40), st.sampled_from(["41", "43", "49", "59", "54", "7f"]))
def test_any_bytes_are_an_answer_or_a_clear_error(body: bytes, service: str) -> None:
    for ask in (obd.supported, obd.stored_codes, obd.vehicle_identification_number, uds.read_codes, uds.clear_codes):
        answer = bytes.fromhex(service) + body
        ecu = Ecu(ENGINE, AnswersInMemory(answer), 0.01)  # type: ignore[arg-type]  # what Ecu uses of it is there
        try:
            ask(ecu)
        except KaidoError as error:
            assert "7E8" in str(error)  # noqa: PT017  # both are fine


def test_a_bus_that_is_not_there() -> None:
    nowhere = BusName("x", "socketcan", "nowhere0")
    with pytest.raises(UnavailableError, match="nowhere0 cannot be opened"), open_ecu(nowhere, ENGINE):
        pass


@given(st.binary(min_size=2, max_size=3))
def test_a_code_is_written_and_read_back(raw: bytes) -> None:
    assert codes.parse(codes.written(raw)) == raw


@given(st.text(max_size=10) | st.from_regex(r"[PCBUX][0-9A-G]{4}(-[0-9A-F]{2})?", fullmatch=True))
def test_any_text_is_a_code_or_a_clear_error(text: str) -> None:
    try:
        assert codes.written(codes.parse(text)) == text.upper()
    except InvalidInputError as error:
        assert "is no trouble code" in str(error)  # noqa: PT017  # both are fine


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("0301", "P0301"),
        ("c100", "U0100"),
        ("4123", "C0123"),
        ("9a0b", "B1A0B"),
        ("3fff", "P3FFF"),
        ("03011a", "P0301-1A"),
    ],
)
def test_how_codes_are_written(raw: str, text: str) -> None:
    assert codes.written(bytes.fromhex(raw)) == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("7E0", ENGINE),
        ("712:77c", EcuAddress(0x712, 0x77C)),
        ("18DA28F1", BRAKES),
        ("18DA28F1:18DAF128", BRAKES),
    ],
)
def test_an_address_as_it_is_typed(text: str, address: EcuAddress) -> None:
    assert EcuAddress.parse(text) == address


@given(st.text(max_size=20) | st.from_regex(r"[0-9A-F]{1,9}(:[0-9A-F]{1,9})?", fullmatch=True))
def test_any_text_is_an_address_or_a_clear_error(text: str) -> None:
    try:
        address = EcuAddress.parse(text)
    except InvalidInputError as error:
        assert "cannot be read" in str(error)  # noqa: PT017  # both are fine
    else:
        assert address.request != address.answer
        assert max(address[:2]) <= (0x1FFFFFFF if address.extended else 0x7FF)

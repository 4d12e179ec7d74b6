"""State templates at work, held against a plain reference that looks at one sample after the other."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.agent.commands.outcomes import FAILED, SUCCEEDED, Outcome, Reason
from kaido.agent.readings import Readings
from kaido.agent.state import HeldTemplates, LastKnownState, StateTemplate
from kaido.agent.state.activations import Activations
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.named_signal import NamedSignal
from kaido.catalog.primitives import of_manifest
from kaido.runtime import clock
from kaido.runtime.status import Report
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import snappy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kaido.agent.outbox import Outgoing

MANIFEST = DecoderManifest.of(
    "leaf",
    [
        CanSignal("Vehicle.Door", 0x100, 0, 1),
        CanSignal("Vehicle.Speed", 0x101, 0, 16, factor=0.1),
        CanSignal("Vehicle.Gear", 0x102, 0, 8, signed=True),
    ],
    values=[NamedSignal("Vehicle.LowVoltageSystemState", "string")],
)
TYPES = of_manifest(MANIFEST.to_wire())
START_US = 1_700_000_000_000_000
DOORS = StateTemplate("doors", (1, 3))
DRIVE = StateTemplate("drive", (2, 3), 100)
WORDS = StateTemplate("words", (2, 4))
Told = tuple[str, int, int, float | str]
"""Template, signal id, ms since START, value."""


def make(folder: Path, *templates: StateTemplate, recorded: bool = True) -> LastKnownState:
    state = LastKnownState("topic", Report("test"), folder, recorded=recorded)
    state.load()
    state.replace(MANIFEST, TYPES, held(*templates))
    return state


def held(*templates: StateTemplate) -> HeldTemplates:
    return HeldTemplates(MANIFEST.sync_id, 1, {one.sync_id: one for one in templates})


def command(*operations: tuple[str, str], seconds: int = 0) -> pb.LastKnownStateCommand:
    message = pb.LastKnownStateCommand()
    for sync_id, operation in operations:
        one = message.state_templates.add(state_template_sync_id=sync_id)
        if operation == "activate":
            one.activate.deactivate_after_seconds = seconds
        elif operation:
            getattr(one, operation).SetInParent()
    return message


def say(state: LastKnownState, *operations: tuple[str, str], seconds: int = 0) -> Outcome:
    return asyncio.run(state.command(command(*operations, seconds=seconds)))


def feed(state: LastKnownState, *samples: tuple[int, int, float | str]) -> list[Told]:
    """Samples as (ms since START, place in the manifest, value)."""
    readings = Readings.of((ms * 1_000 + START_US, place, value) for ms, place, value in samples)
    return told(state.add_readings(readings, int(readings.time_us.max(initial=0))))


def told(outgoing: Iterable[Outgoing]) -> list[Told]:
    found: list[Told] = []
    for one in outgoing:
        data = pb.LastKnownStateData.FromString(snappy.decompress(one.payload))
        for template in data.captured_state_template_signals:
            for signal in template.captured_signals:
                kind = signal.WhichOneof("value")
                assert kind is not None
                time_ms = data.collection_event_time_ms_epoch + signal.relative_time_ms - START_US // 1_000
                given = getattr(signal, kind)
                value = given if isinstance(given, str) else float(given)
                found.append((template.state_template_sync_id, signal.signal_id, time_ms, value))
    return found


def test_nothing_is_sent_before_it_is_activated(tmp_path: Path) -> None:
    state = make(tmp_path, DOORS, DRIVE)
    assert feed(state, (0, 0, 1.0), (500, 1, 30.0)) == []


def test_a_value_is_sent_when_it_changes_and_the_first_one_counts(tmp_path: Path) -> None:
    state = make(tmp_path, DOORS)
    assert say(state, ("doors", "activate")) == Outcome()
    assert feed(state, (0, 0, 0.0), (1, 0, 0.0), (2, 0, 1.0), (3, 1, 9.0)) == [
        ("doors", 1, 0, 0.0),
        ("doors", 1, 2, 1.0),
    ]
    assert feed(state, (4, 0, 1.0), (5, 2, -1.0)) == [("doors", 3, 5, -1.0)]


def test_a_text_is_sent_when_it_changes_beside_numbers(tmp_path: Path) -> None:
    state = make(tmp_path, WORDS)
    feed(state, (0, 3, "ACC"))
    say(state, ("words", "activate"))
    assert told(state.due(START_US + 1_000)) == [("words", 4, 0, "ACC")]
    assert feed(state, (1, 3, "ACC")) == []
    assert feed(state, (2, 3, "ON"), (3, 1, 5.0), (4, 3, "ON"), (5, 3, "OFF")) == [
        ("words", 2, 3, 5.0),
        ("words", 4, 2, "ON"),
        ("words", 4, 5, "OFF"),
    ]
    say(state, ("words", "fetch_snapshot"))
    assert told(state.due(START_US + 9_000)) == [("words", 2, 3, 5.0), ("words", 4, 5, "OFF")]


def test_a_period_has_texts_too(tmp_path: Path) -> None:
    state = make(tmp_path, StateTemplate("words", (4,), 100))
    say(state, ("words", "activate"))
    assert feed(state, (0, 3, "ACC"), (40, 3, "ON"), (60, 1, 3.0)) == []
    assert told(state.advance(START_US + 100_000)) == [("words", 4, 40, "ON")]


def test_activation_begins_with_what_is_known(tmp_path: Path) -> None:
    state = make(tmp_path, DOORS, DRIVE)
    feed(state, (0, 0, 1.0), (3, 1, 30.0))
    say(state, ("doors", "activate"), ("drive", "activate"))
    assert told(state.due(START_US + 50_000)) == [("doors", 1, 0, 1.0), ("drive", 2, 3, 30.0)]
    assert told(state.due(START_US + 60_000)) == []
    assert feed(state, (70, 0, 1.0)) == []


def test_a_period_sends_the_newest_of_what_came_in_it(tmp_path: Path) -> None:
    state = make(tmp_path, DRIVE)
    say(state, ("drive", "activate"))
    assert feed(state, (0, 1, 1.0), (40, 1, 2.0), (60, 2, 3.0), (99, 0, 1.0)) == []
    assert sorted(feed(state, (100, 1, 4.0))) == [("drive", 2, 40, 2.0), ("drive", 3, 60, 3.0)]
    assert told(state.advance(START_US + 250_000)) == [("drive", 2, 100, 4.0)]
    assert told(state.advance(START_US + 900_000)) == []


def test_an_end_sends_what_the_period_has(tmp_path: Path) -> None:
    state = make(tmp_path, DRIVE)
    say(state, ("drive", "activate"))
    feed(state, (0, 1, 1.0))
    assert told(state.flush()) == [("drive", 2, 0, 1.0)]


def test_a_snapshot_is_sent_once_and_of_templates_that_are_not_active_too(tmp_path: Path) -> None:
    state = make(tmp_path, DOORS)
    assert say(state, ("doors", "fetch_snapshot")).text == "0 of 2 signals have a value"
    assert told(state.due(START_US)) == []
    feed(state, (0, 0, 1.0), (5, 2, 2.0))
    assert say(state, ("doors", "fetch_snapshot")) == Outcome()
    assert told(state.due(START_US)) == [("doors", 1, 0, 1.0), ("doors", 3, 5, 2.0)]
    assert told(state.due(START_US)) == []
    assert feed(state, (9, 0, 0.0)) == []


def test_values_have_the_signals_types(tmp_path: Path) -> None:
    state = make(tmp_path, StateTemplate("all", (1, 2, 3)))
    say(state, ("all", "activate"))
    readings = Readings.of((START_US, place, value) for place, value in enumerate((1.0, 0.1, -5.0)))
    (outgoing,) = state.add_readings(readings, START_US)
    data = pb.LastKnownStateData.FromString(snappy.decompress(outgoing.payload))
    (template,) = data.captured_state_template_signals
    kinds = [one.WhichOneof("value") for one in template.captured_signals]
    assert kinds == ["bool_value", "double_value", "int8_value"]


def test_operations_that_change_nothing_say_so(tmp_path: Path) -> None:
    state = make(tmp_path, DOORS)
    assert say(state, ("doors", "deactivate")) == Outcome(reason=Reason.STATE_TEMPLATE_ALREADY_DEACTIVATED)
    assert say(state, ("doors", "activate")).reason == Reason.UNSPECIFIED
    assert say(state, ("doors", "activate")) == Outcome(reason=Reason.STATE_TEMPLATE_ALREADY_ACTIVATED)
    assert say(state, ("doors", "deactivate")) == Outcome()
    assert feed(state, (0, 0, 1.0)) == []


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ([("doors", "activate"), ("nowhere", "activate")], Reason.STATE_TEMPLATE_OUT_OF_SYNC),
        ([], Reason.COMMAND_REQUEST_PARSING_FAILED),
        ([("doors", "")], Reason.NOT_SUPPORTED),
    ],
)
def test_a_command_that_cannot_be_carried_out_does_nothing(
    tmp_path: Path, wanted: list[tuple[str, str]], reason: Reason
) -> None:
    state = make(tmp_path, DOORS)
    outcome = say(state, *wanted)
    assert (outcome.status, outcome.reason) == (FAILED, reason)
    assert feed(state, (0, 0, 1.0)) == []


@pytest.fixture
def time_s(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The wall's clock and the one that nobody sets, both in the test's hand."""
    hands = {"wall": 1_700_000_000.0, "steady": 50.0}
    monkeypatch.setattr(clock, "now_ms", lambda: int(hands["wall"] * 1_000))
    monkeypatch.setattr("kaido.agent.state.activations.time.monotonic", lambda: hands["steady"])
    return hands


def test_it_ends_when_its_time_is_over_whatever_the_wall_says(tmp_path: Path, time_s: dict[str, float]) -> None:
    state = make(tmp_path, DOORS)
    say(state, ("doors", "activate"), seconds=10)
    time_s["wall"] += 1_000
    time_s["steady"] += 9.9
    asyncio.run(state.expire())
    assert feed(state, (0, 0, 1.0)) == [("doors", 1, 0, 1.0)]
    time_s["wall"] -= 5_000
    time_s["steady"] += 0.1
    asyncio.run(state.expire())
    assert feed(state, (1, 0, 0.0)) == []
    assert say(state, ("doors", "deactivate")).reason == Reason.STATE_TEMPLATE_ALREADY_DEACTIVATED


def test_the_newest_word_about_the_end_counts(tmp_path: Path, time_s: dict[str, float]) -> None:
    state = make(tmp_path, DOORS)
    say(state, ("doors", "activate"), seconds=10)
    say(state, ("doors", "activate"), seconds=100)
    time_s["steady"] += 50
    asyncio.run(state.expire())
    assert feed(state, (0, 0, 1.0))
    say(state, ("doors", "activate"))
    time_s["steady"] += 1e9
    asyncio.run(state.expire())
    assert feed(state, (1, 0, 0.0))


@pytest.mark.parametrize(("away_s", "seconds", "runs"), [(5, 10, True), (10, 10, False), (1e6, 0, True)])
def test_a_restart_goes_on_until_the_time_is_over(
    tmp_path: Path, time_s: dict[str, float], away_s: float, seconds: int, runs: bool
) -> None:
    say(make(tmp_path, DOORS), ("doors", "activate"), seconds=seconds)
    time_s["wall"] += away_s
    time_s["steady"] = 0.0
    again = make(tmp_path, DOORS)
    assert bool(feed(again, (0, 0, 1.0))) == runs
    if runs and seconds:
        time_s["steady"] = seconds - away_s
        asyncio.run(again.expire())
        assert feed(again, (1, 0, 0.0)) == []


def test_a_template_that_went_is_not_active_when_it_comes_back(tmp_path: Path) -> None:
    state = make(tmp_path, DOORS)
    say(state, ("doors", "activate"))
    state.replace(MANIFEST, TYPES, held())
    asyncio.run(state.expire())
    for again in (state, make(tmp_path, DOORS)):
        again.replace(MANIFEST, TYPES, held(DOORS))
        assert feed(again, (0, 0, 1.0)) == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": "b"}', b"\xff", b'{"doors": [1]}'])
def test_a_damaged_file_is_no_activation(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "states.json").write_bytes(content)
    assert feed(make(tmp_path, DOORS), (0, 0, 1.0)) == []


def test_an_activation_that_cannot_be_kept_is_none(tmp_path: Path) -> None:
    state = make(tmp_path / "folder", DOORS)
    (tmp_path / "folder").write_bytes(b"a file where the folder should be")
    assert say(state, ("doors", "activate")).reason == Reason.WRITE_FAILED
    assert feed(state, (0, 0, 1.0)) == []


def test_another_manifest_begins_anew(tmp_path: Path) -> None:
    state = make(tmp_path, DOORS)
    say(state, ("doors", "activate"))
    feed(state, (0, 0, 1.0))
    other = DecoderManifest.of("leaf", [CanSignal("Vehicle.Door", 0x200, 0, 1)])
    state.replace(other, of_manifest(other.to_wire()), HeldTemplates(other.sync_id, 2, {}))
    assert feed(state, (1, 0, 0.0)) == []
    state.replace(None, {}, HeldTemplates())


def test_the_clock_set_back_ends_the_period(tmp_path: Path) -> None:
    state = make(tmp_path, DRIVE)
    say(state, ("drive", "activate"))
    feed(state, (1_000_000, 1, 1.0))
    assert feed(state, (0, 1, 2.0)) == [("drive", 2, 1_000_000, 1.0)]


@dataclass
class Reference:
    """One sample after the other, in plain Python."""

    template: StateTemplate
    newest: dict[int, float | str] = field(default_factory=dict)
    due: dict[int, tuple[int, float | str]] = field(default_factory=dict)
    begin: int | None = None

    def sample(self, ms: int, signal: int, value: float | str) -> list[Told]:
        if self.begin is None:
            self.begin = ms
        told = self.until(ms)
        if signal in self.template.signal_ids:
            before = self.newest.get(signal)
            same = before is not None and (before == value or repr(before) == repr(value) == "nan")
            if not self.template.period_ms and not same:
                told.append((self.template.sync_id, signal, ms, value))
            self.newest[signal] = value
            self.due[signal] = (ms, value)
        return told

    def until(self, ms: int) -> list[Told]:
        told: list[Told] = []
        period = self.template.period_ms
        while period and self.begin is not None and ms >= self.begin + period:
            told += [(self.template.sync_id, signal, *found) for signal, found in self.due.items()]
            self.due = {}
            self.begin += period
        return told


gaps = st.integers(0, 60)
samples = st.lists(
    st.tuples(gaps, st.integers(0, 2), st.sampled_from([0.0, 1.0, -0.0, 2.5, math.nan, math.inf]))
    | st.tuples(gaps, st.just(3), st.sampled_from(["", "a", "nan"])),
    max_size=40,
)
templates = st.lists(
    st.tuples(st.sets(st.integers(1, 4), min_size=1), st.sampled_from([0, 10, 100, 1_000])), min_size=1, max_size=3
)


@settings(max_examples=100, deadline=None)
@given(samples, templates, st.lists(st.integers(1, 10), min_size=1, max_size=5))
def test_it_is_what_the_reference_says_however_samples_fall_into_batches(
    tmp_path_factory: pytest.TempPathFactory,
    samples: list[tuple[int, int, float | str]],
    templates: list[tuple[set[int], int]],
    cuts: list[int],
) -> None:
    wanted = [StateTemplate(f"t{n}", tuple(ids), period) for n, (ids, period) in enumerate(templates)]
    state = make(tmp_path_factory.mktemp("state"), *wanted)
    say(state, *((one.sync_id, "activate") for one in wanted))
    found: list[Told] = []
    expected: list[Told] = []
    references = [Reference(one) for one in wanted]
    ms = 0
    rows: list[tuple[int, int, float | str]] = []
    for gap, place, value in samples:
        ms += gap
        rows.append((ms, place, value))
        for reference in references:
            expected += reference.sample(ms, place + 1, value)
    at = turn = 0
    while at < len(rows):
        size = cuts[turn % len(cuts)]
        found += feed(state, *rows[at : at + size])
        at, turn = at + size, turn + 1
    found += told(state.advance(START_US + (ms + 5_000) * 1_000))
    for reference in references:
        expected += reference.until(ms + 5_000)
    assert ordered(found) == ordered(expected)


def ordered(rows: list[Told]) -> list[Any]:
    return sorted(
        (sync_id, signal, ms, repr(value if isinstance(value, str) else value + 0.0))
        for sync_id, signal, ms, value in rows
    )


@given(st.dictionaries(st.text(max_size=5), st.integers(0, 2**32 - 1), max_size=5))
def test_activations_come_back_from_disk(tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, int]) -> None:
    path = tmp_path_factory.mktemp("state") / "states.json"
    written, read = Activations(path), Activations(path)
    for sync_id, seconds in wanted.items():
        written.activate(sync_id, seconds)
    written.save()
    read.load()
    assert all(sync_id in read for sync_id, seconds in wanted.items() if seconds != 1)


def test_a_command_succeeds() -> None:
    assert Outcome().status == SUCCEEDED

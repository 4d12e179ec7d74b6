"""A campaign as YAML: every mistake has a place in the text, and what is written is read as the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.control.language import PARTS, calls, fields
from kaido.control.spec import read_spec
from kaido.control.text import MOST_CHARACTERS, Place, TextError, read_text, written
from kaido.errors import InvalidInputError, TooLargeError

HEAD = "name: fast\nsignals:\n  - Vehicle.Speed\n  - {path: Vehicle.X, window: 5s}\n"


@pytest.mark.parametrize(
    ("rest", "says", "place"),
    [
        ("condition: Vehicle.Speed >> 10", "not '>'", Place(5, 27, 1)),
        ("condition: 'Vehicle.Speed >> 10'", "not '>'", Place(5, 28, 1)),
        ("condition: >\n  Vehicle.Speed\n  >> 10", "not '>'", Place(7, 4, 1)),
        ("condition: |\n  Vehicle.Speed >\n\n     > 10", "not '>'", Place(8, 6, 1)),
        ("condition: Vehicle.Speed\n  >> 10", "not '>'", Place(6, 4, 1)),
        ("conditon: Vehicle.Speed > 1", "has no field 'conditon'", Place(5, 1, 27)),
        ("period: soon", "write a time", Place(5, 1, 12)),
        ("period: 1s\ncondition: Vehicle.Speed > 1", "contradict", Place(5, 1, 10)),
        ("period: 1s\ntargets: {where: 'Vehicle.Speed >'}", "column 16", Place(6, 34, 1)),
        ("period: 1s\nrollout: {waves: [{percent: 10}, {percent: 5}]}", "grow", Place(6, 1, 47)),
        ("period: 1s\nfetch:\n- signal: Vehicle.Speed", "'fetch[0].actions' is missing", Place(7, 3, 21)),
    ],
)
def test_a_mistake_has_its_place(rest: str, says: str, place: Place) -> None:
    text = read_text(HEAD + rest)
    with pytest.raises(InvalidInputError) as caught:
        read_spec(text.document)
    assert says in str(caught.value)
    assert text.place(caught.value) == place


@pytest.mark.parametrize(
    ("text", "says", "place"),
    [
        ("a: [1", "expected ',' or ']'", Place(1, 6, 1)),
        ("a: 1\nb: 2\na: 3", "`a` is said twice", Place(3, 1, 1)),
        ("x: {a: 1, a: 2}", "`a` is said twice", Place(1, 11, 1)),
        ("- 1", "holds no fields", Place(1, 1, 1)),
        ("", "holds no fields", None),
        ("a: &x 1\nb: *x", "aliases", Place(2, 4, 1)),
        ("a: !!python/object:os.system {}", "constructor", Place(1, 4, 1)),
        ("a: 1\n\tb: 2", "cannot start any token", Place(2, 1, 1)),
        ("a: \x00", "special characters", None),
    ],
)
def test_what_is_no_yaml_says_where(text: str, says: str, place: Place | None) -> None:
    with pytest.raises(TextError) as caught:
        read_text(text)
    assert says in str(caught.value)
    assert caught.value.place == place


def test_too_deep_and_too_long_are_errors() -> None:
    with pytest.raises(TextError):
        read_text("a: " + "[" * 5_000)
    with pytest.raises(TooLargeError):
        read_text("a" * (MOST_CHARACTERS + 1))


@given(
    st.text(alphabet=st.sampled_from(" \n:-{}[]'\"|>&*!#?,abc1.\t\r\x85\u2028é")),
    st.text(max_size=12),
    st.integers(0, 60),
)
def test_whatever_is_typed_has_a_place_in_it_or_an_error(text: str, field: str, column: int) -> None:
    try:
        found = read_text(text)
    except TextError as error:
        place = error.place or Place(1, 1, 1)
    else:
        place = found.place(InvalidInputError("x").placed(field, column))
    assert min(place) >= 1


def test_what_is_written_is_read_as_the_same() -> None:
    wish = {
        "name": "fast",
        "signals": ["Vehicle.Speed", {"path": "Vehicle.X", "window": "5s"}],
        "condition": 'Vehicle.Speed > 10 and Vehicle.State == "ON"',
        "targets": {"market": "JP"},
        "rollout": {"waves": [{"percent": 10, "lasts": "1d"}], "limits": {"bytes": "10MB", "per": "day"}},
        "expiry": "2030-01-01T00:00:00Z",
    }
    spec = read_spec(wish)
    assert read_spec(read_text(written(spec)).document) == spec
    assert "compression" not in written(spec), "what it is by itself is not said"


def test_every_field_says_what_it_is() -> None:
    known = fields()
    assert known.keys() == PARTS.keys()
    assert all(one.what for part in known.values() for one in part)
    by_name = {one.name: one for one in known[""]}
    assert by_name["trigger"].values == ("always", "rising_edge")
    assert any(one.text == "last_window_avg(signal)" for one in calls())

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.control.spec import read_spec
from kaido.control.wishes import MAX_BUFFER
from kaido.errors import InvalidInputError

LEAST: dict[str, Any] = {"name": "speed", "signals": ["Vehicle.Speed"], "period": "1s"}


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("500ms", 500), ("1s", 1000), (2, 2000), ("0.5 s", 500), ("2 min", 120_000), ("1h", 3_600_000)],
)
def test_times_have_units(text: object, milliseconds: int) -> None:
    assert read_spec({**LEAST, "period": text}).period == milliseconds


@pytest.mark.parametrize(
    ("changes", "buffer"),
    [
        ({}, 1),
        ({"every_sample": True}, 1_101),
        ({"every_sample": True, "period": "1h"}, MAX_BUFFER),
        ({"minimum_sample_period": "100ms"}, 11),
        ({"buffer": 7, "every_sample": True}, 7),
    ],
)
def test_buffers_fit_what_is_asked_for(changes: dict[str, Any], buffer: int) -> None:
    spec = read_spec({**LEAST, **changes})
    assert spec.buffer_size(spec.signals[0]) == buffer


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"period": "1 parsec"}, "campaign's period: write a time as 500ms"),
        ({"period": "0.3ms"}, "campaign's period: not a whole number"),
        ({"period": 0}, "campaign's period"),
        ({"perid": "1s"}, "no field 'perid'. Did you mean period"),
        ({"signals": []}, "campaign's signals"),
        ({"name": "no spaces"}, "campaign's name"),
        ({"targets": "some"}, "campaign's targets cannot be read: they are `all`, a list"),
        ({"targets": {"modell": "x"}}, "campaign's targets"),
        ({"targets": {}}, "campaign's targets"),
        ({"targets": ["a/b"]}, "'a/b' cannot be a vehicle id"),
        ({"every_sample": True, "minimum_sample_period": "1s"}, "contradict"),
        ({"start": "2026-02-01T00:00:00Z", "expiry": "2026-01-01T00:00:00Z"}, "expires before it starts"),
        ({"start": "soon"}, "campaign's start"),
        ({"buffer": MAX_BUFFER + 1}, "campaign's buffer"),
    ],
)
def test_what_cannot_be_is_said(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_spec({**LEAST, **changes})
    assert says in str(caught.value)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(InvalidInputError, match="field 'signals' is missing"):
        read_spec({"name": "x", "period": "1s"})


@pytest.mark.parametrize("document", [None, 5, [], "x"])
def test_what_is_no_mapping_is_refused(document: object) -> None:
    with pytest.raises(InvalidInputError):
        read_spec(document)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "signals", "period", "targets", "start", "buffer"), json))
)
def test_any_document_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        spec = read_spec({**LEAST, **changes})
    except InvalidInputError:
        return
    assert read_spec(spec.to_document()) == spec

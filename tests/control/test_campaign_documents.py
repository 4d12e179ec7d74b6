"""Campaigns with conditions and all that belongs to them, as people write them; and docs/campaigns.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.control.choosing import chosen
from kaido.control.spec import CampaignSpec, read_spec
from kaido.control.wishes import Fetch, FunctionWish, Partition, SignalWish
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from pydantic import BaseModel

LEAST: dict[str, Any] = {"name": "fast", "signals": ["Vehicle.Speed"], "condition": "Vehicle.Speed > 60 mph"}
FETCH = {"signal": "Vehicle.Speed", "every": "1s", "actions": ["abs(1)"]}
PARTITION = {"name": "a", "maximum_size": "1MB", "upload": "true"}
PAGE = (Path(__file__).parents[2] / "docs" / "campaigns.md").read_text()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"period": "1s"}, "`period` and `condition` contradict each other"),
        ({"condition": None}, "neither `period` nor `condition`"),
        (
            {"condition": None, "period": "1s", "trigger": "always"},
            "`trigger` belongs to a campaign with a `condition`",
        ),
        ({"condition": None, "period": "1s", "after": "1s"}, "`after` belongs to a campaign with a `condition`"),
        ({"condition": None, "period": "1s", "before": 5}, "`before` belongs to"),
        ({"condition": None, "period": "1s", "minimum_interval": "1s"}, "`minimum_interval` belongs to"),
        ({"every_sample": True}, "`every_sample` belongs to a campaign with a `period`"),
        ({"before": 5, "buffer": 6}, "`before` and `buffer` both say how many"),
        ({"condition": "Vehicle.Speed >"}, 'campaign\'s condition, column 16 of "Vehicle.Speed >⟨here⟩"'),
        ({"condition": "(" * 500}, "campaign's condition, the condition is too deep"),
        ({"condition": 5}, "campaign's condition"),
        ({"trigger": "falling_edge"}, "campaign's trigger"),
        ({"signals": [5]}, "campaign's signals[0]: write a path, or a mapping of `path`"),
        ({"signals": ["a", {"windw": "1s", "path": "x"}]}, "campaign's signals[1] has no field 'windw'. Did you mean"),
        ({"signals": [{"window": "1s"}]}, "field 'signals[0].path' is missing. Its fields: path, minimum_period"),
        ({"signals": [{"path": "x", "buffer": 0}]}, "campaign's signals[0].buffer"),
        ({"signals": [{"path": "x", "window": "soon"}]}, "campaign's signals[0].window: write a time as 500ms"),
        ({"signals": ["a.*"] * 201}, "signals: 201 patterns, of 200 at most"),
        ({"signals": [{"path": "x", "condition_only": True}]}, "nothing would be collected"),
        (
            {"condition": None, "period": "1s", "signals": ["y", {"path": "x", "window": "1s"}]},
            "signals[1].window makes sense with a `condition` only",
        ),
        ({"signals": [{"path": "x", "partition": "b"}]}, "no partition 'b'; the campaign has no `partitions`"),
        (
            {"signals": [{"path": "x", "partition": "b"}], "partitions": [PARTITION]},
            "signals[0].partition: no partition 'b'; there is a",
        ),
        ({"partitions": [PARTITION, PARTITION]}, "partitions: two are named 'a'"),
        ({"partitions": [{**PARTITION, "name": "../a"}]}, "campaign's partitions[0].name"),
        ({"partitions": [{**PARTITION, "maximum_size": "big"}]}, "partitions[0].maximum_size: write it as 500kB"),
        ({"partitions": [{**PARTITION, "upload": "1 <"}]}, "campaign's partitions[0].upload, column 4"),
        ({"partitions": [{"name": "a", "upload": "true"}]}, "'partitions[0].maximum_size' is missing"),
        ({"fetch": [{**FETCH, "condition": "true"}]}, "fetch[0]: a fetch has either `every` or `condition`"),
        ({"fetch": [{**FETCH, "reset": "1h"}]}, "`reset` says when `count` begins anew"),
        ({"fetch": [{**FETCH, "trigger": "always"}]}, "`trigger` belongs to `condition`"),
        ({"fetch": [{**FETCH, "every": None, "condition": "true", "count": 5}]}, "`count` and `reset` belong to"),
        ({"fetch": [{**FETCH, "actions": []}]}, "campaign's fetch[0].actions"),
        ({"fetch": [{**FETCH, "actions": ["1 + 1"]}]}, "fetch[0].actions[0]: '1 + 1' calls no function"),
        ({"functions": {"is_null": {}}}, "functions: 'is_null' cannot be the name of a function"),
        ({"functions": {"a b": {}}}, "functions: 'a b' cannot be the name"),
        ({"functions": {"f": {"parameters": ["int"]}}}, "campaign's functions.f.parameters[0]"),
        ({"functions": {"f": {"args": []}}}, "campaign's functions.f has no field 'args'"),
    ],
)
def test_what_cannot_be_is_said(changes: dict[str, Any], says: str) -> None:
    document = {name: value for name, value in {**LEAST, **changes}.items() if value is not None}
    with pytest.raises(InvalidInputError) as caught:
        read_spec(document)
    assert says in str(caught.value)


def test_what_yaml_makes_of_true_is_a_condition() -> None:
    assert read_spec({**LEAST, "condition": True}).condition == "true"


def wishes(*documents: str | dict[str, Any]) -> list[SignalWish]:
    return read_spec({**LEAST, "signals": list(documents)}).signals


def test_a_signals_own_line_counts_more_than_a_pattern() -> None:
    found = chosen(
        wishes("*", {"path": "a.*", "window": "2s", "buffer": 5}, {"path": "a.b", "buffer": 7}), ["a.b", "a.c", "d"]
    )
    assert list(found) == ["a.b", "a.c", "d"]
    assert [(one.window, one.buffer) for one in found.values()] == [(2_000, 7), (2_000, 5), (None, None)]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            ({"path": "a.*", "window": "1s"}, {"path": "*.b", "window": "2s"}),
            "contradict each other on the window of a.b: 'a.*' and '*.b' say 1s and 2s",
        ),
        (({"path": "a.b", "buffer": 1}, {"path": "a.b", "buffer": 2}), "on the buffer of a.b"),
        (
            ({"path": "a.b", "window": "1s", "minimum_period": "2s"},),
            "window of a.b would often be empty: it is 1s long",
        ),
    ],
)
def test_windows_that_contradict_each_other_are_told(lines: tuple[dict[str, Any], ...], says: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        chosen(wishes(*lines), ["a.b"])
    assert says in str(caught.value)


def test_the_same_said_twice_is_no_contradiction() -> None:
    line = {"path": "a.b", "window": "1s"}
    assert chosen(wishes(line, line, {"path": "a.*", "window": "1s"}), ["a.b"])["a.b"].window == 1_000


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
parts: dict[str, st.SearchStrategy[Any]] = {
    "signals": st.lists(
        st.fixed_dictionaries({"path": st.text()}, optional=dict.fromkeys(list(SignalWish.model_fields)[1:], json))
    ),
    "partitions": st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(Partition.model_fields, json))),
    "fetch": st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(Fetch.model_fields, json))),
    "functions": st.dictionaries(
        st.text(), st.fixed_dictionaries({}, optional=dict.fromkeys(FunctionWish.model_fields, json))
    ),
}


@settings(max_examples=50)
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(CampaignSpec.model_fields, json)),
    st.fixed_dictionaries({}, optional=parts),
)
def test_any_document_is_read_or_refused(changes: dict[str, Any], more: dict[str, Any]) -> None:
    try:
        spec = read_spec({**LEAST, **changes, **more})
    except InvalidInputError:
        return
    assert read_spec(spec.to_document()) == spec


def examples() -> list[dict[str, Any]]:
    return [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)]


@pytest.mark.parametrize("document", examples(), ids=lambda one: one["name"])
def test_the_pages_examples_are_campaigns(document: dict[str, Any]) -> None:
    spec = read_spec(document)
    assert read_spec(spec.to_document()) == spec


@pytest.mark.parametrize(
    ("section", "model"),
    [
        ("## Fields", CampaignSpec),
        ("### A signal", SignalWish),
        ("### A partition", Partition),
        ("### A fetch", Fetch),
        ("### A function", FunctionWish),
    ],
)
def test_the_page_has_every_field(section: str, model: type[BaseModel]) -> None:
    text = re.split(r"^#+ ", PAGE.partition(f"{section}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", text, re.MULTILINE))
    assert list(rows) == list(model.model_fields)
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    assert {name for name, by_itself in rows.items() if by_itself == "required"} == required

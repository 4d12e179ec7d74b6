"""Reading tariffs: what cannot be is told so that it can be mended."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.services.tariffs import Tariff, shipped
from kaido.services.tariffs.document import read_document, read_hours
from tests.services.tariffs.test_tariff_prices import flat


def timed(*windows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return flat(energy=[{"name": "energy", "windows": [{"price_per_kwh": 1} | one for one in windows]}], **more)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "a mapping of fields"),
        (flat(currency="Yen"), "tariff's currency"),
        (flat(zone="America/Los_Angles"), "Did you mean America/Los_Angeles"),
        (flat(zone="../../etc/passwd"), "no time zone"),
        (flat(zone="/etc/localtime"), "no time zone"),
        (flat(energy=[]), "at least 1"),
        (flat(enrgy=[]), "no field 'enrgy'. Did you mean energy"),
        (flat(price=-0.1), "negative price"),
        (flat(price=float("nan")), "finite"),
        (flat(billing_day=31), "billing_day"),
        (flat(holidays=["02-30"]), "there is no 02-30"),
        (flat(holidays=["tomorrow"]), "is no day"),
        (flat(seasons={"a": "06-01..08-31"}), "01-01 is in no season"),
        (flat(seasons={"a": "06-01..05-31", "b": "05-31..06-01"}), "overlap"),
        (flat(seasons={"a": "01-01..02-28", "b": "03-01..12-31"}), "02-29 is in no season"),
        (flat(demand={"price_per_kw": -1}), "demand.price_per_kw"),
        (timed({"hours": "01:00-24:00"}), "none holds mon 00:00"),
        (timed({"hours": "00:00-12:00", "days": "weekdays"}), "none holds mon 12:00"),
        (timed({}, {"hours": "23:00-01:00", "days": "sun"}), "both hold sun 23:00"),
        (timed({"season": "summer"}), "of the season 'summer', which is not there"),
        (timed({"days": "workdays"}), "'workdays' are no days"),
        (timed({"hours": "25:00-26:00"}), "are no hours"),
        (timed({"hours": "10:00-10:00"}), "are no hours"),
        (timed({"hours": "ten to six"}), "write them like 16:00-21:00"),
        (timed({}, holidays=["12-25"], carbon={"windows": [{"g_per_kwh": 1, "days": "weekdays"}]}), "hole"),
        (flat(energy=[{"name": "a"}]), "has one of price_per_kwh, windows and tiers"),
        (flat(energy=[{"name": "a", "price_per_kwh": 1}] * 2), "two parts of the tariff are called 'a'"),
        (flat(energy=[{"name": "a", "tiers": [{"up_to_kwh": 5, "price_per_kwh": 1}]}]), "must be without up_to_kwh"),
    ],
)
def test_what_is_no_tariff_says_why(document: object, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Tariff.read(document)
    assert said in str(caught.value)


def test_tiers_rise() -> None:
    tiers = [{"up_to_kwh": 9, "price_per_kwh": 1}, {"up_to_kwh": 5, "price_per_kwh": 1}, {"price_per_kwh": 1}]
    with pytest.raises(InvalidInputError, match="must rise"):
        Tariff.read(flat(energy=[{"name": "a", "tiers": tiers}]))


@pytest.mark.parametrize("name", shipped.names())
def test_an_example_says_that_it_is_one_and_reads_back_as_it_is_written(name: str) -> None:
    tariff = Tariff.read(shipped.document(name))
    assert tariff.name == name
    assert tariff.document.description.startswith("EXAMPLE, invented numbers")
    written = json.loads(json.dumps(tariff.document.to_document()))
    assert read_document(written) == tariff.document


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=True) | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(["name", "currency", "zone", "seasons", "holidays", "energy", "demand", "carbon"])


@settings(max_examples=60, deadline=None)
@given(field=FIELDS, value=JSON)
def test_nonsense_is_refused_or_read(field: str, value: object) -> None:
    with contextlib.suppress(InvalidInputError):
        Tariff.read(flat() | {field: value})


@settings(max_examples=60, deadline=None)
@given(first=st.integers(0, 1_439), last=st.integers(1, 1_440))
def test_hours_are_minutes_of_one_day(first: int, last: int) -> None:
    text = f"{first // 60:02}:{first % 60:02}-{last // 60:02}:{last % 60:02}"
    if first == last:
        with pytest.raises(ValueError, match="no hours"):
            read_hours(text)
        return
    minutes = {minute for low, high in read_hours(text) for minute in range(low, high)}
    wanted = range(first, last) if first < last else [*range(first, 1_440), *range(last)]
    assert minutes == set(wanted)

"""Derived tables read in pages."""

from __future__ import annotations

import contextlib
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.lake import Lake
from kaido.services import tables
from kaido.services.derive import catch_up
from tests.services.core.lives import Life, derived

if TYPE_CHECKING:
    from datetime import datetime


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    made = Lake(tmp_path_factory.mktemp("lake"), "acme")
    life = Life()
    for begin in (0, 30, 60):
        life.say(begin, power_state="ON").drive(begin, begin + 5).say(begin + 5, power_state="OFF")
    made.append(life.rows(), app_id="test", version=1)
    catch_up(made)
    return made


def test_a_page_follows_a_row_that_is_gone(lake: Lake) -> None:
    oldest, middle, _ = derived(lake, "trips")
    for id_ in (middle["id"], "gone"):
        rest = tables.read(lake, "trips", after=tables.place(middle["start"], id_)).to_pylist()
        assert oldest in rest
        assert len(rest) == 1 + (id_ < middle["id"])


def test_what_is_no_place_is_refused(lake: Lake) -> None:
    with pytest.raises(InvalidInputError, match="no place in this list"):
        tables.read(lake, "trips", after="5c1e")


@given(text=st.text(max_size=20))
def test_any_text_is_a_place_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInputError):
        tables._placed(text)


@given(start=st.datetimes(timezones=st.just(UTC)), id_=st.text(min_size=1))
def test_a_place_is_read_as_it_was_written(start: datetime, id_: str) -> None:
    micros, name = tables._placed(tables.place(start, id_))
    assert (tables._EPOCH + timedelta(microseconds=micros), name) == (start, id_)

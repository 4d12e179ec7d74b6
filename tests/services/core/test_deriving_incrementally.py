"""Piece by piece, late, twice or after a crash: the rows are those of one run over everything."""

from __future__ import annotations

import itertools
import resource
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from kaido.errors import ConflictError, UnavailableError
from kaido.lake import Lake, upkeep
from kaido.services import batches, new, progress, tables
from kaido.services.derive import How, catch_up, derive_again
from kaido.services.rules import Rules
from kaido.services.tables import Replacement
from kaido.sim import truth
from tests.services.core.lives import NOON, Life, derived, everything, minutes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAYS = 2


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    """Two days of two cars, in the order of time."""
    cars = [*truth.fleet(1, "bev", seed=3), *truth.fleet(1, "phev", seed=4)]
    parts = [part.cast(_plain(part.schema)) for part in truth.tables(cars, truth.START, DAYS)]
    return pa.concat_tables(parts).sort_by("time")


def _plain(schema: pa.Schema) -> pa.Schema:
    return pa.schema([f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f for f in schema])


@pytest.fixture(scope="module")
def whole(rows: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("whole"), "acme")
    lake.append(rows, app_id="test", version=1)
    catch_up(lake)
    return lake


def _pieces(rows: pa.Table, cuts: list[float]) -> list[pa.Table]:
    places = [0, *(int(cut * len(rows)) for cut in sorted(cuts)), len(rows)]
    return [rows.slice(low, high - low) for low, high in itertools.pairwise(places) if high > low]


def test_pieces_give_what_the_whole_gives(rows: pa.Table, whole: Lake, tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    for version, piece in enumerate(_pieces(rows, np.random.default_rng(1).uniform(size=4).tolist()), 1):
        lake.append(piece, app_id="test", version=version)
        if version == 3:
            lake.compact()
        assert catch_up(lake) is not None
    assert everything(lake, ids=False) == everything(whole, ids=False)


def test_late_data_change_only_what_they_touch_and_ids_stay(rows: pa.Table, whole: Lake, tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    early, late, then = _pieces(rows, [0.4, 0.5])
    lake.append(pa.concat_tables([early, then]), app_id="test", version=1)
    catch_up(lake)
    before = {row["id"]: row for row in derived(lake, "activities")}
    lake.append(late, app_id="test", version=2)
    done = catch_up(lake)
    assert done is not None
    after = {row["id"]: row for row in derived(lake, "activities")}
    assert _without_what_is_carried(lake) == _without_what_is_carried(whole)
    assert len(before.keys() & after.keys()) >= 0.8 * len(before)
    assert done.trips < len(derived(lake, "trips"))


def _without_what_is_carried(lake: Lake) -> dict[str, list[dict[str, Any]]]:
    """Values that activities far behind late data began with stay as they were known then."""
    return {
        name: [
            {c: value for c, value in row.items() if not c.startswith("last_") and "temperature" not in c}
            for row in rows
        ]
        for name, rows in everything(lake, ids=False).items()
    }


def test_a_stretch_of_history_can_be_derived_again(whole: Lake) -> None:
    before = everything(whole)
    done = derive_again(whole, How(memory_mb=100), start=truth.START, vehicles=["bev-3-0001"])
    assert done.vehicles == 1
    assert done.trips > 0
    assert everything(whole) == before


def test_a_vehicle_at_a_time_gives_what_all_at_once_give(
    rows: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = rows["vehicle"].to_pylist()
    doubled = [rows, rows.set_column(0, rows.schema.field("vehicle"), pa.array([f"{name}-too" for name in names]))]
    lake = Lake(tmp_path, "acme")
    lake.append(pa.concat_tables(doubled), app_id="test", version=1)
    catch_up(lake)
    before = everything(lake)
    monkeypatch.setattr(batches, "ROW_BYTES", 100_000_000)
    monkeypatch.setattr(batches, "GATHERED", 3)
    done = derive_again(lake, How(memory_mb=100))
    assert done.vehicles == 4
    assert everything(lake) == before
    assert not list(lake.folder.glob(".services-*"))


def test_a_full_disk_is_said_and_costs_nothing(whole: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(whole)
    monkeypatch.setattr(batches, "ROW_BYTES", 100_000_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(UnavailableError, match="cannot be kept on disk"):
            derive_again(whole, How(memory_mb=100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert everything(whole) == before


def test_a_crash_between_two_tables_heals(
    rows: pa.Table, whole: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path, "acme")
    first, second = _pieces(rows, [0.55])
    lake.append(first, app_id="test", version=1)
    catch_up(lake)
    lake.append(second, app_id="test", version=2)
    with monkeypatch.context() as patched:
        patched.setattr(Replacement, "commit", _crashing(3))
        with pytest.raises(KeyboardInterrupt):
            catch_up(lake)
    catch_up(lake)
    assert everything(lake, ids=False) == everything(whole, ids=False)


@pytest.mark.parametrize("again", [catch_up, derive_again])
def test_a_crash_while_history_is_derived_again_heals(
    again: Callable[[Lake], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path, "acme")
    life = Life().say(0, power_state="ON").drive(0, 10).say(10, power_state="OFF")
    life.say(25, power_state="ON").drive(25, 60, odometer=110).say(60, power_state="OFF")
    lake.append(life.rows(), app_id="test", version=1)
    catch_up(lake)
    before = everything(lake)
    assert len(before["trips"]) == 2
    hour = 3_600_000_000
    with monkeypatch.context() as patched:
        patched.setattr(Replacement, "commit", _crashing(2))
        with pytest.raises(KeyboardInterrupt):  # both are one trip by such rules, and activities does not know of it
            derive_again(lake, How(rules=Rules(off_us=hour, stand_us=hour, stop_us=hour)))
    assert len(derived(lake, "trips")) == 1
    again(lake)
    assert everything(lake, ids=False) == _without_ids(before)
    assert progress.load(lake.folder).unfinished == []
    assert catch_up(lake) is None


def _without_ids(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {name: [{c: v for c, v in row.items() if c != "id"} for row in rows] for name, rows in tables.items()}


def _crashing(on: int) -> Callable[..., None]:
    """A commit that does not come to its end at a table."""
    commits = itertools.count(1)
    commit = Replacement.commit

    def crash(self: Replacement, ranges: pa.Table, transaction: tuple[str, int] | None) -> None:
        if next(commits) == on:
            raise KeyboardInterrupt
        commit(self, ranges, transaction)

    return crash


def test_a_charge_goes_on_where_a_late_sample_breaks_a_long_silence(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    early = Life().say(0, cable=1, soc=50)
    for minute in range(11, 61):
        early.say(minute, power=7_000 + minute)
    early.say(660, soc=70)
    lake.append(early.rows(), app_id="test", version=1)
    catch_up(lake)
    late = Life().say(210, power=7_000)
    lake.append(late.rows(), app_id="test", version=2)
    catch_up(lake)
    assert [minutes(charge) for charge in derived(lake, "charges")] == [(11, 210)]


def test_what_is_new_opens_no_file_of_long_ago(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    day = 1_440
    for version, begin in enumerate((0, 100 * day, 101 * day, 102 * day), 1):
        life = Life().say(begin, power_state="ON").drive(begin, begin + 2).say(begin + 2, power_state="OFF")
        lake.append(life.rows(), app_id="test", version=version)
        assert catch_up(lake) is not None
        for old in lake.folder.glob(f"*/day={NOON.date()}/*.parquet"):
            if version == 3 and old.parts[-3] != "signals":
                old.unlink()
    starts = tables.read(lake, "trips", start=NOON + timedelta(days=1))["start"].to_pylist()
    assert starts == [NOON + timedelta(days=days) for days in (102, 101, 100)]


@pytest.mark.parametrize("goes_on", [True, False])
def test_what_began_before_the_oldest_samples_stays_as_it_is(goes_on: bool, tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    life = Life().say(700, power_state="ON").drive(700, 760).say(760, power_state="OFF")
    if goes_on:
        life.say(1_000, power_state="ON").drive(1_000, 1_005, odometer=160).say(1_005, power_state="OFF")
    lake.append(life.rows(), app_id="test", version=1)
    catch_up(lake)
    before = everything(lake)
    tomorrow = NOON.date() + timedelta(days=1)
    assert upkeep.apply_retention(lake.signals_table, 0, today=tomorrow) > 0
    derive_again(lake)
    assert everything(lake) == before


def test_compaction_is_no_news_and_a_shortened_log_costs_days_not_rows(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    lake.append(Life().drive(0, 5).rows(), app_id="test", version=1)
    lake.append(Life().drive(60, 65).rows(), app_id="test", version=2)
    table = lake.signals_table
    known = new.since(table, -1, {})
    assert known is not None
    lake.compact()
    moved = new.since(table, known.version, known.rows)
    assert moved is not None
    assert moved.version > known.version
    assert len(moved.stretches) == 0
    for entry in (lake.folder / "signals" / "_delta_log").glob("*.json"):
        if int(entry.stem) > known.version:
            entry.with_suffix(".gone").write_bytes(entry.read_bytes())
    unknown = new.since(table, known.version, {**known.rows, "2026-03-14": 1})
    assert unknown is not None
    assert len(unknown.stretches) == 0  # the log says it all
    other = new.since(table, -1, {"2026-03-14": known.rows["2026-03-14"]})
    assert other is not None
    assert len(other.stretches) == 0  # no log, and no day has other rows than before


def test_only_one_derives_at_a_time(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    with progress.alone(lake.folder), pytest.raises(ConflictError, match="derived already"):
        catch_up(lake)


def test_a_lost_note_of_progress_costs_only_work(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    lake.append(Life().say(0, power_state="ON").drive(0, 5).say(5, power_state="OFF").rows(), app_id="test", version=1)
    catch_up(lake)
    before = everything(lake)
    (lake.folder / "services.json").write_text("{", "utf-8")
    catch_up(lake)
    assert everything(lake) == before
    assert derived(lake, "trips")[0]["start"] == NOON

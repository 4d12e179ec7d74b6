from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from kaido.errors import ConflictError
from kaido.runtime import clock
from kaido.store.tables import AuditRow, CampaignRow, CompanyRow, ManifestRow, TokenRow, VehicleRow

if TYPE_CHECKING:
    from kaido.store import Store


def _company(name: str = "acme") -> CompanyRow:
    return CompanyRow(name=name, created=clock.now())


def test_what_a_block_leaves_with_an_error_is_not_kept(store: Store) -> None:
    with contextlib.suppress(ZeroDivisionError), store.session() as session:
        session.add(_company())
        session.flush()
        raise ZeroDivisionError
    with store.reading() as session:
        assert session.get(CompanyRow, "acme") is None
    assert store.revision() == 0


def test_counted_records_raise_the_revision_once_a_transaction(store: Store) -> None:
    with store.session() as session:
        session.add_all([_company("a"), _company("b")])
        session.flush()
        session.add(_company("c"))
    assert store.revision() == 1
    with store.session() as session:
        row = session.get_one(CompanyRow, "a")
        row.created = clock.now()
    assert store.revision() == 2
    with store.session() as session:
        session.delete(session.get_one(CompanyRow, "c"))
    assert store.revision() == 3
    with store.session() as session:
        row = session.get_one(CompanyRow, "a")
        row.created = row.created  # what changes nothing is no change
    assert store.revision() == 3
    with store.reading() as session:
        assert session.get_one(CompanyRow, "a").revision == 2
        assert session.get_one(CompanyRow, "b").revision == 1


def test_tokens_and_audit_do_not_count(store: Store) -> None:
    now = clock.now()
    with store.session() as session:
        session.add(TokenRow(hash="0" * 64, id="0", name="t", scopes="read", created=now))
        session.add(AuditRow(company=None, who="t", what="x", moment=now, details={}))
    assert store.revision() == 0


def test_writers_that_meet_are_put_in_order(store: Store) -> None:
    def write(number: int) -> None:
        with store.session() as session:
            session.add(_company(f"company-{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert store.revision() == 40
    with store.reading() as session:
        assert sorted(session.scalars(select(CompanyRow.revision))) == list(range(1, 41))


def test_whoever_has_read_up_to_a_revision_misses_nothing(store: Store) -> None:
    """A slow transaction must not become visible behind a faster one that began later."""
    began, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        with store.session() as session:
            session.add(_company("slow"))
            session.flush()
            began.set()
            may_end.wait(20)

    def fast() -> None:
        with store.session() as session:
            session.add(_company("fast"))

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(slow)
        assert began.wait(20)
        second = pool.submit(fast)
        assert store.revision() == 0  # a reader waits for neither
        may_end.set()
        first.result(20)
        second.result(20)
    with store.reading() as session:
        assert session.get_one(CompanyRow, "slow").revision < session.get_one(CompanyRow, "fast").revision


def test_the_same_record_twice_is_a_conflict(store: Store) -> None:
    with store.session() as session:
        session.add(_company())
    with pytest.raises(ConflictError), store.session() as session:
        session.add(_company())


def test_a_vehicle_needs_its_company(store: Store) -> None:
    with pytest.raises(ConflictError), store.session() as session:
        session.add(VehicleRow(company="nobody", id="car-1", registered=clock.now()))


def test_one_sync_id_names_one_campaign_of_a_company(store: Store) -> None:
    def campaign(company: str, name: str) -> CampaignRow:
        row = CampaignRow(company=company, name=name, sync_id="s1", document={}, state="running", why="")
        row.created = row.changed = row.wave_since = clock.now()
        row.version, row.wave = 1, 0
        return row

    with store.session() as session:
        session.add_all([_company("a"), _company("b")])
        session.flush()
        session.add_all([campaign("a", "one"), campaign("b", "one")])
    with pytest.raises(ConflictError), store.session() as session:
        session.add(campaign("a", "two"))


def test_times_come_back_in_utc_and_need_a_zone(store: Store) -> None:
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 5, 1, 8, 30, 0, 123456, tzinfo=tokyo)
    with store.session() as session:
        session.add(CompanyRow(name="acme", created=moment))
    with store.reading() as session:
        read = session.get_one(CompanyRow, "acme").created
    assert (read, read.utcoffset()) == (moment, timedelta(0))
    with pytest.raises(StatementError, match="has no zone"), store.session() as session:
        session.add(CompanyRow(name="naive", created=moment.replace(tzinfo=None)))


def test_documents_come_back_as_they_were(store: Store) -> None:
    document = {"signals": [{"name": "Vehicle.速度", "factor": 0.01, "mux": None, "big": 2**60}], "empty": []}
    with store.session() as session:
        session.add(_company())
        session.flush()
        session.add(ManifestRow(company="acme", sync_id="m1", name="m", document=document, created=clock.now()))
    with store.reading() as session:
        assert session.get_one(ManifestRow, ("acme", "m1")).document == document

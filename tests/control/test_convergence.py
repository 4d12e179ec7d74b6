"""Each reason why a vehicle does not hold what it should, and those that are as they should be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from kaido.company import Vehicle
from kaido.control import Campaign, State, read_spec
from kaido.control.answers import Sent
from kaido.control.answers import Vehicle as Known
from kaido.control.compiling import Scheme, Unfit, compile_scheme
from kaido.control.convergence import MEANINGS, Case, Group, Reason, Standing
from kaido.control.model import Base
from kaido.control.plan import Aim
from kaido.control.presence_records import Contact
from kaido.control.rollout import share
from kaido.flow import DownKind
from tests.control.conftest import LEAF

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
AGO = NOW - timedelta(minutes=1)
SPEC: dict[str, Any] = {"name": "speed", "signals": ["Vehicle.Speed"], "period": "1s"}
CAR = Vehicle("car", "acme", None, None, "leaf", None, None, NOW - timedelta(days=9), None)


def campaign(state: State = State.RUNNING, base: Base | None = None, wave: int = 0, **changes: Any) -> Campaign:
    spec = read_spec(SPEC | changes)
    return Campaign("acme", "speed@0", state, NOW, spec, 2, wave, AGO, base, AGO, "")


def compiled(**changes: Any) -> Scheme:
    found = compile_scheme(read_spec(SPEC | changes), LEAF)
    assert isinstance(found, Scheme)
    return found


SCHEME = compiled()


def known(*held: str, seen: datetime = AGO, **sent: Sent) -> Known:
    return Known(frozenset(held), seen.timestamp(), {DownKind[kind.upper()]: one for kind, one in sent.items()})


def sent(times: int = 1, first: datetime = AGO) -> Sent:
    return Sent("x", first.timestamp(), first.timestamp(), times)


def stands(
    vehicle: Vehicle = CAR,
    of: Campaign | None = None,
    scheme: Scheme | Unfit | None = SCHEME,
    manifest: str | None = LEAF.sync_id,
    holds: Known | None = None,
    contact: Contact | None = None,
) -> Standing:
    return Case(vehicle, Aim(of or campaign(), {}), Group(manifest, scheme), holds).standing(NOW, contact)


HELD = (LEAF.sync_id, SCHEME.sync_id)
ONLINE = Contact(connected=True, since=AGO, seen=NOW)
OFFLINE = Contact(connected=False, since=NOW - timedelta(hours=5), seen=NOW - timedelta(hours=3))
OF_NOBODY = campaign(rollout={"waves": [{"vehicles": ["another"]}, {"percent": 100}]})

CASES: dict[Reason, tuple[Callable[[], Standing], datetime | None, str]] = {
    Reason.HOLDS: (lambda: stands(holds=known(*HELD), contact=OFFLINE), None, ""),
    Reason.DROPPED: (
        lambda: stands(of=campaign(State.SUSPENDED), holds=known(LEAF.sync_id)),
        None,
        "the campaign is suspended",
    ),
    Reason.DUE: (lambda: stands(holds=known(LEAF.sync_id), contact=ONLINE), None, f"should hold {SCHEME.sync_id}"),
    Reason.WAITING: (
        lambda: stands(holds=known(LEAF.sync_id, "speed@old", collection_schemes=sent()), contact=ONLINE),
        AGO,
        f"holds speed@old, should hold {SCHEME.sync_id}; sent once",
    ),
    Reason.NOT_TAKEN: (
        lambda: stands(holds=known(LEAF.sync_id, collection_schemes=sent(4, NOW - timedelta(hours=1))), contact=ONLINE),
        NOW - timedelta(hours=1),
        f"sent 4 times; should hold {SCHEME.sync_id}",
    ),
    Reason.TOO_LARGE: (
        lambda: stands(
            holds=known(
                LEAF.sync_id,
                collection_schemes=Sent("x", AGO.timestamp(), AGO.timestamp(), 9, "it is too large: do this"),
            ),
            contact=ONLINE,
        ),
        AGO,
        "it is too large: do this",
    ),
    Reason.OFFLINE: (
        lambda: stands(of=campaign(State.STOPPED), holds=known(*HELD), contact=OFFLINE),
        OFFLINE.seen,
        f"still holds {SCHEME.sync_id}",
    ),
    Reason.NEVER_SEEN: (stands, None, f"should hold {SCHEME.sync_id}"),
    Reason.OTHER_MANIFEST: (
        lambda: stands(holds=known("leaf@before", decoder_manifest=sent()), contact=ONLINE),
        AGO,
        f"holds leaf@before, should hold {LEAF.sync_id}; sent once",
    ),
    Reason.NO_MANIFEST: (
        lambda: stands(manifest=None, scheme=None, holds=known()),
        None,
        "none is named as its model, and it names none itself",
    ),
    Reason.UNFIT: (lambda: stands(scheme=Unfit("it lacks Vehicle.Speed")), None, "it lacks Vehicle.Speed"),
    Reason.LATER_WAVE: (lambda: stands(of=OF_NOBODY, scheme=None), AGO, "the campaign is in wave 1 of 2"),
    Reason.EXPIRED: (
        lambda: stands(of=campaign(State.EXPIRED, expiry="2026-05-01T11:00:00Z"), holds=known(*HELD), contact=OFFLINE),
        NOW - timedelta(hours=1),
        f"still holds {SCHEME.sync_id}",
    ),
    Reason.REVOKED: (lambda: stands(replace(CAR, revoked=AGO), holds=known(*HELD)), AGO, ""),
}


def test_every_reason_has_a_meaning_and_a_test() -> None:
    assert set(Reason) == set(MEANINGS) == set(CASES)


@pytest.mark.parametrize("reason", Reason)
def test_the_reason_since_when_and_what_more(reason: Reason) -> None:
    make, since, detail = CASES[reason]
    found = make()
    assert (found.reason, found.since, found.detail) == (reason, since, detail)


def test_where_nobody_knows_who_is_connected_a_silent_vehicle_is_offline() -> None:
    unknown = Contact(connected=None, since=AGO, seen=AGO)
    long_ago = NOW - timedelta(hours=2)
    for contact in (None, unknown):
        assert stands(holds=known(LEAF.sync_id), contact=contact).reason is Reason.DUE
        found = stands(holds=known(LEAF.sync_id, seen=long_ago), contact=contact)
        assert (found.reason, found.since) == (Reason.OFFLINE, long_ago)


def test_a_vehicle_that_was_not_heard_of_since_may_yet_take_what_it_was_sent() -> None:
    never_answered = known(LEAF.sync_id, seen=AGO, collection_schemes=sent(5, NOW))
    assert stands(holds=never_answered, contact=ONLINE).reason is Reason.WAITING


def test_who_is_meant_no_longer_has_to_drop_it() -> None:
    found = stands(of=campaign(targets=["another"]), scheme=None, holds=known(*HELD), contact=ONLINE)
    assert (found.reason, found.wanted, found.held) == (Reason.DUE, None, (SCHEME.sync_id,))


def test_before_its_wave_a_vehicle_holds_the_version_before() -> None:
    waves = {"waves": [{"percent": 10}, {"percent": 100}]}
    names = [f"car-{number}" for number in range(100)]
    first = next(name for name in names if share("speed", name) < 10)
    later = next(name for name in names if share("speed", name) >= 10)
    now = campaign(base=Base(1, 0, read_spec(SPEC)), period="2s", rollout=waves)
    offers = [Aim(now, {}).offer(replace(CAR, id=name)) for name in (first, later)]
    assert [one.version for one in offers if one] == [2, 1]
    assert stands(replace(CAR, id=later), now, SCHEME, holds=known(*HELD)).reason is Reason.HOLDS

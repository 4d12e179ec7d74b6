from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kaido.control import State
from kaido.control.selection import check, select
from kaido.errors import ConflictError, InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from kaido.control import Campaigns
    from kaido.store import Store

SPEED: dict[str, Any] = {"name": "speed", "signals": ["Vehicle.Speed"], "period": "1s"}
PATHS = ["Vehicle.Speed", "Vehicle.Chassis.Axle.Row1.Wheel.Left.Speed", "Vehicle.Chassis.Brake"]


def test_a_campaign_is_kept_until_it_is_deleted(campaigns: Campaigns, store: Store) -> None:
    before = store.revision()
    made = campaigns.create("acme", SPEED)
    assert (made.name, made.state) == ("speed", State.RUNNING)
    assert store.revision() > before
    assert campaigns.get("acme", "speed") == made
    assert campaigns.list("acme") == campaigns.running("acme") == [made]
    assert campaigns.stop("acme", "speed").state is State.STOPPED
    assert campaigns.stop("acme", "speed").state is State.STOPPED
    assert campaigns.running("acme") == []
    campaigns.delete("acme", "speed")
    assert campaigns.list("acme") == []


def test_the_same_again_changes_nothing_and_another_of_the_name_is_a_conflict(campaigns: Campaigns) -> None:
    assert campaigns.create("acme", SPEED) == campaigns.create("acme", SPEED)
    with pytest.raises(ConflictError, match="asks for something else"):
        campaigns.create("acme", {**SPEED, "period": "2s"})
    campaigns.stop("acme", "speed")
    with pytest.raises(ConflictError, match="it is stopped"):
        campaigns.create("acme", SPEED)


def test_an_edit_has_another_sync_id(campaigns: Campaigns) -> None:
    first = campaigns.create("acme", SPEED)
    campaigns.delete("acme", "speed")
    assert campaigns.create("acme", {**SPEED, "period": "2s"}).sync_id != first.sync_id


@pytest.mark.parametrize(
    ("signal", "says"),
    [
        ("Vehicle.Sped", "no signal 'Vehicle.Sped' in any decoder manifest. Did you mean Vehicle.Speed?"),
        ("Vehicle.Chassis", "'Vehicle.Chassis' is a branch. Its signals are 'Vehicle.Chassis.*'"),
        (
            "Vehicle.Chasis.*",
            "no signal matches 'Vehicle.Chasis.*': there is Vehicle.Chassis. See: kaido catalog list",
        ),
        ("xyz", "no signal 'xyz' in any decoder manifest. See: kaido catalog list"),
    ],
)
def test_a_signal_that_is_not_there_is_answered_with_the_nearest(campaigns: Campaigns, signal: str, says: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        campaigns.create("acme", {**SPEED, "signals": [signal]})
    assert str(caught.value) == says


def test_a_campaign_that_is_over_before_it_begins_is_refused(campaigns: Campaigns) -> None:
    with pytest.raises(InvalidInputError, match=r"'speed' is over before it begins.*1990-01-01"):
        campaigns.create("acme", {**SPEED, "expiry": "1990-01-01"})
    with pytest.raises(InvalidInputError, match=r"the campaign's expiry: 'soon' is no time\. Write it like 20"):
        campaigns.create("acme", {**SPEED, "expiry": "soon"})


def test_names_that_do_not_exist(campaigns: Campaigns) -> None:
    campaigns.create("acme", SPEED)
    for call in (campaigns.get, campaigns.stop, campaigns.delete):
        with pytest.raises(NotFoundError, match=r"no campaign 'sped'\. Did you mean speed"):
            call("acme", "sped")
    with pytest.raises(NotFoundError, match="kaido catalog import"):
        campaigns.create("nobody", SPEED)


def test_patterns_span_branches_and_ignore_case() -> None:
    assert select(["vehicle.chassis.*"], PATHS) == PATHS[1:]
    assert select(["Vehicle.Speed", "*.Left.*"], PATHS) == PATHS[:2]
    assert select(["vehicle.speed"], PATHS) == []
    check(["*"], PATHS)

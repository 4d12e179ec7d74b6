"""State templates for the vehicles that a condition finds, as campaigns have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kaido.commands import Commands, Issuer
from kaido.control.members import Members, name_of_state, of_template
from kaido.control.state_commands import Operation, StateCommands
from kaido.control.steward import Steward
from kaido.control.templates import StateTemplates
from kaido.errors import NotFoundError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.control.members import Condition
    from kaido.control.records import Records
    from kaido.runtime.settings import Settings
    from kaido.store import Store

FAST: dict[str, Any] = {
    "name": "fast",
    "signals": ["Vehicle.Speed"],
    "on_change": True,
    "targets": {"model": "leaf", "where": "Vehicle.Speed > 100"},
}


@pytest.fixture
def templates(store: Store) -> StateTemplates:
    return StateTemplates(store)


def made(templates: StateTemplates, document: dict[str, Any] = FAST, **how: bool) -> Condition:
    (found,) = of_template(templates.create("acme", document, **how))
    return found


def holding(records: Records) -> list[str]:
    records.refresh()
    found = {name: records.wanted("acme", name) for name in ("leaf-1", "leaf-2", "zoe-1")}
    return [name for name, one in found.items() if one and one.states.ids]


def test_they_follow_the_twin(templates: StateTemplates, store: Store, settings: Settings, records: Records) -> None:
    fast, members, steward = made(templates), Members(store), Steward(store, settings)
    assert (fast.of, fast.where) == (name_of_state("fast"), "Vehicle.Speed > 100")
    assert templates.problems("acme") == {
        "fast": ["the twin was not asked yet for which vehicles holds: Vehicle.Speed > 100"]
    }
    steward.look(clock.now())
    assert steward.conditions(clock.now()) == [fast], "the twin is to be asked"
    assert holding(records) == []
    assert members.take(fast, ["leaf-1", "zoe-1"])
    assert not members.take(fast, ["zoe-1", "leaf-1"])
    assert holding(records) == ["leaf-1"], "attributes count as well"
    members.trouble(fast, "the twin does not answer")
    assert "the twin does not answer" in templates.problems("acme")["fast"][0]
    assert holding(records) == ["leaf-1"], "it stays while the twin is away"
    members.take(fast, ["leaf-2"])
    assert holding(records) == ["leaf-2"]


def test_commands_go_to_those_that_hold_them(templates: StateTemplates, store: Store, settings: Settings) -> None:
    states = StateCommands(store, Commands(store, settings))
    by = Issuer("ann", "aaaa")
    fast = made(templates)
    with pytest.raises(NotFoundError, match="no vehicle is to hold any"):
        states.send("acme", by, Operation.FETCH, timeout_ms=1_000, templates=["fast"])
    Members(store).take(fast, ["leaf-1", "zoe-1"])
    (sent,) = states.send("acme", by, Operation.FETCH, timeout_ms=1_000, templates=["fast"])
    assert sent.vehicles == 1


def test_another_condition_waits_for_the_twin_and_a_deleted_one_is_forgotten(
    templates: StateTemplates, store: Store, records: Records
) -> None:
    members, fast = Members(store), made(templates)
    members.take(fast, ["leaf-1"])
    assert holding(records) == ["leaf-1"]
    slow = made(templates, FAST | {"targets": {"where": "Vehicle.Speed < 5", "keep": True}}, replace=True)
    assert holding(records) == ["leaf-1"], "nobody loses it before it is known who is meant"
    assert not members.take(fast, ["leaf-2"]), "a condition that is no longer its own"
    members.take(slow, ["zoe-1"])
    members.take(slow, ["leaf-2"])
    assert holding(records) == ["leaf-2", "zoe-1"]
    templates.delete("acme", "fast")
    assert members.of("acme") == {}
    assert members.asked("acme") == {}
    assert not members.take(slow, ["leaf-2"])

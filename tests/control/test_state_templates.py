from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kaido.agent.state import HeldTemplates
from kaido.agent.state import StateTemplate as InTheCar
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.control import templates as room
from kaido.control.records import Records
from kaido.control.templates import StateTemplates
from kaido.errors import ConflictError, InvalidInputError, NotFoundError
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire.syncids import manifest_of_state

if TYPE_CHECKING:
    from kaido.runtime.settings import Settings
    from kaido.store import Store


@pytest.fixture
def templates(store: Store) -> StateTemplates:
    return StateTemplates(store)


@pytest.fixture
def records(store: Store, settings: Settings) -> Records:
    return Records(store, settings)


def spec(name: str = "wheels", **changes: Any) -> dict[str, Any]:
    fields = {"name": name, "signals": ["*.Wheel.*"], "on_change": True, **changes}
    return {key: value for key, value in fields.items() if value is not None}


def test_one_is_kept_and_the_same_again_changes_nothing(templates: StateTemplates, store: Store) -> None:
    made = templates.create("acme", spec())
    revision = store.revision()
    assert templates.create("acme", spec()) == templates.get("acme", "wheels") == made
    assert store.revision() == revision
    assert templates.list("acme") == [made]
    assert made.spec.to_document() == {"name": "wheels", "signals": ["*.Wheel.*"], "on_change": True, "targets": "all"}


def test_an_edit_is_a_new_version_and_asked_for(templates: StateTemplates) -> None:
    made = templates.create("acme", spec())
    with pytest.raises(ConflictError, match="there is a state template 'wheels' already"):
        templates.create("acme", spec(on_change=None, period="2s"))
    edited = templates.create("acme", spec(on_change=None, period="2s"), replace=True)
    assert edited.spec.period == 2_000
    assert edited.sync_id != made.sync_id
    assert edited.created == made.created
    assert edited.changed > made.changed


def test_it_can_be_deleted(templates: StateTemplates) -> None:
    templates.create("acme", spec())
    templates.delete("acme", "wheels")
    assert templates.list("acme") == []
    for gone in (templates.get, templates.delete):
        with pytest.raises(NotFoundError):
            gone("acme", "wheels")


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (spec(on_change=None), "the state template"),
        (spec(period="1s"), "the state template"),
        (spec(on_change=False), "the state template's on_change"),
        (spec(on_change=None, period="0s"), "the state template's period"),
        (spec(on_change=None, period="soon"), "the state template's period"),
        (spec(name="no/name"), "the state template's name"),
        (spec(signals=None), "the state template's field 'signals' is missing"),
        (spec(signals=[]), "the state template's signals"),
        (spec(targets="none"), "the state template's targets cannot be read"),
        (spec(targets=["no id"]), "the state template"),
        (spec(targets={"where": "Vehicle.Speed >"}), "the state template's condition on vehicles"),
        (spec(onchange=True), "a state template has no field 'onchange'"),
        ([], "a state template is a mapping of fields"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(templates: StateTemplates, document: Any, what: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        templates.create("acme", document)
    assert caught.value.what == what


def test_names_that_are_not_there(templates: StateTemplates) -> None:
    with pytest.raises(NotFoundError, match="no signal 'Vehicle\\.Sped' in any decoder manifest"):
        templates.create("acme", spec(signals=["Vehicle.Sped"]))
    with pytest.raises(NotFoundError, match="no signal matches"):
        templates.create("acme", spec(signals=["*.Nothing.*"]))
    with pytest.raises(NotFoundError, match=r"not registered: laef-1: 1 of 2.*leaf-1"):
        templates.create("acme", spec(targets=["laef-1", "zoe-1"]))
    with pytest.raises(InvalidInputError, match=r"no signal 'Vehicle\.Sped'"):
        templates.create("acme", spec(targets={"where": "Vehicle.Sped > 1"}))
    with pytest.raises(NotFoundError, match="no company"):
        templates.create("nobody", spec())


def test_there_is_an_end_to_their_number(templates: StateTemplates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_TEMPLATES", 2)
    templates.create("acme", spec("a"))
    templates.create("acme", spec("b"))
    with pytest.raises(ConflictError, match="has 2 state templates"):
        templates.create("acme", spec("c"))
    templates.create("acme", spec("b", on_change=None, period="1s"), replace=True)


def test_each_vehicle_gets_those_that_mean_it_for_its_manifest(records: Records, templates: StateTemplates) -> None:
    templates.create("acme", spec("speed", signals=["Vehicle.Speed"], on_change=None, period="500ms"))
    templates.create("acme", spec("japan", signals=["Vehicle.Speed"], targets={"market": "JP"}))
    templates.create("acme", spec("one", signals=["Vehicle.Speed"], targets=["zoe-1"]))
    templates.create("acme", spec("wheels"))
    records.refresh()
    names = {}
    for vehicle in ("leaf-1", "leaf-2", "zoe-1"):
        wanted = records.wanted("acme", vehicle)
        assert wanted is not None
        assert {manifest_of_state(one) for one in wanted.states.ids} == {wanted.manifest}
        assert wanted.states.ids < wanted.held
        names[vehicle] = {one.removeprefix("state:").partition("@")[0] for one in wanted.states.ids}
    assert names == {
        "leaf-1": {"speed", "japan", "wheels"},
        "leaf-2": {"speed", "wheels"},
        "zoe-1": {"speed", "one"},
    }


def test_an_agent_can_hold_what_was_compiled(records: Records, templates: StateTemplates) -> None:
    templates.create("acme", spec())
    templates.create("acme", spec("speed", signals=["Vehicle.Speed"], on_change=None, period="500ms"))
    records.refresh()
    wanted = records.wanted("acme", "leaf-1")
    assert wanted is not None
    _, payload = wanted.states.difference(frozenset(), 7)
    held = HeldTemplates(wanted.manifest).changed(pb.StateTemplates.FromString(payload))
    assert held is not None
    assert held.version == 7
    assert held.templates.keys() == wanted.states.ids
    speed, wheels = (held.templates[key] for key in sorted(held.templates))
    assert speed == InTheCar(speed.sync_id, (1,), 500)
    assert wheels == InTheCar(wheels.sync_id, (2, 3), 0)


def test_an_edit_a_deletion_and_another_manifest_are_differences(
    records: Records, templates: StateTemplates, store: Store
) -> None:
    def ids() -> frozenset[str]:
        assert records.refresh()
        wanted = records.wanted("acme", "leaf-1")
        assert wanted is not None
        return wanted.states.ids

    templates.create("acme", spec("speed", signals=["Vehicle.Speed"]))
    first = ids()
    templates.create("acme", spec("speed", signals=["Vehicle.Speed"], targets={"model": "leaf"}), replace=True)
    assert ids() == first  # vehicles collect the same
    templates.create("acme", spec("speed", signals=["Vehicle.*"]), replace=True)
    edited = ids()
    assert len(first | edited) == 2
    CatalogStore(store).save_manifest("acme", DecoderManifest.of("leaf", [CanSignal("Vehicle.Speed", 0x100, 0, 8)]))
    assert not ids() & (first | edited)
    templates.delete("acme", "speed")
    assert ids() == frozenset()

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kaido.catalog import CanSignal, DecoderManifest
from kaido.catalog.signal import Signal
from kaido.catalog.store import MOST_IN_MEMORY, CatalogStore
from kaido.company import Vehicles
from kaido.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from kaido.store import Store

OWN = Signal("Vehicle.Own", "sensor", "float", "km/h", "Ours.", 0, 300)
SPEED = CanSignal("Car.SPEED.FAST", 180, 8, 16, unit="km/h", source="SPEED.FAST", minimum=0, maximum=250)
FIRST = DecoderManifest.of("car", [SPEED], notes=["a note"])
SECOND = DecoderManifest.of("car", [replace(SPEED, factor=2.0)])
OTHER = DecoderManifest.of("van", [SPEED])


@pytest.fixture
def catalog(store: Store) -> CatalogStore:
    return CatalogStore(store)


def test_signals_are_imported_once(catalog: CatalogStore, store: Store) -> None:
    assert catalog.import_signals("a", [OWN]) == 1
    revision = store.revision()
    assert catalog.import_signals("a", [OWN]) == 0
    assert store.revision() == revision
    assert catalog.import_signals("a", [replace(OWN, unit="", max=None)]) == 1
    assert catalog.imported("a") == [replace(OWN, unit="", max=None)]
    assert catalog.imported("b") == []


def test_signals_of_all_sources_are_listed(catalog: CatalogStore) -> None:
    catalog.import_signals("a", [OWN, Signal("Vehicle.Speed", "sensor", "float", "m/s", "Other.")])
    catalog.save_manifest("a", FIRST)
    listed = {signal.path: signal for signal in catalog.signals("a")}
    assert list(listed) == sorted(listed)
    assert listed["Vehicle.Own"] == OWN
    assert listed["Vehicle.Speed"].unit == "m/s"
    assert listed["Vehicle.TraveledDistance"].unit == "km"
    assert listed["Car.SPEED.FAST"] == Signal("Car.SPEED.FAST", "sensor", "double", "km/h", "SPEED.FAST of car", 0, 250)
    assert [signal.path for signal in catalog.signals("a", "*.fast")] == ["Car.SPEED.FAST"]
    assert catalog.signals("b", "*.FAST") == []


def test_a_manifest_is_saved_once(catalog: CatalogStore, store: Store) -> None:
    assert catalog.save_manifest("a", FIRST)
    revision = store.revision()
    assert not catalog.save_manifest("a", FIRST)
    assert not catalog.save_manifest("a", DecoderManifest.of("car", [SPEED]))
    assert store.revision() == revision
    assert catalog.manifest("a", "car").notes == ("a note",)


def test_old_versions_stay_readable_and_can_come_back(catalog: CatalogStore, store: Store) -> None:
    for manifest in (FIRST, SECOND, OTHER):
        assert catalog.save_manifest("a", manifest)
    assert catalog.manifest("a", "car") == SECOND
    assert catalog.manifest_by_sync_id("a", FIRST.sync_id) == FIRST
    assert [(one.name, one.sync_id) for one in catalog.manifests("a")] == [
        ("car", SECOND.sync_id),
        ("van", OTHER.sync_id),
    ]
    assert catalog.save_manifest("a", FIRST)
    assert CatalogStore(store).manifest("a", "car") == FIRST
    assert catalog.manifest_by_sync_id("a", SECOND.sync_id) == SECOND


def test_names_that_are_not_there(catalog: CatalogStore) -> None:
    catalog.save_manifest("a", FIRST)
    with pytest.raises(NotFoundError, match=r"no manifest 'cra'. Did you mean car\?"):
        catalog.manifest("a", "cra")
    with pytest.raises(NotFoundError, match="no manifest 'car@1'"):
        catalog.manifest_by_sync_id("a", "car@1")
    with pytest.raises(NotFoundError):
        catalog.manifest_by_sync_id("b", FIRST.sync_id)
    with pytest.raises(NotFoundError, match="no company 'c'"):
        catalog.save_manifest("c", FIRST)
    with pytest.raises(NotFoundError, match="no company 'c'"):
        catalog.import_signals("c", [OWN])


def test_only_manifests_that_were_made_here(catalog: CatalogStore) -> None:
    with pytest.raises(InvalidInputError, match="not one that was made here"):
        catalog.save_manifest("a", DecoderManifest.from_wire(FIRST.to_wire()))


def test_what_a_vehicle_should_hold(catalog: CatalogStore, store: Store) -> None:
    vehicles = Vehicles(store)
    plain = vehicles.register("a", "plain")
    modelled = vehicles.register("a", "modelled", model="van")
    named = vehicles.register("a", "named", model="van", manifest="car")
    wrong = vehicles.register("a", "wrong", model="van", manifest="gone")
    assert catalog.manifest_for("a", plain) is None
    catalog.save_manifest("a", FIRST)
    assert catalog.manifest_for("a", plain) == catalog.manifest_for("a", modelled) == FIRST
    catalog.save_manifest("a", OTHER)
    assert catalog.manifest_for("a", plain) is None
    assert catalog.manifest_for("a", modelled) == OTHER
    assert catalog.manifest_for("a", named) == FIRST
    assert catalog.manifest_for("a", wrong) is None


def test_manifests_in_memory_are_bounded(catalog: CatalogStore) -> None:
    for number in range(MOST_IN_MEMORY + 3):
        manifest = DecoderManifest.of(f"m{number}", [SPEED])
        catalog.save_manifest("a", manifest)
        assert catalog.manifest_by_sync_id("a", manifest.sync_id) == manifest
    assert len(catalog._read) == MOST_IN_MEMORY

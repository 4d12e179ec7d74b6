"""What each vehicle should hold, as the store has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaido.agent.scheme import TimeBasedScheme, parse_schemes, read_schemes
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.company import Vehicles
from kaido.runtime import clock
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    import pytest

    from kaido.control import Campaigns
    from kaido.control.plan import Wanted
    from kaido.control.records import Records
    from kaido.store import Store


def spec(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "signals": ["Vehicle.*"], "period": "1s", **changes}


def names(wanted: Wanted | None) -> set[str]:
    assert wanted is not None
    return {one.partition("@")[0] for one in wanted.schemes}


def test_each_vehicle_gets_its_models_manifest_and_the_campaigns_that_mean_it(
    records: Records, campaigns: Campaigns
) -> None:
    campaigns.create("acme", spec("all"))
    campaigns.create("acme", spec("japan", targets={"market": "JP"}))
    campaigns.create("acme", spec("leaves-us", targets={"model": "leaf", "market": "US"}))
    campaigns.create("acme", spec("one", targets=["zoe-1", "gone"], unregistered=True))
    campaigns.create("acme", spec("range", signals=["Vehicle.Range"]))
    assert records.refresh()
    assert names(records.wanted("acme", "leaf-1")) == {"all", "japan"}
    assert names(records.wanted("acme", "leaf-2")) == {"all", "leaves-us"}
    assert names(records.wanted("acme", "zoe-1")) == {"all", "one", "range"}
    wanted = records.wanted("acme", "leaf-1")
    assert wanted is not None
    assert wanted.manifest.startswith("leaf@")
    assert pb.DecoderManifest.FromString(wanted.manifest_document).sync_id == wanted.manifest
    assert wanted.held == wanted.schemes | {wanted.manifest}


def test_an_agent_can_run_what_was_compiled(records: Records, campaigns: Campaigns) -> None:
    campaigns.create(
        "acme",
        spec(
            "x",
            signals=["*.Wheel.*"],
            minimum_sample_period="10ms",
            priority=3,
            compression=False,
            expiry="2099-01-01T00:00:00Z",
        ),
    )
    records.refresh()
    wanted = records.wanted("acme", "leaf-1")
    assert wanted is not None
    (scheme,) = read_schemes(parse_schemes(wanted.schemes_document), wanted.manifest)
    assert isinstance(scheme, TimeBasedScheme)
    assert scheme.sync_id in wanted.schemes
    assert [(one.signal_id, one.buffer, one.minimum_period_ms) for one in scheme.signals] == [
        (2, 101, 10),
        (3, 101, 10),
    ]
    assert (scheme.period_ms, scheme.priority, scheme.compress, scheme.start_ms) == (1000, 3, False, 0)
    assert scheme.expiry_ms == 4_070_908_800_000


def test_one_revision_is_read_once_and_documents_are_shared(records: Records, campaigns: Campaigns) -> None:
    campaigns.create("acme", spec("all"))
    assert records.refresh()
    assert not records.refresh()
    assert records.wanted("acme", "leaf-1") is records.wanted("acme", "leaf-2")


def test_changes_are_seen(records: Records, campaigns: Campaigns, store: Store) -> None:
    campaigns.create("acme", spec("all"))
    records.refresh()
    first = records.wanted("acme", "leaf-1")
    campaigns.stop("acme", "all")
    Vehicles(store).register("acme", "leaf-3", model="leaf")
    assert records.wanted("acme", "leaf-3") is None
    assert records.refresh()
    assert names(records.wanted("acme", "leaf-3")) == set()
    new = DecoderManifest.of("leaf", [CanSignal("Vehicle.Speed", 0x100, 0, 8)])
    CatalogStore(store).save_manifest("acme", new)
    Vehicles(store).revoke("acme", "leaf-2")
    records.refresh()
    later = records.wanted("acme", "leaf-1")
    assert first is not None
    assert later is not None
    assert later.manifest == new.sync_id != first.manifest
    assert records.wanted("acme", "leaf-2") is None


def test_who_has_no_manifest_gets_nothing(records: Records, store: Store) -> None:
    vehicles = Vehicles(store)
    vehicles.register("acme", "a", model="tesla")
    vehicles.register("acme", "b", manifest="nowhere")
    vehicles.register("acme", "c", manifest="zoe")
    records.refresh()
    assert records.wanted("acme", "a") is None
    assert records.wanted("acme", "b") is None
    assert records.wanted("acme", "c") is not None
    assert records.wanted("nobody", "c") is None


def test_an_expired_campaign_is_left_out(
    records: Records, campaigns: Campaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaigns.create("acme", spec("short", expiry="2099-01-01T00:00:00Z"))
    records.refresh()
    assert names(records.wanted("acme", "leaf-1")) == {"short"}
    monkeypatch.setattr(clock, "now_ms", lambda: 4_070_908_800_001)
    assert records.refresh()
    assert names(records.wanted("acme", "leaf-1")) == set()


def test_ten_thousand_signals(records: Records, campaigns: Campaigns, store: Store) -> None:
    many = DecoderManifest.of("many", [CanSignal(f"Vehicle.S{n}", n % 2048, n // 2048 * 8, 8) for n in range(10_000)])
    CatalogStore(store).save_manifest("acme", many)
    Vehicles(store).register("acme", "big", model="many")
    campaigns.create("acme", spec("everything", every_sample=True))
    records.refresh()
    wanted = records.wanted("acme", "big")
    assert wanted is not None
    (scheme,) = read_schemes(parse_schemes(wanted.schemes_document), wanted.manifest)
    assert isinstance(scheme, TimeBasedScheme)
    assert len(scheme.signals) == 10_000

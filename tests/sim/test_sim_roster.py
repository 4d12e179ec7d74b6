from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.client import contexts
from kaido.errors import NotFoundError
from kaido.runtime import settings
from kaido.sim import collecting, identities
from kaido.sim.load.credentials import credentials, load_ids
from kaido.sim.roster import roster
from kaido.wire.topics import VEHICLE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kaido.client import Client

pytest.importorskip("fastsim")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with contexts.in_process(settings.load(data=tmp_path / "data")) as made:
        made.post("/v1/companies", {"name": "acme"})
        yield made


def test_an_id_is_the_same_car_whatever_fleet_it_is_in() -> None:
    large, small = roster(20), roster(4, ["JP"], seed=3)
    known = {member.id: member.car for member in large}
    same = [member for member in small if member.id in known]
    assert same
    for member in same:
        twin = known[member.id]
        assert (member.car.model, member.car.routine) == (twin.model, twin.routine)
        assert member.car.build.capacity_j == twin.build.capacity_j
    assert all(VEHICLE_ID.fullmatch(identifier) for identifier in known)
    assert {member.car.market.code for member in large} == {"US", "CA", "JP", "DE", "FR"}
    with pytest.raises(NotFoundError):
        roster(1, ["XX"])


def test_identities_are_made_once_and_anew_when_the_platform_is_another(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "sim"
    ids = identities.register(client, [{"id": "car-1", "market": "JP"}, {"id": "car-2", "market": "US"}])
    first = identities.enrol(client, sorted(ids), folder)
    serials = {identifier: identity.serial() for identifier, identity in first.items()}
    assert identities.register(client, [{"id": "car-1", "market": "JP"}]) == {"car-1"}
    again = identities.enrol(client, sorted(ids), folder)
    assert {identifier: identity.serial() for identifier, identity in again.items()} == serials
    assert first["car-1"].key.stat().st_mode & 0o777 == 0o600

    client.post("/v1/vehicles/car-2/revoke")
    assert identities.register(client, [{"id": one} for one in ids]) == {"car-1"}
    with contexts.in_process(settings.load(data=tmp_path / "other")) as other:
        other.post("/v1/companies", {"name": "acme"})
        identities.register(other, [{"id": "car-1", "market": "JP"}])
        anew = identities.enrol(other, ["car-1"], folder)
    assert anew["car-1"].serial() != serials["car-1"]


def test_load_vehicles_share_a_key_and_have_a_certificate_each(client: Client, tmp_path: Path) -> None:
    progress: list[int] = []
    made = credentials(client, load_ids(5), tmp_path / "load", progress.append)
    texts = [file.read_text() for file in made.files]
    assert len({text[: text.index("-----BEGIN PRIVATE")] for text in texts}) == 5
    assert len({text[text.index("-----BEGIN PRIVATE") :] for text in texts}) == 1
    assert progress[-1] == 5
    assert made.ca.exists()
    kept = credentials(client, load_ids(7), tmp_path / "load")
    assert [file.read_text() for file in kept.files[:5]] == texts
    client.post("/v1/vehicles/load-000000/revoke")
    client.post("/v1/vehicles/load-000000/restore")
    renewed = credentials(client, load_ids(5), tmp_path / "load")
    assert renewed.files[0].read_text() != texts[0]


def test_database_and_campaign_are_brought_once(client: Client) -> None:
    collecting.prepare(client)
    collecting.prepare(client)
    (manifest,) = client.get("/v1/catalog/manifests")
    assert manifest["name"] == collecting.MANIFEST
    found = client.get(f"/v1/campaigns/{collecting.CAMPAIGN}")["spec"]
    assert "Vehicle.Speed" in found["signals"]
    assert found["targets"] == {"platform": collecting.PLATFORM}

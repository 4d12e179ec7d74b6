"""Trips, charges and energy over the API and on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kaido.api.app import create_app
from kaido.cli.main import kaido
from kaido.client import Client
from kaido.client.inprocess import InProcessTransport
from kaido.errors import NotFoundError
from kaido.lake import Lake
from kaido.runtime.settings import load
from tests.services.core.lives import Life

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def _client(data: Path, company: str) -> Client:
    transport = InProcessTransport(create_app(load(data=data), embedded=True))
    return Client("http://kaido", company=company, transport=transport)


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[Client]:
    with _client(data, "") as made:
        made.post("/v1/companies", {"name": "acme"})
        made.post("/v1/companies", {"name": "other"})
    with _client(data, "acme") as made:
        life = Life("car-1").say(0, power_state="ON", soc=80, energy=50).drive(0, 10)
        for step in range(61):
            life.say(step / 6, latitude=35 + step / 1_000, longitude=139)
        life.say(10, power_state="OFF", soc=78, energy=48)
        life.say(60, charging=1, ac_current_1=10, power=2_000).say(
            70, charging=0, ac_current_1=0, power=0, soc=79, energy=48.3
        )
        life.drive(100, 110, odometer=110)
        Lake(load(data=data).lake, "acme").append(life.rows(), app_id="test", version=1)
        yield made


@pytest.fixture(scope="module")
def derived(client: Client) -> dict[str, Any]:
    done: dict[str, Any] = client.post("/v1/energy/derive", {"start": None, "end": None})
    return done


def test_a_company_sees_its_own_trips(client: Client, derived: dict[str, Any], data: Path) -> None:
    assert (derived["trips"], derived["charges"], derived["vehicles"]) == (2, 1, 1)
    assert [trip["vehicle"] for trip in client.pages("/v1/trips", {})] == ["car-1", "car-1"]
    with _client(data, "other") as other:
        assert list(other.pages("/v1/trips", {})) == []


def test_lists_come_in_pages_and_by_time(client: Client, derived: dict[str, Any]) -> None:
    del derived
    newest, oldest = client.pages("/v1/trips", {"limit": 1})
    assert newest["start"] > oldest["start"]
    assert list(client.pages("/v1/trips", {"end": newest["start"]})) == [oldest]
    assert client.get(f"/v1/trips/{oldest['id']}") == oldest
    assert len(client.get("/v1/idles")["items"]) == 2
    with pytest.raises(NotFoundError, match="no trip 'none'"):
        client.get("/v1/trips/none")
    with pytest.raises(NotFoundError, match="nobody"):
        client.get("/v1/charges", {"vehicle": "nobody"})


def test_a_trip_has_a_route_and_a_charge_a_curve(client: Client, derived: dict[str, Any]) -> None:
    del derived
    _, trip = client.pages("/v1/trips", {})
    route = client.get(f"/v1/trips/{trip['id']}/route")
    assert [(point["latitude"], point["longitude"]) for point in route["points"]] == [(35, 139), (35.059, 139)]
    (charge,) = client.pages("/v1/charges", {})
    assert charge["kind"] == "AC"
    assert charge["energy_battery_sd_wh"] is None  # its current is not known
    slots = client.get(f"/v1/charges/{charge['id']}/curve")["slots"]
    assert len(slots) == 2
    assert sum(slot["energy_battery_wh"] for slot in slots) == pytest.approx(charge["energy_battery_wh"])
    looks = [one["details"] for one in client.pages("/v1/audit", {}) if one["what"] == "position.look"]
    assert {"view": "trips", "vehicle": None, "start": None, "end": None} in looks  # they say where they began
    assert {"view": "trips", "id": trip["id"], "vehicle": "car-1"} in looks
    assert all(one.get("id") != charge["id"] for one in looks)  # a curve says no place


def test_the_balance_names_its_residual(client: Client, derived: dict[str, Any]) -> None:
    del derived
    (found,) = client.pages("/v1/energy/balance", {})
    assert found["store"] == "energy"
    assert found["residual_wh"] is not None
    (account,) = client.pages("/v1/energy/powertrain", {})
    assert account["powertrain"] == "electric"


def test_sql_sees_the_tables(client: Client, derived: dict[str, Any]) -> None:
    del derived
    sql = "SELECT kind, count(*) AS n FROM activities GROUP BY kind ORDER BY kind"
    assert client.post("/v1/sql", {"sql": sql}) == [
        {"kind": "charge", "n": 1}, {"kind": "idle", "n": 2}, {"kind": "trip", "n": 2},
    ]  # fmt: skip
    assert client.post("/v1/sql", {"sql": "SELECT complete FROM trips ORDER BY start LIMIT 1"}) == [{"complete": True}]


def test_commands_show_and_draw(client: Client, derived: dict[str, Any], data: Path, tmp_path: Path) -> None:
    del derived
    (_, trip), (charge,) = client.pages("/v1/trips", {}), client.pages("/v1/charges", {})
    for line in (["trips"], ["charges"], ["energy", "balance"], ["energy", "powertrain"]):
        assert "car-1" in _typed(data, *line)
    assert json.loads(_typed(data, "trip", "show", trip["id"], "--json"))["id"] == trip["id"]
    pytest.importorskip("matplotlib", reason="the extra 'plots' is not installed")
    for noun, one in (("trip", trip), ("charge", charge)):
        _typed(data, noun, "show", one["id"], "--plot", str(tmp_path / f"{noun}.png"))
        assert (tmp_path / f"{noun}.png").read_bytes().startswith(b"\x89PNG")


def _typed(data: Path, *words: str) -> str:
    done = CliRunner().invoke(kaido, ["--data", str(data), "--company", "acme", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout

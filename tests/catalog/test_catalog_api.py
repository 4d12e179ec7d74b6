"""The catalog over HTTP, and the commands on top of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner, Result

from kaido.api.app import create_app
from kaido.api.services import Services
from kaido.cli.main import kaido
from kaido.runtime.settings import load
from tests.databases import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DBC = b'VERSION ""\nBO_ 5 M: 8 X\n SG_ A : 7|8@0- (0.5,0) [0|0] "m/s" X\n SG_ B : 8|8@1+ (1,0) [0|0] "" X\n'
VSS = b"Vehicle.Own: {type: sensor, datatype: float, unit: km/h}"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The API with a company and a token for each scope."""
    migrated(tmp_path / "kaido.db")
    app = create_app(load(data=tmp_path))
    async with app.router.lifespan_context(app):
        services = Services.of(app)
        services.companies.create("a")
        secret = services.tokens.create("a", "all", ["read", "write"])
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://kaido/v1/catalog", headers=headers
        ) as http:
            yield http


async def upload(api: httpx.AsyncClient, file: str, content: bytes, mapping: bytes = b"", **fields: str) -> Any:
    files = {"file": (file, content)} | ({"mapping": ("map.yaml", mapping)} if mapping else {})
    return (await api.post("/import", files=files, data=fields)).json()


async def test_import_list_show(api: httpx.AsyncClient) -> None:
    assert (await upload(api, "own.yaml", VSS)) == {
        "kind": "signals",
        "name": "own.yaml",
        "sync_id": None,
        "signals": 1,
        "changed": True,
        "notes": [],
    }
    imported = await upload(api, "car.dbc", DBC, b"M.A: Vehicle.Own", name="car", namespace="N", interface="can3")
    assert (imported["kind"], imported["name"], imported["signals"], imported["changed"]) == (
        "manifest",
        "car",
        2,
        True,
    )
    assert imported["notes"] == ["M.A is converted from m/s to km/h of Vehicle.Own"]
    again = await upload(api, "car.dbc", DBC, b"M.A: Vehicle.Own", name="car", namespace="N", interface="can3")
    assert again == imported | {"changed": False}
    signals = (await api.get("/signals", params={"glob": "*own"})).json()
    assert [one["path"] for one in signals["items"]] == ["Vehicle.Own"]
    (manifest,) = (await api.get("/manifests")).json()
    assert manifest["sync_id"] == imported["sync_id"]
    for name in ("car", imported["sync_id"]):
        document = (await api.get(f"/manifests/{name}")).json()
        assert [one["path"] for one in document["signals"]] == ["Vehicle.Own", "N.M.B"]
        assert document["signals"][0]["interface"] == "can3"


async def test_signals_come_in_pages(api: httpx.AsyncClient) -> None:
    paths: list[str] = []
    page: dict[str, Any] = {"next": None}
    while not paths or page["next"]:
        after = {"after": page["next"]} if page["next"] else {}
        page = (await api.get("/signals", params={"limit": 50, **after})).json()
        paths += [one["path"] for one in page["items"]]
    assert paths == sorted(set(paths))
    assert len(paths) > 100


@pytest.mark.parametrize(
    ("files", "fields", "what"),
    [
        ({}, {"file": "text"}, "the request has no file"),
        ({"file": ("car.dbc", b"hello")}, {}, "car.dbc cannot be read as DBC"),
        ({"file": ("car.dbc", b"")}, {}, "car.dbc is empty"),
        ({"file": ("car.dbc", DBC), "mapping": ("m", b"- a")}, {}, "m is no mapping"),
        ({"file": ("car.dbc", DBC)}, {"nmae": "car"}, "the form has ['nmae']"),
        ({"file": ("car.dbc", DBC)}, {"name": "a b"}, "a manifest cannot be named 'a b'"),
    ],
)
async def test_requests_that_make_no_sense(
    api: httpx.AsyncClient, files: dict[str, Any], fields: dict[str, str], what: str
) -> None:
    answer = await api.post("/import", files=files or {"other": ("x", b"")}, data=fields)
    assert answer.status_code == 422
    assert what in answer.json()["what"]


async def test_what_is_too_large_is_refused_before_it_is_read(api: httpx.AsyncClient) -> None:
    stated = await api.post("/import", content=b"x", headers={"Content-Length": "65000000"})
    assert stated.status_code == 413

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    unstated = await api.post("/import", content=pieces())
    assert unstated.status_code == 422
    assert "does not state its length" in unstated.json()["what"]


async def test_names_that_are_not_there(api: httpx.AsyncClient) -> None:
    await upload(api, "car.dbc", DBC)
    answer = await api.get("/manifests/cra")
    assert answer.status_code == 404
    assert "Did you mean car?" in answer.json()["fix"]


def run(tmp_path: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(kaido, ["--data", str(tmp_path / "data"), *arguments])
    assert result.exit_code == 0, result.output
    return result


def test_commands_on_a_bare_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "car.dbc").write_bytes(DBC)
    (tmp_path / "map.json").write_text('{"M.A": "Vehicle.Speed"}')
    run(tmp_path, "company", "create", "a")
    given = ["catalog", "import", str(tmp_path / "car.dbc"), "--mapping", str(tmp_path / "map.json")]
    first = run(tmp_path, *given)
    assert "with 2 signals (current now)" in first.output
    assert "converted from m/s to km/h" in first.output
    assert "nothing changed" in run(tmp_path, *given).output
    listed = json.loads(run(tmp_path, "catalog", "list", "car.*", "--json").stdout)
    assert [one["path"] for one in listed] == ["car.M.B"]
    assert "car@" in run(tmp_path, "catalog", "manifests").output
    shown = run(tmp_path, "catalog", "show", "car").output
    assert "Vehicle.Speed" in shown
    assert "0+8 big-endian signed" in shown
    assert "with 29 signals (current now)" in run(tmp_path, *given, "--obd").output
    shown = run(tmp_path, "catalog", "show", "car").output
    assert "Vehicle.OBD.EngineSpeed" in shown
    assert "OBD 01 0C" in shown
    (speed,) = json.loads(run(tmp_path, "catalog", "list", "Vehicle.OBD.EngineSpeed", "--json").stdout)
    assert speed["unit"] == "rpm"

"""The base map of the console: what is set is said, and a file of tiles is served in ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from kaido.api.app import create_app
from kaido.api.services import Services
from kaido.errors import InvalidInputError
from kaido.runtime import settings as settings_module

if TYPE_CHECKING:
    from pathlib import Path


async def get(folder: Path, path: str, headers: dict[str, str] | None = None, **settings: Any) -> httpx.Response:
    app = create_app(settings_module.load(data=folder / "data", **settings))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://k") as http:
        rooms = Services.of(app)
        rooms.companies.create("a")
        secret = rooms.tokens.create("a", "reader", ["read"])
        return await http.get(path, headers={"Authorization": f"Bearer {secret}", **(headers or {})})


@pytest.mark.parametrize(
    ("setting", "kind", "url", "host"),
    [
        ("", "outlines", "", ""),
        ("{folder}/map.pmtiles", "pmtiles", "/v1/map/tiles", ""),
        ("https://maps.test/a.pmtiles", "pmtiles", "https://maps.test/a.pmtiles", " https://maps.test"),
        ("https://maps.test/{z}/{x}/{y}.png", "raster", "https://maps.test/{z}/{x}/{y}.png", " https://maps.test"),
        ("http://m.test:81/{z}/{x}/{y}.pbf?k=1", "vector", "http://m.test:81/{z}/{x}/{y}.pbf?k=1", " http://m.test:81"),
    ],
)
async def test_what_is_set_is_said_and_its_host_alone_may_be_asked(
    tmp_path: Path, setting: str, kind: str, url: str, host: str
) -> None:
    tiles = setting.replace("{folder}", str(tmp_path))
    answer = await get(tmp_path, "/v1/map", console_tiles=tiles, console_tiles_credit="us")
    assert answer.json() == {"tiles": kind, "url": url, "credit": "us" if setting else "", "borders": False}
    policy = answer.headers["content-security-policy"].split("; ")
    assert f"connect-src 'self'{host}" in policy
    assert f"img-src 'self' data: blob:{host}" in policy
    assert "script-src 'self'" in policy


async def test_a_file_of_tiles_is_read_in_ranges(tmp_path: Path) -> None:
    (tmp_path / "map.pmtiles").write_bytes(bytes(range(200)))
    setting: dict[str, Any] = {"console_tiles": str(tmp_path / "map.pmtiles"), "console_borders": True}
    part = await get(tmp_path, "/v1/map/tiles", {"Range": "bytes=10-19"}, **setting)
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    assert part.headers["content-range"] == "bytes 10-19/200"
    (tmp_path / "map.pmtiles").unlink()
    gone = await get(tmp_path / "again", "/v1/map/tiles", **setting)
    assert gone.status_code == 404
    assert str(tmp_path) not in gone.text


@pytest.mark.parametrize("setting", ["map.png", "https://maps.test/tiles", "https://a;script-src *.x/{z}/{x}/{y}.png"])
def test_what_is_no_map_is_refused(setting: str) -> None:
    with pytest.raises(InvalidInputError, match="KAIDO_CONSOLE_TILES"):
        settings_module.load(console_tiles=setting)

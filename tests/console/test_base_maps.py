"""The map on what an operator may set below it: borders, tiles of another host, a file of tiles."""

from __future__ import annotations

import asyncio
import base64
import secrets
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from playwright.async_api import expect

from kaido.api.app import create_app
from kaido.api.services import Services
from kaido.runtime.settings import load
from tests.console import tiles
from tests.console.conftest import PATIENCE_MS, Watched, shot
from tests.databases import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Page

GREEN = (20, 160, 90)
PIXEL = """async ([png, share]) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const brush = new OffscreenCanvas(image.width, image.height).getContext("2d");
  brush.drawImage(image, 0, 0);
  return [...brush.getImageData(share * image.width, image.height / 2, 1, 1).data].slice(0, 3);
}"""
COLOR = """(name) => {
  const brush = new OffscreenCanvas(1, 1).getContext("2d");
  brush.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
  brush.fillRect(0, 0, 1, 1);
  return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""
WEST_AFRICA = 0.55
"""At 0° N, so much of the map's width is on land: where it shows the middle of the world."""


@asynccontextmanager
async def console(folder: Path, browser: Browser, **settings: Any) -> AsyncIterator[Page]:
    """The Fleet page of a console of its own, whose map is drawn; no cars: the twin is not there."""
    migrated(folder / "data" / "kaido.db")
    app = create_app(load(data=folder / "data", **settings))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # pytest has its own
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        while not server.started:  # noqa: ASYNC110  # it has no event
            await asyncio.sleep(0.05)
        rooms = Services.of(app)
        rooms.companies.create("acme")
        password = secrets.token_urlsafe(12)
        rooms.users.create("acme", "hanako", "viewer", password)
        context = await browser.new_context(base_url=url, viewport={"width": 1280, "height": 720})
        try:
            watched = Watched(url, context)
            form: dict[str, str | float | bool] = {"name": "hanako", "password": password}
            answer = await context.request.post("/login", form=form, max_redirects=0)
            assert answer.status == 303
            page = await context.new_page()
            page.watched = watched  # type: ignore[attr-defined]  # as in conftest
            await page.goto("/fleet?at=0,0,1")
            await expect(page.locator("#map[data-ready=true]")).to_be_attached(timeout=3 * PATIENCE_MS)
            yield page
        finally:
            await context.close()
            server.should_exit = True
            await asyncio.wait_for(serving, 30)
        assert not watched.unexpected


async def test_no_land_lies_in_the_sea_where_the_whole_world_is_seen(browser: Browser, tmp_path: Path) -> None:
    async with console(tmp_path, browser) as page:
        for place in ("45,-35,0.6", "45,-35,0.8", "45,-165,0.8", "45,-165,1.2"):  # the Atlantic, the Pacific
            await page.goto(f"/fleet?at={place}")
            await expect(page.locator("#map[data-ready=true]")).to_be_attached(timeout=3 * PATIENCE_MS)
            assert await seen(page, 0.5) == await color(page, "--map-water"), place


async def test_borders(browser: Browser, tmp_path: Path) -> None:
    drawn = []
    for borders in (False, True):
        async with console(tmp_path / str(borders), browser, console_borders=borders) as page:
            drawn.append(await page.locator("#map").screenshot())
            assert await seen(page, WEST_AFRICA) == await color(page, "--map-land")
            if borders:
                await shot(page, "map-borders", ("laptop", "phone"))
                await page.emulate_media(color_scheme="dark")
                await shot(page, "map-borders-dark", ("laptop", "phone"))
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize("kind", ["png", "pbf"])
async def test_tiles_of_another_host(browser: Browser, tmp_path: Path, kind: str) -> None:
    with tiles.served(tiles.picture(*GREEN) if kind == "png" else tiles.vectors()) as host:
        tiled = {"console_tiles": f"{host}/{{z}}/{{x}}/{{y}}.{kind}", "console_tiles_credit": "© us <b>& them</b>"}
        async with console(tmp_path, browser, **tiled) as page:
            page.watched.expect(f"request to another host: {host}/")  # type: ignore[attr-defined]
            await check(page, kind)
            await expect(page.locator(".maplibregl-ctrl-attrib-inner")).to_have_text("© us <b>& them</b>")
            await shot(page, f"map-tiles-{kind}", ("laptop", "phone"))


@pytest.mark.parametrize("kind", ["png", "pbf"])
async def test_a_file_of_tiles(browser: Browser, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "world.pmtiles"
    content = (tiles.picture(*GREEN), tiles.PNG) if kind == "png" else (tiles.vectors(), tiles.MVT)
    file.write_bytes(tiles.archive(*content))
    async with console(tmp_path, browser, console_tiles=str(file), console_borders=True) as page:
        await check(page, kind)
        await shot(page, f"map-file-{kind}", ("laptop", "phone"))
        await page.emulate_media(color_scheme="dark")
        await shot(page, f"map-file-{kind}-dark", ("laptop",))


async def check(page: Page, kind: str) -> None:
    """The tiles are on the map: pictures in their colour, though paler; vectors in the colours of the theme."""
    west, east = await seen(page, 0.3), await seen(page, 0.7)
    if kind == "png":
        assert west == east
        assert west.index(max(west)) == GREEN.index(max(GREEN)), west
    else:
        assert (west, east) == (await color(page, "--map-land"), await color(page, "--map-water"))


async def color(page: Page, name: str) -> tuple[int, ...]:
    """A colour of the theme."""
    return tuple(await page.evaluate(COLOR, name))


async def seen(page: Page, share: float) -> tuple[int, ...]:
    """The colour in the middle of the map, at a share of its width."""
    png = await page.locator("#map").screenshot()
    return tuple(await page.evaluate(PIXEL, [base64.b64encode(png).decode(), share]))

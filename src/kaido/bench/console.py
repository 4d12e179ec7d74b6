"""The console in a real browser: cars that move on the map, the weight of pages, and what viewers cost the server."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from kaido.bench import console_browser, console_peer
from kaido.bench.console_browser import Frames, Person, frames, signed_in, until, usable, weight
from kaido.bench.console_feed import Feed
from kaido.bench.console_viewers import share_of_a_core
from kaido.bench.figure import Figure
from kaido.bench.site import HOST, Site
from kaido.bench.vehicles import COMPANY, Company
from kaido.company import Tokens, Users
from kaido.errors import UnavailableError
from kaido.journal import Journal
from kaido.runtime.tasks import end

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from kaido.bench.options import BenchOptions

FLEETS = (1_000, 10_000, 100_000)
FRAMES_FLOOR = 25.0
MAP_KB, PAGE_KB = 900.0, 150.0
VIEWERS, VIEWED = 50, 10_000
SETTLE_SECONDS = 4.0
OTHER_PAGES = ("/signals", "/campaigns", "/commands", "/energy", "/operations", "/vehicles/car-000000", "/account")
CHARTS = "kaido.bench.console_charts"
"""The module that measures charts: ``async def figures(browser, person, site, options) -> list[Figure]``."""
PIXEL, PIXEL_MS = "publish to pixel, 12 charts at 10 Hz, 99 %", 500.0


def run(options: BenchOptions) -> list[Figure]:
    """The figures."""
    return uvloop.run(_run(options))


async def _run(options: BenchOptions) -> list[Figure]:
    fleets = options.pick(FLEETS, (500,))
    async with Site(options.folder, ["gateway", "ingest", "control", "api"]) as site:
        company = Company(site)
        password = secrets.token_urlsafe(16)
        Users(site.store).create(COMPANY, "bench", "administrator", password)
        company.vehicles(1)
        await company.server()
        token = Tokens(site.store).create(COMPANY, "bench", ["read"])
        person = Person(f"http://{HOST}:{site.settings.api_port}", "bench", password)
        journal = Journal(site.nats, site.settings.nats_url, site.settings)
        figures = []
        try:
            async with console_browser.started() as browser:
                for cars in fleets:
                    measured, drawn = await _moving(browser, person, journal, cars, options)
                    figures += measured
                figures.append(await _peer(browser, fleets[-1], drawn.update_ms, options))
                figures += await _weights(browser, person, options)
                figures += await _charts(browser, person, site, options)
        except UnavailableError as error:
            figures.append(Figure.missing("the console in a browser", "frames/s", str(error)))
        figures += await _viewers(site, token, journal, options)
    return figures


async def _moving(
    browser: Browser, person: Person, journal: Journal, cars: int, options: BenchOptions
) -> tuple[list[Figure], Frames]:
    options.say(f"{cars:,} cars move")
    feed = Feed(journal, cars)
    await feed.once()
    feeding = asyncio.create_task(feed.keep_on())
    try:
        async with signed_in(browser, person) as context:
            page, seconds = await usable(context)
            await until(page, f"document.getElementById('total').textContent === '{cars:,}'")
            await asyncio.sleep(options.pick(SETTLE_SECONDS, 1.0))
            drawn = await frames(page, min(options.seconds, 20.0))
    finally:
        problems = await end([feeding])
    for problem in problems:
        raise problem
    if feed.late_seconds > 0.5:  # noqa: PLR2004  # half a round
        options.remark(f"{cars:,} cars: a round of positions was up to {feed.late_seconds:.1f} s late")
    floor = FRAMES_FLOOR if cars == FLEETS[-1] else None
    figures = [
        Figure.of(f"map with {cars:,} moving cars", drawn.per_second, "frames/s", bound=floor),
        Figure.of(f"processor time of a frame, {cars:,} cars", drawn.cpu_ms, "ms", better="lower"),
        Figure.of(f"Fleet page usable, {cars:,} cars", seconds, "s", better="lower"),
    ]
    return figures, drawn


async def _weights(browser: Browser, person: Person, options: BenchOptions) -> list[Figure]:
    options.say("weighing pages")
    async with signed_in(browser, person) as context:
        of_map = await weight(context, "/fleet")
    others: dict[str, float] = {}
    for path in options.pick(OTHER_PAGES, OTHER_PAGES[:1]):
        async with signed_in(browser, person) as context:
            try:
                others[path] = await weight(context, path)
            except UnavailableError as error:
                options.remark(str(error))
    options.remark("pages, kB: " + ", ".join(f"{path} {kb:.0f}" for path, kb in others.items()))
    return [
        Figure.of("Fleet page with its map, over the network", of_map, "kB", bound=MAP_KB, better="lower"),
        Figure.of("the heaviest other page", max(others.values()), "kB", bound=PAGE_KB, better="lower"),
    ]


async def _peer(browser: Browser, cars: int, update_ms: float, options: BenchOptions) -> Figure:
    name = f"new positions of {cars:,} cars until they are drawn"
    packages = Path(os.environ.get("KAIDO_BENCH_PACKAGES") or "front/node_modules")
    if not (packages / "maplibre-gl").is_dir():
        why = "the peer needs npm packages: run the bench in a checkout, or name their folder in KAIDO_BENCH_PACKAGES"
        return Figure.of(name, update_ms, "ms", better="lower", peer=console_peer.NAME, left_out=why)
    options.say("the peer")
    taken = await console_peer.update_ms(browser, packages, cars, options.pick(3, 1))
    return Figure.of(name, update_ms, "ms", better="lower", peer=console_peer.NAME, peer_value=taken)


async def _charts(browser: Browser, person: Person, site: Site, options: BenchOptions) -> list[Figure]:
    if importlib.util.find_spec(CHARTS) is None:
        return [Figure.missing(PIXEL, "ms", f"{CHARTS} is not there", bound=PIXEL_MS)]
    charts = importlib.import_module(CHARTS)
    figures: list[Figure] = await charts.figures(browser, person, site, options)
    return figures


async def _viewers(site: Site, token: str, journal: Journal, options: BenchOptions) -> list[Figure]:
    cars, viewers = options.pick(VIEWED, 500), options.pick(VIEWERS, 5)
    options.say(f"{viewers} viewers of {cars:,} cars")
    feed = Feed(journal, cars)
    feeding = asyncio.create_task(feed.keep_on())
    seconds = min(options.seconds, 20.0)
    try:
        alone, _ = await share_of_a_core(site, token, 1, seconds)
        many, told = await share_of_a_core(site, token, viewers, seconds)
    finally:
        problems = await end([feeding])
    for problem in problems:
        raise problem
    options.remark(
        f"{viewers} viewers: {told.frames / seconds:.1f} frames/s in all, "
        f"{told.cars / max(told.frames, 1):,.0f} cars in each"
    )
    return [
        Figure.of(f"API with 1 viewer of {cars:,} moving cars", alone, "% of a core", better="lower"),
        Figure.of(f"API with {viewers} viewers of {cars:,} moving cars", many, "% of a core", better="lower"),
        Figure.of("each further viewer", (many - alone) / (viewers - 1), "% of a core", better="lower"),
    ]

"""A platform with simulated cars and people, and a browser that says what went wrong on a page."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from kaido.client import Client
from tests.console import history
from tests.whole.platform_fixture import KAIDO, RunningPlatform

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

COMPANY = "acme"
OTHER = "zebra"
ROLES = ("viewer", "engineer", "operator", "administrator")
CARS = 5
CHROMIUM = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
SIZES = {"wide": (1440, 900), "laptop": (1280, 720), "phone": (390, 844)}
SHOTS = Path(__file__).parent / ".shots"
COUNTING = {"test_fleet.py", "test_campaigns.py"}
"""Files of tests that mean every car there is."""
PATIENCE_MS = 20_000
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
"""Resolves when what changed has been drawn."""
_HERE = Path(__file__).parent
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser lives in one event loop; tests that count the fleet come before those that add cars to it."""
    ours = [number for number, item in enumerate(items) if _HERE in item.path.parents]
    ordered = sorted((items[number] for number in ours), key=_adds)
    for number, item in zip(ours, ordered, strict=True):
        items[number] = item
        if item.get_closest_marker("asyncio"):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def _adds(item: pytest.Item) -> int:
    if item.path.name in COUNTING:
        return 0
    return 2 if "past" in getattr(item, "fixturenames", ()) else 1


@dataclass
class Site:
    """The platform, who may sign in, and its cars."""

    platform: RunningPlatform
    client: Client
    """With a token of company acme that may do everything."""
    other: Client
    """The same of company zebra."""
    passwords: dict[str, str]
    """By the user's name, which is their role."""
    cars: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the console is."""
        return str(self.platform.record["api"])


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("console")
    with contextlib.ExitStack() as ends, RunningPlatform(folder) as platform:
        api, token = platform.record["api"], platform.record["token"]
        operator = ends.enter_context(contextlib.closing(Client(api, token)))
        for company in (COMPANY, OTHER):
            operator.post("/v1/companies", json={"name": company})
        client = ends.enter_context(contextlib.closing(Client(api, token, company=COMPANY)))
        other = ends.enter_context(contextlib.closing(Client(api, token, company=OTHER)))
        passwords = {role: secrets.token_urlsafe(12) for role in ROLES}
        for role, password in passwords.items():
            client.post("/v1/users", json={"name": role, "role": role, "password": password})
        other.post("/v1/users", json={"name": OTHER, "role": "administrator", "password": secrets.token_urlsafe(12)})
        other.post("/v1/vehicles", json={"id": f"{OTHER}-1", "model": OTHER, "vin": OTHER})
        ends.enter_context(_driving(platform))
        cars = _arrived(client)
        yield Site(platform, client, other, passwords, cars)


@pytest.fixture(scope="package")
def past(site: Site) -> history.History:
    """Further cars, with a week of trips, charges and battery estimates behind them."""
    return history.write(site.platform.folder / "data", site.client, COMPANY)


@contextlib.contextmanager
def _driving(platform: RunningPlatform) -> Iterator[None]:
    """Simulated cars in Japan and the United States, through real agents, as long as the block lasts."""
    command = [*KAIDO, "--company", COMPANY, "sim", "--cars", str(CARS), "--markets", "JP,US"]
    with (platform.folder / "sim.log").open("wb") as log:
        process = subprocess.Popen(command, env=platform.environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _arrived(client: Client) -> list[str]:
    """Wait until every car has sent its speed."""
    deadline = time.monotonic() + 120
    while True:
        with contextlib.suppress(Exception):  # ingest takes up a new company within seconds
            found = client.get("/v1/fleet", {"where": "Vehicle.Speed >= 0"})["items"]
            if len(found) == CARS:
                return [one["vehicle"] for one in found]
        assert time.monotonic() < deadline, "the simulated cars did not arrive"
        time.sleep(0.2)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    program = os.environ.get("KAIDO_TEST_CHROMIUM") or shutil.which("chromium")
    if not program:
        pytest.skip("no Chromium here: as root on Debian, .ci/packages installs it; or name one in KAIDO_TEST_CHROMIUM")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=program, args=[*CHROMIUM])
        yield opened
        await opened.close()


class Watched:
    """What went wrong in a browser context that no test may overlook."""

    def __init__(self, url: str, context: BrowserContext) -> None:
        self.host = urlsplit(url).netloc
        self.faults: list[str] = []
        self.expected: list[str] = []
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))

    def expect(self, text: str) -> None:
        """A console error that belongs to the test: a refused request shows as one."""
        self.expected.append(text)

    @property
    def unexpected(self) -> list[str]:
        """The faults that no test expected."""
        return [fault for fault in self.faults if not any(text in fault for text in self.expected)]

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob", "about"} and parts.netloc != self.host:
            self.faults.append(f"request to another host: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        # A violation of the Content-Security-Policy is said as an error too.
        if message.type == "error":
            self.faults.append(f"console: {message.text} ({message.location.get('url')})")


@pytest_asyncio.fixture(loop_scope="session")
async def browser_page(site: Site, browser: Browser) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """A page by role: ``await browser_page("engineer")``; options go to the browser's context.

    The test fails where a page asked another host, or the console had an error; ``page.watched.expect`` names those
    that the test provokes.
    """
    made: list[tuple[BrowserContext, Watched]] = []

    async def open_page(role: str | None = "engineer", **options: Any) -> Page:
        width, height = SIZES["laptop"]
        context = await browser.new_context(
            base_url=site.url, **{"viewport": {"width": width, "height": height}, **options}
        )
        context.set_default_timeout(PATIENCE_MS)
        watched = Watched(site.url, context)
        made.append((context, watched))
        if role:
            await sign_in(context, site, role)
        page = await context.new_page()
        page.watched = watched  # type: ignore[attr-defined]  # goes with the page, for tests alone
        return page

    yield open_page
    faults = [fault for _, watched in made for fault in watched.unexpected]
    for context, _ in made:
        await context.close()
    assert not faults, "\n".join(faults)


async def sign_in(context: BrowserContext, site: Site, role: str) -> None:
    """Sign in over the form's own route, without drawing it."""
    form: dict[str, str | float | bool] = {"name": role, "password": site.passwords[role], "company": COMPANY}
    answer = await context.request.post("/login", form=form, max_redirects=0)
    assert answer.status == 303, await answer.text()


async def shot(page: Page, name: str, sizes: tuple[str, ...] = tuple(SIZES)) -> None:
    """Screenshots of a page at each size, into a folder that is looked at."""
    before = page.viewport_size
    SHOTS.mkdir(exist_ok=True)
    for size in sizes:
        width, height = SIZES[size]
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(DRAWN)
        await page.screenshot(path=SHOTS / f"{name}-{size}.png")
    if before:
        await page.set_viewport_size(before)

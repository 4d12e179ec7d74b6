"""A real browser, signed in to the console of a bench."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import statistics
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaido.bench.console_feed import MIDDLE
from kaido.bench.measuring import descendants, usage
from kaido.bench.vehicles import COMPANY
from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, BrowserContext, Page

PATIENCE_MS = 120_000
LOOK_SECONDS = 0.02
ZOOM = 10
"""At which the cars of the feed fill the map."""
SIZE = {"width": 1440, "height": 900}
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""As little else as may be."""
SOFTWARE = ("--enable-unsafe-swiftshader",)
"""Where there is no graphics card, the processor puts pages together and draws what WebGL draws, as Chromium by itself
has it do there; the flag allows the second. (With ``--use-angle=swiftshader`` it would do both by way of an emulated
card, which costs 70 ms a frame, and which no browser chooses by itself.)"""
COUNTING = """
window.drawn = 0;
window.updates = [];
let arrived = 0;
function count() {
  window.drawn += 1;
  if (arrived) window.updates.push(performance.now() - arrived);
  arrived = 0;
}
const [points, put] = [WebGL2RenderingContext.prototype.drawArrays, CanvasRenderingContext2D.prototype.putImageData];
WebGL2RenderingContext.prototype.drawArrays = function (mode, first, size) {
  if (size > 1) count();  // MapLibre itself draws elements; a ring around a car is one point
  return points.call(this, mode, first, size);
};
CanvasRenderingContext2D.prototype.putImageData = function (...given) {
  count();
  return put.apply(this, given);
};
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => { if (typeof data !== "string") arrived ||= performance.now(); });
  }
};
"""
"""Counts frames in which cars are drawn, and how long after a message they are; the page knows nothing of it."""
USABLE = "document.documentElement.dataset.live && document.getElementById('map').dataset.ready && window.drawn > 0"


@dataclass(frozen=True)
class Person:
    """Who signs in."""

    url: str
    name: str
    password: str


@asynccontextmanager
async def started() -> AsyncIterator[Browser]:
    """Chromium, without a window, on a machine without a graphics card.

    Raises:
        UnavailableError: it, or Playwright, is not installed.
    """
    try:
        from playwright.async_api import async_playwright  # noqa: PLC0415  # only this bench needs it
    except ImportError as error:
        raise UnavailableError("no Playwright here", fix="Install it: pip install playwright") from error
    program = os.environ.get("KAIDO_TEST_CHROMIUM") or shutil.which("chromium")
    if not program:
        raise UnavailableError("no Chromium here", fix="Install it, or name one in KAIDO_TEST_CHROMIUM")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=[*FLAGS, *SOFTWARE])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def signed_in(browser: Browser, person: Person) -> AsyncIterator[BrowserContext]:
    """A context with nothing cached, signed in.

    Raises:
        UnavailableError: the console refused.
    """
    context = await browser.new_context(base_url=person.url, viewport=SIZE)  # type: ignore[arg-type]  # a dict of two numbers
    try:
        context.set_default_timeout(PATIENCE_MS)
        form: dict[str, str | float | bool] = {"name": person.name, "password": person.password, "company": COMPANY}
        answer = await context.request.post("/login", form=form, max_redirects=0)
        if answer.status != 303:  # noqa: PLR2004  # it leads to the console
            raise UnavailableError("the console refuses the bench", why=f"/login answered {answer.status}")
        yield context
    finally:
        await context.close()


async def usable(context: BrowserContext) -> tuple[Page, float]:
    """The Fleet page, and the seconds until its list and map show cars."""
    page = await context.new_page()
    await page.add_init_script(COUNTING)
    began = time.perf_counter()
    await page.goto(f"/fleet?at={MIDDLE[0]},{MIDDLE[1]},{ZOOM}")
    await until(page, USABLE)
    return page, time.perf_counter() - began


async def until(page: Page, expression: str) -> None:
    """Wait until an expression is true in a page; its policy forbids that Playwright's own waiting evaluates one there.

    Raises:
        UnavailableError: it never was.
    """
    deadline = time.monotonic() + PATIENCE_MS / 1_000
    while not await page.evaluate(expression):
        if time.monotonic() > deadline:
            raise UnavailableError(f"the page {page.url} does not get so far", why=f"it waits for {expression}")
        await asyncio.sleep(LOOK_SECONDS)


@dataclass(frozen=True)
class Frames:
    """How the cars were drawn for a while.

    Attributes:
        per_second: frames.
        cpu_ms: of all of the browser's processes, for each frame.
        update_ms: from new positions to their first frame, the middle.
    """

    per_second: float
    cpu_ms: float
    update_ms: float


async def frames(page: Page, seconds: float) -> Frames:
    """Look on for some seconds.

    Raises:
        UnavailableError: nothing new is drawn.
    """
    before = _cpu_seconds()
    count, took, updates = await page.evaluate(
        """async (ms) => {
          const [from, began] = [window.drawn, performance.now()];
          window.updates = [];
          await new Promise((done) => setTimeout(done, ms));
          return [window.drawn - from, performance.now() - began, window.updates];
        }""",
        1_000 * seconds,
    )
    used = _cpu_seconds() - before
    if not updates or not count:
        raise UnavailableError("the map of the bench shows no new positions", fix="See the log of the API")
    return Frames(1_000 * count / took, 1_000 * used / count, statistics.median(updates))


def _cpu_seconds() -> float:
    used = 0.0
    for pid in descendants(os.getpid(), "chrom"):
        with contextlib.suppress(ProcessLookupError):
            used += usage(pid).cpu_s
    return used


async def weight(context: BrowserContext, path: str) -> float:
    """What loading a page brings over the network, kB, headers and all; packed as it comes."""
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    loaded: list[float] = []

    def add(event: dict[str, Any]) -> None:
        loaded.append(event["encodedDataLength"])

    devtools.on("Network.loadingFinished", add)
    await devtools.send("Network.enable")
    answer = await page.goto(path, wait_until="load")
    if answer is None or not answer.ok:
        raise UnavailableError(f"the page {path} cannot be weighed", why=f"it answered {answer and answer.status}")
    if path.partition("?")[0] == "/fleet":
        await until(page, "document.getElementById('map').dataset.ready")
    await page.wait_for_timeout(1_000)  # what scripts load later
    await page.close()
    return sum(loaded) / 1_000

"""Every page for those who do not see it well, or have no mouse, or a phone."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import TimeoutError, expect  # noqa: A004  # it is playwright's own

from kaido.api.app import create_app
from kaido.runtime.settings import load
from tests.console.places import LEAD_ON, PARTS, page_routes, places

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page, ViewportSize

    from tests.console.conftest import Site
    from tests.console.history import History

    Opens = Callable[..., Awaitable[Page]]

AXE = Path(__file__).parents[2] / "front" / "node_modules" / "axe-core" / "axe.min.js"
AT_ONCE = 2
PHONE: ViewportSize = {"width": 390, "height": 844}
FAULTS = """async (rules) => {
  const found = await axe.run(document, { resultTypes: ["violations"], ...(rules ? { runOnly: rules } : {}) });
  return found.violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) =>
    `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
OVERFLOW = """() => document.scrollingElement.scrollWidth <= innerWidth + 1 ? [] :
  [...document.querySelectorAll("body *")].filter((one) => {
    const box = one.getBoundingClientRect();
    if (!box.width || box.right <= innerWidth + 1) return false;
    for (let above = one.parentElement; above !== document.body; above = above.parentElement)
      if (getComputedStyle(above).overflowX !== "visible") return false;  // it scrolls, or is cut off
    return true;
  }).slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""

FITS = "() => document.scrollingElement.scrollWidth <= innerWidth + 1"
PATIENCE_MS = 5_000
FOCUSED = """() => {
  const [one, style] = [document.activeElement, getComputedStyle(document.activeElement)];
  return [one.outerHTML.slice(0, 120), style.outlineStyle, parseFloat(style.outlineWidth)];
}"""


async def test_no_page_has_a_serious_fault(site: Site, past: History, browser_page: Opens, tmp_path: Path) -> None:
    """By axe-core, in light and dark; and nothing is wider than a phone."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: python hatch_build.py --tools")
    known = places(site, past)
    routes = page_routes(create_app(load(data=tmp_path)))
    assert known.keys() | PARTS | LEAD_ON == routes, "a page that is not looked at, or none that is there"
    axe = AXE.read_text()
    waiting = list(known.items())
    faults: list[str] = []

    async def look(page: Page) -> None:
        while waiting:
            route, url = waiting.pop()
            await page.emulate_media(color_scheme="light")
            answer = await page.goto(url)
            assert answer is not None
            assert answer.status == 200, f"{url}: {await answer.text()}"
            await page.wait_for_selector("html[data-ready]")
            await page.evaluate(axe)
            found: list[Any] = await page.evaluate(FAULTS, None)
            await page.emulate_media(color_scheme="dark")
            found += [f"in the dark: {one}" for one in await page.evaluate(FAULTS, ["color-contrast"])]
            await page.set_viewport_size(PHONE)
            with contextlib.suppress(TimeoutError):  # charts take their new width in a moment
                await page.wait_for_function(FITS, timeout=PATIENCE_MS)
            found += [f"too wide for a phone: {one}" for one in await page.evaluate(OVERFLOW)]
            await page.set_viewport_size({"width": 1280, "height": 720})
            faults.extend(f"{route}: {one}" for one in found)

    pages = [await browser_page("administrator", reduced_motion="reduce") for _ in range(AT_ONCE)]
    await asyncio.gather(*(look(page) for page in pages))
    assert not faults, "\n".join(faults)


async def test_without_a_mouse(browser_page: Opens) -> None:
    page = await browser_page("engineer")
    await page.goto("/operations")
    await page.wait_for_selector("html[data-ready]")
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    for _ in range(8):  # past the tabs, and into the page, which has at least so much to reach
        await page.keyboard.press("Tab")
        outline = await page.evaluate(FOCUSED)
        assert outline[1] != "none", outline
        assert outline[2] >= 1, outline
    await page.keyboard.press("g")
    await page.keyboard.press("a")
    await page.wait_for_url("**/account")
    await page.goto("/operations/quarantine")
    await page.wait_for_selector("html[data-ready]")
    await page.keyboard.press("/")
    await expect(page.get_by_label("Vehicle")).to_be_focused()

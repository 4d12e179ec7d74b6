"""The Fleet page with real cars: the map draws them, the list shows them, the filter and the URL hold."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.console.conftest import CARS, PATIENCE_MS, shot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import FloatRect, Page

    from tests.console.conftest import Site

    Opener = Callable[..., Awaitable[Page]]

DRAWN = "#map[data-ready=true]"
GRAPHICS_CARD = """
const ask = WebGL2RenderingContext.prototype.getParameter;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  return name === 0x9246 ? "a graphics card" : ask.call(this, name);  // UNMASKED_RENDERER_WEBGL
};
"""
"""With it the page draws as it does on a graphics card, though the processor does the work of one."""
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null"


async def opened(browser_page: Opener, path: str = "/fleet", **how: Any) -> Page:
    page = await browser_page("viewer", **how)
    await page.goto(path)
    await expect(page.locator("#total")).to_have_text(re.compile(r"\d"))
    return page


async def test_the_fleet_is_on_the_map_and_in_the_list(site: Site, browser_page: Opener) -> None:
    page = await opened(browser_page)
    await expect(page.locator(DRAWN)).to_be_attached(timeout=3 * PATIENCE_MS)
    rows = page.locator("#rows tr")
    await expect(rows).to_have_count(CARS)
    assert await rows.locator("a").all_text_contents() == sorted(site.cars)
    counted = await page.locator("button[data-status] b").all_text_contents()
    assert sum(map(int, counted)) == CARS
    await shot(page, "fleet")
    await page.emulate_media(color_scheme="dark")
    await shot(page, "fleet-dark", ("wide",))

    await rows.first.click()
    card = page.locator("#card")
    await expect(card.get_by_role("link", name=min(site.cars))).to_have_attribute("href", f"/vehicles/{min(site.cars)}")
    await expect(card).to_contain_text(re.compile(r"Speed\s*\d+ km/h\s*\d+ s ago"))
    await expect(page).to_have_url(re.compile(f"car={min(site.cars)}"))
    await card.get_by_role("button", name="Show on the map").click()
    await expect(page).to_have_url(re.compile(r"at=-?[\d.]+,-?[\d.]+,1[3-9]"))
    await shot(page, "fleet-card", ("wide", "phone"))
    await page.keyboard.press("Escape")
    await expect(card).to_be_hidden()
    looks = site.client.get("/v1/audit", {"limit": 1000})["items"]
    assert any(one["what"] == "position.look" and one["details"].get("view") == "positions" for one in looks)


async def test_a_condition_is_completed_held_and_refused_where_it_is_wrong(site: Site, browser_page: Opener) -> None:
    page = await opened(browser_page)
    box, options = page.get_by_role("combobox"), page.get_by_role("option")
    await box.press_sequentially("vehicle.spe")
    await expect(options.first).to_contain_text("Vehicle.Speed")
    await box.press("ArrowDown")
    await box.press("Enter")
    await expect(box).to_have_value("Vehicle.Speed ")
    await expect(options.filter(has_text="at least")).to_be_visible()
    await box.press_sequentially('>= 0 and market == "JP"')
    await box.press("Enter")
    there = sorted(one["vehicle"] for one in site.client.get("/v1/fleet", {"where": 'market == "JP"'})["items"])
    assert 0 < len(there) < CARS
    await expect(page.locator("#rows a")).to_have_text(there)
    await expect(page.locator("#total-of")).to_have_text(f"of {CARS} vehicles")
    await expect(page).to_have_url(re.compile(r"where=Vehicle.Speed"))
    await page.reload()
    await expect(page.locator("#rows a")).to_have_text(there)
    await expect(box).to_have_value('Vehicle.Speed >= 0 and market == "JP"')

    page.watched.expect("422")  # type: ignore[attr-defined]
    await box.fill("Vehicle.Speed > and")
    await box.press("Enter")
    await expect(page.locator("#where-error mark")).to_have_text("and")
    await expect(page.locator("#where-error")).to_contain_text("was expected")
    await shot(page, "fleet-refused", ("laptop", "phone"))
    await page.get_by_role("button", name="Clear").click()
    await expect(page.locator("#where-error")).to_be_hidden()
    await expect(page.locator("#rows tr")).to_have_count(CARS)

    await page.get_by_role("button", name="Offline").click()
    await expect(page.locator("#none-match")).to_be_visible()
    await expect(page).to_have_url(re.compile("status=offline"))
    await page.get_by_role("button", name="Offline").click()
    await page.get_by_role("button", name="Speed").click()
    await expect(page).to_have_url(re.compile("sort=speed"))
    await expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Speed")


@pytest.mark.parametrize("script", [GRAPHICS_CARD, ""], ids=["graphics-card", "processor"])
async def test_a_car_in_the_url_is_drawn_and_clicked_on_the_map(site: Site, browser_page: Opener, script: str) -> None:
    car = min(site.cars)
    values = {one["signal"]: one["value"] for one in site.client.get(f"/v1/vehicles/{car}/twin")["values"]}
    at = f"{values['Vehicle.CurrentLocation.Latitude']},{values['Vehicle.CurrentLocation.Longitude']}"
    page = await browser_page("viewer")
    await page.add_init_script(script)
    await page.goto(f"/fleet?at={at},8&status=moving,charging,parked,offline")
    await expect(page.locator(DRAWN)).to_be_attached(timeout=3 * PATIENCE_MS)
    assert await page.locator("#map canvas").count() == (2 if script else 3)  # the map, the numbers, and the cars
    area = await page.locator("#map").bounding_box()
    assert area
    x, y = area["width"] / 2, area["height"] / 2
    await page.locator("#map canvas.maplibregl-canvas").hover(position={"x": x, "y": y})
    await expect(page.locator("#tip")).to_be_visible()
    await page.locator("#map canvas.maplibregl-canvas").click(position={"x": x, "y": y})
    await expect(page.locator("#card h2")).to_have_text(re.compile("|".join(site.cars)))
    await page.keyboard.press("Escape")
    await page.mouse.move(0, 0)
    middle: FloatRect = {"x": area["x"] + x - 20, "y": area["y"] + y - 20, "width": 40, "height": 40}
    drawn = await page.screenshot(clip=middle)
    for status in ("Moving", "Charging", "Parked"):
        await page.get_by_role("button", name=status).click()
    await expect(page.locator("#total")).to_have_text("0")
    empty = await page.screenshot(clip=middle)
    assert empty != drawn, "the car is not drawn"
    assert empty == await page.screenshot(clip=middle)


async def test_without_webgl_the_list_is_there_and_says_why_the_map_is_not(site: Site, browser_page: Opener) -> None:
    del site
    page = await browser_page("viewer")
    await page.add_init_script(NO_WEBGL)
    await page.goto("/fleet")
    await expect(page.locator("#rows tr")).to_have_count(CARS)
    await expect(page.locator("#map-note")).to_contain_text("WebGL 2")


async def test_a_card_of_another_company_s_car_is_not_there(site: Site, browser_page: Opener) -> None:
    page = await browser_page("viewer")
    answer = await page.request.get("/fleet/card/zebra-1")
    assert answer.status == 404
    assert "zebra" not in (await answer.text()).replace("zebra-1", "")
    ids = await page.request.get("/v1/fleet/ids")
    assert sorted(json.loads(await ids.text())["items"]) == sorted(site.cars)

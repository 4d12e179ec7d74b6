"""A trip and a charge on one clock, and two trips side by side."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import expect

from kaido.console.pages.trip import split
from tests.console.conftest import shot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page

    from tests.console.conftest import Site
    from tests.console.history import History

    OpenPage = Callable[..., Awaitable[Page]]


async def test_a_trip_plays_on_one_clock_and_stands_beside_another(
    site: Site, past: History, browser_page: OpenPage
) -> None:
    car = past.cars[0].id
    trips = [one for one in site.client.get("/v1/trips", {"vehicle": car})["items"] if one["energy_out_wh"]]
    trip, other = sorted(trips, key=lambda one: -one["distance_m"])[:2]
    page = await browser_page("viewer")
    await page.goto(f"/vehicles/{car}/trips/{trip['id']}")
    await expect(page).to_have_url(re.compile(f"/trips/{trip['id']}$"))
    await expect(page.locator(".figures")).to_contain_text(f"{trip['distance_m'] / 1_000:,.1f} km")
    await expect(page.locator(".split-keys")).to_contain_text(f"{trip['energy_in_wh'] / 1_000:,.2f} kWh")
    speed = page.locator("figure[data-signal='Vehicle.Speed'] .legend b")
    await expect(speed).to_have_text(re.compile(r"[\d.,]+ km/h"))
    marker = page.locator(".car-marker")
    await expect(marker).to_be_visible()
    began = await marker.bounding_box()
    await page.get_by_role("slider", name="Moment").fill("500")
    await expect(page).to_have_url(re.compile("at="))
    assert await marker.bounding_box() != began
    await expect(speed).to_have_text(re.compile(r"[\d.,]+ km/h"))
    await shot(page, "trip")

    await page.get_by_label("Compare with").select_option(other["id"])
    await page.locator("select[name=by]").select_option("distance")
    await page.get_by_role("button", name="Compare").click()
    await expect(page.locator("#board figure").first).to_contain_text(re.compile(r"[\d.,]+ km/h at 0 m.*second"))
    await expect(page.locator(".car-marker")).to_have_count(2)
    await page.keyboard.press("End")
    await page.keyboard.press("Shift+ArrowRight")
    await expect(page.locator("#player output")).to_have_text(re.compile(r"[\d.]+ km of [\d.]+ km"))
    await shot(page, "trips-compared")


async def test_a_charge_has_its_curve_and_its_cost(site: Site, past: History, browser_page: OpenPage) -> None:
    charge = next(
        one for one in site.client.get("/v1/charges", {"vehicle": past.cars[0].id})["items"] if one["complete"]
    )
    page = await browser_page("viewer")
    await page.goto(f"/charges/{charge['id']}")
    await expect(page.locator(".figures")).to_contain_text(f"{charge['energy_battery_wh'] / 1_000:,.2f} kWh")
    await expect(page.locator("#curve .legend")).to_contain_text(re.compile(r"kW .*State of charge"))
    await page.get_by_label("Tariff").select_option("example-jp-night")
    await page.get_by_role("button", name="Reckon").click()
    cost = site.client.get(f"/v1/charges/{charge['id']}/cost", {"tariff": "example-jp-night"})
    await expect(page.locator(".figures")).to_contain_text(f"{cost['amount']:,.0f} JPY")
    await expect(page.locator("main")).to_contain_text("its prices are invented")
    await expect(page.locator(".car-marker")).to_be_visible()
    await shot(page, "charge")


@given(
    st.fixed_dictionaries(
        {
            "energy_out_wh": st.none() | st.floats(-10, 1e6),
            "energy_in_wh": st.none() | st.floats(-10, 1e6),
            "auxiliary_wh": st.none() | st.floats(-10, 1e6),
        }
    )
)
def test_parts_of_an_energy_add_up(trip: dict[str, Any]) -> None:
    parts = split(trip)
    assert all(wh > 0 for _, _, wh in parts)
    out = trip["energy_out_wh"]
    assert sum(wh for _, _, wh in parts) == pytest.approx(out if out and out > 0 else 0)

"""The page of energy: the numbers are those of the command line, and each says where it comes from."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from kaido.services.markets import METRIC, market
from tests.console.conftest import COMPANY, shot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page

    from tests.console.conftest import Site
    from tests.console.history import History

pytestmark = pytest.mark.usefixtures("past")


async def told(site: Site, *words: str) -> list[dict[str, Any]]:
    """What the command line says."""
    found: list[dict[str, Any]] = await asyncio.to_thread(site.platform.kaido, "--company", COMPANY, *words)
    return found


async def test_consumption_and_charging_are_those_of_the_command_line(
    site: Site, past: History, browser_page: Callable[..., Awaitable[Page]]
) -> None:
    page = await browser_page("viewer")
    span = (f"--start={past.start:%Y-%m-%dT%H:%M:%SZ}", f"--end={past.end:%Y-%m-%dT%H:%M:%SZ}")
    await page.goto(f"/energy?start={past.start:%Y-%m-%dT%H:%M:%SZ}&end={past.end:%Y-%m-%dT%H:%M:%SZ}")
    for by in ("model", "market"):
        for one in await told(site, "energy", "consumption", "--by", by, *span):
            row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=one["group"], exact=True))
            for kind, name in (
                ("distance", "distance_m"),
                ("energy", "net_wh"),
                ("consumption", "consumption_wh_per_km"),
            ):
                await expect(row).to_contain_text(METRIC.shown(kind, one[name]))  # type: ignore[arg-type]  # of these
    await shot(page, "energy")

    # A group leads to itself alone, and the range stays.
    await page.get_by_role("link", name="Compact 62").click()
    await expect(page.get_by_label("All models")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="Saloon 60")).to_have_count(0)
    await page.get_by_role("link", name="Charging").click()
    assert "model=Compact+62" in page.url
    assert "start=" in page.url
    [whole] = await told(site, "energy", "charging", "--model", "Compact 62", *span)
    await expect(page.locator(".figures b").first).to_have_text(METRIC.shown("energy", whole["energy_wh"]))
    await expect(page.locator(".figures")).to_contain_text(f"{100 * whole['dc_wh'] / whole['energy_wh']:.0f} %")
    hours = await told(site, "energy", "charging", "--by", "hour", "--model", "Compact 62", *span)
    for one in hours:
        told_of_it = page.locator("svg.hours title", has_text=f"{int(one['group']):02}:00: AC")
        await expect(told_of_it).to_contain_text(METRIC.shown("energy", one["ac_wh"]))
    await page.get_by_label("All models").click()
    await shot(page, "energy-charging")


async def test_batteries_have_intervals_methods_and_their_like(
    site: Site, browser_page: Callable[..., Awaitable[Page]]
) -> None:
    page = await browser_page("viewer")
    await page.goto("/energy/batteries")
    batteries = await told(site, "battery")
    assert len(batteries) >= 4
    each = page.get_by_role("region", name="Each battery")
    for one in batteries:
        row = each.get_by_role("row").filter(has=page.get_by_role("rowheader", name=one["vehicle"], exact=True))
        if one["health_percent"] is not None:
            await expect(row).to_contain_text(f"{one['health_percent']:.1f} %")
            ends = f"({one['health_percent_low']:.1f} to {one['health_percent_high']:.1f})"
            await expect(row.get_by_role("img")).to_have_attribute(
                "aria-label", re.compile(f"{re.escape(ends)}, {re.escape(one['method'])}, {one['sessions']} session")
            )
    order = await each.get_by_role("rowheader").all_text_contents()
    known = {one["vehicle"]: one["health_percent"] for one in batteries}
    worn = [known[name] for name in order if known[name] is not None]
    assert worn == sorted(worn)
    like = page.get_by_role("region", name="Beside their like")
    for one in await told(site, "battery", "--cohorts"):
        row = like.get_by_role("row").filter(has_text=one["model"]).filter(has_text=one["market"])
        await expect(row).to_contain_text(f"{one['estimated']} of {one['vehicles']}")
        median = one["percentiles"].get("p50")
        await expect(row.locator("b")).to_have_text("-" if median is None else f"{median:.1f} {one['unit']}")
    await shot(page, "energy-batteries")
    await each.get_by_role("link", name="rei-1").click()
    await expect(page).to_have_url(f"{site.url}/vehicles/rei-1")


async def test_balances_show_what_is_left_and_hybrids_their_accounts(
    site: Site, past: History, browser_page: Callable[..., Awaitable[Page]]
) -> None:
    page = await browser_page("viewer")
    span = (f"--start={past.start:%Y-%m-%dT%H:%M:%SZ}", f"--end={past.end:%Y-%m-%dT%H:%M:%SZ}")
    await page.goto(f"/energy/balance?start={past.start:%Y-%m-%dT%H:%M:%SZ}&end={past.end:%Y-%m-%dT%H:%M:%SZ}")
    for one in await told(site, "energy", "balance", *span):
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=one["vehicle"], exact=True))
        await expect(row.locator("b")).to_have_text(METRIC.shown("energy", one["residual_wh"]))
        await expect(row.locator(".tag")).to_have_text("yes" if one["closes"] else "no")
        await expect(row.get_by_role("img")).to_have_attribute(
            "aria-label", re.compile(re.escape(METRIC.shown("energy", one["tolerance_wh"])))
        )
    await shot(page, "energy-balance")
    await page.get_by_role("link", name="Plug-in and hybrid").click()
    for one in await told(site, "energy", "powertrain", *span):
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=one["vehicle"], exact=True))
        await expect(row).to_contain_text(one["powertrain"])
        await expect(row).to_contain_text(METRIC.shown("distance", one["distance_m"]))
    await expect(page.get_by_role("row").filter(has_text="plug-1")).to_contain_text("plug-in hybrid")
    await shot(page, "energy-powertrain")


async def test_units_are_those_of_the_market_and_nothing_says_what_to_do(
    site: Site, browser_page: Callable[..., Awaitable[Page]]
) -> None:
    page = await browser_page("operator")
    csrf = str((await (await page.request.get("/v1/session")).json())["csrf"])
    chosen = {"preferences": {"market": "US", "zone": "America/Los_Angeles"}}
    answer = await page.request.patch("/v1/session", data=chosen, headers={"Kaido-CSRF": csrf})
    assert answer.ok, await answer.text()
    await page.goto("/energy?start=all")
    [fleet] = await told(site, "energy", "consumption")
    american = market("US").reading
    await expect(page.locator(".figures b").first).to_have_text(
        re.compile(rf"[\d.,]+ {re.escape(american.unit('consumption').symbol)}")
    )
    assert fleet["consumption_wh_per_km"]
    await expect(page.get_by_role("table").last).to_contain_text("°F")
    await expect(page.get_by_text("that drove 6.2 mi or more")).to_be_visible()
    await page.get_by_label("From", exact=True).fill("2020-01-01")
    await page.get_by_label("To", exact=True).fill("2020-01-02 12:00")
    await page.get_by_role("button", name="Show").click()
    await expect(page).to_have_url(re.compile(r"start=2020-01-01T08%3A00%3A00Z&end=2020-01-02T20%3A00%3A00Z"))
    await expect(page.locator(".empty")).to_contain_text("kaido energy derive")
    for view in ("Charging", "Balance", "Plug-in and hybrid"):
        await page.get_by_role("link", name=view).click()
        await expect(page.locator(".empty code").first).to_contain_text("kaido energy derive")

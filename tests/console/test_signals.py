"""The page of signals through its main use, over a week of history and cars that drive."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import shlex
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
from playwright.async_api import expect

from tests.console.conftest import CARS, COMPANY, shot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Locator, Page, Response

    from tests.console.conftest import Site
    from tests.console.history import History

SPEED = "Vehicle.Speed"
SOC = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"
STATE = "Vehicle.LowVoltageSystemState"
CAR = "rei-1"


def shown(page: Page) -> dict[str, list[str]]:
    """What the URL says."""
    return parse_qs(urlsplit(page.url).query)


async def drawn(page: Page, panels: int) -> Locator:
    """The panels, when that many are drawn."""
    found = page.locator("#plots figure.chart")
    await expect(found).to_have_count(panels)
    await expect(page.locator("#plots")).to_have_attribute("aria-busy", "false")
    return found


Ends = dict[str, tuple[float, float, float, float]]


def ends(rows: list[dict[str, Any]]) -> Ends:
    """First and last moment, least and most of each vehicle: what thinning keeps, whichever points it takes."""
    found: Ends = {}
    for vehicle in {row["vehicle"] for row in rows}:
        times = [datetime.fromisoformat(row["time"]).timestamp() for row in rows if row["vehicle"] == vehicle]
        values = [row["value"] for row in rows if row["vehicle"] == vehicle]
        found[vehicle] = (round(min(times), 3), round(max(times), 3), min(values), max(values))
    return found


async def drawn_ends(response: Response) -> Ends:
    """The same of what a panel is drawn from."""
    lines = (await response.json())["series"]
    return {
        one["vehicle"]: (one["times"][0], one["times"][-1], min(one["values"]), max(one["values"])) for one in lines
    }


def is_series(response: Response) -> bool:
    """Whether it is what a panel is drawn from."""
    return "/v1/signals/series" in response.url


async def test_signals_are_searched_chosen_by_keyboard_drawn_and_zoomed(
    site: Site, past: History, browser_page: Callable[..., Awaitable[Page]]
) -> None:
    page = await browser_page("viewer")
    await page.goto(f"/signals?vehicle={CAR}&start={past.start:%Y-%m-%dT%H:%M:%SZ}")
    await page.locator("[data-add]").first.wait_for()
    await page.locator("h1").click()
    await page.keyboard.press("/")
    await page.keyboard.type("speed vehicle")
    await expect(page.locator("[data-add]")).to_have_count(1)
    await expect(page.locator("[data-add]")).to_contain_text("km/h")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await drawn(page, 1)
    assert shown(page)["signal"] == [SPEED]
    await expect(page.locator(f'[data-add="{SPEED}"]')).to_have_attribute("aria-pressed", "true")

    # The least and the most are those of every sample, though far fewer points are drawn.
    frame = site.client.signals(CAR, SPEED, past.start, past.end)
    table = page.locator("#plots .values")
    most = max(frame["value"].to_list())
    await expect(table.locator("td").last).to_have_text(f"{most:.0f} km/h")
    await expect(page.locator("#range")).to_contain_text(f"{len(frame):,} samples")

    # Another unit is another panel; texts are bars.
    for signal in (SOC, STATE):
        await page.get_by_label("Add a signal by its path").fill(signal)
        await page.keyboard.press("Enter")
        await expect(page.locator(f'.chip[data-signal="{signal}"]')).to_be_visible()
    await page.get_by_label("Add a vehicle").fill("sora-1")
    await page.keyboard.press("Enter")
    figures = await drawn(page, 3)
    await expect(page.locator("figure.texts li").first).to_be_visible()
    await shot(page, "signals")

    # A dragged range is asked for anew, more finely, and is in the URL; back is back.
    before = page.url
    over = figures.nth(1).locator(".u-over")
    await over.scroll_into_view_if_needed()
    box = await over.bounding_box()
    assert box is not None
    async with page.expect_response(is_series) as finer:
        await page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 40)
        await page.mouse.down()
        await page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 60, steps=4)
        await page.mouse.up()
    lines = (await (await finer.value).json())["series"]
    await page.wait_for_url(lambda url: url != before)
    asked = shown(page)
    assert past.start.isoformat() < asked["start"][0] < asked["end"][0] < past.end.isoformat()
    speed = next(one for one in lines if (one["vehicle"], one["signal"]) == (CAR, SPEED))
    expected = site.client.signals(CAR, SPEED, asked["start"][0], asked["end"][0])
    assert speed["samples"] == len(expected)
    assert max(speed["values"]) == max(expected["value"].to_list())
    await page.go_back()
    await expect(page).to_have_url(before)
    await drawn(page, 3)


async def test_what_is_shown_is_shared_downloaded_and_the_same_elsewhere(
    site: Site, past: History, browser_page: Callable[..., Awaitable[Page]]
) -> None:
    page = await browser_page("viewer", permissions=["clipboard-read", "clipboard-write"])
    async with page.expect_response(is_series) as answer:
        await page.goto(
            f"/signals?vehicle={CAR}&vehicle=plug-*&signal={SPEED}&start={past.start:%Y-%m-%dT%H:%M:%SZ}&end=now"
        )
    seen = await drawn_ends(await answer.value)
    assert {*seen} == {CAR, "plug-1"}
    await drawn(page, 1)

    # The link has the very moments: opened again, it shows the same.
    await page.get_by_role("button", name="Copy link").click()
    await expect(page.locator("#toast")).to_contain_text("copied")
    link = await page.evaluate("navigator.clipboard.readText()")
    async with page.expect_response(is_series) as answer:
        await page.goto(link)
    assert await drawn_ends(await answer.value) == seen
    await drawn(page, 1)

    # Every sample, in each format, under the person's own session.
    whole = site.client.signals([CAR, "plug-*"], SPEED, past.start, past.end)
    readers: dict[str, Callable[[bytes], pl.DataFrame]] = {
        "CSV": lambda body: pl.read_csv(io.BytesIO(body)),
        "Parquet": lambda body: pl.read_parquet(io.BytesIO(body)),
        "Arrow": lambda body: pl.read_ipc_stream(io.BytesIO(body)),
    }
    for name, read in readers.items():
        address = await page.get_by_role("link", name=name).get_attribute("href")
        rows = read(await (await page.request.get(str(address))).body())
        assert rows["value"].to_list() == whole["value"].to_list(), name

    # What is copied for elsewhere gives what is drawn.
    await page.get_by_text("The same with the command line").click()
    await page.locator('[data-copy="cli"]').click()
    await expect(page.locator("#toast")).to_have_text("Copied.")
    words = shlex.split(await page.evaluate("navigator.clipboard.readText()"))
    assert words[:2] == ["kaido", "signals"]
    same = await asyncio.to_thread(site.platform.kaido, "--company", COMPANY, *words[1:])
    assert ends(same) == seen
    code = await page.locator("#python").text_content()
    token = site.client.post("/v1/tokens", {"name": "copied", "scopes": ["read"]})["secret"]
    environment = {**os.environ, "KAIDO_TOKEN": token}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"{code}\nprint(frame.select('vehicle', 'time', 'value').write_json())"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(process.communicate(), 60)
    assert ends(json.loads(told.decode().splitlines()[-1])) == seen


async def test_cars_that_drive_and_what_is_wrong_or_empty(
    site: Site, browser_page: Callable[..., Awaitable[Page]]
) -> None:
    page = await browser_page("engineer")
    pattern = site.cars[0].split("-", maxsplit=1)[0] + "-*"
    await page.goto(f"/signals?vehicle={pattern}&signal={SPEED}&start=-15m")
    await drawn(page, 1)
    await expect(page.locator("#plots tbody tr")).to_have_count(CARS)
    await page.get_by_role("link", name="All", exact=True).click()
    await expect(page.get_by_role("link", name="All", exact=True)).to_have_attribute("aria-current", "true")
    assert shown(page)["start"] == ["all"]

    page.watched.expect("404")  # type: ignore[attr-defined]
    await page.goto(f"/signals?vehicle={site.cars[0]}&signal=Vehicle.Sped&start=-15m")
    await expect(page.get_by_role("alert")).to_contain_text(re.compile("Vehicle.Sped.*Vehicle.Speed", re.DOTALL))
    await page.goto(f"/signals?vehicle={site.cars[0]}&signal={SPEED}&start=2020-01-01&end=2020-01-02")
    assert shown(page) == {
        "vehicle": [site.cars[0]],
        "signal": [SPEED],
        "start": ["2020-01-01T00:00:00Z"],
        "end": ["2020-01-02T00:00:00Z"],
    }
    await expect(page.locator("#plots .empty")).to_contain_text("sample at that time")
    await expect(page.locator("#list .empty")).to_contain_text("Nothing is recorded")
    await page.get_by_label("The whole catalog").check()
    await page.get_by_label("Search the signals").fill("hood")
    await expect(page.locator("[data-add]").first).to_contain_text(re.compile("hood", re.IGNORECASE))
    await page.goto("/signals")
    await expect(page.locator(".shown .empty")).to_contain_text("Choose vehicles")

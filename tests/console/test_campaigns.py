"""Campaigns in a browser: written with a typo, mended, estimated, started in real cars, watched, changed, stopped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.console.conftest import CARS, shot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from playwright.async_api import Page

    from tests.console.conftest import Site

TYPO = """name: browser-trial
signals:
  - Vehicle.Speed
condition: Vehicle.Speeed >= 0 km/h and (Vehicle.Speed < 900 or not Vehicle.Speed > 1)
minimum_interval: 1s
"""
GOOD = TYPO.replace("Speeed", "Speed")
LONG_MS = 90_000
"""Cars take up a campaign within seconds; the machine may be busy."""


async def test_a_campaign_from_a_typo_to_its_end(site: Site, browser_page: Callable[..., Awaitable[Page]]) -> None:
    page = await browser_page("engineer")
    await _write(page)
    await _estimate(page)
    await _start(page, site)
    await _watch(page)
    await _edit(page)
    await _stop(page)


async def _write(page: Page) -> None:
    """With a typo, which is mended by completion."""
    await page.goto("/campaigns")
    await page.get_by_role("link", name="New campaign").click()
    await page.wait_for_selector("html[data-ready]")
    text = page.get_by_label("The campaign, as YAML")
    await text.fill(TYPO)
    mistake = page.get_by_role("alert")
    await expect(mistake).to_contain_text("Line 4, column 12")
    await expect(mistake).to_contain_text("no signal 'Vehicle.Speeed'")
    await expect(page.locator(".under mark")).to_have_text("Vehicle.Speeed")
    await shot(page, "campaign-typo")
    await page.get_by_role("button", name="Line 4, column 12").click()  # the caret takes the word
    await page.keyboard.type("Vehicle.Spee")
    option = page.get_by_role("option", name=re.compile(r"^Vehicle\.Speed "))
    await expect(option).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(text).to_have_value(GOOD)
    await expect(page.get_by_text("It makes sense.")).to_be_visible()
    await expect(page.locator(".tree")).to_contain_text("any of")


async def _estimate(page: Page) -> None:
    """Leaving does not break it."""
    await page.get_by_role("button", name="Estimate").click()
    await expect(page).to_have_url(re.compile(r"rehearsal=\w+"))
    await page.goto("/campaigns")
    await page.go_back()
    estimate = page.locator('.rehearsal[data-state="done"]')
    await expect(estimate).to_contain_text(f"{CARS} vehicles that it means", timeout=LONG_MS)
    await expect(estimate).to_contain_text(re.compile(r"Bytes\s*[\d.,]+ [kMG]?B \([\d.,]+ [kMG]?B to .*90 %\)"))
    await expect(page.get_by_label("The campaign, as YAML")).to_have_value(re.compile("^name: browser-trial\n"))
    await shot(page, "campaign-estimate")


async def _start(page: Page, site: Site) -> None:
    """A draft first; its page says whom it reaches."""
    await page.get_by_label("Reason, for the record").fill("to see the cars take it")
    await page.get_by_role("button", name="Save as a draft").click()
    await expect(page).to_have_url(f"{site.url}/campaigns/browser-trial")
    await page.get_by_role("button", name="Start…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(f"It reaches {CARS} vehicles now")
    await dialog.get_by_role("button", name="Start it").click()


async def _watch(page: Page) -> None:
    """The cars take it, and their samples arrive."""
    await expect(page.locator('[data-reason="holds"] td').first).to_have_text(str(CARS), timeout=LONG_MS)
    standing = page.locator("#standing")
    await expect(standing).to_contain_text(re.compile(r"Events today \(UTC\)\s*[1-9]"), timeout=LONG_MS)
    await shot(page, "campaign")
    await page.get_by_role("link", name="Results").click()
    row = page.locator("#results tbody tr").first
    await expect(row).to_contain_text("Vehicle.Speed", timeout=LONG_MS)
    await expect(row.get_by_role("link", name="Plot")).to_have_attribute("href", re.compile(r"^/signals\?vehicle=sim-"))
    await shot(page, "campaign-results", ("laptop",))


async def _edit(page: Page) -> None:
    """Another version, and how it differs."""
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_label("The campaign, as YAML").fill(GOOD.replace("1s", "2s"))
    await expect(page.get_by_text("It makes sense.")).to_be_visible()
    await page.get_by_role("button", name="Save as version 2…").click()
    await expect(page.get_by_role("dialog")).to_contain_text(f"{CARS} vehicles that it means get the new version")
    await page.get_by_role("dialog").get_by_role("button", name="Save it").click()
    await page.get_by_role("link", name="Versions").click()
    await expect(page.locator(".difference .new")).to_have_text("+ minimum_interval: 2s")
    await expect(page.locator(".difference .old")).to_have_text("- minimum_interval: 1s")


async def _stop(page: Page) -> None:
    """The cars drop it; the record says who and why."""
    await page.get_by_role("button", name="Stop…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(re.compile(rf"\d vehicles? hold it and drop it, for good; {CARS} vehicles"))
    await dialog.get_by_label("Reason").fill("seen enough")
    await dialog.get_by_role("button", name="Stop it for good").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("stopped")
    await expect(page.locator('[data-reason="dropped"] td').first).to_have_text(str(CARS), timeout=LONG_MS)
    await page.get_by_role("link", name="Changes").click()
    await expect(page.get_by_role("row", name=re.compile("engineer.*stopped.*seen enough"))).to_be_visible()
    await page.goto("/campaigns?q=browser-trial")
    await expect(page.locator('tr[data-campaign="browser-trial"]')).to_contain_text("stopped")
    await expect(page.locator("tr[data-campaign]")).to_have_count(1)
    await shot(page, "campaigns")


async def test_completion_knows_where_it_is(browser_page: Callable[..., Awaitable[Page]]) -> None:
    page = await browser_page("engineer")
    await page.goto("/campaigns/-/new")
    await page.wait_for_selector("html[data-ready]")
    text = page.get_by_label("The campaign, as YAML")
    for written, offered in (
        ("name: a\nsig", "signals"),
        ("signals:\n  - Vehicle.Spe", "Vehicle.Speed"),
        ("signals:\n- {path: a, wi", "window"),
        ("signals: [a, Vehicle.Spe", "Vehicle.Speed"),
        ("trigger: ri", "rising_edge"),
        ("condition: Vehicle.Speed > 1 and last_window_a", "last_window_avg(signal)"),
        ("rollout:\n  waves:\n    - pe", "percent"),
        ("rollout:\n  waves:\n    - percent: 1\n      la", "lasts"),
        ("rollout:\n  waves: []\n  limits: {by", "bytes"),
        ("rollout:\n  limits:\n    bytes: 1MB\npri", "priority"),
    ):
        await text.fill(written)
        await text.press("Control+End")
        await text.press("Control+Space")
        option = page.get_by_role("option").filter(has=page.get_by_text(offered, exact=True))
        await expect(option.first, written).to_be_visible()
    await text.press("Escape")
    await expect(page.get_by_role("listbox")).to_be_hidden()


async def test_a_viewer_sees_why_buttons_are_off(site: Site, browser_page: Callable[..., Awaitable[Page]]) -> None:
    page = await browser_page("viewer")
    for path, name in (
        ("/campaigns/simulated-fleet", "Stop…"),
        ("/campaigns/simulated-fleet", "Edit"),
        ("/campaigns", "New campaign"),
        ("/campaigns/-/new", "Save as a draft"),
    ):
        await page.goto(path)
        button = page.get_by_role("button", name=name)
        await expect(button).to_be_disabled()
        await expect(button).to_have_accessible_description(
            "Your role, viewer, may not do this: it takes the role engineer."
        )
    csrf = await page.evaluate("document.documentElement.dataset.csrf")
    answer = await page.request.post("/campaigns/simulated-fleet/stop", form={"csrf": csrf})
    assert answer.status == 403
    assert site.client.get("/v1/campaigns/simulated-fleet")["state"] == "running"


async def test_a_recorded_drive_is_played_through_what_is_written(
    browser_page: Callable[..., Awaitable[Page]], tmp_path: Path
) -> None:
    drive = tmp_path / "drive.log"
    drive.write_text("".join(f"({1_750_000_000 + at}.0) can0 7FF#{at:02X}\n" for at in range(10)))
    page = await browser_page("engineer")
    await page.goto("/campaigns/-/new?like=simulated-fleet")
    await page.wait_for_selector("html[data-ready]")
    await expect(page.get_by_label("The campaign, as YAML")).to_have_value(re.compile("^name: simulated-fleet\n"))
    await page.get_by_label("The campaign, as YAML").fill(GOOD)
    await page.get_by_label("Recorded drive").set_input_files(drive)
    await page.get_by_role("button", name="Dry run").click()
    played = page.locator('.rehearsal[data-state="done"]')
    await expect(played).to_contain_text("Dry run of browser-trial", timeout=LONG_MS)
    await expect(played).to_contain_text("10 frames by manifest")

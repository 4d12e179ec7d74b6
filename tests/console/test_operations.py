from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from playwright.async_api import expect

from kaido.flow import QUARANTINE_SCHEMA, UpKind
from kaido.lake import Lake
from kaido.runtime import clock
from tests.console.conftest import COMPANY, shot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page

    from tests.console.conftest import Site

    Opens = Callable[..., Awaitable[Page]]


def number(text: str | None) -> float:
    found = re.search(r"[\d,.]+", text or "")
    assert found, text
    return float(found[0].replace(",", ""))


@pytest.fixture
def spoiled(site: Site) -> list[str]:
    """Two vehicles' payloads that nobody can read."""
    senders = site.cars[:2]
    rows = [
        {
            "id": f"spoiled-{sender}",
            "vehicle": sender,
            "kind": int(UpKind.SIGNALS),
            "arrival": clock.now(),
            "reason": "malformed: cut off in the middle",
            "payload": b"\xff\xff<script>alert(1)</script>",
        }
        for sender in senders
    ]
    lake = Lake(site.platform.folder / "data" / "lake", COMPANY)
    lake.quarantine(pa.Table.from_pylist(rows, QUARANTINE_SCHEMA), app_id="test", version=clock.now_us())
    return senders


async def test_what_runs_and_how_fast(site: Site, browser_page: Opens) -> None:
    page = await browser_page("viewer")
    await page.goto("/operations")
    for process in ("gateway", "ingest", "control", "services", "api"):
        await expect(page.locator(f'[data-process="{process}"]')).to_contain_text("running")
    await expect(page.locator('[data-figure="values"]')).to_have_text(re.compile(r"[1-9].*/s"))
    await expect(page.locator('[data-figure="connected"]')).to_have_text(str(len(site.cars)))
    await expect(page.locator('[data-figure="lag"]')).to_have_text(re.compile(r"^[\d.]+ (s|min)"))
    for process, said in (("gateway", "messages/s"), ("ingest", "values/s"), ("services", "derived")):
        await expect(page.locator(f'[data-process="{process}"] .now')).to_contain_text(said)
    for chart in ("values", "waiting", "journal"):
        await expect(page.locator(f"#chart-{chart} canvas")).to_be_visible()
    rows = page.locator('[data-rows="signals"]')
    before = number(await rows.text_content())
    await page.wait_for_function(
        "before => Number(document.querySelector('[data-rows=signals]').textContent.replaceAll(',', '')) > before",
        arg=before,
    )
    await expect(page.get_by_text("kaido doctor")).to_be_visible()
    assert "zebra" not in await page.content()
    await shot(page, "operations")


async def test_payloads_in_quarantine_are_looked_at_tried_again_and_forgotten(
    site: Site, spoiled: list[str], browser_page: Opens
) -> None:
    looker = await browser_page("viewer")
    await looker.goto("/operations/quarantine?reason=malformed")
    again = looker.get_by_role("button", name="Try again…")
    await expect(again).to_be_disabled()
    await expect(again).to_have_attribute("title", re.compile("it takes the role engineer"))

    page = await browser_page("engineer")
    await page.goto("/operations/quarantine?reason=malformed")
    await shot(page, "quarantine")
    await page.get_by_role("link", name=f"spoiled-{spoiled[0]}"[:14]).first.click()
    await expect(page.locator("pre").last).to_contain_text("ff ff 3c 73")
    await shot(page, "payload", ("laptop",))
    await page.go_back()
    await page.get_by_role("button", name="Try again…").click()
    dialog = page.get_by_role("dialog", name="Try again?")
    await expect(dialog).to_contain_text("2 payloads of 2 vehicles")
    await shot(page, "quarantine-again", ("laptop",))
    await dialog.get_by_role("button", name="Try again", exact=True).click()
    await expect(page.get_by_role("status").first).to_contain_text("2 payloads went back into the journal")

    # They cannot be read this time either: back they come, under other names.
    found: list[str] = []
    while len(found) < 2:
        items = site.client.get("/v1/quarantine", {"reason": "malformed"})["items"]
        found = [one["id"] for one in items]
    assert not set(found) & {f"spoiled-{sender}" for sender in spoiled}
    await page.goto("/operations/quarantine?reason=malformed")
    await page.get_by_label("Vehicle").fill(spoiled[0])
    await page.get_by_role("button", name="Filter").click()
    await expect(page).to_have_url(re.compile(rf"reason=malformed&vehicle={spoiled[0]}"))
    for sender in spoiled:
        await page.goto(f"/operations/quarantine?reason=malformed&vehicle={sender}")
        await page.get_by_role("button", name="Forget…").click()
        dialog = page.get_by_role("dialog", name="Forget for good?")
        await expect(dialog).to_contain_text(f"1 payload of 1 vehicle, of reason malformed, of vehicle {sender}")
        await dialog.get_by_role("button", name="Forget", exact=True).click()
        await expect(page.get_by_role("status").first).to_contain_text("1 payload deleted for good")
    await page.goto("/operations/quarantine?reason=malformed")
    await expect(page.get_by_text("Nothing here matches")).to_be_visible()


async def test_certificates_by_their_end(site: Site, browser_page: Opens) -> None:
    page = await browser_page("viewer")
    await page.goto("/operations/certificates")
    for car in site.cars:
        await expect(page.get_by_role("link", name=car, exact=True)).to_be_visible()
    await expect(page.get_by_text(f"the authority of {COMPANY}")).to_be_visible()
    await shot(page, "certificates")
    await page.get_by_role("link", name="Within 30 days").click()
    await expect(page).to_have_url(re.compile("days=30"))
    await expect(page.get_by_text("No certificate ends within 30 days")).to_be_visible()

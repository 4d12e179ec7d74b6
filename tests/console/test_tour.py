"""docs/tour.md: its screenshots are made here, with ``KAIDO_WRITE_TOUR=1``; otherwise it is held to the console."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kaido.console.page import NAVIGATION
from tests.console.places import places

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page

    from tests.console.conftest import Site
    from tests.console.history import History

DOCS = Path(__file__).parents[2] / "docs"
TOUR = DOCS / "tour.md"
MOST_BYTES = 200_000
WIDTH, HEIGHT = 1280, 720
SHOWN = {
    "fleet": "/fleet",
    "vehicle": "/vehicles/{id}",
    "trip": "/trips/{id}",
    "charge": "/charges/{id}",
    "signals": "/signals",
    "campaigns": "/campaigns",
    "campaign": "/campaigns/{campaign}",
    "commands": "/commands",
    "command": "/commands/{id}",
    "energy": "/energy",
    "batteries": "/energy/batteries",
    "operations": "/operations",
    "quarantine": "/operations/quarantine",
    "audit": "/audit",
    "account": "/account",
    "users": "/users",
    "tokens": "/tokens",
}
"""The screenshots by the routes of their pages."""
SETTLED = """() => document.documentElement.dataset.ready && !document.querySelector("[aria-busy=true]")"""


def images() -> list[str]:
    return re.findall(r"!\[[^\]]+\]\(tour/([a-z]+)\.png\)", TOUR.read_text())


def test_every_page_of_the_navigation_is_in_the_tour() -> None:
    assert images() == list(SHOWN), "each screenshot once, in this order, with a text for who cannot see it"
    assert {path for _, path in NAVIGATION} <= set(SHOWN.values())
    for name, _ in NAVIGATION:
        assert re.search(rf"^## {name}$", TOUR.read_text(), re.MULTILINE), f"the tour has no part '{name}'"


@pytest.mark.parametrize("name", SHOWN)
def test_the_screenshots_are_there_and_small(name: str) -> None:
    content = (DOCS / "tour" / f"{name}.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (WIDTH, HEIGHT)
    assert len(content) <= MOST_BYTES


@pytest.mark.skipif(os.environ.get("KAIDO_WRITE_TOUR") != "1", reason="KAIDO_WRITE_TOUR=1 makes the screenshots anew")
async def test_the_screenshots_are_made(
    site: Site, past: History, browser_page: Callable[..., Awaitable[Page]]
) -> None:
    known = places(site, past)
    (DOCS / "tour").mkdir(exist_ok=True)
    page = await browser_page("administrator", color_scheme="light", reduced_motion="reduce")
    for name, route in SHOWN.items():
        await page.goto(known[route])
        await page.wait_for_function(SETTLED, timeout=60_000)
        await page.wait_for_timeout(8_000)  # live pages fill, maps draw; nothing is asserted of how fast
        await page.screenshot(path=DOCS / "tour" / f"{name}.png")

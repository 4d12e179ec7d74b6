from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.console.conftest import COMPANY, shot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page

    from tests.console.conftest import Site


async def test_signing_in_leads_where_one_wanted_to_go(
    site: Site, browser_page: Callable[..., Awaitable[Page]]
) -> None:
    page = await browser_page(None)
    await page.goto("/fleet?where=Vehicle.Speed+%3E+1")
    await expect(page).to_have_url(f"{site.url}/login?next=%2Ffleet%3Fwhere%3DVehicle.Speed%2B%253E%2B1")
    await shot(page, "sign-in")
    await page.get_by_label("Name").fill("engineer")
    await page.get_by_label("Password").fill("not the password at all")
    await page.get_by_label("Company").fill(COMPANY)
    page.watched.expect("401")  # type: ignore[attr-defined]
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Password").fill(site.passwords["engineer"])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(f"{site.url}/fleet?where=Vehicle.Speed+%3E+1")


async def test_a_page_that_is_not_there_is_said_to_be(browser_page: Callable[..., Awaitable[Page]]) -> None:
    page = await browser_page("viewer")
    page.watched.expect("404")  # type: ignore[attr-defined]
    answer = await page.goto("/nowhere")
    assert answer is not None
    assert answer.status == 404
    await expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


async def test_a_link_to_the_sign_in_leads_to_no_other_host(
    site: Site, browser_page: Callable[..., Awaitable[Page]]
) -> None:
    page = await browser_page(None)
    for away in ("https://example.org/", "//example.org/", "/\\example.org/", "/\t/example.org/"):
        form: dict[str, str | float | bool] = {
            "name": "viewer",
            "password": site.passwords["viewer"],
            "company": COMPANY,
            "next": away,
        }
        answer = await page.request.post("/login", form=form, max_redirects=0)
        assert (answer.status, answer.headers["location"]) == (303, "/"), away

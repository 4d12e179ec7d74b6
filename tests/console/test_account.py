from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from kaido.client import Client
from kaido.errors import UnauthenticatedError
from tests.console.conftest import COMPANY, shot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page

    from tests.console.conftest import Site

    Opens = Callable[..., Awaitable[Page]]


async def test_a_user_from_their_making_to_their_end(site: Site, browser_page: Opens) -> None:
    admin = await browser_page("administrator")
    await admin.goto("/users")
    await admin.get_by_label("Name").fill("hanako")
    await admin.get_by_label("engineer", exact=False).check()
    await admin.get_by_role("button", name="Make the user").click()
    password = await admin.locator(".secret").text_content()
    assert password
    await shot(admin, "users")
    await admin.goto("/users")
    assert password not in await admin.content(), "it is shown once"

    own = await browser_page(None)
    site.passwords["hanako"] = password
    await own.goto("/login")
    await own.get_by_label("Name").fill("hanako")
    await own.get_by_label("Password").fill(password)
    await own.get_by_label("Company").fill(COMPANY)
    await own.get_by_role("button", name="Sign in").click()
    await own.goto("/account")
    await expect(own.get_by_role("heading", level=1)).to_contain_text(f"hanako engineer of {COMPANY}")
    await own.get_by_label("Units").select_option("US")
    await own.get_by_label("Time zone").fill("Asia/Tokyo")
    await own.get_by_label("Theme").select_option("dark")
    await own.get_by_role("button", name="Keep").click()
    await expect(own.get_by_role("status").first).to_contain_text("Your preferences are kept")
    await expect(own.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(own.locator("time", has_text="JST").first).to_be_visible()
    await shot(own, "account")
    own.watched.expect("422")  # type: ignore[attr-defined]
    own.watched.expect("403")  # type: ignore[attr-defined]
    await own.get_by_label("Time zone").fill("Mars/Olympus")
    await own.get_by_role("button", name="Keep").click()
    await expect(own.get_by_role("alert")).to_contain_text("no such time zone")
    for old, new in (("not the old one", "koi-pond-lantern-74"), (password, "koi-pond-lantern-74")):
        await own.get_by_label("Old password").fill(old)
        await own.get_by_label("New password").fill(new)
        await own.get_by_label("The new one again").fill(new)
        await own.get_by_role("button", name="Change the password").click()
        await expect(own.get_by_role("alert" if old != password else "status").first).to_be_visible()
    await expect(own.get_by_role("status").first).to_contain_text("Your password is changed")

    await admin.goto("/users/hanako")
    await admin.get_by_role("button", name="Disable…").click()
    await shot(admin, "user")
    await admin.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(admin.get_by_role("status").first).to_contain_text("may no longer sign in")
    await own.goto("/account")
    await expect(own).to_have_url(re.compile("/login"))

    await admin.goto("/audit?who=hanako")
    await expect(admin.get_by_role("cell", name="session-change")).to_have_count(2)
    await shot(admin, "audit")
    assert password not in await admin.content()


async def test_a_token_works_until_it_is_revoked(site: Site, browser_page: Opens) -> None:
    page = await browser_page("administrator")
    await page.goto("/tokens")
    await page.get_by_label("Name").fill("dashboard")
    await page.get_by_label("Lasts").select_option("30 days")
    await page.get_by_role("button", name="Make the token").click()
    secret = await page.locator(".secret").text_content()
    assert secret
    await shot(page, "tokens")
    with contextlib.closing(Client(site.url, secret)) as program:
        assert program.get("/v1/session")["name"] == "dashboard"
        await page.get_by_role("button", name="Revoke dashboard").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
        await expect(page.get_by_role("status").first).to_contain_text("The token is revoked")
        with pytest.raises(UnauthenticatedError):
            program.get("/v1/session")


async def test_who_may_not_administer_is_told_why(browser_page: Opens) -> None:
    page = await browser_page("operator")
    for path, button in (("/users", "Make the user"), ("/tokens", "Make the token")):
        await page.goto(path)
        await expect(page.get_by_role("button", name=button)).to_be_disabled()
        await expect(page.locator("#lacks")).to_contain_text("it takes the role administrator")
    await shot(page, "users-operator", ("laptop",))

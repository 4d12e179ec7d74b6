"""Commands in a browser: to a real car, to a part of the fleet, with a second person's approval, under a policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from kaido.console.outcomes import is_open, tally, unsent
from kaido.console.pages.command_policy import written
from tests.console.conftest import shot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from playwright.async_api import Page

    from tests.console.conftest import Site

HAZARD = "Vehicle.Body.Lights.Hazard.IsSignaling"
POLICY = {
    "rules": [
        {"actuators": [HAZARD], "require": [{"condition": "Vehicle.Speed < 500", "max_age": "1h"}]},
        {"actuators": ["Vehicle.Cabin.*"], "approval": True},
    ]
}
LONG_MS = 90_000


@pytest.fixture(scope="module")
def _policy(site: Site) -> Iterator[None]:
    site.client.put("/v1/command-policy", POLICY)
    yield
    site.client.put("/v1/command-policy", {})


@pytest.mark.usefixtures("_policy")
async def test_a_car_does_as_it_is_told(site: Site, browser_page: Callable[..., Awaitable[Page]]) -> None:
    page = await browser_page("operator")
    await page.goto("/commands")
    await page.get_by_role("link", name="New command").click()
    await page.wait_for_selector("html[data-ready]")
    await page.get_by_label("Which actuator?").fill("hazard lights")
    await page.get_by_role("link", name=re.compile(HAZARD)).click()
    await page.wait_for_selector("html[data-ready]")
    await page.get_by_label("Vehicle", exact=True).fill(site.cars[0])
    condition = page.get_by_role("row", name=re.compile("Vehicle.Speed < 500"))
    await expect(condition).to_contain_text(re.compile(r"holds\s*Speed\s*[\d.]+ km/h\s*\d+ \w+ ago"))
    await expect(page.get_by_text("Give a value.")).to_be_visible()
    await page.get_by_label("true").check()
    await page.get_by_label("Reason").fill("to find it")
    await page.get_by_role("button", name="Send…").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Send it to 1 vehicle")
    await shot(page, "command-new")
    await page.get_by_role("button", name="Send it", exact=True).dblclick()
    await expect(page).to_have_url(re.compile(r"/commands/console-\w+$"))
    await expect(page.locator("#outcome .tags")).to_have_text("succeeded", timeout=LONG_MS)
    await expect(page.locator(".happened")).to_contain_text("operator")
    await shot(page, "command")

    sent = [one for one in site.client.get("/v1/commands", {"issuer": "operator"})["items"] if one["what"] == HAZARD]
    assert [one["reason"] for one in sent] == ["to find it"], "the double click sent it once"
    await page.goto(f"/commands?vehicle={site.cars[0]}&outcome=succeeded&issuer=operator&start=-1h")
    await expect(page.locator(f'tr[data-command="{sent[0]["id"]}"]')).to_contain_text("to find it")
    await shot(page, "commands")
    await page.get_by_label("Outcome").select_option("cancelled")
    await expect(page).to_have_url(re.compile("outcome=cancelled"))
    await expect(page.get_by_text("No command is like that.")).to_be_visible()


@pytest.mark.usefixtures("_policy")
async def test_a_part_of_the_fleet_is_counted_first(site: Site, browser_page: Callable[..., Awaitable[Page]]) -> None:
    count = sum(one.startswith("sim-jp") for one in site.cars)
    page = await browser_page("operator")
    await page.goto(f"/commands/-/new?signal={HAZARD}")
    await page.wait_for_selector("html[data-ready]")
    await page.get_by_label("false").check()
    await page.get_by_label("a part of the fleet").check()
    where = page.get_by_label("Where")
    await where.fill('market = "JP')
    await expect(page.get_by_role("alert")).to_contain_text("Column 10")
    await where.fill('market == "JP"')
    await expect(page.locator("#reach")).to_contain_text(f"It would reach {count} vehicles: sim-jp-0001")
    await page.get_by_role("button", name="Send…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Send it", exact=True).click()
    await expect(page.locator("#outcome .tags")).to_have_text(f"succeeded {count}", timeout=LONG_MS)
    await page.get_by_role("link", name="sim-jp-0001").click()
    await expect(page.locator(".happened")).to_contain_text("succeeded")


@pytest.mark.usefixtures("_policy")
async def test_a_second_person_approves(site: Site, browser_page: Callable[..., Awaitable[Page]]) -> None:
    critical = next(
        one["path"]
        for one in site.client.get("/v1/catalog/signals", {"kind": "actuator", "glob": "Vehicle.Cabin.*"})["items"]
        if one["datatype"] == "boolean" and _has(site, one["path"])
    )
    page = await browser_page("operator")
    await page.goto(f"/commands/-/new?signal={critical}&vehicle={site.cars[0]}&value=true&timeout=60s")
    await expect(page.get_by_text("A second person has to approve it within 15 min")).to_be_visible()
    await page.get_by_role("button", name="Send…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Send it", exact=True).click()
    await expect(page.get_by_text("It waits for approval until")).to_be_visible()
    approve = page.get_by_role("button", name="Approve for 1 vehicle")
    await expect(approve).to_be_disabled()
    await expect(approve).to_have_accessible_description("You sent it: somebody else has to approve it.")
    await shot(page, "command-approval", ("laptop",))

    other = await browser_page("administrator")
    await other.goto(page.url)
    await other.get_by_role("button", name="Approve for 1 vehicle").click()
    await expect(page.get_by_text("administrator approved it")).to_be_visible(timeout=LONG_MS)
    await expect(page.locator("#outcome")).to_have_attribute("data-open", "false", timeout=LONG_MS)


async def test_what_waits_can_be_cancelled(site: Site, browser_page: Callable[..., Awaitable[Page]]) -> None:
    site.client.post(
        "/v1/vehicles", {"id": "never-there", "manifest": site.client.get("/v1/catalog/manifests")[0]["name"]}
    )
    made = site.client.post(
        "/v1/commands", {"vehicle": "never-there", "signal": HAZARD, "value": True, "timeout": "10min"}
    )
    page = await browser_page("operator")
    await page.goto(f"/commands/{made['id']}")
    await page.get_by_role("button", name="Cancel…").click()
    await expect(page.get_by_role("dialog")).to_contain_text("It was not sent to 1 vehicle yet")
    await page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    await expect(page.locator("#outcome .tags")).to_have_text("cancelled")


async def test_roles_say_why_buttons_are_off(site: Site, browser_page: Callable[..., Awaitable[Page]]) -> None:
    page = await browser_page("engineer")
    for path, name, role in (
        ("/commands", "New command", "operator"),
        (f"/commands/-/new?signal={HAZARD}&vehicle={site.cars[0]}&value=true", "Send…", "operator"),
        ("/commands/-/policy", "Save the policy", "administrator"),
    ):
        await page.goto(path)
        for closed in await page.locator("details:not([open]) > summary").all():
            await closed.click()
        button = page.get_by_role("button", name=name)
        await expect(button).to_be_disabled()
        told = f"Your role, engineer, may not do this: it takes the role {role}."
        await expect(button).to_have_accessible_description(told)


async def test_an_administrator_changes_the_policy(browser_page: Callable[..., Awaitable[Page]]) -> None:
    page = await browser_page("administrator")
    await page.goto("/commands/-/policy")
    await page.get_by_text("Change it").click()
    text = page.get_by_label("The policy as YAML")
    page.watched.expect("422")  # type: ignore[attr-defined]
    await text.fill("rules: [{actuators: [Vehicle.Trunk.Horn], approval: true}]")
    await page.get_by_role("button", name="Save the policy").click()
    await expect(page.get_by_role("alert")).to_contain_text("would guard nothing")
    await text.fill("rules: [{actuators: [Vehicle.Body.Trunk.*], approval: true, per_vehicle: 6/h}]")
    await page.get_by_role("button", name="Save the policy").click()
    await expect(page.get_by_role("row", name=re.compile(r"Vehicle.Body.Trunk.\*.*a second person's"))).to_be_visible()
    await shot(page, "command-policy", ("laptop", "phone"))


def test_a_bar_has_every_vehicle_once() -> None:
    counts = {"waiting": 1, "succeeded": 2, "awaiting approval": 1}
    parts = tally(counts)
    assert [(one.word, one.start, one.width) for one in parts] == [
        ("succeeded", 0, 50),
        ("awaiting approval", 50, 25),
        ("waiting", 75, 25),
    ]
    assert (is_open(counts), unsent(counts)) == (True, 2)
    assert (is_open({"failed": 1}), tally({})) == (False, [])


def test_a_policy_is_written_without_what_says_nothing() -> None:
    rule = {"actuators": ["Vehicle.*"], "forbidden": False, "issuers": [], "approval": True, "per_vehicle": None}
    assert written({"rules": [rule], "signing": False}) == (
        "rules:\n- actuators:\n  - Vehicle.*\n  approval: true\nsigning: false\n"
    )


def _has(site: Site, path: str) -> bool:
    """Whether the first car has the actuator."""
    found = site.client.get("/v1/command-policy/check", {"signal": path, "vehicle": site.cars[0]})
    return not found["vehicle_problem"]

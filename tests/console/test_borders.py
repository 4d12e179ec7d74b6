"""With the whole platform: what company zebra has looks like what nobody has, also where NATS is asked.

tests/security/test_every_page.py and test_every_route_by_cookie.py ask every route in one process.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.console.conftest import OTHER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page

    from tests.console.conftest import Site

NOBODY = "qebra"
"""As near to the names of company acme as zebra is: of those, errors name the nearest."""
ASKED = (
    "/vehicles/{}-1",
    "/vehicles/{}-1/parts/state",
    "/fleet/card/{}-1",
    "/signals?vehicle={}-1&signal=Vehicle.Speed",
    "/users/{}",
    "/audit?who={}",
    "/commands?vehicle={}-1",
    "/v1/vehicles/{}-1/twin",
    "/v1/vehicles/{}-1",
    "/v1/signals?vehicle={}-1&signal=*&format=csv",
    "/v1/signals?vehicle={}-1&signal=*&format=parquet",
    "/v1/fleet?where=model == '{}'",
    "/v1/fleet/ids?where=model == '{}'",
)
LISTEN = """async (path) => {
  const socket = new WebSocket(`ws://${location.host}${path}`);
  return await new Promise((done) => {
    const told = [];
    setTimeout(() => { done(told); socket.close(); }, 1500);
    socket.onmessage = (message) => told.push(typeof message.data === "string" ? message.data : "bytes");
    socket.onclose = (event) => done([...told, `closed ${event.code}: ${event.reason}`]);
  });
}"""


async def test_what_zebra_has_is_not_to_be_seen(site: Site, browser_page: Callable[..., Awaitable[Page]]) -> None:
    assert site.other.get(f"/v1/vehicles/{OTHER}-1")["model"] == OTHER, "else this proves nothing"
    page = await browser_page("administrator")
    for path in ASKED:
        answers: list[tuple[Any, ...]] = []
        for word in (OTHER, NOBODY):
            answer = await page.request.get(path.format(word))
            text = (await answer.body()).decode("utf-8", "replace").replace(word, "NAME")
            answers.append((answer.status, re.sub(r"\d+", "#", text)))
        assert answers[0] == answers[1], path
        assert OTHER not in answers[0][1], path


async def test_no_socket_tells_of_zebra(site: Site, browser_page: Callable[..., Awaitable[Page]]) -> None:
    page = await browser_page("administrator")
    await page.goto("/account")
    page.watched.expect("WebSocket")  # type: ignore[attr-defined]
    told = [await page.evaluate(LISTEN, f"/v1/live?vehicle={word}-1") for word in (OTHER, NOBODY)]
    assert told[0] == [one.replace(NOBODY, OTHER) for one in told[1]]
    assert not any(OTHER in one.replace(f"{OTHER}-1", "") for one in told[0])
    [closed] = await page.evaluate(LISTEN, f"/v1/live?vehicle={site.cars[0]}&company={OTHER}")
    assert closed.startswith("closed")
    everything = await page.evaluate(LISTEN, "/v1/live/positions")
    assert not any(OTHER in one for one in everything)

"""A vehicle's page: live values over a link that breaks, and its history as a strip that chooses what is charted."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import expect

from tests.console.conftest import COMPANY, shot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from playwright.async_api import Page

    from kaido.client import Client
    from tests.console.conftest import Site
    from tests.console.history import History

    OpenPage = Callable[..., Awaitable[Page]]

VOLTAGE = "Vehicle.Powertrain.TractionBattery.CurrentVoltage"
BROKEN_S = 5.0
PATIENCE_S = 60
# The columns of pixels of a chart's plot in which its line is, from the first such column to the last.
DRAWN = """(figure) => {
  const canvas = figure.querySelector("canvas"), over = figure.querySelector(".u-over");
  const [left, width] = [over.offsetLeft * devicePixelRatio, over.offsetWidth * devicePixelRatio];
  const probe = document.createElement("i");
  probe.style.color = "var(--trace-1)";
  document.body.append(probe);
  const colour = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  probe.remove();
  const { data } = canvas.getContext("2d").getImageData(left, 0, width, canvas.height);
  const columns = [];
  for (let x = 0; x < width; x++) {
    let found = false;
    for (let y = 0; y < canvas.height && !found; y++) {
      const at = 4 * (y * width + x);
      found = colour.every((one, index) => Math.abs(one - data[at + index]) < 24);
    }
    columns.push(found);
  }
  const [first, last] = [columns.indexOf(true), columns.lastIndexOf(true)];
  let gap = 0, longest = 0;
  for (let x = first; x <= last; x++) longest = Math.max(longest, (gap = columns[x] ? 0 : gap + 1));
  return { width, from: first / width, to: last / width, longest: longest / width };
}"""


async def test_values_are_charted_as_they_come(site: Site, browser_page: OpenPage) -> None:
    page = await browser_page("engineer")
    await page.goto(f"/vehicles/{site.cars[0]}?signal=Vehicle.Speed")
    await expect(page.locator("#link")).to_have_attribute("data-state", "live")
    speed = page.locator("figure[data-signal='Vehicle.Speed'] .legend")
    await expect(speed).to_contain_text(re.compile(r"Vehicle\.Speed\s+[\d.,]+ km/h\s+\d+ s ago"))

    await page.get_by_label("Chart a signal").fill("tractionbattery currentvoltage")
    await expect(page.locator("#signal-paths option").first).to_have_attribute("value", VOLTAGE)
    await page.get_by_label("Chart a signal").fill(VOLTAGE)
    await page.keyboard.press("Enter")
    await expect(page.locator(f"figure[data-signal='{VOLTAGE}'] .legend")).to_contain_text(re.compile(r"\d V"))
    await page.get_by_label("Filter").fill("trunk locked")
    rows = page.locator("tr[data-path]:visible")
    await expect(rows).to_have_count(1)
    await expect(rows.locator(".age")).to_contain_text("ago")
    await rows.get_by_role("button").click()
    lane = page.locator("figure[data-signal='Vehicle.Body.Trunk.Rear.IsLocked'] .legend")
    await expect(lane).to_contain_text(re.compile("true|false"))
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["signal"] == ["Vehicle.Speed", VOLTAGE, "Vehicle.Body.Trunk.Rear.IsLocked"]
    assert asked["filter"] == ["trunk locked"]
    await shot(page, "vehicle-live")
    await page.get_by_label("Take Vehicle.Speed off the board").click()
    await expect(page.locator("figure[data-signal]")).to_have_count(2)


async def test_a_link_that_breaks_leaves_no_gap(site: Site, browser_page: OpenPage) -> None:
    car = site.cars[0]
    async with bad_network(urlsplit(site.url).port or 0) as network:
        page = await browser_page("viewer")
        page.watched.host = network.host  # type: ignore[attr-defined]
        page.watched.expect("ERR_")  # type: ignore[attr-defined]  # the browser says that the link broke
        page.watched.expect("WebSocket")  # type: ignore[attr-defined]
        await page.goto(f"http://{network.host}/vehicles/{car}?signal=Vehicle.Speed&window=120")
        link, chart = page.locator("#link"), page.locator("figure[data-signal='Vehicle.Speed']")
        await expect(link).to_have_attribute("data-state", "live")
        await expect(chart.locator(".legend")).to_contain_text("ago")

        network.cut()
        await expect(link).to_contain_text("No link since")
        missed = time.time() + BROKEN_S
        await newest(site.client, car, "Vehicle.Speed", after=missed)
        network.mend()
        await expect(link).to_have_attribute("data-state", "live")
        async with asyncio.timeout(PATIENCE_S):
            while True:  # what was missed is in the lake within seconds, and then on the chart
                drawn = await chart.evaluate(DRAWN)
                if drawn["to"] > 0.9 and drawn["longest"] < BROKEN_S / 120 / 2:
                    break
                await asyncio.sleep(0.2)


async def test_the_strip_of_history_chooses_what_is_charted(past: History, browser_page: OpenPage) -> None:
    car = past.cars[0].id
    page = await browser_page("engineer")
    await page.goto(f"/vehicles/{car}?view=691200&signal=Vehicle.Speed")
    await expect(page.locator("#timeline rect.trip").first).to_be_visible()
    await page.locator("#timeline rect.trip").last.click(force=True)
    await expect(page).to_have_url(re.compile(r"from=.*&to="))
    legend = page.locator("figure[data-signal='Vehicle.Speed'] .legend")
    moment = page.get_by_role("slider", name="Moment")
    await page.keyboard.press("Shift+ArrowRight")
    await expect(moment).to_have_value("100")
    await expect(legend).to_contain_text(re.compile(r"[\d.,]+ km/h"))
    await expect(page).to_have_url(re.compile("at="))
    chosen = page.url

    await page.keyboard.press("Space")
    await expect(moment).not_to_have_value("100")
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="Play")).to_be_visible()
    stopped = await moment.input_value()
    await page.keyboard.press("Shift+ArrowRight")
    await expect(moment).not_to_have_value(stopped)
    await shot(page, "vehicle-history")

    for tab, text in (("Trips", "km"), ("Battery", "95 % interval"), ("Problems", "Never connected")):
        await page.get_by_role("link", name=tab, exact=True).click()
        await expect(page.locator("#part")).to_contain_text(text)
    await page.goto(chosen)  # the state is in the URL
    await expect(page.locator("#timeline rect.chosen")).to_be_visible()
    await expect(legend).to_contain_text(re.compile(r"[\d.,]+ km/h"))
    strip = await page.locator("#timeline svg").bounding_box()
    assert strip
    await page.mouse.move(strip["x"] + 100, strip["y"] + 15)
    await page.mouse.down()
    await page.mouse.move(strip["x"] + 300, strip["y"] + 15)
    await page.mouse.up()
    await expect(page).not_to_have_url(chosen)
    dragged = page.url
    await page.keyboard.press("]")
    await expect(page).not_to_have_url(dragged)
    await page.keyboard.press("l")
    await expect(page).not_to_have_url(re.compile("from="))


async def test_a_vehicle_of_another_company_is_not_there(browser_page: OpenPage) -> None:
    page = await browser_page("administrator")
    page.watched.expect("404")  # type: ignore[attr-defined]
    for path in ("/vehicles/zebra-1", "/vehicles/zebra-1/parts/problems"):
        answer = await page.goto(path)
        assert answer
        assert answer.status == 404
        unknown = await page.content()
        await page.goto(path.replace("zebra-1", "xebra-1"))
        assert unknown.replace("zebra-1", "xebra-1") == await page.content(), f"{COMPANY} sees that it is there"


async def test_what_it_does_stays_new(site: Site, browser_page: OpenPage) -> None:
    page = await browser_page("viewer")
    car = site.cars[0]
    await page.goto(f"/vehicles/{car}")
    tag = page.locator("#status")
    await tag.evaluate("(tag) => { tag.textContent = 'offline'; tag.className = 'tag offline'; }")
    await expect(tag).to_have_text(re.compile("^(moving|parked|charging)$"))
    await expect(tag).to_have_class(f"tag {await tag.text_content()}")


async def newest(client: Client, vehicle: str, signal: str, *, after: float) -> None:
    """Wait until a value of that time or later is known."""
    where = {"vehicle": vehicle, "signal": signal, "start": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(after))}
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(client.get, "/v1/signals", where):  # noqa: ASYNC110  # another process's
            await asyncio.sleep(0.2)


class BadNetwork:
    """What lies between a browser and the platform: bytes go both ways until it is cut."""

    host: str

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_cut = False
        self._links: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Every link breaks, and no new one comes about."""
        self._is_cut = True
        for link in list(self._links):
            link.transport.abort()

    def mend(self) -> None:
        """New links come about again."""
        self._is_cut = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join a link to the platform."""
        if self._is_cut:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._port)
        both = {writer, there_writer}
        self._links |= both
        try:
            await asyncio.gather(_pass_on(reader, there_writer), _pass_on(there_reader, writer))
        finally:
            self._links -= both
            for one in both:
                one.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()


@asynccontextmanager
async def bad_network(port: int) -> AsyncIterator[BadNetwork]:
    network = BadNetwork(port)
    server = await asyncio.start_server(network.serve, "127.0.0.1", 0)
    network.host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield network
    finally:
        network.cut()
        server.close()

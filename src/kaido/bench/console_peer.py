"""The same cars the usual way: MapLibre with one GeoJSON source, given anew every second."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kaido.bench.console_browser import SIZE, ZOOM
from kaido.bench.console_feed import MIDDLE, ROUND_DEGREES, ROUND_SECONDS, SPREAD_DEGREES

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, Route

NAME = "MapLibre, one GeoJSON source"
_HOST = "http://peer.invalid"
_PAGE = """<!doctype html><meta charset=utf-8><style>#map{position:fixed;left:40%;top:96px;right:0;bottom:0}</style>
<div id=map></div><script type=module>
import { Map, setWorkerUrl } from "/maplibre-gl.mjs";
setWorkerUrl("/maplibre-gl-worker.mjs");
const { cars, home, spread, round, turn } = JSON.parse('SETTINGS');
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const middle = Array.from({ length: cars }, () => {
  const [south, east] = home;
  return [east + spread * normal(), south + spread * normal(), 2 * Math.PI * Math.random()];
});
const data = () => {
  const angle = 2 * Math.PI * Date.now() / 1000 / turn;
  return { type: "FeatureCollection", features: middle.map(([east, south, phase], status) => ({
    type: "Feature", properties: { status: status % 4 },
    geometry: { type: "Point", coordinates: [
      east + round * Math.cos(phase + angle), south + round * Math.sin(phase + angle)] } })) };
};
const colors = ["match", ["get", "status"], 0, "#b4bcc6", 1, "#56616e", 2, "#0f8a5f", "#0b63c5"];
const paint = { "circle-radius": 2, "circle-color": colors };
const layer = { id: "cars", type: "circle", source: "cars", paint };
const style = { version: 8, sources: { cars: { type: "geojson", data: data() } }, layers: [layer] };
const map = new Map({ container: "map", style, center: [home[1], home[0]], zoom: ZOOM, fadeDuration: 0 });
window.drawn = 0;
window.updates = [];
map.on("render", () => (window.drawn += 1));
map.on("load", async () => {
  for (;;) {
    const began = performance.now();
    await map.getSource("cars").setData(data());
    while (!map.isSourceLoaded("cars")) await new Promise((done) => map.once("sourcedata", done));
    window.updates.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, Math.max(0, 1000 - (performance.now() - began))));
  }
});
</script>"""


async def update_ms(browser: Browser, packages: Path, cars: int, updates: int) -> float:
    """The milliseconds from new positions of so many cars until the map has them, the middle of some updates.

    Args:
        browser: started.
        packages: a folder of npm packages with maplibre-gl.
        cars: how many.
        updates: how many are waited for.
    """
    settings = {
        "cars": cars,
        "home": MIDDLE,
        "spread": SPREAD_DEGREES,
        "round": ROUND_DEGREES,
        "turn": ROUND_SECONDS,
    }
    scripts = packages / "maplibre-gl" / "dist"

    async def serve(route: Route) -> None:
        name = route.request.url.removeprefix(f"{_HOST}/")
        if name:
            await route.fulfill(body=(scripts / name).read_bytes(), content_type="text/javascript")
        else:
            body = _PAGE.replace("SETTINGS", json.dumps(settings)).replace("ZOOM", str(ZOOM))
            await route.fulfill(body=body, content_type="text/html")

    context = await browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # a dict of two numbers
    try:
        page = await context.new_page()
        await page.route(f"{_HOST}/**", serve)
        await page.goto(f"{_HOST}/")
        await page.wait_for_function(f"window.updates && window.updates.length >= {updates}", timeout=300_000)
        taken: list[float] = sorted(await page.evaluate("window.updates"))
        return taken[len(taken) // 2]
    finally:
        await context.close()

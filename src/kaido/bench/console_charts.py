"""From a vehicle's publish to the pixel: twelve live charts of a Vehicle page, ten times a second.

Every value says when it was published: milliseconds since 1970, less what a chart's legend need not show. The page
draws a value and writes it into the legend in one step; a script that the page knows nothing of reads the legends in
each frame, so a value counts as seen with the frame after it was drawn, and so do those before it that came with it.
"""

from __future__ import annotations

import asyncio
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kaido.bench.console_browser import Person, signed_in, until
from kaido.bench.figure import Figure
from kaido.bench.site import HOST
from kaido.bench.vehicles import COMPANY, HEARD_SECONDS, connect
from kaido.catalog import CanSignal, DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.company import Companies, Enrolment, Vehicles
from kaido.flow import IDENTITY_SUBJECT
from kaido.sim.load import LoadClient, LoadVehicle, Server, vehicle_data
from kaido.sim.load.payload import Payload

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from kaido.bench.options import BenchOptions
    from kaido.bench.site import Site

CHARTS = 12
RATE = 10.0
CEILING_MS = 500.0
CAR = "charts"
WARM_SECONDS = 5.0
ROUND_MS = 10_000_000
"""Values begin again after it, nearly three hours."""
_SIGNALS = [f"Vehicle.Charts.Signal{number:02}" for number in range(1, CHARTS + 1)]
_READING = """
window.seen = [];
const [last, values] = [new Map(), new Map()];
function look() {
  for (const figure of document.querySelectorAll("#board figure")) {
    const text = figure.querySelector(".legend b")?.textContent ?? "";
    if (text === last.get(figure)) continue;
    last.set(figure, text);
    const value = Number(text.replaceAll(",", "").trim());
    if (!/\\d/.test(text)) continue;
    // The line has all that were published since the value before, the legend only the newest.
    const [now, before] = [Date.now(), values.get(figure) ?? value - PERIOD];
    values.set(figure, value);
    for (let one = value; one > before + PERIOD / 2; one -= PERIOD) {
      window.seen.push([figure.dataset.signal, (now - one) % ROUND]);
    }
  }
  requestAnimationFrame(look);
}
requestAnimationFrame(look);
""".replace("ROUND", str(ROUND_MS)).replace("PERIOD", str(1_000 / RATE))
_ALL_CHARTED = f"new Set(window.seen.map(([signal]) => signal)).size === {CHARTS}"


@dataclass(frozen=True)
class _Clock(Payload):
    """A VehicleData whose values are the moment at which it is sent.

    Attributes:
        values_at: where the eight bytes of each value start.
    """

    values_at: tuple[int, ...] = ()

    def stamp(self, buffer: bytearray, start: int, event: int, time: bytes) -> None:
        """As every payload, and with the moment in all values."""
        super().stamp(buffer, start, event, time)
        value = _DOUBLE.pack(_now_ms() % ROUND_MS)
        for at in self.values_at:
            buffer[start + at : start + at + _DOUBLE.size] = value


_DOUBLE = struct.Struct("<d")


async def figures(browser: Browser, person: Person, site: Site, options: BenchOptions) -> list[Figure]:
    """The delay from publish to pixel: half and 99 %.

    Args:
        browser: Chromium.
        person: who looks, of the company ``COMPANY``.
        site: a platform with gateway, ingest and API on which that company is.
        options: of the bench.
    """
    options.say(f"{CHARTS} live charts")
    vehicle = _car(site)
    await site.nats.publish(IDENTITY_SUBJECT, b"{}")
    await asyncio.sleep(HEARD_SECONDS)
    server = Server(HOST, await site.port("gateway"), _secrets(site) / "ca.pem")
    seconds = min(options.seconds, 30.0)
    async with LoadClient(server, [vehicle]) as load, signed_in(browser, person) as context:
        await connect(load)
        stop = asyncio.Event()
        publishing = asyncio.create_task(load.publish(3_600, rate=RATE, stop=stop))
        try:
            page = await context.new_page()
            await page.add_init_script(_READING)
            await page.goto(f"/vehicles/{CAR}?{urlencode({'signal': _SIGNALS}, doseq=True)}")
            await until(page, _ALL_CHARTED)
            await asyncio.sleep(options.pick(WARM_SECONDS, 0.5))
            late_ms = await _watch(page, seconds)
        finally:
            stop.set()
            await publishing
    options.remark(f"charts: {len(late_ms) / seconds / CHARTS:.1f} values/s of each were seen, of {RATE:.0f} published")
    name = f"publish to pixel, {CHARTS} charts at {RATE:.0f} Hz"
    half, most = np.percentile(late_ms, [50, 99])
    return [
        Figure.of(f"{name}, half", float(half), "ms", better="lower"),
        Figure.of(f"{name}, 99 %", float(most), "ms", bound=CEILING_MS, better="lower"),
    ]


async def _watch(page: Page, seconds: float) -> list[float]:
    await page.evaluate("window.seen = []")
    await asyncio.sleep(seconds)
    seen: list[tuple[str, float]] = await page.evaluate("window.seen")
    return [late for _, late in seen]


def _car(site: Site) -> LoadVehicle:
    """A vehicle with a signal for each chart, registered and enrolled."""
    signals: list[Any] = [
        CanSignal(path=path, message_id=256 + number, start_bit_lsb=0, length=8)
        for number, path in enumerate(_SIGNALS, 1)
    ]
    manifest = DecoderManifest.of(CAR, signals)
    CatalogStore(site.store).save_manifest(COMPANY, manifest)
    Vehicles(site.store).register(COMPANY, CAR, manifest=CAR)
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    enrolment = Enrolment(site.store, Companies(site.store, site.settings))
    made = enrolment.enrol(COMPANY, CAR, request.public_bytes(serialization.Encoding.PEM))
    file = site.settings.data / "certificates" / f"{CAR}.pem"
    file.parent.mkdir(exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(made.certificate_pem.encode() + private)
    return LoadVehicle(CAR, [_clock(manifest.sync_id)], file)


def _clock(manifest: str) -> _Clock:
    marks = [ROUND_MS + number for number in range(1, CHARTS + 1)]
    samples = [(0, number, float(mark)) for number, mark in enumerate(marks, 1)]
    made = vehicle_data("charts@1", manifest, samples, _now_ms())
    places = tuple(made.data.index(_DOUBLE.pack(mark)) for mark in marks)
    return _Clock(made.data, made.event_at, made.time_at, places)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _secrets(site: Site) -> Any:
    return site.settings.data / "secrets" / "gateway"

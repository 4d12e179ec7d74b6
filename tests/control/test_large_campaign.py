"""Ten thousand signals from the catalog to a car and back into the lake; targets that the twin names."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.company import Vehicles
from kaido.control import Campaigns
from kaido.control.convergence import Reason
from kaido.control.overview import Overviews
from kaido.lake import Lake
from tests.control.test_end_to_end import make_agent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kaido.runtime.settings import Settings
    from kaido.store import Store

SIGNALS = 10_000
FRAME_BYTES = 8
MESSAGES = SIGNALS // FRAME_BYTES


def make_recording(folder: Path, rounds: int) -> Path:
    """Every message of the database, again and again."""
    lines = [
        f"({1_700_000_000 + number * 0.001:.6f}) can0 {number % MESSAGES:03X}#{number * 7919 % 2**64:016X}"
        for number in range(rounds * MESSAGES)
    ]
    recording = folder / "drive.log"
    recording.write_text("\n".join(lines) + "\n")
    return recording


async def until(check: Callable[[], Any]) -> Any:
    async with asyncio.timeout(30):
        while not (found := await asyncio.to_thread(check)):  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.1)
    return found


async def test_ten_thousand_signals_from_the_catalog_to_the_lake(
    platform: Settings, store: Store, tmp_path: Path
) -> None:
    signals = [
        CanSignal(f"Vehicle.Big.S{number}", number // FRAME_BYTES, number % FRAME_BYTES * 8, 8)
        for number in range(SIGNALS)
    ]
    manifest = DecoderManifest.of("big", signals)
    CatalogStore(store).save_manifest("acme", manifest)
    Vehicles(store).register("acme", "toyota", model="big")
    wish = {"name": "everything", "signals": ["Vehicle.Big.*"], "period": "500ms", "every_sample": True}
    targets = {"where": "model = 'big' and is_null(Vehicle.Big.S0)", "keep": True}
    Campaigns(store).create("acme", wish | {"targets": targets, "buffer": 10})
    overviews = Overviews(store)
    before = await until(lambda: (found := overviews.of("acme", "everything")).counts and found)
    assert list(before.counts) == [Reason.NEVER_SEEN]
    agent = make_agent(platform, store, tmp_path, make_recording(tmp_path, 2))
    async with asyncio.timeout(60):
        summary = await agent.run(asyncio.Event())
    assert (summary.samples, summary.overflowed, summary.refused) == (2 * SIGNALS, 0, 0)
    lake = Lake(platform.lake, "acme")
    await until(lambda: lake.statistics()["signals"]["rows"] >= summary.samples)
    found = await asyncio.to_thread(lake.signals, "toyota", "*")
    assert found.num_rows == summary.samples
    assert set(found["signal"].to_pylist()) == {signal.path for signal in signals}
    settled = await until(
        lambda: (seen := overviews.of("acme", "everything")).used.events and Reason.HOLDS in seen.counts and seen
    )
    assert (settled.converged, settled.problems, settled.used.quarantined) == (1, [], 0)
    (standing,) = settled.standings
    assert standing.held == (standing.wanted,)

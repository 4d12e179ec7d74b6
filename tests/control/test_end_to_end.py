"""A recorded drive through agent, gateway, journal and ingest into the lake; control tells the car what to send."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from kaido.agent import Agent, AgentConfig, Endpoint
from kaido.agent.replay import ReplaySource
from kaido.can.decode import Decoder
from kaido.catalog import read_can_database
from kaido.catalog.store import CatalogStore
from kaido.company import Companies, Enrolment, Vehicles
from kaido.control import Campaigns
from kaido.lake import Lake
from kaido.recordings import open_recording

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.agent import Summary
    from kaido.catalog.manifest import DecoderManifest
    from kaido.runtime.settings import Settings
    from kaido.store import Store


def make_agent(settings: Settings, store: Store, folder: Path, recording: Path) -> Agent:
    enrolled = Enrolment(store, Companies(store, settings)).enrol("acme", "toyota")
    assert enrolled.key_pem is not None
    (folder / "certificate.pem").write_text(enrolled.certificate_pem)
    (folder / "key.pem").write_text(enrolled.key_pem)
    endpoint = Endpoint(
        "127.0.0.1",
        settings.gateway_port,
        folder / "certificate.pem",
        folder / "key.pem",
        settings.data / "secrets" / "gateway" / "ca.pem",
    )
    config = AgentConfig("toyota", endpoint, folder / "agent", give_up_s=20, campaign_wait_s=20, backoff_first_s=0.2)
    return Agent(config, ReplaySource(recording, speed=None))


async def drive(agent: Agent, lake: Lake) -> tuple[Summary, pa.Table]:
    """Run the agent to its end; what the lake has of its samples then."""
    async with asyncio.timeout(60):
        summary = await agent.run(asyncio.Event())
        while (found := await asyncio.to_thread(rows, lake)).num_rows < summary.samples:  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.1)
    return summary, found


def rows(lake: Lake) -> pa.Table:
    return lake.signals("toyota", "*")


def decoded(manifest: DecoderManifest, recording: Path) -> pa.Table:
    """The samples as a whole-file decoder sees them, to the millisecond."""
    decoder = Decoder(manifest.signals)
    parts = [decoder.columns(frames) for frames in open_recording(recording)]
    signals, times, values = [], [], []
    for columns in parts:
        for path, (time_us, value) in columns.items():
            signals += [path] * len(time_us)
            times.append(time_us // 1_000 * 1_000)
            values.append(value)
    return pa.table({"signal": signals, "time": np.concatenate(times), "value": np.concatenate(values)})


def in_order(table: pa.Table) -> pa.Table:
    micro = pc.cast(table["time"], pa.int64())
    table = pa.table({"signal": pc.cast(table["signal"], pa.string()), "time": micro, "value": table["value"]})
    return table.sort_by([("signal", "ascending"), ("time", "ascending"), ("value", "ascending")])


async def compare(settings: Settings, store: Store, folder: Path, dbc: bytes, recording: Path) -> Summary:
    manifest = read_can_database(dbc, "toyota.dbc", mapping=None, namespace="Vehicle.Toyota", interface="can0")
    CatalogStore(store).save_manifest("acme", manifest)
    Vehicles(store).register("acme", "toyota", manifest=manifest.name)
    Campaigns(store).create("acme", {"name": "all", "signals": ["*"], "period": "1s", "every_sample": True})
    agent = make_agent(settings, store, folder, recording)
    summary, found = await drive(agent, Lake(settings.lake, "acme"))
    expected = decoded(manifest, recording)
    assert in_order(found).equals(in_order(expected))
    assert (summary.overflowed, summary.dropped, summary.refused, summary.waiting) == (0, 0, 0, 0)
    assert summary.published == summary.acknowledged
    assert summary.frames == summary.decoded + summary.unknown + summary.too_short + summary.not_data
    return summary


DBC = b"""VERSION ""
BU_: A
BO_ 256 SPEED: 8 A
 SG_ FAST : 7|16@0+ (0.01,0) [0|0] "km/h" A
 SG_ SIGNED : 16|8@1- (1,-5) [0|0] "" A
BO_ 257 OTHER: 8 A
 SG_ LEVEL : 0|12@1+ (0.5,0) [0|0] "" A
"""


def make_recording(folder: Path) -> Path:
    lines = [
        f"({1_600_000_000 + number * 0.0037:.6f}) can0 {0x100 + number % 3:03X}#{number * 7919 % 2**64:016X}"
        for number in range(9_000)
    ]
    recording = folder / "drive.log"
    recording.write_text("\n".join([*lines, "a damaged line"]) + "\n")
    return recording


async def test_a_drive_arrives_whole(platform: Settings, store: Store, tmp_path: Path) -> None:
    summary = await compare(platform, store, tmp_path, DBC, make_recording(tmp_path))
    assert (summary.frames, summary.unknown, summary.samples, summary.damaged) == (9_000, 3_000, 9_000, 1)


async def test_the_command_drives_and_says_what_arrived(platform: Settings, store: Store, tmp_path: Path) -> None:
    manifest = read_can_database(DBC, "toyota.dbc", namespace="Vehicle.Toyota")
    CatalogStore(store).save_manifest("acme", manifest)
    Vehicles(store).register("acme", "toyota", manifest=manifest.name)
    Campaigns(store).create("acme", {"name": "all", "signals": ["*"], "period": "1s", "every_sample": True})
    make_agent(platform, store, tmp_path, make_recording(tmp_path))
    gateway_ca = platform.data / "secrets" / "gateway" / "ca.pem"
    (tmp_path / "gateway-ca.pem").write_bytes(gateway_ca.read_bytes())
    arguments = ["drive", str(tmp_path / "drive.log"), "--speed", "max", "--now", "--json"]
    arguments += ["--credentials", str(tmp_path), "--endpoint", f"127.0.0.1:{platform.gateway_port}"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kaido.cli", "--data", str(tmp_path / "car"), *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    summary = json.loads(output)
    assert (summary["samples"], summary["unknown"], summary["damaged"]) == (9_000, 3_000, 1)
    assert summary["published"] == summary["acknowledged"] > 0


async def test_the_real_drive_arrives_whole(
    platform: Settings, store: Store, tmp_path: Path, shared_data: Path
) -> None:
    generator = pytest.importorskip("opendbc.dbc.generator.generator")
    dbc = generator.generate_all()["toyota_new_mc_pt_generated"].encode()
    summary = await compare(platform, store, tmp_path, dbc, shared_data / "comma2k19" / "drive.log")
    assert summary.frames == 98_800

"""kill -9 of an agent that stores: what was on disk arrives once, and nothing while the gate is shut."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from kaido.agent.documents import Documents
from kaido.catalog import CanSignal, DecoderManifest
from kaido.flow import DownKind
from kaido.runtime.status import Report
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    import mqtt5

    from kaido.agent.testing import Broker, Connection

KILLS = 3
WINDOW = 8
PROCESS = Path(__file__).with_name("stored_process.py")
MANIFEST = DecoderManifest.of("model", [CanSignal("Counter", 0x100, 0, 32), CanSignal("Gate", 0x200, 0, 8)])


def documents(state: Path) -> None:
    """As the cloud sent them: every 50 ms an event, stored until the gate opens."""
    scheme = pb.CollectionScheme(
        campaign_sync_id="stored@1", decoder_manifest_sync_id=MANIFEST.sync_id, expiry_time_ms_epoch=2**62
    )
    scheme.time_based.period_ms = 50
    scheme.signal_information.add(signal_id=1, sample_buffer_size=1_000)
    partition = scheme.store_and_forward_configuration.partition_configuration.add()
    partition.storage_options.maximum_size_in_bytes = 10_000_000
    gate = partition.upload_options.condition_tree.operator
    gate.operator = pb.NodeOperator.EQUAL
    gate.left.signal_id = 2
    gate.right.double_value = 1
    kept = Documents(state, Report("agent"))
    assert kept.take(DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
    assert kept.take(DownKind.COLLECTION_SCHEMES, pb.CollectionSchemes(collection_schemes=[scheme]).SerializeToString())
    assert set(kept.held.schemes) == {"stored@1"}


def on_disk(state: Path) -> set[bytes]:
    """What an agent has brought to disk."""
    database = sqlite3.connect(state / "outbox.db", timeout=30)
    try:
        return {payload for (payload,) in database.execute("SELECT payload FROM outbox")}
    finally:
        database.close()


async def test_killed_again_and_again(broker: Broker, certificates: Path, tmp_path: Path) -> None:
    dice = random.Random(7)
    state = tmp_path / "state"
    documents(state)
    broker.verdict = lambda _: None

    def acknowledge_late(connection: Connection, _packet: mqtt5.PublishPacket) -> None:
        asyncio.get_running_loop().call_later(dice.uniform(0, 0.02), connection.acknowledge)

    broker.on_publish = acknowledge_late

    async def start(run: int, gate: str) -> asyncio.subprocess.Process:
        settings = {"state": str(state), "port": broker.port, "certificates": str(certificates), "gate": gate}
        return await asyncio.create_subprocess_exec(sys.executable, PROCESS, json.dumps(settings), str(run))

    persisted: set[bytes] = set()
    for run in range(KILLS):
        process = await start(run, "shut" if run == 0 else "swings")
        known = len(persisted)
        async with asyncio.timeout(60):
            while len(broker.connects) <= run or len(persisted) < known + 10:
                await asyncio.sleep(0.02)
                persisted |= on_disk(state) if len(broker.connects) > run else set()
        await asyncio.sleep(dice.uniform(0, 0.3))
        process.kill()
        await process.wait()
        persisted |= on_disk(state)
        if run == 0:
            assert broker.payloads() == []
    last = await start(KILLS, "open")
    async with asyncio.timeout(60):
        assert await last.wait() == 0
    assert on_disk(state) == set()

    arrived = Counter(broker.payloads())
    assert persisted <= set(arrived)
    assert sum(count - 1 for count in arrived.values()) <= KILLS * WINDOW
    events = [pb.VehicleData.FromString(payload) for payload in arrived]
    assert len({event.collection_event_id for event in events}) == len(events)
    values = [captured.double_value for event in events for captured in event.captured_signals]
    assert len(set(values)) == len(values)

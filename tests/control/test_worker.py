"""Control over a real NATS."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from kaido import flow
from kaido.cli.status import GAUGES
from kaido.control import Action, History, State, worker
from kaido.control.convergence import Reason
from kaido.control.overview import Overviews
from kaido.control.sending import Sending
from kaido.control.usage import Usage, Used
from kaido.flow import DownKind, UpKind
from kaido.journal import EmbeddedServer, Journal, encode_batch, gather_status
from kaido.runtime import clock
from kaido.wire import kaido_wire_pb2 as pb
from tests.control.conftest import LEAF

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from nats.aio.msg import Msg

    from kaido.control import Campaigns
    from kaido.control.records import Records
    from kaido.runtime.settings import Settings
    from kaido.store import Store

ALL: dict[str, Any] = {"name": "all", "signals": ["Vehicle.*"], "period": "1s"}


class Room:
    """Control at work, and what it sends."""

    def __init__(self, journal: Journal, server: EmbeddedServer) -> None:
        self.journal = journal
        self.server = server
        self.sent: list[tuple[str, DownKind, bytes]] = []

    async def heard(self, message: Msg) -> None:
        assert message.headers is not None
        kind = DownKind(int(message.headers["Kaido-Kind"]))
        self.sent += [(vehicle, kind, message.data) for vehicle in message.headers["Kaido-Vehicle"].split(",")]

    def last_schemes(self) -> dict[str, int]:
        """How many schemes the newest document of each vehicle has."""
        newest = {vehicle: content for vehicle, kind, content in self.sent if kind is DownKind.COLLECTION_SCHEMES}
        return {
            vehicle: len(pb.CollectionSchemes.FromString(content).collection_schemes)
            for vehicle, content in newest.items()
        }

    async def check_in(self, checkins: dict[str, list[str]], raw: bytes | None = None) -> None:
        payloads = [
            raw if raw is not None else pb.Checkin(document_sync_ids=held).SerializeToString()
            for held in checkins.values()
        ]
        count = len(checkins)
        batch = pa.record_batch(
            [list(checkins), [int(UpKind.CHECKIN)] * count, [clock.now()] * count, payloads], schema=flow.UP_SCHEMA
        )
        await self.journal.nats.publish(flow.checkins_subject("acme"), encode_batch(batch))
        await self.journal.nats.flush()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.sent) < count:  # noqa: ASYNC110  # a test
                await asyncio.sleep(0.01)

    async def report(self, shows: Callable[[dict[str, Any]], object] = bool) -> dict[str, Any]:
        """What control says about itself, as soon as it does, and as soon as it shows this."""
        async with asyncio.timeout(30):
            while True:
                for one in await gather_status(self.journal.nats, timeout=0.2):
                    if one["component"] == "control" and shows(one):
                        return one


@contextlib.asynccontextmanager
async def at_work(settings: Settings, folder: Path) -> AsyncIterator[Room]:
    """Control, which finds what is in the store when it starts, on a NATS of its own."""
    async with EmbeddedServer(folder / "nats") as server:
        settings = settings.model_copy(update={"nats_url": server.url, "nats_token": server.token})
        journal = await Journal.connect(server.url, server.token, settings)
        room = Room(journal, server)
        await journal.nats.subscribe(flow.down_subject("acme"), cb=room.heard)
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(settings, stop))
        await room.report()
        try:
            yield room
        finally:
            stop.set()
            await asyncio.wait_for(running, 30)
            await journal.close()


@pytest.fixture
async def room(store: Store, settings: Settings, tmp_path: Path) -> AsyncIterator[Room]:
    del store  # it has to be there
    async with at_work(settings, tmp_path) as room:
        yield room


async def test_a_checkin_is_answered_with_what_is_missing(
    settings: Settings, campaigns: Campaigns, tmp_path: Path
) -> None:
    campaigns.create("acme", ALL)
    async with at_work(settings, tmp_path) as room:
        await room.check_in({"leaf-1": [], "zoe-1": []})
        await room.until(4)
        both = [DownKind.DECODER_MANIFEST, DownKind.COLLECTION_SCHEMES]
        for vehicle in ("leaf-1", "zoe-1"):
            assert [kind for name, kind, _ in room.sent if name == vehicle] == both
        first, second = (content for name, _, content in room.sent if name == "leaf-1")
        manifest = pb.DecoderManifest.FromString(first).sync_id
        (scheme,) = pb.CollectionSchemes.FromString(second).collection_schemes
        assert scheme.decoder_manifest_sync_id == manifest
        await room.check_in({"leaf-1": [manifest, scheme.campaign_sync_id]})
        await room.check_in({"zoe-1": []})
        report = await room.report(
            lambda one: one["counters"].get("checkins_total") == 4 and "vehicles_connected" in one["gauges"]
        )
        await asyncio.sleep(0.2)
        assert len(room.sent) == 4
        assert set(GAUGES) & set(report["gauges"]) == {"vehicles_seen", "vehicles_connected"}, "`kaido status` shows it"
        assert report["counters"]['documents_sent_total{kind="decoder_manifest"}'] == 2


async def test_a_change_is_pushed_to_those_that_are_about(room: Room, campaigns: Campaigns) -> None:
    await room.check_in({"leaf-1": [], "zoe-1": []})
    await room.until(2)
    campaigns.create("acme", {**ALL, "targets": ["leaf-1"]})
    await room.journal.nats.publish(flow.IDENTITY_SUBJECT, b"{}")
    await room.until(3)
    assert room.sent[2][:2] == ("leaf-1", DownKind.COLLECTION_SCHEMES) or room.sent[2][0] == "leaf-1"
    before = len(room.sent)
    await asyncio.sleep(0.7)
    assert all(vehicle == "leaf-1" for vehicle, _, _ in room.sent[2:])
    assert len(room.sent) == before


@pytest.mark.parametrize("raw", [b"\xff\xff", b"\x0a\x05abc"])
async def test_what_cannot_be_read_is_counted_and_ends_nothing(room: Room, raw: bytes) -> None:
    await room.journal.nats.publish(flow.checkins_subject("acme"), b"no batch")
    await room.check_in({"leaf-1": []}, raw)
    await room.check_in({"nobody": [], "leaf-2": []})
    await room.until(1)
    assert room.sent[0][0] == "leaf-2"
    counters = (await room.report())["counters"]
    assert counters['unreadable_total{of="batch"}'] == 1
    assert counters['unreadable_total{of="checkin"}'] == 1
    assert counters["nothing_wanted_total"] == 1


async def test_a_storm_of_checkins_is_answered_completely(store: Store, settings: Settings, tmp_path: Path) -> None:
    from kaido.company.registrations import Registration  # noqa: PLC0415
    from kaido.company.vehicles import Vehicles  # noqa: PLC0415

    names = [f"car-{number:05}" for number in range(5_000)]
    Vehicles(store).register_all("acme", [Registration(name, model="leaf") for name in names])
    async with at_work(settings, tmp_path) as room:
        begin = time.perf_counter()
        for start in range(0, len(names), 500):
            await room.check_in({name: [] for name in names[start : start + 500]})
        await room.until(len(names))
        print(f"\n{len(names) / (time.perf_counter() - begin):,.0f} checkins/s answered")  # noqa: T201  # for those who look
        assert {vehicle for vehicle, _, _ in room.sent} == set(names)


async def test_two_controls_share_the_work_and_do_it_once(
    room: Room, campaigns: Campaigns, store: Store, settings: Settings
) -> None:
    """A second control beside that of the room: checkins are shared out, waves follow and limits pause once."""
    stop = asyncio.Event()
    settings = settings.model_copy(update={"nats_url": room.server.url, "nats_token": room.server.token})
    beside = asyncio.create_task(worker.run(settings, stop))
    rollout = {"waves": [{"percent": 1, "lasts": "1s"}, {"percent": 100}], "limits": {"events": 1}}
    campaigns.create("acme", {**ALL, "rollout": rollout})
    async with asyncio.timeout(60):
        while campaigns.get("acme", "all").wave == 0:  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.1)
    await room.check_in({"leaf-1": [], "zoe-1": []})
    await room.check_in({"leaf-2": []})
    await room.until(6)
    Usage(store).add("acme", [Used("all", "leaf-1", 10, 5, 0)], clock.now())
    async with asyncio.timeout(60):
        while campaigns.get("acme", "all").state is not State.PAUSED:  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.1)
    async with asyncio.timeout(30):
        while any(last := room.last_schemes().values()) or len(last) < 3:  # noqa: ASYNC110  # until all dropped it
            await asyncio.sleep(0.1)
    await asyncio.sleep(1.5)  # time to do it again
    stop.set()
    await asyncio.wait_for(beside, 30)
    changes = [one.what for _, one in History(store).changes("acme", "all")]
    assert changes == [Action.PAUSED, Action.ADVANCED, Action.CREATED]
    assert room.last_schemes() == {"leaf-1": 0, "leaf-2": 0, "zoe-1": 0}


async def test_after_a_restart_of_control_nothing_that_is_held_is_sent_again(
    store: Store, settings: Settings, campaigns: Campaigns, tmp_path: Path
) -> None:
    del store  # it has to be there
    campaigns.create("acme", ALL)
    async with EmbeddedServer(tmp_path / "nats") as server:
        settings = settings.model_copy(update={"nats_url": server.url, "nats_token": server.token})
        journal = await Journal.connect(server.url, server.token, settings)
        room = Room(journal, server)
        await journal.nats.subscribe(flow.down_subject("acme"), cb=room.heard)
        for turn in range(2):
            stop = asyncio.Event()
            running = asyncio.create_task(worker.run(settings, stop))
            await room.report()
            if turn == 0:
                await room.check_in({"leaf-1": []})
                await room.until(2)
                manifest, schemes = (content for _, _, content in room.sent)
                held = [one.campaign_sync_id for one in pb.CollectionSchemes.FromString(schemes).collection_schemes]
                held.append(pb.DecoderManifest.FromString(manifest).sync_id)
                await room.check_in({"leaf-1": held})
                await room.report(lambda one: one["counters"]["checkins_total"] == 2)
            else:
                await room.check_in({"leaf-1": held, "zoe-1": []})
                await room.until(4)
            stop.set()
            await asyncio.wait_for(running, 30)
        await journal.close()
    assert [vehicle for vehicle, _, _ in room.sent] == ["leaf-1", "leaf-1", "zoe-1", "zoe-1"]


async def test_while_the_twin_is_away_the_status_says_so(room: Room, campaigns: Campaigns, store: Store) -> None:
    del room  # control, without ingest
    campaigns.create("acme", {**ALL, "targets": {"where": "Vehicle.Speed > 100"}})
    async with asyncio.timeout(60):
        while "the twin does not answer" not in "".join(Overviews(store).of("acme", "all").problems):  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.1)


async def test_what_is_too_large_for_nats_is_its_vehicle_s_reason_and_disturbs_nobody(
    settings: Settings,
    campaigns: Campaigns,
    store: Store,
    records: Records,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaigns.create("acme", ALL)
    for number in range(5):
        campaigns.create("acme", {**ALL, "name": f"more-{number}", "targets": ["leaf-1"]})
    records.refresh()
    sizes = {name: len(one.schemes_document) for name in ("leaf-1", "leaf-2") if (one := records.wanted("acme", name))}
    monkeypatch.setattr(Sending, "_most_bytes", sizes["leaf-2"])
    async with at_work(settings, tmp_path) as room:
        await room.check_in({"leaf-1": [], "leaf-2": [], "zoe-1": []})
        await room.until(5)
        assert ("leaf-1", DownKind.COLLECTION_SCHEMES) not in {(vehicle, kind) for vehicle, kind, _ in room.sent}
        (problem,) = (await room.report(lambda one: one["problems"]))["problems"].values()
        assert "leaf-1 of acme" in problem
        await room.check_in({"leaf-1": [LEAF.sync_id]})
        async with asyncio.timeout(60):
            while not (found := Overviews(store).of("acme", "more-1").examples.get(Reason.TOO_LARGE)):  # noqa: ASYNC110  # a test
                await asyncio.sleep(0.1)
        assert found[0].vehicle == "leaf-1"
        assert f"of {sizes['leaf-1']:,} bytes is more than NATS takes" in found[0].detail
        assert "let fewer campaigns mean the vehicle" in found[0].detail
        for number in range(5):
            campaigns.stop("acme", f"more-{number}")
        await room.until(6)
        assert room.sent[5][:2] == ("leaf-1", DownKind.COLLECTION_SCHEMES)
        await room.report(lambda one: one["problems"] == {})

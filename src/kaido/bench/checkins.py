"""Checkins answered by control: by vehicles that lack everything, by vehicles that lack nothing, after its restart.

Batches of checkins come over NATS as ingest hands them over; what control sends is heard as a gateway hears it. Control
has a process of its own; NATS and the load share the machine with it.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import TYPE_CHECKING

import pyarrow as pa
import uvloop

from kaido import flow
from kaido.bench.figure import Figure, Runs
from kaido.bench.options import Spent
from kaido.bench.site import Site
from kaido.bench.vehicles import COMPANY
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.company import Companies, Vehicles
from kaido.company.registrations import Registration
from kaido.control import Campaigns
from kaido.control.checkins import Checkins
from kaido.errors import UnavailableError
from kaido.flow_names import DownKind, UpKind
from kaido.journal import encode_batch
from kaido.runtime import clock
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nats.aio.msg import Msg

    from kaido.bench.options import BenchOptions

FLEET, QUICK_FLEET = 20_000, 500
SIGNALS = 200
CAMPAIGNS = 5
BATCH = 500
"""Checkins that ingest hands over together."""
FLOOR = 5_000.0
MOST_RUNS = 3
_PATIENCE_S = 120.0
_LOOK_S = 0.02


class WrongAnswerError(UnavailableError):
    """Control did not answer as it should: its rate means nothing."""


class _Ear:
    """Hears what control sends, as a gateway does."""

    def __init__(self) -> None:
        self.got: dict[DownKind, set[str]] = {kind: set() for kind in DownKind}
        self.documents: dict[DownKind, bytes] = {}

    async def hear(self, message: Msg) -> None:
        headers = message.headers or {}
        kind = DownKind(int(headers["Kaido-Kind"]))
        self.got[kind].update(headers["Kaido-Vehicle"].split(","))
        self.documents[kind] = message.data

    @property
    def lasts(self) -> set[str]:
        """The vehicles that come last in a storm."""
        return {name for name in self.got[DownKind.COLLECTION_SCHEMES] if name.startswith("last-")}

    @property
    def sync_ids(self) -> list[str]:
        """What a vehicle holds that took the documents."""
        manifest = pb.DecoderManifest.FromString(self.documents[DownKind.DECODER_MANIFEST])
        schemes = pb.CollectionSchemes.FromString(self.documents[DownKind.COLLECTION_SCHEMES])
        return [manifest.sync_id, *(one.campaign_sync_id for one in schemes.collection_schemes)]


def run(options: BenchOptions) -> list[Figure]:
    """The figures."""
    return uvloop.run(_run(options))


async def _run(options: BenchOptions) -> list[Figure]:
    size, runs = options.pick(FLEET, QUICK_FLEET), options.pick(min(options.runs, MOST_RUNS), 1)
    async with Site(options.folder, [], profiled=not options.quick) as site:
        options.say(f"{runs} fleets of {size:,} vehicles")
        fleets = await asyncio.to_thread(_prepare, site, size, runs)
        await site.start("control")
        ear = _Ear()
        await site.nats.subscribe(flow.down_subject(COMPANY), cb=ear.hear, pending_bytes_limit=0)
        await site.nats.flush()
        if not options.quick:
            site.begin_profiles()
        lacking = [await _storm(site, ear, fleet, []) for fleet in fleets]
        holding = [await _storm(site, ear, fleet, ear.sync_ids) for fleet in fleets]
        options.say("until all is written down; a restart of control; the same again")
        await _check_heard(site, 2 * runs * (size + 1))
        await _kept(site, size * runs)
        if not options.quick:
            for name, seconds in (await site.profiles())["control"]:
                options.spent.append(Spent("control, for all of it: seconds", name, seconds))
        else:
            await site.stop("control")
        held, ear.got = ear.sync_ids, {kind: {*ear.lasts} for kind in DownKind}
        await site.start("control")
        again = await _storm(site, ear, fleets[0], held)
        await _check_heard(site, size + 1)
        lasts = ear.lasts
        resent = sum(len(vehicles - lasts) for vehicles in ear.got.values())
    length = sum(len(document) for document in ear.documents.values())
    options.remark(
        f"{size:,} vehicles, {CAMPAIGNS} campaigns of {SIGNALS} signals; manifest and schemes have {length:,} bytes. "
        f"What vehicles hold is in the database behind each storm."
    )
    return [
        Figure.of("checkins answered, each with manifest and schemes", Runs(tuple(lacking)), "checkins/s", bound=FLOOR),
        Figure.of("checkins answered, nothing lacking", Runs(tuple(holding)), "checkins/s", bound=FLOOR),
        Figure.of(f"{size:,} checkins after a restart of control", size / again, "s", better="lower"),
        Figure.of("documents sent again after it", float(resent), "documents", bound=0.0, better="lower"),
    ]


def _prepare(site: Site, size: int, fleets: int) -> list[list[str]]:
    """A company with a manifest, campaigns and vehicles; the ids of each fleet."""
    store = site.store
    Companies(store, site.settings).create(COMPANY)
    signals = [CanSignal(f"Vehicle.Bench.S{number}", 256 + number, 0, 16) for number in range(SIGNALS)]
    CatalogStore(store).save_manifest(COMPANY, DecoderManifest.of("bench", signals))
    for number in range(CAMPAIGNS):
        spec = {"name": f"bench-{number}", "signals": ["Vehicle.Bench.*"], "period": f"{number + 1}s"}
        Campaigns(store).create(COMPANY, spec)
    found = [[f"car-{fleet}-{number:06}" for number in range(size)] for fleet in range(fleets)]
    for ids in found:
        Vehicles(store).register_all(COMPANY, [Registration(one, model="bench") for one in ids])
    lasts = [Registration(f"last-{number}", model="bench") for number in range(2 * fleets + 1)]
    Vehicles(store).register_all(COMPANY, lasts)
    return found


async def _storm(site: Site, ear: _Ear, vehicles: Sequence[str], held: Sequence[str]) -> float:
    """All vehicles check in at once; how many a second were answered.

    The last one lacks everything: control works in order, so when that one has its documents the others are done.
    """
    payload = pb.Checkin(document_sync_ids=held, timestamp_ms_epoch=clock.now_ms()).SerializeToString()
    batches = [_batch(vehicles[start : start + BATCH], payload) for start in range(0, len(vehicles), BATCH)]
    last = next(name for number in count() if (name := f"last-{number}") not in ear.got[DownKind.COLLECTION_SCHEMES])
    batches.append(_batch([last], b""))
    wanted = {last} if held else {last, *vehicles}
    began = time.perf_counter()
    for batch in batches:
        await site.nats.publish(flow.checkins_subject(COMPANY), batch)
    await site.nats.flush()
    while not all(ear.got[kind] >= wanted for kind in (DownKind.DECODER_MANIFEST, DownKind.COLLECTION_SCHEMES)):
        _check(began + _PATIENCE_S)
        await asyncio.sleep(_LOOK_S)
    return len(vehicles) / (time.perf_counter() - began)


def _batch(vehicles: Sequence[str], payload: bytes) -> bytes:
    count = len(vehicles)
    columns = [list(vehicles), [int(UpKind.CHECKIN)] * count, [clock.now()] * count, [payload] * count]
    return encode_batch(pa.record_batch(columns, schema=flow.UP_SCHEMA))


async def _check_heard(site: Site, checkins: int) -> None:
    counted = (await site.report("control"))["counters"].get("checkins_total")
    if counted != checkins:
        raise WrongAnswerError("control did not hear all checkins", why=f"{counted} of {checkins}")


async def _kept(site: Site, count: int) -> None:
    deadline = time.perf_counter() + _PATIENCE_S
    while len(await asyncio.to_thread(Checkins(site.store).of, COMPANY)) < count:
        _check(deadline)
        await asyncio.sleep(0.5)


def _check(deadline: float) -> None:
    if time.perf_counter() > deadline:
        raise WrongAnswerError("control does not answer all checkins", why=f"not in {_PATIENCE_S:.0f} s")

"""Control as a process: answers checkins, and pushes what changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from google.protobuf.message import DecodeError

from kaido import flow
from kaido.commands.courier import Courier
from kaido.commands.holding import Holding
from kaido.control.answers import Answers
from kaido.control.checkins import Checkins
from kaido.control.clocks import SHOWN, Clocks
from kaido.control.forgetting import Forgetting
from kaido.control.members import Members
from kaido.control.presence import Presence
from kaido.control.records import Records
from kaido.control.sending import Sending
from kaido.control.steward import Steward
from kaido.control.upkeep import Upkeep
from kaido.errors import InvalidInputError, KaidoError, UnavailableError
from kaido.flow_names import UpKind
from kaido.journal import Journal, decode_batch
from kaido.journal.status import serve_status
from kaido.runtime import tasks
from kaido.runtime.log import event
from kaido.runtime.status import Report
from kaido.store import Store
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from nats.aio.client import Client
    from nats.aio.msg import Msg

    from kaido.runtime.settings import Settings

logger = logging.getLogger(__name__)

CONNECT_PAUSE_SECONDS = 0.5
REFRESH_SECONDS = 0.5
PUSHES_PER_TURN = 100
PUSH_PAUSE_SECONDS = 0.05
"""At most 2,000 documents a second are pushed; checkins are answered in between."""
KEEP_SECONDS = 1.0
KEPT_AT_ONCE = 2_000
"""What vehicles hold is written down at this pace; it is for looking at, and for the next start."""
_CHECKINS = flow.checkins_subject("")


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set.

    Raises:
        UnavailableError: the database cannot be opened.
    """
    store = await asyncio.to_thread(Store.open, settings.database)
    try:
        journal = await _connect(settings, stop)
        if journal is None:
            return
        try:
            report = Report("control")
            presence = Presence(journal.nats, store, report)
            checkins = Checkins(store)
            answers = Answers()
            courier = Courier(journal, store, settings, presence, Holding(answers, checkins), report)
            presence.on_entered(answers.connected_anew)
            await presence.start()
            await courier.start()
            try:
                upkeep = Upkeep(journal.nats, Steward(store, settings), Members(store), report)
                beside = (upkeep.run, Forgetting(store, settings).run)
                control = Control(journal.nats, Records(store, settings), checkins, answers, beside, report)
                control.on_checkin = courier.has_checked_in
                await control.run(stop)
            finally:
                await courier.stop()
                await presence.stop()
        finally:
            await journal.close()
    finally:
        store.close()


class Control:
    """Answers checkins over NATS.

    Args:
        nats: a connected client.
        records: what vehicles should hold.
        checkins: keeps what they do hold.
        answers: decides what to send.
        beside: works that run beside the checkins until they are cancelled.
        report: counters.

    Attributes:
        on_checkin: called with the company and id of a vehicle that has checked in.
    """

    def __init__(
        self,
        nats: Client,
        records: Records,
        checkins: Checkins,
        answers: Answers,
        beside: Sequence[Callable[[], Coroutine[Any, Any, None]]],
        report: Report,
    ) -> None:
        self._nats = nats
        self._records = records
        self._checkins = checkins
        self._answers = answers
        self._beside = beside
        self.on_checkin: Callable[[str, str], None] = _nobody
        self._sending = Sending(nats, self._answers, report)
        self._clocks = Clocks()
        self._told_clocks: dict[str, dict[str, object]] = {}
        self._changed = asyncio.Event()
        self.report = report
        self.report.details["clocks"] = self._told_clocks

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        self._answers.restore(await asyncio.to_thread(self._checkins.load))
        await self._refresh()
        await self._nats.subscribe(flow.checkins_subject("*"), queue="control", cb=self._checked_in)
        await self._nats.subscribe(flow.IDENTITY_SUBJECT, cb=self._announced)
        await serve_status(self._nats, self.report)
        works = (self._watch, self._keep, *self._beside)
        working = [asyncio.create_task(work()) for work in works]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({*working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            await tasks.end((*working, stopping))
            while await self._save():
                pass

    async def _announced(self, _message: Msg) -> None:
        self._changed.set()

    async def _checked_in(self, message: Msg) -> None:
        company = message.subject.removeprefix(_CHECKINS)
        try:
            batch = decode_batch(message.data)
        except InvalidInputError as error:
            self.report.count("unreadable_total", of="batch")
            event(logger, logging.WARNING, "a batch of checkins cannot be read", why=error)
            return
        now = time.time()
        newest = _newest(batch)
        for vehicle, (payload, arrival_us) in newest.items():
            try:
                checkin = pb.Checkin.FromString(payload)
            except DecodeError:
                self.report.count("unreadable_total", of="checkin")
                continue
            self._note_time(company, vehicle, checkin.timestamp_ms_epoch, arrival_us)
            self._answers.checkin(company, vehicle, checkin.document_sync_ids, now)
            self.on_checkin(company, vehicle)
            self._add_missing(company, vehicle, now)
        self.report.count("checkins_total", len(newest))
        await self._sending.send()
        self.report.gauge("vehicles_seen", len(self._answers))
        self._tell_clocks(company)

    def _note_time(self, company: str, vehicle: str, timestamp_ms: int, arrival_us: int) -> None:
        if self._clocks.checked_in(company, vehicle, timestamp_ms, arrival_us):
            off_s = round(timestamp_ms / 1e3 - arrival_us / 1e6, 1)
            event(logger, logging.WARNING, "a vehicle's clock is wrong", company=company, vehicle=vehicle, off_s=off_s)

    def _tell_clocks(self, company: str) -> None:
        wrong = self._clocks.wrong(company)
        self.report.gauge("vehicle_clocks_wrong", len(wrong), company=company)
        self._told_clocks[company] = {"wrong": len(wrong), "worst": dict(islice(wrong.items(), SHOWN))}

    def _add_missing(self, company: str, vehicle: str, now: float) -> int:
        """How many documents a vehicle is to be sent."""
        try:
            wanted = self._records.wanted(company, vehicle)
        except KaidoError as error:
            self.report.problem("records", str(error))
            return 0
        if wanted is None:
            self.report.count("nothing_wanted_total")
            return 0
        missing = self._answers.missing(company, vehicle, wanted, now)
        for document in missing:
            self._sending.add(company, vehicle, document)
        return len(missing)

    async def _watch(self) -> None:
        """Keep the records fresh; when they change, push to the vehicles that are about."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            await asyncio.sleep(PUSH_PAUSE_SECONDS)  # several changes in a row are one
            if await self._refresh():
                self._sending.begin_anew()
                await self._push()

    async def _refresh(self) -> bool:
        try:
            changed = await asyncio.to_thread(self._records.refresh)
        except KaidoError as error:
            self.report.problem("records", str(error))
            return False
        self.report.problem("records", None)
        return changed

    async def _push(self) -> None:
        added = 0
        for turn, (company, vehicle) in enumerate(self._answers.seen(time.time()), 1):
            added += self._add_missing(company, vehicle, time.time())
            if added >= PUSHES_PER_TURN:
                added = 0
                await self._sending.send()
                await asyncio.sleep(PUSH_PAUSE_SECONDS)
            elif turn % PUSHES_PER_TURN == 0:
                await asyncio.sleep(0)
        await self._sending.send()

    async def _keep(self) -> None:
        """Write down what vehicles hold, a little at a time."""
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            await self._save()

    async def _save(self) -> bool:
        """Whether anything was written down."""
        changed = self._answers.changed(KEPT_AT_ONCE)
        if not changed:
            return False
        try:
            await asyncio.to_thread(self._checkins.save, changed)
        except UnavailableError as error:
            self._answers.not_kept(key for key, _ in changed)
            self.report.problem("checkins", f"what vehicles hold cannot be kept: {error}")
            return False
        self.report.problem("checkins", None)
        return True


def _nobody(_company: str, _vehicle: str) -> None:
    """Nobody wants to know."""


def _newest(batch: pa.RecordBatch) -> dict[str, tuple[bytes, int]]:
    """The last checkin of each vehicle in a batch, and when it arrived, microseconds since 1970."""
    columns = [batch[name].to_pylist() for name in ("vehicle", "kind", "payload")]
    rows = zip(*columns, batch["arrival"].cast(pa.int64()).to_pylist(), strict=True)
    return {vehicle: (payload, arrival) for vehicle, kind, payload, arrival in rows if kind == UpKind.CHECKIN}


async def _connect(settings: Settings, stop: asyncio.Event) -> Journal | None:
    """NATS, as soon as it is there; None if control is to stop before that."""
    said = False
    while not stop.is_set():
        try:
            return await Journal.connect(settings.nats_url, settings.nats_token, settings, name="control")
        except UnavailableError as error:
            if not said:
                event(logger, logging.WARNING, "waiting for NATS", error=error)
                said = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), CONNECT_PAUSE_SECONDS)
    return None

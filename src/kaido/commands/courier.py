"""Carries commands to vehicles, inside control: each once, none past its time, none against the policy of that moment.

What there is to do stands in the database, each with the moment at which to look at it next. So whatever process ends
in between, another goes on: a request is on record before it is sent, and sent again, the very same bytes, until the
vehicle has acknowledged it; a vehicle carries out a command id once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import nats.errors

from kaido import flow
from kaido.commands.checking import Checking, Early, Ready, Refused
from kaido.commands.hearing import Hearing, receipts
from kaido.commands.ledger import VEHICLE, Ledger, Step
from kaido.commands.model import AT_VEHICLE, Key, Outcome, State
from kaido.commands.policies import Policies
from kaido.commands.preconditions import Answer, Verdict, judge
from kaido.commands.reports import Reports
from kaido.commands.twins import Twins
from kaido.errors import KaidoError, UnavailableError
from kaido.flow_names import DownKind
from kaido.journal.responses import Responses
from kaido.runtime import clock, tasks
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from nats.aio.msg import Msg

    from kaido.commands.holding import Holding
    from kaido.commands.ledger import Task
    from kaido.commands.preconditions import Known
    from kaido.commands.twins import Vehicle
    from kaido.control.presence import Presence
    from kaido.journal import Journal
    from kaido.runtime.settings import Settings
    from kaido.runtime.status import Report
    from kaido.store import Store

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.25
AT_ONCE = 500
RESEND = timedelta(seconds=2)
"""After which a request that the vehicle has not acknowledged is sent again; twice as long each time."""
MOST_SENDS = 6
GRACE = timedelta(seconds=2)
"""How long after its end a command waits for an answer that is under way."""
SETTLE = timedelta(seconds=10)
"""How long after it connected a vehicle has to say what a precondition asks for."""
LOOK_AGAIN = timedelta(milliseconds=500)
NOT_HELD = timedelta(seconds=5)
"""After which to look again at a vehicle that lacks what a command is about; its checkin makes it sooner."""
RETRY_SECONDS = 1.0
NOT_SEEN_TO = "the process that sends commands was away"


class Courier:
    """Delivers commands and hears what becomes of them.

    Args:
        journal: a connection to NATS.
        store: where commands are.
        settings: of this process.
        presence: who is connected; this hears from it who has just connected.
        holding: what vehicles hold.
        report: counters.
    """

    def __init__(
        self, journal: Journal, store: Store, settings: Settings, presence: Presence, holding: Holding, report: Report
    ) -> None:
        self._nats = journal.nats
        self._responses = Responses(journal, settings)
        self._ledger = Ledger(store)
        self._checking = Checking(store, Policies(store, settings), holding)
        self._twins = Twins(journal.nats)
        self._hearing = Hearing(self._responses, Reports(store), report)
        self._presence = presence
        self._holding = holding
        self._lacking: set[tuple[str, str]] = set()
        self._report = report
        self._entered: set[tuple[str, str]] = set()
        self._receipts: list[tuple[Key, datetime]] = []
        self._news = asyncio.Event()
        self._asking: set[Key] = set()
        self._questions: asyncio.Queue[list[tuple[Task, Ready]]] = asyncio.Queue(4)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Work from now on, until :meth:`stop`."""
        self._presence.on_entered(self._look_at)
        await self._nats.subscribe(flow.COMMANDS_SUBJECT, cb=self._nudged)
        await self._nats.subscribe(flow.RECEIPTS_SUBJECT, queue="control", cb=self._receipted)
        works = (self._work_for_ever(), self._hearing.run(), self._ask_for_ever())
        self._tasks = [asyncio.create_task(work, name="commands") for work in works]

    async def stop(self) -> None:
        """End; what is not done is done by whoever comes next."""
        await tasks.end(self._tasks)

    def has_checked_in(self, company: str, vehicle: str) -> None:
        """A vehicle has said what it holds: it may be what a command waits for."""
        if (company, vehicle) in self._lacking:
            self._lacking.discard((company, vehicle))
            self._look_at([(company, vehicle)])

    def _look_at(self, vehicles: Sequence[tuple[str, str]]) -> None:
        """What waits for these vehicles may go now."""
        self._entered.update(vehicles)
        self._news.set()

    async def _nudged(self, _message: Msg) -> None:
        self._news.set()

    async def _receipted(self, message: Msg) -> None:
        try:
            self._receipts += receipts(message.data)
        except (ValueError, LookupError, TypeError) as error:
            event(logger, logging.WARNING, "a gateway's receipts make no sense", error=error)
            return
        self._news.set()

    async def _work_for_ever(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._news.wait()
            self._news.clear()
            try:
                await self._note_entered()
                await self._work()
            except KaidoError as error:
                self._report.problem("commands", f"commands wait: {error}")
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._report.problem("commands", None)

    async def _note_receipts(self) -> None:
        """What was acknowledged."""
        if self._receipts:
            noted, self._receipts = self._receipts, []
            steps = [Step(key, (State.SENT,), State.DELIVERED, moment=at, who=VEHICLE) for key, at in noted]
            self._report.count("commands_delivered_total", len(await asyncio.to_thread(self._ledger.take, steps)))

    async def _note_entered(self) -> None:
        """Who has connected."""
        if self._entered:
            entered, self._entered = self._entered, set()
            now = clock.now()
            try:
                await asyncio.to_thread(self._ledger.hasten, sorted(entered), now, now + RESEND)
            except UnavailableError:
                self._entered |= entered
                raise

    async def _work(self) -> None:
        """Everything that is due."""
        while True:
            await self._note_receipts()  # or what is here already would be sent again
            most = AT_ONCE + len(self._asking)
            due = await asyncio.to_thread(self._ledger.due, clock.now(), most)
            await self._handle([task for task in due if task.key not in self._asking])
            if len(due) < most:
                return

    async def _handle(self, due: Sequence[Task]) -> None:
        now = clock.now()
        later: list[tuple[Key, datetime, str]] = []
        ends: list[Step] = []
        sends: list[Task] = []
        for task in due:
            if (end := _end(task, now)) is not None:
                ends.append(end)
            elif task.state is State.APPROVAL:
                later.append((task.key, task.deadline, ""))
            elif task.state is State.WAITING and not self._is_there(task):
                later.append((task.key, task.deadline, "the vehicle is not connected"))
            elif task.state is State.WAITING or (
                task.state is State.SENT and task.sends < MOST_SENDS and self._is_there(task)
            ):
                sends.append(task)
            else:
                later.append((task.key, task.deadline + GRACE, ""))
        await self._end(ends)
        if later:
            await asyncio.to_thread(self._ledger.postpone, later)
            # Whoever connected while that was written was hastened too early.
            self._look_at([(key.company, key.vehicle) for key, _, text in later if text and self._is_connected(key)])
        if sends:
            await self._check_and_send(sends)

    async def _end(self, steps: Sequence[Step]) -> None:
        """Give up on commands; on those at vehicles only when no answer lies unread."""
        if any(step.outcome is Outcome.TIMED_OUT for step in steps) and await self._responses.waiting():
            later = [(step.key, clock.now() + LOOK_AGAIN, "") for step in steps if step.outcome is Outcome.TIMED_OUT]
            await asyncio.to_thread(self._ledger.postpone, later)
            steps = [step for step in steps if step.outcome is not Outcome.TIMED_OUT]
        await self._take(steps)

    async def _take(self, steps: Sequence[Step]) -> list[Step]:
        if not steps:
            return []
        taken = await asyncio.to_thread(self._ledger.take, steps)
        for step in taken:
            if step.outcome is not None:
                self._report.count("command_outcomes_total", outcome=step.outcome.value)
        return taken

    async def _check_and_send(self, due: Sequence[Task]) -> None:
        checked = await asyncio.to_thread(self._checking.check, due)
        refused: list[Step] = []
        ready: list[tuple[Task, Ready]] = []
        early: list[tuple[Task, Early]] = []
        for task in due:
            found = checked[task.key]
            if isinstance(found, Ready):
                ready.append((task, found))
            elif isinstance(found, Early):
                early.append((task, found))
            elif task.state is State.WAITING:
                refused.append(_refusal(task, found))
            else:
                refused.append(_patience(task, found.why))
        await self._take(refused)
        await self._await_documents(early)
        await self._send([one for one in ready if not one[1].preconditions])
        if asked := [one for one in ready if one[1].preconditions]:
            await self._ask(asked)

    async def _await_documents(self, early: Sequence[tuple[Task, Early]]) -> None:
        """Wait until vehicles say that they hold what commands are about."""
        if not early:
            return
        now = clock.now()
        self._lacking.update((task.key.company, task.key.vehicle) for task, _ in early)
        later = [(task.key, min(now + NOT_HELD, task.deadline), one.why) for task, one in early]
        await asyncio.to_thread(self._ledger.postpone, later)
        # Whoever said so while that was written was looked at too early.
        for task, one in early:
            if self._holding.heard(task.key, one.needs):
                self.has_checked_in(task.key.company, task.key.vehicle)

    async def _ask(self, asked: list[tuple[Task, Ready]]) -> None:
        """Have preconditions looked at; a little later where too many are."""
        keys = [task.key for task, _ in asked]
        if self._questions.full():
            later = clock.now() + LOOK_AGAIN
            await asyncio.to_thread(self._ledger.postpone, [(key, later, "") for key in keys])
        else:
            self._asking.update(keys)
            self._questions.put_nowait(asked)

    async def _ask_for_ever(self) -> None:
        """Hold commands against the twin; beside the others, which wait for nobody's answer."""
        while True:
            asked = await self._questions.get()
            try:
                known = await self._twins.known([(task.key.company, task.key.vehicle) for task, _ in asked])
                verdicts = [(task, ready, _verdict(task, ready, known)) for task, ready in asked]
                await self._send([(task, ready) for task, ready, said in verdicts if said.answer is Answer.YES])
                await self._not_now([(task, said) for task, _, said in verdicts if said.answer is not Answer.YES])
            except KaidoError as error:
                event(logger, logging.WARNING, "preconditions cannot be looked at now", error=error)
                await asyncio.sleep(RETRY_SECONDS)
            finally:
                self._asking.difference_update(task.key for task, _ in asked)

    async def _not_now(self, verdicts: Sequence[tuple[Task, Verdict]]) -> None:
        """What does not hold is refused; what nobody knows may be known in a moment."""
        now = clock.now()
        steps: list[Step] = []
        later: list[tuple[Key, datetime, str]] = []
        for task, (answer, why) in verdicts:
            since = self._presence.since(task.key.company, task.key.vehicle)
            if task.state is not State.WAITING:
                steps.append(_patience(task, why))
            elif answer is Answer.NO or (since is not None and now - since > SETTLE):
                steps.append(_refusal(task, Refused(why)))
            else:
                later.append((task.key, min(now + LOOK_AGAIN, task.deadline), why))
        await self._take(steps)
        await asyncio.to_thread(self._ledger.postpone, later)

    async def _send(self, ready: Sequence[tuple[Task, Ready]]) -> None:
        """On record first; then out."""
        if not ready:
            return
        now = clock.now()
        steps = {
            task.key: Step(
                task.key,
                (task.state,),
                State.SENT,
                moment=now,
                text="" if task.state is State.WAITING else "again: the vehicle has not acknowledged it",
                due=min(now + RESEND * 2**task.sends, task.deadline + GRACE),
                request=found.request,
                sends=task.sends,
            )
            for task, found in ready
        }
        taken = {step.key for step in await self._take(list(steps.values()))}
        for task, found in ready:
            if task.key in taken:
                await self._publish(task, found)
                self._report.count("commands_sent_total", again=str(task.state is not State.WAITING).lower())

    async def _publish(self, task: Task, ready: Ready) -> None:
        subject = flow.down_subject(task.key.company)
        headers = {
            "Kaido-Vehicle": task.key.vehicle,
            "Kaido-Id": task.key.command,
            "Kaido-Expires": str(int(task.deadline.timestamp() * 1_000)),
        }
        parts = [(DownKind.COMMAND_REQUEST, ready.request)]
        if ready.signature is not None:
            parts.insert(0, (DownKind.COMMAND_SIGNATURE, ready.signature))
        try:
            for kind, payload in parts:
                await self._nats.publish(subject, payload, headers=headers | {"Kaido-Kind": str(int(kind))})
        except (nats.errors.Error, OSError) as error:
            event(logger, logging.WARNING, "a command did not go out; it will be sent again", why=error)

    def _is_there(self, task: Task) -> bool:
        return self._is_connected(task.key)

    def _is_connected(self, key: Key) -> bool:
        return self._presence.connected(key.company, key.vehicle)


def _end(task: Task, now: datetime) -> Step | None:
    """The outcome of a command whose time is over."""
    if task.state in AT_VEHICLE:
        if now < task.deadline + GRACE:
            return None
        said = {
            State.SENT: "the vehicle has not acknowledged it",
            State.DELIVERED: "the vehicle has it, and did not answer",
            State.IN_PROGRESS: "the vehicle was at it",
        }
        return Step(task.key, AT_VEHICLE, State.DONE, Outcome.TIMED_OUT, now, text=said[task.state])
    if now < task.deadline:
        return None
    why = "nobody approved it in time" if task.state is State.APPROVAL else task.text or NOT_SEEN_TO
    return Step(task.key, (task.state,), State.DONE, Outcome.EXPIRED, now, text=why)


def _refusal(task: Task, refused: Refused) -> Step:
    outcome = Outcome.REJECTED if refused.by_policy else Outcome.FAILED
    return Step(task.key, (State.WAITING,), State.DONE, outcome, text=refused.why)


def _patience(task: Task, why: str) -> Step:
    """It is not sent again, and may be there all the same."""
    return Step(task.key, (State.SENT,), State.SENT, text=f"not sent again: {why}", due=task.deadline + GRACE)


def _verdict(task: Task, ready: Ready, known: dict[Vehicle, dict[str, Known]]) -> Verdict:
    found = known.get((task.key.company, task.key.vehicle))
    if found is None:
        return Verdict(Answer.UNKNOWN, "the twin does not answer")
    return judge(ready.preconditions, found, clock.now())

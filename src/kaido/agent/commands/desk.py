"""The desk that commands come to: what is asked, whether it may be, once and never twice, and what became of it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from kaido.agent.commands.actuators import Order
from kaido.agent.commands.execution import Execution, Reports
from kaido.agent.commands.ledger import FullError, Ledger
from kaido.agent.commands.outcomes import FAILED, CommandError, Outcome, Reason
from kaido.agent.commands.request import Actuation, Command, read
from kaido.agent.commands.signatures import Signatures
from kaido.agent.commands.timing import check, validity
from kaido.agent.outbox import Outgoing
from kaido.errors import InvalidInputError, UnavailableError
from kaido.flow_names import DownKind, UpKind
from kaido.runtime import clock, log, tasks
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import signing
from kaido.wire.topics import VEHICLE_ID

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from kaido.agent.commands.actuators import Actuators
    from kaido.agent.config import AgentConfig
    from kaido.agent.uplink import Uplink
    from kaido.catalog.actuator_signal import ActuatorSignal
    from kaido.catalog.manifest import DecoderManifest
    from kaido.runtime.status import Report

    StateCommands = Callable[[pb.LastKnownStateCommand], Awaitable[Outcome]]

_LOG = logging.getLogger(__name__)

MOST_WAITING = 64
"""Messages about commands that wait to be looked at."""
MOST_OPEN = 64
"""Commands that wait for their actuator or are at work."""


class Commands:
    """The commands of one vehicle.

    Args:
        config: who it is, the spelling of its topics, where its ledger lies, the company's command key.
        actuators: what it can do.
        manifest: what it holds at the moment.
        report: counts commands by outcome.
        on_state: carries out commands about state templates; without it they are not supported.

    Raises:
        InvalidInputError: the command key is none.
    """

    def __init__(
        self,
        config: AgentConfig,
        actuators: Actuators,
        manifest: Callable[[], DecoderManifest | None],
        report: Report,
        on_state: StateCommands | None = None,
    ) -> None:
        self._config = config
        self._actuators = actuators
        self._manifest = manifest
        self._report = report
        self._on_state = on_state
        self._signatures = Signatures(config.vehicle, _key(config.command_key))
        self._execution = Execution()
        self._inbox: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(MOST_WAITING)
        self._open: set[asyncio.Task[None]] = set()

    def offer(self, topic: str, payload: bytes) -> bool:
        """Take a message without waiting; False where it is not about commands."""
        kind, command_id = self._config.prefixes.command(self._config.vehicle, topic) or (None, "")
        if kind is None:
            return False
        if not VEHICLE_ID.fullmatch(command_id):  # what a topic cannot hold safely cannot be answered
            self._report.count("commands_total", outcome="bad_id")
        elif kind is DownKind.COMMAND_SIGNATURE:
            self._signatures.keep(command_id, payload)
        else:
            try:
                self._inbox.put_nowait((command_id, payload))
            except asyncio.QueueFull:  # the cloud hears nothing, as when the vehicle is away
                self._report.count("commands_total", outcome="overrun")
        return True

    async def run(self, uplink: Uplink) -> None:
        """Work until cancelled. What was at work when the agent ended last is answered first: it failed.

        Raises:
            UnavailableError: the ledger cannot be opened or read.
        """
        ledger = await asyncio.to_thread(Ledger, self._config.state / "commands.db")
        try:
            await self._give_up(ledger, uplink, "the agent ended while it was carried out; it may have been done")
            while True:
                command_id, payload = await self._inbox.get()
                await self._take(ledger, uplink, command_id, payload)
        finally:
            await tasks.end(self._open)
            await self._give_up(ledger, uplink, "the agent was ended while it was carried out; it may have been done")
            await asyncio.to_thread(ledger.close)

    async def _give_up(self, ledger: Ledger, uplink: Uplink, why: str) -> None:
        outcome = Outcome(FAILED, Reason.INTERNAL_ERROR, why)
        for command_id in await asyncio.to_thread(ledger.unfinished):
            self._count(outcome)
            await asyncio.to_thread(ledger.end, command_id, outcome.response(command_id))
        for command_id, response in await asyncio.to_thread(ledger.untold):
            self._say(uplink, command_id, response)

    async def _take(self, ledger: Ledger, uplink: Uplink, command_id: str, payload: bytes) -> None:
        """Answer a request or start on it. A refusal that nobody signed is not kept: it must not bar the real one."""
        try:
            known = await asyncio.to_thread(ledger.find, command_id)
            if known is not None:
                self._report.count("commands_total", outcome="again")
                if known.response is not None:
                    self._say(uplink, command_id, known.response)
                return
            command = read(command_id, payload)
            self._signatures.check(command, payload)
            await self._begin(ledger, uplink, command)
        except CommandError as error:
            self._refused(uplink, command_id, error.outcome)
        except UnavailableError as error:
            log.event(_LOG, logging.ERROR, "a command cannot be taken", command=command_id, why=str(error))
            self._refused(uplink, command_id, Outcome(FAILED, Reason.UNAVAILABLE, "the vehicle's disk cannot be used"))

    def _refused(self, uplink: Uplink, command_id: str, outcome: Outcome) -> None:
        self._count(outcome)
        log.event(_LOG, logging.WARNING, "a command is refused", command=command_id, why=outcome.text)
        self._say(uplink, command_id, outcome.response(command_id))

    async def _begin(self, ledger: Ledger, uplink: Uplink, command: Command) -> None:
        if len(self._open) >= MOST_OPEN:
            raise CommandError(Reason.BUSY, f"{MOST_OPEN} commands are at work or wait already")
        now_ms = clock.now_ms()
        valid = validity(command, now_ms)
        if valid.ahead_s:
            log.event(_LOG, logging.WARNING, "a command is from the future", command=command.id, ahead_s=valid.ahead_s)
        try:
            await asyncio.to_thread(ledger.begin, command.id, now_ms, valid.expires_ms)
        except FullError:
            raise CommandError(Reason.BUSY, "the vehicle remembers as many commands as it can") from None
        task = asyncio.create_task(self._see_to(ledger, uplink, command), name=f"command {command.id}")
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _see_to(self, ledger: Ledger, uplink: Uplink, command: Command) -> None:
        try:
            outcome = await self._carry_out(uplink, command)
        except CommandError as error:
            outcome = error.outcome
        self._count(outcome)
        log.event(_LOG, logging.INFO, "a command has ended", command=command.id, reason=outcome.reason)
        response = outcome.response(command.id)
        try:
            await asyncio.to_thread(ledger.end, command.id, response)
            self._say(uplink, command.id, response)
            await uplink.kept()
            await asyncio.to_thread(ledger.told, command.id)
        except UnavailableError as error:
            log.event(_LOG, logging.ERROR, "a command's end cannot be kept", command=command.id, why=str(error))
            self._say(uplink, command.id, response)

    async def _carry_out(self, uplink: Uplink, command: Command) -> Outcome:
        check(command, clock.now_ms())
        if not isinstance(command.what, Actuation):
            if self._on_state is None:
                raise CommandError(Reason.NOT_SUPPORTED, "this agent has no state templates")
            return await self._on_state(command.what)
        asked = command.what
        named = self._named(asked)
        path = named.path if named else str(asked.signal_id)
        actuator = self._actuators.find(asked.signal_id, path)
        if actuator is None:
            reason = Reason.NOT_SUPPORTED if len(self._actuators) else Reason.NO_COMMAND_DISPATCHER_FOUND
            raise CommandError(reason, f"nothing here actuates {path}")
        actuator.check(asked.datatype, asked.value, named.datatype if named else "")
        reports = Reports(lambda outcome: self._say(uplink, command.id, outcome.response(command.id)))
        order = Order(
            path=path,
            signal_id=asked.signal_id,
            datatype=asked.datatype,
            value=asked.value,
            command_id=command.id,
            issued_ms=command.issued_ms,
            remaining_s=validity(command, clock.now_ms()).remaining_s,
            in_progress=reports,
        )
        try:
            return await self._execution.run(actuator, order)
        finally:
            reports.close()

    def _named(self, asked: Actuation) -> ActuatorSignal | None:
        """The actuator as the manifest names it; None where it has but a signal of this id.

        Raises:
            CommandError: it is another manifest, or has no such signal.
        """
        manifest = self._manifest()
        held = manifest.sync_id if manifest else ""
        if manifest is None or asked.manifest != held:
            text = f"it names manifest {asked.manifest[:200]!r}; the vehicle holds {held!r}"
            raise CommandError(Reason.DECODER_MANIFEST_OUT_OF_SYNC, text)
        named = manifest.actuator_of(asked.signal_id)
        if named is None and asked.signal_id not in manifest.ids:
            raise CommandError(Reason.NO_DECODING_RULES_FOUND, f"the manifest has no signal {asked.signal_id}")
        return named

    def _say(self, uplink: Uplink, command_id: str, response: bytes) -> None:
        topic = self._config.prefixes.up(self._config.vehicle, UpKind.COMMAND_RESPONSE, command_id)
        uplink.offer([Outgoing(topic, response)])

    def _count(self, outcome: Outcome) -> None:
        status = pb.CommandResponse.Status.Name(outcome.status).lower()
        self._report.count("commands_total", outcome=status, reason=str(outcome.reason))


def _key(file: Path | None) -> Ed25519PublicKey | None:
    if file is None:
        return None
    try:
        return signing.read_key(file.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"the command key {file} cannot be read", why=error.strerror or str(error)) from error

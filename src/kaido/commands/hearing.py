"""What vehicles answer: read from the stream, noted in the database, and only then acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import nats.errors
from google.protobuf.message import DecodeError

from kaido import flow
from kaido.commands.model import Key, Outcome, State
from kaido.commands.reports import Response
from kaido.errors import InvalidInputError, KaidoError
from kaido.flow_names import UpKind
from kaido.journal import decode_batch
from kaido.runtime.log import event
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from nats.aio.msg import Msg

    from kaido.commands.reports import Reports
    from kaido.journal.responses import Responses
    from kaido.runtime.status import Report

logger = logging.getLogger(__name__)

AT_ONCE = 200
PATIENCE_SECONDS = 1.0
RETRY_SECONDS = 0.5
LONGEST_TEXT = 2_000
_PREFIX = flow.responses_subject("")
_STRANGE = ("unknown", "wrong vehicle", "not sent", "too many")
_MEANINGS: dict[int, tuple[State, Outcome | None]] = {
    pb.CommandResponse.SUCCEEDED: (State.DONE, Outcome.SUCCEEDED),
    pb.CommandResponse.EXECUTION_TIMEOUT: (State.DONE, Outcome.TIMED_OUT),
    pb.CommandResponse.EXECUTION_FAILED: (State.DONE, Outcome.FAILED),
    pb.CommandResponse.IN_PROGRESS: (State.IN_PROGRESS, None),
}


class Hearing:
    """Takes responses from the stream to the database."""

    def __init__(self, responses: Responses, reports: Reports, report: Report) -> None:
        self._responses = responses
        self._reports = reports
        self._report = report

    async def run(self) -> None:
        """Work for ever."""
        while True:
            try:
                messages = await self._responses.take(AT_ONCE, PATIENCE_SECONDS)
                if messages:
                    await self._note(messages)
            except KaidoError as error:  # NATS or the database is away: what is not acknowledged comes again
                self._report.problem("responses", f"responses to commands wait: {error}")
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._report.problem("responses", None)

    async def _note(self, messages: list[Msg]) -> None:
        said = [one for message in messages for one in self._read(message)]
        for response, what in await asyncio.to_thread(self._reports.take, said):
            self._report.count("responses_total", what=what)
            if what == "outcome":
                self._report.count("command_outcomes_total", outcome=str(response.outcome))
            elif what in _STRANGE:
                key = response.key
                event(
                    logger,
                    logging.WARNING,
                    "a response that no command waits for",
                    what=what,
                    company=key.company,
                    vehicle=key.vehicle,
                    command=key.command[:128],
                )
        for message in messages:
            with contextlib.suppress(nats.errors.Error, OSError):
                await message.ack()

    def _read(self, message: Msg) -> list[Response]:
        company = message.subject.removeprefix(_PREFIX)
        try:
            rows = decode_batch(message.data).to_pylist()
        except InvalidInputError as error:
            self._report.count("unreadable_total", of="responses")
            event(logger, logging.WARNING, "a batch of responses cannot be read", why=error)
            return []
        found = [
            read_response(company, row["vehicle"], row["arrival"], row["payload"])
            for row in rows
            if row["kind"] == UpKind.COMMAND_RESPONSE
        ]
        self._report.count("unreadable_total", found.count(None), of="response")
        return [one for one in found if one is not None]


def read_response(company: str, vehicle: str, arrival: datetime, payload: bytes) -> Response | None:
    """What a vehicle says about a command; None where that cannot be read."""
    try:
        said = pb.CommandResponse.FromString(payload)
    except DecodeError:
        return None
    state, outcome = _MEANINGS.get(said.status, (None, None))
    text = said.reason_description[:LONGEST_TEXT].replace("\0", "")
    return Response(Key(company, said.command_id[:128], vehicle), arrival, state, outcome, said.reason_code, text)


def receipts(data: bytes) -> list[tuple[Key, datetime]]:
    """Requests that vehicles have acknowledged, and when.

    Raises:
        ValueError, LookupError, TypeError: it makes no sense.
    """
    return [
        (Key(str(company), str(command), str(vehicle)), datetime.fromtimestamp(float(at), UTC))
        for company, vehicle, command, at in json.loads(data)["receipts"]
    ]

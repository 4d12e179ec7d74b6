"""The way down: what control says on NATS goes to the vehicle's session.

Every gateway hears every message of every company; the one that has the vehicle's session delivers it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kaido.flow_names import DownKind, down_subject
from kaido.runtime.log import event
from kaido.wire.topics import VEHICLE_ID

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

    from kaido.gateway.sessions import Sessions
    from kaido.runtime.status import Report

logger = logging.getLogger(__name__)

VEHICLE, KIND, ID, EXPIRES, MOVED = "Kaido-Vehicle", "Kaido-Kind", "Kaido-Id", "Kaido-Expires", "Kaido-Moved"
"""Headers: the vehicle's id (or several, separated by commas: one document for all of them), the DownKind, the
document's or command's id, and (optional) the Unix ms of its end and whether it comes from the vehicle's session at
another gateway."""

_PREFIX = down_subject("")
_OF_COMMANDS = (DownKind.COMMAND_REQUEST, DownKind.COMMAND_SIGNATURE)


class Downlink:
    """Delivers messages for vehicles."""

    def __init__(self, sessions: Sessions, report: Report) -> None:
        self._sessions = sessions
        self._report = report

    async def listen(self, nats: Client) -> None:
        """Hear what is said from now on; also after NATS was away."""
        await nats.subscribe(down_subject("*"), cb=self._heard)

    async def _heard(self, message: Msg) -> None:
        headers = message.headers or {}
        try:
            company = message.subject.removeprefix(_PREFIX)
            found = [self._sessions.get(company, vehicle) for vehicle in headers[VEHICLE].split(",")]
            sessions = [session for session in found if session is not None]
            if not sessions:
                return  # they are other gateways' vehicles, or away for long
            kind = _kind(headers)
            command = _command_id(headers) if kind in _OF_COMMANDS else ""
            for session in sessions:
                session.offer(kind, command, message.data, _expires(headers), moved=MOVED in headers)
        except (KeyError, ValueError, OverflowError) as error:
            self._report.count("down_total", outcome="unreadable")
            event(
                logger, logging.WARNING, "a message for a vehicle makes no sense", subject=message.subject, error=error
            )


def _kind(headers: dict[str, str]) -> DownKind:
    return DownKind(int(headers[KIND]))


def _command_id(headers: dict[str, str]) -> str:
    """The command's id, which becomes a level of a topic."""
    found = headers.get(ID, "")
    if found and not VEHICLE_ID.fullmatch(found):  # the same characters are safe
        raise ValueError("a command's id that cannot be in a topic")
    return found


def _expires(headers: dict[str, str]) -> float | None:
    return int(headers[EXPIRES]) / 1000 if EXPIRES in headers else None

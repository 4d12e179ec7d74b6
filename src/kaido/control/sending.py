"""Documents on their way to vehicles: one message for all vehicles that are to get the same one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import nats.errors

from kaido import flow
from kaido.flow_names import DownKind
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nats.aio.client import Client

    from kaido.control.answers import Answers, Document
    from kaido.runtime.status import Report

logger = logging.getLogger(__name__)

VEHICLES_A_MESSAGE = 100
_FLUSH_BYTES = 4_000_000
_FLUSH_SECONDS = 10
_HEADER_BYTES = 32_768
_LONGEST_ID = 512
_NAMES = {
    DownKind.DECODER_MANIFEST: "decoder manifest",
    DownKind.COLLECTION_SCHEMES: "message of all its collection schemes",
    DownKind.STATE_TEMPLATES: "message of state templates",
}
_REMEDIES = {
    DownKind.DECODER_MANIFEST: "divide the manifest, or leave out signals that nobody asks for",
    DownKind.COLLECTION_SCHEMES: "let fewer campaigns mean the vehicle, or with fewer signals",
    DownKind.STATE_TEMPLATES: "let templates name fewer signals",
}


class Sending:
    """Gathers documents, and sends them. A vehicle gets its documents in the order of their kinds.

    Args:
        nats: a connected client.
        answers: told of what could not be sent.
        report: counters.
    """

    def __init__(self, nats: Client, answers: Answers, report: Report) -> None:
        self._nats = nats
        self._answers = answers
        self._report = report
        self._unflushed = 0
        self._gathered: dict[tuple[str, int, str], tuple[Document, list[str]]] = {}
        self._refused: set[str] = set()

    def add(self, company: str, vehicle: str, document: Document) -> None:
        """A vehicle is to get a document."""
        key = (company, int(document.kind), document.id)
        if key not in self._gathered:
            self._gathered[key] = (document, [])
        self._gathered[key][1].append(vehicle)

    async def send(self) -> None:
        """Send what was gathered. What cannot be sent now, the next checkin asks for."""
        gathered, self._gathered = self._gathered, {}
        for company, kind, identifier in sorted(gathered, key=lambda key: key[1]):
            document, vehicles = gathered[company, kind, identifier]
            if len(document.payload) > self._most_bytes:
                self._refuse(company, document, vehicles)
                continue
            for start in range(0, len(vehicles), VEHICLES_A_MESSAGE):
                await self._publish(company, document, vehicles[start : start + VEHICLES_A_MESSAGE])

    def begin_anew(self) -> None:
        """What is wanted has changed: what was too large may be so no longer."""
        while self._refused:
            self._report.problem(self._refused.pop(), None)

    @property
    def _most_bytes(self) -> int:
        return self._nats.max_payload - _HEADER_BYTES

    def _refuse(self, company: str, document: Document, vehicles: Sequence[str]) -> None:
        """A document is too large: its vehicles stand so, and the others get theirs."""
        what = _NAMES[document.kind]
        why = (
            f"the {what} of {len(document.payload):,} bytes is more than NATS takes in a message "
            f"({self._most_bytes:,} bytes): {_REMEDIES[document.kind]}, or raise NATS' max_payload"
        )
        for vehicle in vehicles:
            self._answers.unsendable(company, vehicle, document, why)
        self._report.count("too_large_total", len(vehicles), kind=document.kind.name.lower())
        key = _problem_of(document.kind, company)
        self._refused.add(key)
        self._report.problem(key, f"{vehicles[0]} of {company}, for one, gets nothing: {why}", company)

    async def _publish(self, company: str, document: Document, vehicles: list[str]) -> None:
        headers = {
            "Kaido-Vehicle": ",".join(vehicles),
            "Kaido-Kind": str(document.kind.value),
            "Kaido-Id": document.id[:_LONGEST_ID],
        }
        try:
            await self._nats.publish(flow.down_subject(company), document.payload, headers=headers)
            self._unflushed += len(document.payload)
            if self._unflushed > _FLUSH_BYTES:
                self._unflushed = 0
                await self._nats.flush(_FLUSH_SECONDS)  # at the pace at which NATS reads
        except (nats.errors.Error, OSError, TimeoutError) as error:
            for vehicle in vehicles:
                self._answers.unsent(company, vehicle, document.kind)
            self._report.count("send_failures_total", len(vehicles))
            event(logger, logging.DEBUG, "a document could not be sent; a checkin will ask again", why=error)
            return
        self._report.count("documents_sent_total", len(vehicles), kind=document.kind.name.lower())


def _problem_of(kind: DownKind, company: str) -> str:
    return f"too large {kind.name.lower()} of {company}"

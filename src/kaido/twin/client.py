"""Asking the twin of a running platform."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import nats.errors

from kaido import flow
from kaido.errors import UnavailableError
from kaido.twin import joining, questions
from kaido.twin.joining import Answers
from kaido.twin.questions import FleetQuestion, VehicleQuestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from nats.aio.client import Client

ANSWER_SECONDS = 15.0


class TwinClient:
    """Asks whoever holds a company's twin, or the slices of it (ingest).

    Args:
        client: a NATS client.
        seconds: how long to wait for an answer.
    """

    def __init__(self, client: Client, seconds: float = ANSWER_SECONDS) -> None:
        self._nats = client
        self._seconds = seconds

    async def vehicle(self, company: str, vehicle: str) -> pa.Table:
        """What is known of a vehicle: ``kaido.twin.columns.VEHICLE_SCHEMA``, a row a signal.

        Raises:
            NotFoundError: nothing ever came from it.
            UnavailableError: ingest or NATS is away.
        """
        return joining.newest(await self._ask(company, VehicleQuestion(vehicle)))

    async def fleet(
        self, company: str, where: str = "", *, select: Sequence[str] = (), limit: int = 100, after: str = ""
    ) -> pa.Table:
        """The vehicles for which ``where`` holds; see :meth:`kaido.twin.fleet.FleetQuestions.ask`.

        Raises:
            InvalidInputError: the condition makes no sense.
            UnavailableError: ingest or NATS is away.
        """
        return joining.fleet(await self._ask(company, FleetQuestion(where, tuple(select), limit, after)), limit)

    async def _ask(self, company: str, question: questions.Question) -> list[pa.Table]:
        """The answers of all slices of the twin that have one."""
        away = UnavailableError("the twin does not answer", why="ingest is away or starting", fix="See: kaido status")
        inbox = self._nats.new_inbox()
        subscription = await self._nats.subscribe(inbox, pending_bytes_limit=0)
        answers = Answers()
        try:
            async with asyncio.timeout(self._seconds):
                await self._nats.publish(flow.twin_subject(company), questions.encode(question), reply=inbox)
                while not answers.complete:
                    message = await subscription.next_msg(timeout=self._seconds)
                    if "Status" in (message.headers or {}):
                        raise away
                    answers.take(message)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise away from error
        finally:
            await subscription.unsubscribe()
        return answers.tables()

"""The twin's answers over NATS: a JSON question, an Arrow answer in as many messages as it takes."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

import pyarrow as pa

from kaido import flow
from kaido.errors import KaidoError
from kaido.runtime.log import event
from kaido.twin import questions
from kaido.twin.slices import WHOLE

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

    from kaido.twin.columns import Twin
    from kaido.twin.fleet import FleetQuestions
    from kaido.twin.slices import Slice

logger = logging.getLogger(__name__)

PART = "Kaido-Part"
PARTS = "Kaido-Parts"
FAILED = "Kaido-Failed"
SLICE = "Kaido-Slice"
SLICES = "Kaido-Slices"
PART_BYTES = 512_000
MAX_WAITING = 256


async def serve(nats: Client, company: str, twin: Twin, fleet: FleetQuestions, part: Slice = WHOLE) -> Subscription:
    """Answer questions on ``kaido.twin.{company}`` from now on, each in a thread, one after the other.

    Each slice of a twin answers every question; its number, and how many there are, stand in the answer's headers.
    """
    own = {SLICE: str(part.partition), SLICES: str(part.of)}

    async def respond(message: Msg) -> None:
        if not message.reply:
            return
        try:
            question = questions.decode(message.data)
            table = await asyncio.to_thread(questions.answer, question, twin, fleet)
        except KaidoError as error:
            await _send(nats, message.reply, json.dumps(error.problem()).encode(), {**own, FAILED: "1"})
        except Exception as error:  # noqa: BLE001  # one question must not end the answering of all others
            event(logger, logging.ERROR, "a question to the twin failed", company=company, error=repr(error))
            problem = KaidoError("the twin cannot answer this", why=type(error).__name__).problem()
            await _send(nats, message.reply, json.dumps(problem).encode(), {**own, FAILED: "1"})
        else:
            await _send(nats, message.reply, encode_table(table), own)

    return await nats.subscribe(flow.twin_subject(company), cb=respond, pending_msgs_limit=MAX_WAITING)


def encode_table(table: pa.Table) -> bytes:
    """A table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(memoryview(sink.getvalue()))


async def _send(nats: Client, reply: str, content: bytes, headers: dict[str, str]) -> None:
    parts = max(-(-len(content) // PART_BYTES), 1)
    for part in range(parts):
        piece = content[part * PART_BYTES : (part + 1) * PART_BYTES]
        await nats.publish(reply, piece, headers={**headers, PART: str(part), PARTS: str(parts)})

"""What every process says about itself, over NATS."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from kaido.flow_names import STATUS_SUBJECT

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

    from kaido.runtime.status import Report

QUIET_SECONDS = 0.25
MAX_ANSWERS = 1_000


async def serve_status(nats: Client, report: Report) -> Subscription:
    """Answer every question on ``kaido.status`` with the report as it is then."""

    async def answer(message: Msg) -> None:
        if message.reply:
            await message.respond(report.to_json())

    return await nats.subscribe(STATUS_SUBJECT, cb=answer)


async def gather_status(nats: Client, timeout: float = 1.0) -> list[dict[str, Any]]:  # noqa: ASYNC109  # it is how long to listen, not a limit
    """The reports of all processes that answer within ``timeout`` seconds (or until a quarter of a second is quiet).

    Reports are ordered by component and process id; what is no report is left out.
    """
    loop = asyncio.get_running_loop()
    inbox = nats.new_inbox()
    subscription = await nats.subscribe(inbox, max_msgs=0)
    reports: list[dict[str, Any]] = []
    try:
        await nats.publish(STATUS_SUBJECT, b"", reply=inbox)
        deadline = loop.time() + timeout
        while len(reports) < MAX_ANSWERS and (left := deadline - loop.time()) > 0:
            patience = min(left, QUIET_SECONDS) if reports else left
            try:
                message = await asyncio.wait_for(subscription.next_msg(timeout=patience), patience)
            except Exception:  # noqa: BLE001  # silence and a lost connection both mean: no more answers
                break
            try:
                report = json.loads(message.data)
            except ValueError:
                continue  # the server says that nobody listens
            if isinstance(report, dict) and "component" in report:
                reports.append(report)
    finally:
        await subscription.unsubscribe()
    return sorted(reports, key=lambda report: (str(report["component"]), int(report.get("pid", 0))))

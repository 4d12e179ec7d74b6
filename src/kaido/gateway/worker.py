"""The gateway as a process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
from typing import TYPE_CHECKING, Any

from kaido import flow
from kaido.company import Directory
from kaido.errors import UnavailableError
from kaido.gateway.batch import warm_up
from kaido.gateway.downlink import Downlink
from kaido.gateway.gateway import Gateway
from kaido.gateway.neighbours import Neighbours
from kaido.gateway.receipts import Receipts
from kaido.journal import Journal
from kaido.journal.status import serve_status
from kaido.runtime.log import event
from kaido.store import Store

if TYPE_CHECKING:
    from nats.aio.msg import Msg

    from kaido.runtime.settings import Settings

logger = logging.getLogger(__name__)

CONNECT_PAUSE_SECONDS = 0.5
_SPARE_FILES = 200


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set: then take no more, bring to disk what was taken, and say good-bye to vehicles.

    Raises:
        UnavailableError: the port, the database or the data folder cannot be had.
    """
    asyncio.get_running_loop().set_exception_handler(_unforeseen)
    warm_up()
    store = await asyncio.to_thread(Store.open, settings.database)
    journal: Journal | None = None
    told: list[Neighbours | Receipts] = []
    try:
        names = [name.strip() for name in settings.gateway_names.split(",")]
        connections, problem = allowed_connections(settings)
        settings = settings.model_copy(update={"gateway_max_connections": connections})
        gateway = Gateway(settings, Directory(store), names=names, share_port=settings.gateways > 1)
        gateway.report.problem("files", problem)
        await gateway.start()
        try:
            journal = await _connect(settings, stop)
            if journal is not None:
                told += await _join(gateway, journal)
                await stop.wait()
        finally:
            await gateway.stop()
    finally:
        for one in told:
            await one.close()
        if journal is not None:
            await journal.close()
        store.close()


async def _connect(settings: Settings, stop: asyncio.Event) -> Journal | None:
    """The journal, as soon as it is there; None if the gateway is to stop before that."""
    said = False
    while not stop.is_set():
        try:
            return await Journal.connect(settings.nats_url, settings.nats_token, settings, name="gateway")
        except UnavailableError as error:
            if not said:
                event(logger, logging.WARNING, "waiting for the journal", error=error)
                said = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), CONNECT_PAUSE_SECONDS)
    return None


async def _join(gateway: Gateway, journal: Journal) -> list[Neighbours | Receipts]:
    async def identity_changed(_message: Msg) -> None:
        gateway.gatekeeper.ask()

    await journal.nats.subscribe(flow.IDENTITY_SUBJECT, cb=identity_changed)
    await Downlink(gateway.sessions, gateway.report).listen(journal.nats)
    neighbours = Neighbours(journal.nats, gateway)
    await neighbours.listen()
    receipts = Receipts(journal.nats, gateway)
    receipts.listen()
    await serve_status(journal.nats, gateway.report)
    gateway.attach(journal, journal.nats.max_payload)
    return [neighbours, receipts]


def allowed_connections(settings: Settings) -> tuple[int, str | None]:
    """How many connections there can be, once as many files as the system lets us have may be open.

    Returns:
        Their number, and what is wrong where somebody asked for more: the default is only an upper bound.
    """
    wanted = settings.gateway_max_connections + _SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft < wanted:
            connections = max(soft - _SPARE_FILES, 1)
            event(logger, logging.INFO, "open files bound the connections", files=soft, connections=connections)
            asked = "gateway_max_connections" in settings.model_fields_set
            text = f"only {soft} open files are allowed, for {wanted - _SPARE_FILES} connections: "
            return connections, f"{text}raise `ulimit -n` to {wanted}" if asked else None
    return settings.gateway_max_connections, None


def _unforeseen(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line for an error that nobody foresaw, and its trace only where one debugs."""
    error = context.get("exception")
    event(logger, logging.ERROR, str(context.get("message", "an error")), error=f"{type(error).__name__}: {error}")
    if loop.get_debug() or logger.isEnabledFor(logging.DEBUG):
        loop.default_exception_handler(context)

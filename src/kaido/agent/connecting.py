"""Keeping a vehicle connected: try, wait longer and longer with jitter, try again."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from kaido.agent.errors import LinkError, LinkRefusedError
from kaido.agent.link import Link
from kaido.runtime import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.agent.config import AgentConfig
    from kaido.agent.reasons import LostReason
    from kaido.runtime.status import Report

_LOG = logging.getLogger(__name__)

_REFUSAL_S = 5.0
"""A vehicle that was enrolled just now may be refused for so long: gateways look for changes now and then."""


class Connector:
    """Opens a link, again and again.

    Args:
        config: the endpoint and the waits.
        report: counters.
        on_message: called with topic and payload of each message of the cloud.
        on_up: called with each link that is up.
        on_down: called when a link ended, with why.
        on_room: called when the socket takes bytes again.
    """

    def __init__(
        self,
        config: AgentConfig,
        report: Report,
        *,
        on_message: Callable[[str, bytes], None],
        on_up: Callable[[Link], None],
        on_down: Callable[[Link, LostReason], None],
        on_room: Callable[[], None],
    ) -> None:
        self._config = config
        self._report = report
        self._on_message = on_message
        self._on_up = on_up
        self._on_down = on_down
        self._on_room = on_room
        self._failures = 0

    async def run(self) -> None:
        """Stay connected until cancelled; then say goodbye.

        Raises:
            InvalidInputError: the certificate files are wrong.
            LinkError: no link within ``give_up_s``, or refused, where the configuration says to give up.
        """
        loop = asyncio.get_running_loop()
        away_since = loop.time()
        while True:
            try:
                link = await Link.open(self._config, self._on_message, self._on_room)
            except LinkError as error:
                self._failed(error, loop.time() - away_since)
                await asyncio.sleep(self._delay_s())
                continue
            up_since = loop.time()
            await self._use(link)
            away_since = loop.time()
            # A link that ends at once (another takes the session over) must not be tried in a tight loop.
            self._failures = 0 if away_since - up_since > self._config.backoff_longest_s / 2 else self._failures + 1
            await asyncio.sleep(self._delay_s())

    async def _use(self, link: Link) -> None:
        where = f"{self._config.endpoint.host}:{self._config.endpoint.port}"
        log.event(_LOG, logging.INFO, "connected", vehicle=self._config.vehicle, to=where)
        self._report.count("connections_total")
        self._report.gauge("connected", 1)
        self._report.problem("link", None)
        self._on_up(link)
        try:
            reason = await asyncio.shield(link.lost)
        finally:
            self._report.gauge("connected", 0)
            await link.close()
        log.event(_LOG, logging.WARNING, "connection lost", vehicle=self._config.vehicle, why=reason.text)
        self._on_down(link, reason)

    def _failed(self, error: LinkError, away_s: float) -> None:
        self._failures += 1
        self._report.count("connection_failures_total")
        self._report.problem("link", str(error))
        give_up_s = self._config.give_up_s
        if give_up_s is not None:
            patience_s = min(give_up_s, _REFUSAL_S) if isinstance(error, LinkRefusedError) else give_up_s
            if away_s >= patience_s:
                raise error
        log.event(_LOG, logging.WARNING, "no connection", vehicle=self._config.vehicle, why=str(error))

    def _delay_s(self) -> float:
        longest = min(self._config.backoff_longest_s, self._config.backoff_first_s * 2.0 ** min(self._failures - 1, 30))
        return random.uniform(longest / 2, longest)  # noqa: S311  # jitter, no secret

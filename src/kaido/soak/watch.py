"""How long vehicles and users waited while parts were away, and when all is at rest again."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from kaido.errors import KaidoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.soak.site import Site

LOOK_SECONDS = 0.1
ASK_SECONDS = 0.5
ANSWER_SECONDS = 5.0
REST_SECONDS = 180.0
CALM_LOOKS = 3


class LongestGap:
    """The longest time in which something did not happen."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = time.monotonic()

    def happened(self) -> None:
        """It did, just now."""
        now = time.monotonic()
        self.seconds = max(self.seconds, now - self._last)
        self._last = now


class Watch:
    """Looks at a platform until cancelled.

    Args:
        site: the platform.
        acknowledged: how many publishes were acknowledged so far.
    """

    def __init__(self, site: Site, acknowledged: Callable[[], int]) -> None:
        self.acknowledging = LongestGap()
        self.answering = LongestGap()
        self._site = site
        self._acknowledged = acknowledged

    async def acknowledgements(self) -> None:
        """Note when vehicles are acknowledged."""
        before = self._acknowledged()
        self.acknowledging = LongestGap()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if (now := self._acknowledged()) > before:
                before = now
                self.acknowledging.happened()

    async def answers(self) -> None:
        """Note when the API answers a question to the lake and one to the twin."""
        self.answering = LongestGap()
        while True:
            await asyncio.sleep(ASK_SECONDS)
            if await asyncio.to_thread(self._answered):
                self.answering.happened()

    def _answered(self) -> bool:
        try:
            with self._site.client("east", timeout=ANSWER_SECONDS) as client:
                client.get("/v1/fleet", {"limit": 5})
                client.get("/v1/status")
        except (KaidoError, OSError, ValueError):
            return False
        return True


async def at_rest(site: Site) -> dict[str, Any]:
    """The status when nothing lags and nothing is wrong any more; the last one seen if that does not come."""
    found: dict[str, Any] = {"state": "does not answer", "problems": []}
    calm = 0
    deadline = time.monotonic() + REST_SECONDS
    while calm < CALM_LOOKS and time.monotonic() < deadline:
        await asyncio.sleep(1)
        try:
            found = await asyncio.to_thread(_status, site)
        except (KaidoError, OSError, ValueError) as error:
            found = {"state": "does not answer", "problems": [str(error)]}
        lags = [
            value
            for process in found.get("processes", [])
            for name, value in process["gauges"].items()
            if name.startswith(("lag_messages", "stream_lag_messages", "pending_bytes"))
        ]
        calm = calm + 1 if found["state"] == "running" and lags and not any(lags) else 0
    return found


def _status(site: Site) -> dict[str, Any]:
    with site.client(timeout=ANSWER_SECONDS) as client:
        found: dict[str, Any] = client.get("/v1/status")
    return found

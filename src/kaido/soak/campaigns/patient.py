"""Calls of the API that are made again while parts of the platform are away: each can be repeated."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.client import Client
    from kaido.soak.site import Site

PATIENCE_SECONDS = 60.0
_AGAIN_SECONDS = 0.5


class Patient:
    """The API as an operator uses it who tries again.

    Args:
        site: the platform.

    Attributes:
        again: how often something had to be tried again.
    """

    def __init__(self, site: Site) -> None:
        self.again = 0
        self._site = site

    async def ask(self, question: Callable[[Client], Any]) -> Any:
        """What the API answers.

        Raises:
            KaidoError: it refuses.
            UnavailableError: it does not answer.
        """
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            try:
                return await asyncio.to_thread(self._ask, question)
            except UnavailableError:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                self.again += 1
                await asyncio.sleep(_AGAIN_SECONDS)

    def _ask(self, question: Callable[[Client], Any]) -> Any:
        with self._site.client() as client:
            return question(client)

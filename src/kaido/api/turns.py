"""Taking turns at what takes long: a few questions to the lake at a time, the others wait without a thread of theirs.

The API's threads are few and serve every request. Were each waiting question to hold one, forty of them, from a single
reader, would leave none for anybody else.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AT_ONCE = 2
"""Questions that run at a time: each may take the memory of one."""
WAIT_SECONDS = 30.0


class Turns:
    """Lets a few in at a time, in the order in which they came.

    Args:
        what: they are, for who waited in vain.
    """

    def __init__(self, what: str = "queries") -> None:
        self._what = what
        self._slots = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A turn, as long as the block lasts.

        Raises:
            UnavailableError: it did not come in time.
        """
        try:
            await asyncio.wait_for(self._slots.acquire(), WAIT_SECONDS)
        except TimeoutError:
            raise UnavailableError(f"too many {self._what} run already", fix="Try again later") from None
        try:
            yield
        finally:
            self._slots.release()

"""Commands sent meanwhile, at a low rate, and what became of each."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaido.errors import ConflictError
from kaido.soak.campaigns.cars import car_id
from kaido.soak.campaigns.pulses import DIAL, SWITCH

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from kaido.client import Client
    from kaido.soak.campaigns.patient import Patient

A_SECOND = 2.0
TIMEOUTS_S = (2, 8, 20)
_CANCELLED = 0.1
_DIAL_RANGE = (-40, 40)


@dataclass(frozen=True)
class Order:
    """A command that was sent: to which car, for what."""

    car: int
    path: str
    value: float


@dataclass
class Orders:
    """Sends them.

    Args:
        api: the operator's.
        cars: how many there are.
        lot: decides.

    Attributes:
        sent: by command id.
    """

    api: Patient
    cars: int
    lot: random.Random
    sent: dict[str, Order] = field(default_factory=dict)

    async def send(self, seconds: float) -> None:
        """At the rate, for so long; then until the last are over, too, which none is later than its timeout."""
        async with asyncio.TaskGroup() as group:
            for _ in range(round(seconds * A_SECOND)):
                await asyncio.sleep(1 / A_SECOND)
                group.create_task(self._send())
        waiting: list[str] = list(self.sent)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(TIMEOUTS_S)):
                while waiting:
                    await asyncio.sleep(1)
                    found = await self._results(waiting)
                    waiting = [name for name, one in found.items() if one["execution"]["outcome"] is None]

    async def results(self) -> dict[str, dict[str, Any]]:
        """What the API says of each, by command id."""
        return await self._results(list(self.sent))

    async def _results(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        def all_(client: Client) -> dict[str, dict[str, Any]]:
            return {one: client.get(f"/v1/commands/{one}") for one in names}

        found: dict[str, dict[str, Any]] = await self.api.ask(all_)
        return found

    async def _send(self) -> None:
        name = f"order-{len(self.sent)}"
        path = self.lot.choice([SWITCH, DIAL])
        value = self.lot.choice([True, False]) if path == SWITCH else self.lot.randint(*_DIAL_RANGE)
        order = self.sent[name] = Order(self.lot.randrange(self.cars), path, float(value))
        wish = {
            "id": name,
            "vehicle": car_id(order.car),
            "signal": path,
            "value": value,
            "timeout": self.lot.choice(TIMEOUTS_S),
        }
        cancelled = self.lot.random() < _CANCELLED
        await self.api.ask(lambda client: client.post("/v1/commands", wish))
        if cancelled:
            with contextlib.suppress(ConflictError):  # it is on its way
                await self.api.ask(lambda client: client.post(f"/v1/commands/{name}/cancel"))

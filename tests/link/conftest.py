"""A gateway, and every client that nobody here wrote."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from tests.gateway.rig import Rig
from tests.link.aiomqtt_car import AiomqttCar
from tests.link.car import How
from tests.link.crt_car import CrtCar
from tests.link.paho_car import PahoCar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.link.car import Car

CLIENTS: dict[str, Callable[[], Car]] = {"paho": PahoCar, "aiomqtt": AiomqttCar, "awscrt": CrtCar}


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with Rig(tmp_path) as running:
        yield running


class Garage:
    """Makes cars of one client, and closes them at the end."""

    def __init__(self, rig: Rig, make: Callable[[], Car], stack: AsyncExitStack) -> None:
        self._rig = rig
        self._make = make
        self._stack = stack

    def how(self, **fields: Any) -> How:
        """How car-1 connects, with its own certificate."""
        rig = self._rig
        given = {"credentials": rig.credentials() if "credentials" not in fields else None, **fields}
        return How(port=rig.gateway.port, trust=rig.trust, **given)

    def car(self) -> Car:
        made = self._make()
        self._stack.push_async_callback(made.close)
        return made

    async def connected(self, **fields: Any) -> Car:
        car = self.car()
        await car.connect(self.how(**fields))
        return car


@pytest.fixture(params=list(CLIENTS))
async def garage(rig: Rig, request: pytest.FixtureRequest) -> AsyncIterator[Garage]:
    async with AsyncExitStack() as stack:
        yield Garage(rig, CLIENTS[request.param], stack)

"""A process of agents, as cars have them: ``python -m kaido.soak.campaigns.cars FOLDER FIRST END LIFE``."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from kaido.agent import Agent
from kaido.agent.commands import Actuators
from kaido.agent.config import AgentConfig, Endpoint, parse_endpoint
from kaido.platform.child import die_with_parent
from kaido.runtime import log
from kaido.sim.identities import Identity
from kaido.soak.campaigns.pulses import DIAL, SWITCH, Pulses

if TYPE_CHECKING:
    from kaido.agent.commands import Order

QUIET = "quiet"
_DONE = "done.log"
_CHECKIN_S = 15.0
_BACKOFF_S = 3.0
_LONGEST_ACT_S = 1.0


def car_id(number: int) -> str:
    """The vehicle id of a car."""
    return f"soak-{number:04d}"


def identity(folder: Path, number: int) -> Identity:
    """Of a car that was enrolled."""
    return Identity(folder / "cars" / car_id(number))


def state(folder: Path, number: int) -> Path:
    """The state folder of a car's agent."""
    return identity(folder, number).folder / "agent"


def done(folder: Path, number: int) -> list[tuple[str, str, float]]:
    """What a car's actuators did: command id, path and value, one for each time."""
    try:
        lines = (identity(folder, number).folder / _DONE).read_text().splitlines()
    except FileNotFoundError:
        return []
    return [(command, path, float(value)) for command, path, value in map(str.split, lines)]


def agent(folder: Path, number: int, life: int) -> Agent:
    """The agent of a car."""
    own = identity(folder, number)
    host, port = parse_endpoint(own.endpoint)
    config = AgentConfig(
        vehicle=car_id(number),
        endpoint=Endpoint(host, port, own.certificate, own.key, own.ca),
        state=state(folder, number),
        checkin_interval_s=_CHECKIN_S,
        backoff_longest_s=_BACKOFF_S,
        command_key=own.command_key,
    )
    return Agent(config, Pulses(number, life, folder / QUIET), actuators=_actuators(own.folder / _DONE))


def _actuators(noted: Path) -> Actuators:
    """Slow ones, so that an agent is killed while they work; what they do is on disk, like a lamp that is on."""

    def act(order: Order) -> None:
        takes_s = random.uniform(0, _LONGEST_ACT_S)  # noqa: S311  # no secret
        time.sleep(takes_s)
        with noted.open("a") as file:
            file.write(f"{order.command_id} {order.path} {float(order.value)}\n")
            file.flush()
            os.fsync(file.fileno())
        time.sleep(takes_s)

    actuators = Actuators()
    actuators.register(SWITCH, act)
    actuators.register(DIAL, act)
    return actuators


async def run(folder: Path, first: int, end: int, life: int) -> None:
    """The agents of some cars, until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with asyncio.TaskGroup() as group:
        for number in range(first, end):
            group.create_task(agent(folder, number, life).run(stop))


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL)
    log.set_up("WARNING")
    asyncio.run(run(Path(sys.argv[1]), *(int(word) for word in sys.argv[2:])))

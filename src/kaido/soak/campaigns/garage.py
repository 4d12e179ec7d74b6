"""The processes of the cars' agents: started, killed, started again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido.sim import identities
from kaido.soak.campaigns import outboxes
from kaido.soak.campaigns.cars import car_id, state
from kaido.soak.campaigns.pulses import DATABASE, MANIFEST, MAPPING, NAMESPACE

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from kaido.client import Client

CARS_A_PROCESS = 20
"""At most."""
FEWEST_PROCESSES = 2
END_SECONDS = 60.0
_LOOK_SECONDS = 0.2
_SIGNED = {"signing": True, "per_vehicle": None, "per_issuer": None}


def enrol(client: Client, folder: Path, cars: int) -> None:
    """A company's decoder manifest, its policy (commands are signed), and the cars with their credentials."""
    form = {"file": folder / "pulses.dbc", "mapping": folder / "mapping.yaml"}
    form["file"].write_text(DATABASE)
    form["mapping"].write_text(MAPPING)
    client.upload("/v1/catalog/import", form, fields={"name": MANIFEST, "namespace": NAMESPACE})
    client.put("/v1/command-policy", _SIGNED)
    ids = [car_id(number) for number in range(cars)]
    identities.register(client, [{"id": one, "manifest": MANIFEST} for one in ids])
    identities.enrol(client, ids, folder / "cars")
    for number in range(cars):
        outboxes.witness(state(folder, number))


@dataclass
class Garage:
    """The agents of a number of cars, some to a process.

    Attributes:
        folder: of the soak.
        cars: how many.
    """

    folder: Path
    cars: int
    _lives: int = 0
    _running: dict[range, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        """All of them."""
        size = min(CARS_A_PROCESS, -(-self.cars // FEWEST_PROCESSES))
        for first in range(0, self.cars, size):
            self._start(range(first, min(first + size, self.cars)))

    async def keep(self) -> None:
        """Start anew what has ended, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            for cars in [cars for cars, process in self._running.items() if process.poll() is not None]:
                self._start(cars)

    def kill(self, lot: random.Random) -> bool:
        """SIGKILL to one of the processes; False where it has just ended."""
        process = lot.choice(list(self._running.values()))
        if process.poll() is not None:
            return False
        process.kill()
        return True

    def stop(self) -> list[int]:
        """SIGTERM to all; their exit codes."""
        for process in self._running.values():
            process.terminate()
        return [self._end(process) for process in self._running.values()]

    @property
    def log(self) -> Path:
        """What the agents printed."""
        return self.folder / "cars.log"

    def _start(self, cars: range) -> None:
        self._lives += 1
        numbers = (cars.start, cars.stop, self._lives)
        with self.log.open("ab") as log:
            self._running[cars] = subprocess.Popen(  # noqa: S603  # our own module
                [sys.executable, "-m", "kaido.soak.campaigns.cars", str(self.folder), *map(str, numbers)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _end(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

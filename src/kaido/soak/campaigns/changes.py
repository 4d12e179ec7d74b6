"""Campaigns that change every few seconds, and the operator's own record of what each car should hold."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaido.errors import NotFoundError
from kaido.soak.campaigns.cars import car_id
from kaido.soak.campaigns.pulses import PULSE, SIGNALS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from kaido.client import Client
    from kaido.soak.campaigns.patient import Patient

STEADY = "steady"
"""The name of the campaign that nobody changes."""
SECONDS = 3.0
"""From one change to the next."""
FEWEST, MOST = 3, 6
"""Campaigns that change, at a time."""
_WEIGHTS = {"create": 3, "edit": 6, "suspend": 2, "resume": 3, "stop": 1, "delete": 1}


@dataclass
class Wanted:
    """A campaign as the operator left it.

    Attributes:
        version: of the operator's count; it goes to the cars as the campaign's priority.
        targets: numbers of cars; None for all.
    """

    version: int = 0
    targets: frozenset[int] | None = None
    state: str = "running"

    def means(self, car: int) -> bool:
        """Whether a car should hold it."""
        return self.state == "running" and (self.targets is None or car in self.targets)


@dataclass
class Changes:
    """Makes them.

    Args:
        api: the operator's.
        cars: how many there are.
        lot: decides.

    Attributes:
        wanted: by name, of all campaigns that were not deleted.
        suspended: names of campaigns that were, at some time: the same scheme may have come to a car twice.
        done: changes, by kind.
    """

    api: Patient
    cars: int
    lot: random.Random
    wanted: dict[str, Wanted] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    _made: int = 0

    async def begin(self) -> None:
        """The campaign that stays, and the first that do not."""
        await self._put(STEADY, Wanted(), {"compression": False})
        for _ in range(FEWEST):
            await self._change("create", "")

    async def make(self, seconds: float) -> None:
        """One change after the other, for so long."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await asyncio.sleep(SECONDS)
            await self.make_one()

    async def make_one(self) -> None:
        """One change, drawn from those that are possible."""
        changing = {name: one for name, one in self.wanted.items() if name != STEADY and one.state != "stopped"}
        names = {
            "create": [""] * (len(changing) < MOST),
            "edit": sorted(changing),
            "suspend": sorted(name for name, one in changing.items() if one.state == "running"),
            "resume": sorted(name for name, one in changing.items() if one.state == "suspended"),
            "stop": sorted(changing) * (len(changing) > FEWEST),
            "delete": sorted(changing) * (len(changing) > FEWEST),
        }
        kinds = [kind for kind in _WEIGHTS if names[kind]]
        (kind,) = self.lot.choices(kinds, [_WEIGHTS[kind] for kind in kinds])
        await self._change(kind, self.lot.choice(names[kind]))

    async def _change(self, kind: str, name: str) -> None:
        path = f"/v1/campaigns/{name}"
        match kind:
            case "create":
                self._made += 1
                await self._put(f"changing-{self._made}", Wanted(targets=self._some()), self._shape())
            case "edit":
                before = self.wanted[name]
                await self._put(name, Wanted(before.version + 1, self._some(), before.state), self._shape(), edit=True)
            case "delete":
                await self.api.ask(_deleting(path))
                del self.wanted[name]
            case _:
                await self.api.ask(lambda client: client.post(f"{path}/{kind}"))
                self.wanted[name].state = {"suspend": "suspended", "resume": "running", "stop": "stopped"}[kind]
                self.suspended |= {name} if kind == "suspend" else set()
        self.done[kind] += 1

    async def _put(self, name: str, wanted: Wanted, shape: dict[str, Any], *, edit: bool = False) -> None:
        document = {
            "name": name,
            "signals": list(SIGNALS),
            "condition": f"{PULSE} > 0",
            "trigger": "rising_edge",
            "priority": wanted.version,
            "targets": "all" if wanted.targets is None else sorted(map(car_id, wanted.targets)),
            **shape,
        }
        if edit:
            await self.api.ask(lambda client: client.put(f"/v1/campaigns/{name}", document))
        else:
            await self.api.ask(lambda client: client.post("/v1/campaigns", document))
        self.wanted[name] = wanted

    def _some(self) -> frozenset[int] | None:
        """All cars, or some of them."""
        share = self.lot.choice([0.2, 0.5, 0.8, 1.0])
        return None if share == 1 else frozenset(self.lot.sample(range(self.cars), max(1, round(share * self.cars))))

    def _shape(self) -> dict[str, Any]:
        return {
            "before": self.lot.choice([1, 2]),
            "after": self.lot.choice(["0s", "1s"]),
            "compression": self.lot.choice([True, False]),
        }


def _deleting(path: str) -> Callable[[Client], None]:
    """Delete; that it is gone already is what was wanted: the answer to an earlier try was lost."""

    def delete(client: Client) -> None:
        try:
            client.delete(path)
        except NotFoundError:
            return

    return delete

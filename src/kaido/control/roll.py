"""Who is connected where, kept from what gateways say. No I/O.

A gateway numbers what it says. Whoever misses a number has missed who came and who went, and asks for all of them. A
gateway that is silent is gone, and its vehicles with it: nothing could reach them there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SILENT_S = 5.0
"""A gateway says something every second."""

Key = tuple[str, str]
"""A company and a vehicle's id."""


@dataclass(slots=True)
class Stay:
    """A vehicle's newest connection.

    Attributes:
        gateway: which gateway has it.
        since: Unix seconds of its beginning.
        until: of its end; None while it lasts.
    """

    gateway: str
    since: float
    until: float | None = None


@dataclass
class _Gateway:
    number: int = -1
    seen: float = 0.0
    complete: bool = False
    page: dict[Key, float] = field(default_factory=dict)


class Roll:
    """The connections of all vehicles of all companies.

    Attributes:
        changed: vehicles whose stay is another than when this was last emptied.
        entered: vehicles that have connected since this was last emptied, as often as they did.
    """

    def __init__(self) -> None:
        self._stays: dict[Key, Stay] = {}
        self._gateways: dict[str, _Gateway] = {}
        self.changed: set[Key] = set()
        self.entered: list[Key] = []
        self.connected = 0

    def get(self, company: str, vehicle: str) -> Stay | None:
        """A vehicle's newest connection, if it ever had one."""
        return self._stays.get((company, vehicle))

    def heard(self) -> dict[str, float]:
        """The gateways there are, and when each said something, Unix seconds."""
        return {name: gateway.seen for name, gateway in self._gateways.items()}

    def restore(self, key: Key, stay: Stay) -> None:
        """What is known from before; what gateways say counts more."""
        self._stays.setdefault(key, stay)
        self.connected += stay.until is None and self._stays[key] is stay

    def take(self, said: dict[str, Any], now: float) -> bool:
        """What a gateway said by itself; True where something before it was missed, so that it has to be asked.

        Args:
            said: as ``kaido.flow`` describes ``kaido.presence``.
            now: Unix seconds.

        Raises:
            ValueError, LookupError, TypeError: it makes no sense; nothing is changed.
        """
        name, number = str(said["gateway"]), int(said["number"])
        events = [(str(company), str(vehicle), float(at), str(what)) for company, vehicle, at, what in said["events"]]
        gateway = self._gateways.setdefault(name, _Gateway())
        gateway.complete &= number == gateway.number + 1
        gateway.number, gateway.seen = number, now
        for company, vehicle, at, what in events:
            if what == "left":
                self._left((company, vehicle), name, at)
            else:
                self._entered((company, vehicle), name, at)
        return not gateway.complete

    def take_all(self, said: dict[str, Any], now: float) -> None:
        """A page of everybody who is connected to a gateway; the last one makes its part of the roll complete.

        Raises:
            ValueError, LookupError, TypeError: it makes no sense; nothing is changed.
        """
        name, number, last = str(said["gateway"]), int(said["number"]), bool(said["last"])
        vehicles = {(str(company), str(vehicle)): float(at) for company, vehicle, at in said["vehicles"]}
        gateway = self._gateways.setdefault(name, _Gateway())
        gateway.seen = now
        if said["first"]:
            gateway.page = {}
        gateway.page |= vehicles
        if not last:
            return
        here, gateway.page = gateway.page, {}
        for key, at in here.items():
            known = self._stays.get(key)
            if known is None or known.gateway != name or known.until is not None:
                self._entered(key, name, at)
        for key, stay in self._stays.items():
            if stay.gateway == name and stay.until is None and key not in here:
                self._left(key, name, now)
        gateway.complete = number >= gateway.number
        gateway.number = max(gateway.number, number)

    def forget_silent(self, now: float) -> list[str]:
        """The gateways that are silent for too long: their vehicles are offline since their last word."""
        gone = {name: one.seen for name, one in self._gateways.items() if now - one.seen > SILENT_S}
        for name in gone:
            del self._gateways[name]
        self._end(gone)
        return list(gone)

    def end_unclaimed(self, seen: dict[str, float]) -> None:
        """End the stays, known from before, at gateways that are no more.

        Args:
            seen: when gateways were last heard of, Unix seconds, as far as it is known.
        """
        known = {stay.gateway for stay in self._stays.values() if stay.until is None} - self._gateways.keys()
        self._end({name: seen.get(name, 0.0) for name in known})

    def _end(self, gateways: dict[str, float]) -> None:
        if not gateways:
            return
        for key, stay in self._stays.items():
            if stay.until is None and stay.gateway in gateways:
                self._left(key, stay.gateway, max(gateways[stay.gateway], stay.since))

    def _entered(self, key: Key, gateway: str, at: float) -> None:
        before = self._stays.get(key)
        if before is not None and before.gateway != gateway and before.since > at:
            return  # two gateways' words overtook each other
        self.connected += before is None or before.until is not None
        self._stays[key] = Stay(gateway, at)
        self.changed.add(key)
        self.entered.append(key)

    def _left(self, key: Key, gateway: str, at: float) -> None:
        stay = self._stays.get(key)
        if stay is None or stay.gateway != gateway or stay.until is not None:
            return  # it has connected elsewhere already
        stay.until = at
        self.connected -= 1
        self.changed.add(key)

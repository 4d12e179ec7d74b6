"""How often somebody may try to sign in: as one user, and from one address."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.errors import TooManyError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_KNOWN = 10_000
"""Names, and addresses, that are remembered; who tried longest ago is forgotten first."""
_IPV6_NETWORK = 64
"""A subscriber has at least that many addresses: they count as one."""


@dataclass(frozen=True)
class Rate:
    """So many at once, then one every so often."""

    burst: int
    every_s: float


A_NAME = Rate(10, 30.0)
"""3,000 guesses a day at one user's password."""
AN_ADDRESS = Rate(30, 10.0)
"""An office behind one address signs in at nine."""


class Bucket:
    """Attempts that are left, for each of many keys; in bounded memory.

    Args:
        rate: for each key.
        now: a clock in seconds that never goes back.
    """

    def __init__(self, rate: Rate, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """By key: attempts spent, and when that was so."""

    def wait_s(self, key: str) -> float:
        """Seconds until an attempt is left; 0 where there is one."""
        return max(0.0, (self._spent_now(key) - self._rate.burst + 1) * self._rate.every_s)

    def take(self, key: str) -> None:
        """Spend an attempt."""
        self._keep(key, self._spent_now(key) + 1)

    def give_back(self, key: str) -> None:
        """An attempt that succeeded was none."""
        self._keep(key, self._spent_now(key) - 1)

    def _spent_now(self, key: str) -> float:
        spent, when = self._spent.get(key, (0.0, 0.0))
        return max(0.0, spent - (self._now() - when) / self._rate.every_s)

    def _keep(self, key: str, spent: float) -> None:
        self._spent.pop(key, None)
        if spent > 0:
            self._spent[key] = (spent, self._now())
            if len(self._spent) > MOST_KNOWN:
                self._spent.popitem(last=False)


class Attempts:
    """Attempts to prove who one is. One that fails is spent, one that succeeds is given back."""

    def __init__(self) -> None:
        self._names = Bucket(A_NAME)
        self._addresses = Bucket(AN_ADDRESS)

    def take(self, name: str, address: str) -> None:
        """Spend an attempt, before it is known what becomes of it: many at once are no way around.

        Args:
            name: of the user, with its company; empty where nobody says one.
            address: of the client; empty where nobody knows it.

        Raises:
            TooManyError: none is left.
        """
        pairs = self._pairs(name, address)
        wait_s = max((bucket.wait_s(key) for bucket, key in pairs), default=0.0)
        if wait_s > 0:
            raise TooManyError(
                "too many attempts to sign in",
                why="as this user or from this address",
                fix=f"Try again in {math.ceil(wait_s)} s",
                retry_after_s=wait_s,
            )
        for bucket, key in pairs:
            bucket.take(key)

    def give_back(self, name: str, address: str) -> None:
        """It succeeded."""
        for bucket, key in self._pairs(name, address):
            bucket.give_back(key)

    def _pairs(self, name: str, address: str) -> list[tuple[Bucket, str]]:
        both = ((self._names, name), (self._addresses, network(address)))
        return [(bucket, key) for bucket, key in both if key]


def network(address: str) -> str:
    """The part of an address that one subscriber has."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:  # noqa: PLR2004  # IPv4
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((int(known), _IPV6_NETWORK), strict=False))

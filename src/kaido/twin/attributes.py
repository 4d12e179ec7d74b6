"""What the store says of vehicles, as columns beside the twin's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.twin.texts import TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.company import Vehicle
    from kaido.twin.columns import Twin

STORED = ("vin", "model", "market", "platform")


class Attributes:
    """The columns ``id``, ``vin``, ``model``, ``market`` and ``platform``, and which signals the catalog knows.

    Vehicles that never sent anything are vehicles of the fleet too.
    """

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._columns = {name: TextColumn(0) for name in ("id", *STORED)}
        self._named = 0
        self.catalog: frozenset[str] = frozenset()

    def update(self, vehicles: Sequence[Vehicle]) -> None:
        """Take vehicles as the store has them now."""
        with self._twin.lock:
            numbers = self._twin.add_vehicles([vehicle.id for vehicle in vehicles])
            self._grow()
            for name in STORED:
                self._columns[name].assign(numbers, [getattr(vehicle, name) for vehicle in vehicles])

    def column(self, name: str) -> TextColumn:
        """The texts of an attribute, one entry a vehicle of the twin (or more)."""
        with self._twin.lock:
            self._grow()
            return self._columns[name]

    def _grow(self) -> None:
        names = self._twin.vehicles.names
        size = self._twin.last_seen.shape[0]
        for column in self._columns.values():
            if len(column.codes) < size:
                column.grow(size)
        if self._named < len(names):
            self._columns["id"].assign(np.arange(self._named, len(names)), names[self._named :])
            self._named = len(names)

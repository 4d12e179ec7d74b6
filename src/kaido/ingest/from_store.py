"""Decoder manifests as the store has them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kaido.catalog.store import CatalogStore
from kaido.company import Vehicles
from kaido.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaido.store import Store

VEHICLE_SECONDS = 10.0
MAX_VEHICLES = 100_000


class StoreManifests:
    """The manifests of one company; a ``ManifestSource``. Blocks on the database.

    Args:
        store: where the catalog is.
        company: whose manifests.
    """

    def __init__(self, store: Store, company: str) -> None:
        self._catalog = CatalogStore(store)
        self._vehicles = Vehicles(store)
        self._company = company
        self._held: dict[str, tuple[float, str | None]] = {}

    def paths(self, sync_id: str) -> Mapping[int, str] | None:
        """The path of each signal id of a manifest."""
        try:
            manifest = self._catalog.manifest_by_sync_id(self._company, sync_id)
        except NotFoundError:
            return None
        return {number: signal.path for number, signal in zip(manifest.ids, manifest.all_signals, strict=True)}

    def sync_id_of(self, vehicle: str) -> str | None:
        """The manifest that a vehicle should hold, as of at most ten seconds ago."""
        now = time.monotonic()
        asked, sync_id = self._held.get(vehicle, (-VEHICLE_SECONDS, None))
        if now - asked >= VEHICLE_SECONDS:
            sync_id = self._ask(vehicle)
            if len(self._held) >= MAX_VEHICLES:
                self._held.clear()
            self._held[vehicle] = (now, sync_id)
        return sync_id

    def _ask(self, vehicle: str) -> str | None:
        try:
            manifest = self._catalog.manifest_for(self._company, self._vehicles.get(self._company, vehicle))
        except NotFoundError:
            return None
        return manifest.sync_id if manifest is not None else None

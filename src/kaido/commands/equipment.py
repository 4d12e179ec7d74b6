"""Which vehicles have which actuator, and under which number."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kaido.errors import NotFoundError

if TYPE_CHECKING:
    from kaido.catalog.store import CatalogStore
    from kaido.company import Vehicle


class Place(NamedTuple):
    """Where an actuator is in a vehicle.

    Attributes:
        manifest: the sync id of its decoder manifest.
        signal_id: the actuator's in that manifest.
    """

    manifest: str
    signal_id: int


class Equipment:
    """The current decoder manifests of a company, read once."""

    def __init__(self, catalog: CatalogStore, company: str) -> None:
        self._catalog = catalog
        self._company = company
        self._current = {one.name: one.sync_id for one in catalog.manifests(company)}
        self._places: dict[tuple[str, str], Place | NotFoundError] = {}

    def place(self, vehicle: Vehicle, path: str) -> Place:
        """Where a vehicle has an actuator.

        Raises:
            NotFoundError: it has no decoder manifest, or that one has no such actuator.
        """
        sync_id = self._sync_id(vehicle)
        if sync_id is None:
            raise NotFoundError(
                f"vehicle {vehicle.id} has no decoder manifest",
                why="so nobody knows which actuators it has",
                fix=f"kaido vehicle set {vehicle.id} --manifest NAME",
            )
        key = (sync_id, path)
        if key not in self._places:
            self._places[key] = self._found(sync_id, path)
        found = self._places[key]
        if isinstance(found, NotFoundError):
            raise found
        return found

    def has(self, vehicle: Vehicle, path: str) -> bool:
        """Whether a vehicle has an actuator."""
        try:
            self.place(vehicle, path)
        except NotFoundError:
            return False
        return True

    def _sync_id(self, vehicle: Vehicle) -> str | None:
        """As ``CatalogStore.manifest_for``."""
        if vehicle.manifest:
            return self._current.get(vehicle.manifest)
        if vehicle.model in self._current:
            return self._current[vehicle.model]
        return next(iter(self._current.values())) if len(self._current) == 1 else None

    def _found(self, sync_id: str, path: str) -> Place | NotFoundError:
        try:
            return Place(sync_id, self._catalog.manifest_by_sync_id(self._company, sync_id).actuator_id_of(path))
        except NotFoundError as error:
            return error

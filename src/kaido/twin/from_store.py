"""Filling the attributes from the store, whole at first and then what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.company import Vehicles
from kaido.twin.slices import WHOLE

if TYPE_CHECKING:
    from kaido.store import Store
    from kaido.twin.attributes import Attributes
    from kaido.twin.slices import Slice

PAGE = 10_000


class StoreReader:
    """Keeps the attributes of one company as the store has them.

    Args:
        store: where vehicles and the catalog are.
        company: whose.
        attributes: what is kept up to date.
        part: the vehicles that count.
    """

    def __init__(self, store: Store, company: str, attributes: Attributes, part: Slice = WHOLE) -> None:
        self._store = store
        self._company = company
        self._attributes = attributes
        self._part = part
        self._revision = -1

    def refresh(self) -> None:
        """Take over what changed since the last call. Blocks on the database.

        Raises:
            UnavailableError: the database is away.
        """
        revision = self._store.revision()
        if revision == self._revision:
            return
        vehicles = Vehicles(self._store)
        if self._revision < 0:
            after: str | None = None
            while page := vehicles.list(self._company, limit=PAGE, after=after):
                self._attributes.update([vehicle for vehicle in page if self._part.holds(vehicle.id)])
                after = page[-1].id
        else:
            changed = vehicles.changed_since(self._revision)
            own = [one for one in changed if one.company == self._company and self._part.holds(one.id)]
            self._attributes.update(own)
        from kaido.catalog.store import CatalogStore  # noqa: PLC0415  # heavy; a bare folder may do without

        signals = CatalogStore(self._store).signals(self._company)
        self._attributes.catalog = frozenset(signal.path for signal in signals)
        self._revision = revision

"""Which vehicles a campaign would be in, and as what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.control.targets import Attributes, matcher
from kaido.errors import NotFoundError
from kaido.rehearsal.runnable import Runnable, runnable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kaido.catalog.store import CatalogStore
    from kaido.company import Vehicle, Vehicles
    from kaido.control.compiling import Unfit
    from kaido.control.spec import CampaignSpec

_PAGE = 10_000


@dataclass(frozen=True)
class Fleet:
    """Vehicles by their ids, and what a person wants to know of those that are left out."""

    runs: dict[str, Runnable]
    notes: tuple[str, ...]


def fleet_of(
    spec: CampaignSpec, company: str, catalog: CatalogStore, vehicles: Vehicles, only: Sequence[str] = ()
) -> Fleet:
    """The registered vehicles that a campaign means and that could run it.

    Args:
        spec: the campaign.
        company: whose.
        catalog: the manifests.
        vehicles: the registered ones.
        only: these vehicles, whatever its targets are.

    Raises:
        NotFoundError: one of ``only`` is not registered, or no vehicle is left.
    """
    asked = [vehicles.get(company, name) for name in only] if only else _meant(spec, company, vehicles)
    known: dict[tuple[str | None, str | None], Runnable | Unfit | None] = {}
    runs: dict[str, Runnable] = {}
    without: Counter[str] = Counter()
    for vehicle in asked:
        key = (vehicle.manifest, vehicle.model)
        if key not in known:
            manifest = catalog.manifest_for(company, vehicle)
            known[key] = runnable(spec, manifest) if manifest else None
        found = known[key]
        if isinstance(found, Runnable):
            runs[vehicle.id] = found
        else:
            without[found.reason if found else "it has no decoder manifest"] += 1
    if not runs:
        why = "; ".join(f"{count}: {reason}" for reason, count in without.most_common(3))
        raise NotFoundError(f"no vehicle could run the campaign '{spec.name}'", why=why or "it means none")
    notes = [f"{count:,} vehicles are left out: {reason}" for reason, count in without.most_common()]
    if not only and isinstance(spec.targets, Attributes) and spec.targets.where is not None:
        notes.append(f"its condition on vehicles ({spec.targets.where}) is not asked: the past may have differed")
    return Fleet(runs, tuple(notes))


def _meant(spec: CampaignSpec, company: str, vehicles: Vehicles) -> Iterator[Vehicle]:
    targets = spec.targets
    if isinstance(targets, Attributes):
        targets = targets.model_copy(update={"where": None})
    means = matcher(targets, {})
    after = None
    while page := vehicles.list(company, limit=_PAGE, after=after):
        yield from (one for one in page if means(one) and one.revoked is None)
        after = page[-1].id

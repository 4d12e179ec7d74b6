"""A campaign as a whole: how all its vehicles stand, and what they sent. Reads the store; asks no other process."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido.catalog.store import CatalogStore
from kaido.company import Vehicles
from kaido.control.campaigns import Campaigns
from kaido.control.checkins import Checkins
from kaido.control.compiling import Scheme, compile_scheme
from kaido.control.convergence import CONVERGED, Case, Group, Reason, Standing, schemes_of
from kaido.control.life import State
from kaido.control.members import Members, of_campaign, problems
from kaido.control.naming import shown
from kaido.control.plan import Aim, manifest_of
from kaido.control.presence_records import PresenceRecords
from kaido.control.rollout import last_wave, reached
from kaido.control.usage import Total, Usage
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from kaido.company import Vehicle
    from kaido.control.compiling import Unfit
    from kaido.control.model import Campaign
    from kaido.control.plan import Offer
    from kaido.control.usage import Excess
    from kaido.store import Store

EXAMPLES = 3
_UNKNOWN: tuple[str | None, int | None] = (None, None)
_MOST_COMPILED = 1_000


@dataclass(frozen=True)
class Compiled:
    """What vehicles with one manifest hold of a campaign: the lake's column `campaign` names it so.

    Attributes:
        manifest: the manifest's name; None for what only vehicles still know.
        version: the campaign's version; likewise.
        wanted: vehicles that should hold it.
        held: vehicles that do.
    """

    sync_id: str
    manifest: str | None
    version: int | None
    wanted: int
    held: int


@dataclass(frozen=True)
class Overview:
    """How a campaign stands.

    Attributes:
        counts: vehicles by reason, those that are as they should be first.
        examples: some vehicles of each reason.
        used: what vehicles sent for it.
        nearest: by limit, the vehicle that has sent most in the present hour or day.
        next_vehicles: how many would get it besides, were it started or its next wave begun; None where neither can be.
        compiled: what its vehicles should hold or hold, those of most vehicles first.
        problems: what keeps it from going on as it should.
        standings: every vehicle that it means, or that holds it, by id.
    """

    campaign: Campaign
    now: datetime
    counts: dict[Reason, int]
    examples: dict[Reason, list[Standing]]
    used: Total
    nearest: list[Excess]
    next_vehicles: int | None
    compiled: list[Compiled]
    problems: list[str]
    standings: Sequence[Standing] = field(repr=False)

    @property
    def converged(self) -> int:
        """Vehicles that are as they should be."""
        return sum(count for reason, count in self.counts.items() if reason in CONVERGED)


class Overviews:
    """Overviews of the campaigns of all companies. All calls block; safe from many threads."""

    def __init__(self, store: Store) -> None:
        self._catalog = CatalogStore(store)
        self._campaigns = Campaigns(store)
        self._checkins = Checkins(store)
        self._members = Members(store)
        self._presence = PresenceRecords(store)
        self._usage = Usage(store)
        self._vehicles = Vehicles(store)
        self._revision = -1
        self._known: dict[str, dict[str, Vehicle]] = {}
        self._compiled: dict[tuple[str, str, int, str], Scheme | Unfit] = {}
        self._store = store
        self._lock = threading.Lock()

    def of(self, company: str, name: str) -> Overview:
        """The overview of a campaign.

        Raises:
            NotFoundError: the company has no such campaign.
        """
        campaign = self._campaigns.get(company, name)
        now = clock.now()
        names: dict[str, tuple[str, int]] = {}
        cases = list(self._cases(campaign, names))
        open_ = [case.vehicle.id for case in cases if not case.is_settled]
        contacts = self._presence.contacts(company, open_) if open_ else {}
        standings = [case.standing(now, contacts.get(case.vehicle.id)) for case in cases]
        counts = Counter(one.reason for one in standings)
        limits = campaign.spec.rollout.limits if campaign.spec.rollout else None
        return Overview(
            campaign,
            now,
            {reason: counts[reason] for reason in Reason if counts[reason]},
            {reason: _first(standings, reason) for reason in Reason if counts[reason]},
            self._usage.total(company, name),
            self._usage.nearest(company, name, limits, now) if limits else [],
            _next_vehicles(campaign, self._members.of(company).get(name, {}), cases),
            _compiled(standings, names),
            list(self._problems(campaign, now)),
            standings,
        )

    def of_vehicle(self, company: str, vehicle: str) -> tuple[datetime, list[tuple[Campaign, Standing]]]:
        """How a vehicle stands to each campaign that means it or that it holds, by name; and when that was.

        Raises:
            NotFoundError: the company has no such vehicle.
        """
        known, wanted = self._checkins.one(company, vehicle), self._vehicles.get(company, vehicle)
        members, contacts = self._members.of(company), self._presence.contacts(company, [vehicle])
        manifest = manifest_of(wanted, {one.name: one.sync_id for one in self._catalog.manifests(company)})
        now = clock.now()
        found: list[tuple[Campaign, Standing]] = []
        for campaign in self._campaigns.list(company):
            aim = Aim(campaign, members.get(campaign.name, {}))
            if aim.means(wanted) or (known is not None and schemes_of(campaign.name, known.held)):
                case = Case(wanted, aim, self._group(aim, aim.offer(wanted), manifest), known)
                found.append((campaign, case.standing(now, contacts.get(vehicle))))
        return now, found

    def _cases(self, campaign: Campaign, names: dict[str, tuple[str, int]]) -> Iterator[Case]:
        """The vehicles that it means, and those that hold it, by id; what each scheme is goes to ``names``."""
        company = campaign.company
        aim = Aim(campaign, self._members.of(company).get(campaign.name, {}))
        held = self._checkins.of(company)
        manifests = {one.name: one.sync_id for one in self._catalog.manifests(company)}
        vehicles = self._fleet(company)
        groups: dict[tuple[int, str | None, str | None], Group] = {}
        for identifier in sorted(vehicles):
            vehicle, known = vehicles[identifier], held.get(identifier)
            if aim.means(vehicle) or (known is not None and schemes_of(campaign.name, known.held)):
                offer = aim.offer(vehicle)
                alike = (offer.version if offer else 0, vehicle.manifest, vehicle.model)
                if alike not in groups:
                    group = groups[alike] = self._group(aim, offer, manifest_of(vehicle, manifests))
                    if offer and group.manifest and isinstance(group.scheme, Scheme):
                        names[group.scheme.sync_id] = (group.manifest.partition("@")[0], offer.version)
                yield Case(vehicle, aim, groups[alike], known)

    def _group(self, aim: Aim, offer: Offer | None, manifest: str | None) -> Group:
        return Group(manifest, self._scheme(aim, offer, manifest) if offer and manifest else None)

    def _scheme(self, aim: Aim, offer: Offer, manifest: str) -> Scheme | Unfit:
        key = (aim.campaign.company, aim.campaign.name, offer.version, manifest)
        with self._lock:
            if key not in self._compiled:
                if len(self._compiled) >= _MOST_COMPILED:
                    self._compiled.clear()
                found = self._catalog.manifest_by_sync_id(aim.campaign.company, manifest)
                self._compiled[key] = compile_scheme(offer.spec, found)
            return self._compiled[key]

    def _fleet(self, company: str) -> dict[str, Vehicle]:
        """The company's vehicles, as the store has them now."""
        with self._lock:
            revision = self._store.revision()
            if revision != self._revision:
                for vehicle in self._vehicles.changed_since(self._revision):
                    self._known.setdefault(vehicle.company, {})[vehicle.id] = vehicle
                self._revision = revision
            return dict(self._known.get(company, {}))

    def _problems(self, campaign: Campaign, now: datetime) -> Iterator[str]:
        if unknown := self._campaigns.unregistered(campaign.company, campaign.spec):
            yield f"it names {len(unknown):,} vehicles that are not registered: {shown(unknown)}"
        yield from problems(of_campaign(campaign), self._members.asked(campaign.company, campaign.name), now)


def _compiled(standings: Iterable[Standing], names: Mapping[str, tuple[str, int]]) -> list[Compiled]:
    wanted, held = Counter[str](), Counter[str]()
    for one in standings:
        held.update(one.held)
        if one.wanted is not None:
            wanted[one.wanted] += 1
    found = [Compiled(key, *names.get(key, _UNKNOWN), wanted[key], held[key]) for key in sorted(wanted | held)]
    return sorted(found, key=lambda one: (one.wanted, one.held), reverse=True)


def _next_vehicles(campaign: Campaign, members: Mapping[str, frozenset[str]], cases: Iterable[Case]) -> int | None:
    rollout = campaign.spec.rollout
    meant = [case.vehicle for case in cases if case.aim.means(case.vehicle) and not case.vehicle.revoked]
    if campaign.state is State.DRAFT:
        return sum(map(reached(campaign.name, rollout, campaign.wave, members), meant))
    if campaign.state is not State.RUNNING or campaign.wave >= last_wave(rollout):
        return None
    now, then = (reached(campaign.name, rollout, wave, members) for wave in (campaign.wave, campaign.wave + 1))
    return sum(then(one) and not now(one) for one in meant)


def _first(standings: Iterable[Standing], reason: Reason) -> list[Standing]:
    found = []
    for one in standings:
        if one.reason is reason:
            found.append(one)
            if len(found) == EXAMPLES:
                break
    return found

"""The records that answers depend on, held in memory and brought up to date by the store's revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.catalog.store import CatalogStore
from kaido.company import Companies, Vehicles
from kaido.control.campaigns import Campaigns
from kaido.control.members import Members, of_campaign, of_template
from kaido.control.plan import Plan
from kaido.control.states import StatePlan
from kaido.control.templates import StateTemplates
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kaido.company import Vehicle
    from kaido.control.compiling import Scheme, Unfit
    from kaido.control.members import Asked, Condition
    from kaido.control.model import Campaign
    from kaido.control.plan import Wanted
    from kaido.control.states import CompiledState
    from kaido.control.templates import StateTemplate
    from kaido.runtime.settings import Settings
    from kaido.store import Store

_MOST_COMPILED = 10_000


class Records:
    """Vehicles and plans of all companies. ``refresh`` blocks; the rest is memory."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._vehicles = Vehicles(store)
        self._companies = Companies(store, settings)
        self._catalog = CatalogStore(store)
        self._campaigns = Campaigns(store)
        self._members = Members(store)
        self._templates = StateTemplates(store)
        self._revision = -1
        self._known: dict[tuple[str, str], Vehicle] = {}
        self._plans: dict[str, Plan] = {}
        self._states: dict[str, list[StateTemplate]] = {}
        self._compiled: dict[tuple[str, str, int, str], Scheme | Unfit] = {}
        self._compiled_states: dict[tuple[str, str, str], CompiledState | None] = {}

    def refresh(self) -> bool:
        """Read what changed; True when anything did.

        Raises:
            UnavailableError: the database is away; what is in memory stays as it was.
        """
        now_ms = clock.now_ms()
        revision = self._store.revision()
        expired = any(plan.valid_until_ms <= now_ms for plan in self._plans.values())
        if revision == self._revision and not expired:
            return False
        changed = self._vehicles.changed_since(self._revision)
        self._known |= {(vehicle.company, vehicle.id): vehicle for vehicle in changed}
        plans = {company.name: self._plan(company.name, now_ms) for company in self._companies.list()}
        self._plans, self._revision = plans, revision
        return True

    def wanted(self, company: str, vehicle_id: str) -> Wanted | None:
        """What a vehicle should hold; None for one that is not known, is revoked, or has no manifest."""
        vehicle, plan = self._known.get((company, vehicle_id)), self._plans.get(company)
        if vehicle is None or plan is None or vehicle.revoked:
            return None
        return plan.wanted(vehicle)

    def _plan(self, company: str, now_ms: int) -> Plan:
        if len(self._compiled) + len(self._compiled_states) > _MOST_COMPILED:
            self._compiled, self._compiled_states = {}, {}
        asked, members = self._members.asked(company), self._members.of(company)
        self._states[company] = self._of_states(company, asked)
        plan = Plan(
            {one.name: one.sync_id for one in self._catalog.manifests(company)},
            self._running(company, asked),
            lambda sync_id: self._catalog.manifest_by_sync_id(company, sync_id),
            self._compiled,
            now_ms,
            members,
            StatePlan(self._states[company], self._compiled_states, members),
        )
        for vehicle in list(self._known.values()):
            if vehicle.company == company and not vehicle.revoked:
                plan.wanted(vehicle)  # here is the time to compile; a checkin is to find it done
        return plan

    def _running(self, company: str, asked: Mapping[tuple[str, str], Asked]) -> list[Campaign]:
        """The campaigns that run. One whose vehicles the twin has not named yet stays as it was a moment ago."""
        before = {one.name: one for one in self._plans[company].campaigns} if company in self._plans else {}
        found = [
            one if _are_answered(of_campaign(one), asked) else before.get(one.name)
            for one in self._campaigns.running(company)
        ]
        return [one for one in found if one is not None]

    def _of_states(self, company: str, asked: Mapping[tuple[str, str], Asked]) -> list[StateTemplate]:
        """The state templates, likewise."""
        before = {one.name: one for one in self._states.get(company, ())}
        found = [
            one if _are_answered(of_template(one), asked) else before.get(one.name)
            for one in self._templates.list(company)
        ]
        return [one for one in found if one is not None]


def _are_answered(conditions: Iterable[Condition], asked: Mapping[tuple[str, str], Asked]) -> bool:
    """Whether the twin has named the vehicles for all of them."""
    known = (asked.get((one.of, one.key)) for one in conditions)
    return all(one is not None and one.answered is not None for one in known)

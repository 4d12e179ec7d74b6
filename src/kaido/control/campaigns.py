"""The campaigns of all companies: their life. Every step is one transaction, with its line in the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kaido.catalog.store import CatalogStore
from kaido.company import Vehicles
from kaido.control import history, members, usage, versions
from kaido.control.checking import check_campaign
from kaido.control.compiling import NEVER_MS
from kaido.control.life import Action, State, after, is_done
from kaido.control.model import PLATFORM, By, Campaign
from kaido.control.naming import check_registered
from kaido.control.rollout import conditions, last_wave, named
from kaido.control.spec import CampaignSpec, read_spec
from kaido.control.targets import check_condition
from kaido.errors import ConflictError, InvalidInputError, NotFoundError
from kaido.runtime import clock
from kaido.store.tables import CampaignRow, CompanyRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kaido.control.checking import Fit
    from kaido.store import Store

_LOCAL = By()


class Campaigns:
    """Campaigns of all companies. All calls block; safe from many threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._catalog = CatalogStore(store)
        self._vehicles = Vehicles(store)

    def create(
        self, company: str, spec: CampaignSpec | dict[str, Any], by: By = _LOCAL, *, draft: bool = False
    ) -> Campaign:
        """Keep a campaign, and start it if it is no draft. Doing so again with the very same one changes nothing.

        Raises:
            InvalidInputError: a field cannot be.
            NotFoundError: there is no such company, or no such signal in any of its decoder manifests, or a vehicle
                that it lists is not registered.
            ConflictError: the company has another campaign of that name.
        """
        wanted = self._checked(company, spec)
        version = versions.sync_id_of(wanted)
        state = State.DRAFT if draft else State.RUNNING
        with self._store.session() as session:
            _check_company(session, company)
            row = session.get(CampaignRow, (company, wanted.name), with_for_update=True)
            if row is not None:
                if row.sync_id == version and row.state == state:
                    return history.campaign(session, row)
                raise ConflictError(
                    f"there is a campaign '{wanted.name}' already",
                    why=f"it is {row.state}" + ("" if row.sync_id == version else ", and asks for something else"),
                    fix=f"Choose another name, or change it: kaido campaign edit {wanted.name} FILE",
                )
            _check_expiry(wanted)
            now = clock.now()
            row = CampaignRow(
                company=company,
                name=wanted.name,
                sync_id=version,
                document=wanted.to_document(),
                created=now,
                version=history.newest_version(session, company, wanted.name) + 1,
                wave=0,
                wave_since=now,
                base_version=None,
                base_wave=None,
                resolved=None,
            )
            session.add(row)
            history.add_version(session, row, now)
            return _changed(session, row, Action.CREATED, state, by)

    def edit(self, company: str, name: str, spec: CampaignSpec | dict[str, Any], by: By = _LOCAL) -> Campaign:
        """Another version. The very same one changes nothing.

        Where the edit changes what vehicles collect, its waves begin anew, and vehicles whose wave has not come keep
        the version they had. Where it changes targets, waves or times alone, the roll-out goes on where it was.

        Raises:
            InvalidInputError: a field cannot be.
            NotFoundError: there is no such campaign, signal or vehicle.
            ConflictError: it has ended.
        """
        if isinstance(spec, dict):
            spec = {"name": name, **spec}
        wanted = self._checked(company, spec)
        if wanted.name != name:
            raise InvalidInputError(
                f"the document is of a campaign '{wanted.name}'", why=f"'{name}' was to be changed; names stay"
            )
        with self._store.session() as session:
            row = _find(session, company, name)
            if row.sync_id == versions.sync_id_of(wanted) and _state(row) not in {State.STOPPED, State.EXPIRED}:
                return history.campaign(session, row)
            state = after(Action.EDITED, _state(row), name)
            _check_expiry(wanted)
            versions.renew(session, row, wanted)
            return _changed(session, row, Action.EDITED, state, by)

    def extend(self, company: str, name: str, expiry: datetime | None, by: By = _LOCAL) -> Campaign:
        """Another end, or none: a version of its own, since vehicles ignore a scheme whose sync id they hold.

        Raises:
            InvalidInputError: that moment has passed.
            NotFoundError: there is no such campaign.
            ConflictError: it is stopped.
        """
        with self._store.session() as session:
            row = _find(session, company, name)
            state = after(Action.EXTENDED, _state(row), name)
            document = {key: value for key, value in row.document.items() if key != "expiry"}
            wanted = read_spec(document | ({"expiry": clock.iso(expiry)} if expiry else {}))
            if row.sync_id == versions.sync_id_of(wanted):
                return history.campaign(session, row)
            _check_end(name, wanted)
            versions.renew(session, row, wanted)
            return _changed(session, row, Action.EXTENDED, state, by)

    def start(self, company: str, name: str, by: By = _LOCAL) -> Campaign:
        """Let a draft run."""
        return self._act(company, name, Action.STARTED, by)

    def suspend(self, company: str, name: str, by: By = _LOCAL) -> Campaign:
        """Take it from the vehicles until it is resumed. Doing so twice changes nothing."""
        return self._act(company, name, Action.SUSPENDED, by)

    def resume(self, company: str, name: str, by: By = _LOCAL) -> Campaign:
        """Let it run again, in the wave that it was in. What was counted against its limits is forgotten."""
        return self._act(company, name, Action.RESUMED, by)

    def stop(self, company: str, name: str, by: By = _LOCAL) -> Campaign:
        """End a campaign for good: vehicles drop it. Doing so twice changes nothing."""
        return self._act(company, name, Action.STOPPED, by)

    def advance(self, company: str, name: str, by: By = _LOCAL, *, behind: tuple[int, int] | None = None) -> Campaign:
        """Begin the next wave.

        Args:
            company: whose campaign.
            name: its name.
            by: who wants it.
            behind: only if it is in this version and wave still: whoever looks at a clock may not be alone.

        Raises:
            NotFoundError: there is no such campaign.
            ConflictError: it does not run, or its last wave has come.
        """
        with self._store.session() as session:
            row = _find(session, company, name)
            if behind is not None and (behind != (row.version, row.wave) or _state(row) is not State.RUNNING):
                return history.campaign(session, row)
            state = after(Action.ADVANCED, _state(row), name)
            rollout = read_spec(row.document).rollout
            if row.wave >= last_wave(rollout):
                raise ConflictError(
                    f"the campaign '{name}' has no further wave",
                    why=f"all {last_wave(rollout) + 1} have come" if rollout and rollout.waves else "it has no waves",
                    fix=f"Give it some: kaido campaign edit {name} FILE",
                )
            versions.enter_wave(row, row.wave + 1)
            if rollout and rollout.waves[row.wave].percent == 100:  # noqa: PLR2004  # per cent
                row.base_version = row.base_wave = None
            return _changed(session, row, Action.ADVANCED, state, by)

    def pause(self, company: str, name: str, version: int, why: str) -> Campaign:
        """A limit was passed. Nothing happens if the campaign does not run, or in another version."""
        with self._store.session() as session:
            row = _find(session, company, name)
            if row.version != version or _state(row) is not State.RUNNING:
                return history.campaign(session, row)
            return _changed(session, row, Action.PAUSED, State.PAUSED, By(PLATFORM, why))

    def expire(self, company: str, name: str) -> Campaign:
        """Put on record that its time is over. Nothing happens if it is not, or if that was done."""
        with self._store.session() as session:
            row = _find(session, company, name)
            if _state(row) is not State.EXPIRED or row.state == State.EXPIRED:
                return history.campaign(session, row)
            why = f"its expiry was {row.document['expiry']}"
            return _changed(session, row, Action.EXPIRED, State.EXPIRED, By(PLATFORM, why))

    def delete(self, company: str, name: str, by: By = _LOCAL) -> None:
        """End a campaign and forget it, but for its history. What it collected stays.

        Raises:
            NotFoundError: the company has no such campaign.
        """
        with self._store.session() as session:
            row = _find(session, company, name)
            history.add_change(session, row, Action.DELETED, by, clock.now())
            usage.forget(session, company, name)
            members.forget(session, company, name)
            session.delete(row)

    def get(self, company: str, name: str) -> Campaign:
        """The campaign of that name.

        Raises:
            NotFoundError: the company has none.
        """
        with self._store.reading() as session:
            return history.campaign(session, _find(session, company, name, change=False))

    def running(self, company: str) -> list[Campaign]:
        """The campaigns that vehicles should hold, by name."""
        return [one for one in self.list(company) if one.state is State.RUNNING]

    def list(self, company: str) -> list[Campaign]:
        """The company's campaigns, by name."""
        with self._store.reading() as session:
            query = select(CampaignRow).where(CampaignRow.company == company).order_by(CampaignRow.name)
            return [history.campaign(session, row) for row in session.scalars(query).all()]

    def _act(self, company: str, name: str, action: Action, by: By) -> Campaign:
        with self._store.session() as session:
            row = _find(session, company, name)
            if is_done(action, _state(row)):
                return history.campaign(session, row)
            state = after(action, _state(row), name)
            if state is State.RUNNING:  # a wave's time, and what is counted against limits, begin anew
                row.wave_since = clock.now()
                usage.begin_anew(session, company, name)
            return _changed(session, row, action, state, by)

    def _checked(self, company: str, spec: CampaignSpec | dict[str, Any]) -> CampaignSpec:
        wanted = spec if isinstance(spec, CampaignSpec) else read_spec(spec)
        self.fits(company, wanted)
        return wanted

    def check(self, company: str, spec: CampaignSpec) -> Sequence[Fit]:
        """As ``fits``; what is over before it begins is refused, as it would be at its creation."""
        _check_expiry(spec)
        return self.fits(company, spec)

    def fits(self, company: str, spec: CampaignSpec) -> Sequence[Fit]:
        """What a campaign would be in the company's vehicles, by their decoder manifests. Changes nothing.

        Raises:
            InvalidInputError: its conditions make no sense, or no vehicle could run it.
            NotFoundError: it names a signal or a vehicle that there is not.
        """
        current = self._catalog.manifests(company)
        manifests = [self._catalog.manifest_by_sync_id(company, one.sync_id) for one in current]
        known = {signal.path: signal for signal in self._catalog.signals(company)}
        found = check_campaign(spec, manifests, known)
        for one in conditions(spec.targets, spec.rollout):
            try:
                check_condition(one.where, known)
            except InvalidInputError as error:
                raise error.placed("targets.where" if one is spec.targets else "rollout") from None
        if not spec.unregistered:
            listed = list(named(spec.targets, spec.rollout))
            check_registered(self._vehicles, company, f"the campaign '{spec.name}'", listed, later=True)
        return found

    def unregistered(self, company: str, spec: CampaignSpec) -> Sequence[str]:
        """The vehicles that a campaign lists and that are not registered."""
        return self._vehicles.unknown(company, named(spec.targets, spec.rollout))


def _state(row: CampaignRow) -> State:
    return history.state_of(row, read_spec(row.document))


def _changed(session: Session, row: CampaignRow, action: Action, state: State, by: By) -> Campaign:
    """Put a change on record."""
    row.state, row.changed, row.why = state.value, clock.now(), by.why
    history.add_change(session, row, action, by, row.changed)
    session.flush()
    return history.campaign(session, row)


def _check_expiry(spec: CampaignSpec) -> None:
    if spec.expiry and (spec.expiry_ms or 0) <= clock.now_ms():
        raise InvalidInputError(
            f"the campaign '{spec.name}' is over before it begins",
            why=f"it expires at {spec.expiry.isoformat()}",
            fix="Give a later expiry, or none",
        )


def _check_end(name: str, spec: CampaignSpec) -> None:
    left_ms = (spec.expiry_ms or NEVER_MS) - clock.now_ms()
    if spec.expiry and left_ms <= 0:
        raise InvalidInputError(
            f"the campaign '{name}' cannot be extended to {clock.iso(spec.expiry)}",
            why=f"that was {clock.age(-left_ms / 1_000)} ago; it is {clock.iso(clock.now())} (UTC)",
            fix=f"Give a time to come. To end it now: kaido campaign stop {name}",
        )


def _check_company(session: Session, company: str) -> None:
    if session.get(CompanyRow, company) is None:
        known = session.scalars(select(CompanyRow.name))
        raise NotFoundError.of("company", company, known, fix="Create it: kaido company create NAME")


def _find(session: Session, company: str, name: str, *, change: bool = True) -> CampaignRow:
    """The record; others who want to change it wait until this transaction ends."""
    row = session.get(CampaignRow, (company, name), with_for_update=change)
    if row is None:
        known = session.scalars(select(CampaignRow.name).where(CampaignRow.company == company))
        raise NotFoundError.of("campaign", name, known, fix="See: kaido campaign list")
    return row

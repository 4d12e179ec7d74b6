"""The state templates of all companies, kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from kaido.catalog.store import CatalogStore
from kaido.company import Vehicles
from kaido.control import members
from kaido.control.naming import check_registered
from kaido.control.rollout import conditions, named
from kaido.control.selection import check
from kaido.control.state_spec import StateTemplateSpec, read_state_spec
from kaido.control.targets import check_condition
from kaido.errors import ConflictError, NotFoundError
from kaido.runtime import clock
from kaido.store.tables import CompanyRow, StateTemplateRow
from kaido.wire.syncids import sync_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kaido.store import Store

MOST_TEMPLATES = 100
"""Of a company. A vehicle lists all it holds in every checkin, so there is an end to their number."""


@dataclass(frozen=True)
class StateTemplate:
    """A state template of a company.

    Attributes:
        sync_id: its version: the name and a hash of the specification. Vehicles hold it under ids of the same name,
            one for each decoder manifest.
        changed: when it got this version.
        spec: what it asks for.
    """

    company: str
    sync_id: str
    created: datetime
    changed: datetime
    spec: StateTemplateSpec

    @property
    def name(self) -> str:
        """Its name in its company."""
        return self.spec.name


class StateTemplates:
    """State templates of all companies. All calls block; safe from many threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._catalog = CatalogStore(store)
        self._vehicles = Vehicles(store)

    def create(self, company: str, document: dict[str, Any], *, replace: bool = False) -> StateTemplate:
        """Keep a state template; vehicles get it, and wait for its activation. The very same again changes nothing.

        Args:
            company: whose.
            document: the specification.
            replace: change the one of that name, if there is one. Vehicles get the new version under a new id: to them
                it is another template, and not active.

        Raises:
            InvalidInputError: a field cannot be.
            NotFoundError: there is no such company, or no such signal in any of its decoder manifests, or a vehicle
                that it lists is not registered.
            ConflictError: the company has another one of that name, or as many as it may have.
        """
        wanted = read_state_spec(document)
        with self._store.reading() as session:
            _check_company(session, company)
        check(wanted.signals, self._paths(company))
        for one in conditions(wanted.targets, None):
            check_condition(one.where, {signal.path for signal in self._catalog.signals(company)})
        check_registered(
            self._vehicles, company, f"the state template '{wanted.name}'", list(named(wanted.targets, None))
        )
        version = _version(wanted)
        now = clock.now()
        with self._store.session() as session:
            row = session.get(StateTemplateRow, (company, wanted.name), with_for_update=True)
            if row is not None and row.sync_id == version:
                return _template(row)
            if row is not None and not replace:
                raise ConflictError(
                    f"there is a state template '{wanted.name}' already",
                    why="it asks for something else",
                    fix="Choose another name, or change it with --replace",
                )
            if row is None:
                _check_number(session, company)
                row = StateTemplateRow(company=company, name=wanted.name, created=now)
                session.add(row)
            row.sync_id, row.document, row.changed = version, wanted.to_document(), now
            session.flush()
            return _template(row)

    def get(self, company: str, name: str) -> StateTemplate:
        """The state template of that name.

        Raises:
            NotFoundError: the company has none.
        """
        with self._store.reading() as session:
            return _template(_find(session, company, name))

    def delete(self, company: str, name: str) -> None:
        """Forget it; vehicles drop it. What they sent stays.

        Raises:
            NotFoundError: the company has none.
        """
        with self._store.session() as session:
            session.delete(_find(session, company, name))
            members.forget(session, company, members.name_of_state(name))

    def list(self, company: str) -> list[StateTemplate]:
        """The company's state templates, by name."""
        with self._store.reading() as session:
            query = select(StateTemplateRow).where(StateTemplateRow.company == company).order_by(StateTemplateRow.name)
            return [_template(row) for row in session.scalars(query)]

    def problems(self, company: str) -> dict[str, Sequence[str]]:
        """By the name of a template what keeps vehicles from getting it."""
        templates = self.list(company)
        asked = members.Members(self._store).asked(company)
        return {one.name: [*members.problems(members.of_template(one), asked, clock.now())] for one in templates}

    def _paths(self, company: str) -> dict[str, None]:
        """The paths of all signals of all current manifests."""
        paths: dict[str, None] = {}
        for current in self._catalog.manifests(company):
            manifest = self._catalog.manifest_by_sync_id(company, current.sync_id)
            paths |= dict.fromkeys(signal.path for signal in manifest.all_signals)
        return paths


def _version(spec: StateTemplateSpec) -> str:
    return sync_id(spec.name, repr(sorted(spec.to_document().items())).encode())


def _check_company(session: Session, company: str) -> None:
    if session.get(CompanyRow, company) is None:
        known = session.scalars(select(CompanyRow.name))
        raise NotFoundError.of("company", company, known, fix="Create it: kaido company create NAME")


def _check_number(session: Session, company: str) -> None:
    query = select(func.count()).select_from(StateTemplateRow).where(StateTemplateRow.company == company)
    if session.scalars(query).one() >= MOST_TEMPLATES:
        raise ConflictError(
            f"the company has {MOST_TEMPLATES} state templates",
            why="vehicles hold them all, and list them in every checkin",
            fix="Delete one that is not needed: kaido state delete NAME",
        )


def _find(session: Session, company: str, name: str) -> StateTemplateRow:
    row = session.get(StateTemplateRow, (company, name))
    if row is None:
        known = session.scalars(select(StateTemplateRow.name).where(StateTemplateRow.company == company))
        raise NotFoundError.of("state template", name, known, fix="See: kaido state list")
    return row


def _template(row: StateTemplateRow) -> StateTemplate:
    return StateTemplate(row.company, row.sync_id, row.created, row.changed, read_state_spec(row.document))

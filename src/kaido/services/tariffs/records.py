"""The tariffs of companies, kept; and the examples, which everybody has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kaido.errors import ConflictError, InvalidInputError, NotFoundError
from kaido.runtime import clock
from kaido.services.tariffs import shipped
from kaido.services.tariffs.tariff import Tariff
from kaido.store.tables import CompanyRow, TariffRow

if TYPE_CHECKING:
    from datetime import datetime

    from kaido.store import Store

MOST_TARIFFS = 1_000
"""Of a company."""


@dataclass(frozen=True)
class Kept:
    """A tariff, and since when it is as it is; an example has no time."""

    tariff: Tariff
    created: datetime | None = None
    changed: datetime | None = None


class Tariffs:
    """Tariffs of all companies. All calls block; safe from many threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, company: str, document: object, *, replace: bool = False) -> Kept:
        """Keep a tariff. The very same again changes nothing.

        Args:
            company: whose.
            document: as a person writes it.
            replace: change the one of that name, if there is one.

        Raises:
            InvalidInputError: it cannot be read, or has the name of an example.
            NotFoundError: there is no such company.
            ConflictError: the company has another one of that name, or as many as it may have.
        """
        tariff = Tariff.read(document)
        if tariff.name.startswith(shipped.PREFIX):
            raise InvalidInputError(
                f"a tariff cannot be called '{tariff.name}'",
                why=f"names with {shipped.PREFIX} are those of the examples, whose numbers are invented",
                fix="Give it the utility's name for it",
            )
        now = clock.now()
        with self._store.session() as session:
            if session.get(CompanyRow, company) is None:
                known = session.scalars(select(CompanyRow.name))
                raise NotFoundError.of("company", company, known, fix="Create it: kaido company create NAME")
            row = session.get(TariffRow, (company, tariff.name), with_for_update=True)
            written = tariff.document.to_document()
            if row is not None and row.document != written and not replace:
                raise ConflictError(
                    f"there is a tariff '{tariff.name}' already",
                    why="it says something else",
                    fix="Choose another name, or change it with --replace",
                )
            if row is None:
                count = select(func.count()).select_from(TariffRow).where(TariffRow.company == company)
                if session.scalars(count).one() >= MOST_TARIFFS:
                    raise ConflictError(f"the company has {MOST_TARIFFS} tariffs", why="that is as many as it may have")
                row = TariffRow(company=company, name=tariff.name, created=now)
                session.add(row)
            if row.document != written:
                row.document, row.changed = written, now
            session.flush()
            return Kept(tariff, row.created, row.changed)

    def get(self, company: str, name: str) -> Kept:
        """The company's tariff of that name, or the example.

        Raises:
            NotFoundError: there is neither.
        """
        if name in shipped.names():
            return Kept(Tariff.read(shipped.document(name)))
        with self._store.reading() as session:
            row = session.get(TariffRow, (company, name))
            if row is None:
                known = session.scalars(select(TariffRow.name).where(TariffRow.company == company))
                raise NotFoundError.of("tariff", name, [*known, *shipped.names()], fix="See: kaido tariff list")
            return Kept(Tariff.read(row.document), row.created, row.changed)

    def list(self, company: str) -> list[Kept]:
        """The examples and the company's tariffs, by name."""
        with self._store.reading() as session:
            query = select(TariffRow).where(TariffRow.company == company)
            own = [Kept(Tariff.read(row.document), row.created, row.changed) for row in session.scalars(query)]
        examples = [Kept(Tariff.read(shipped.document(name))) for name in shipped.names()]
        return sorted([*own, *examples], key=lambda one: one.tariff.name)

    def delete(self, company: str, name: str) -> None:
        """Forget a tariff of the company.

        Raises:
            NotFoundError: it has none of that name.
        """
        with self._store.session() as session:
            row = session.get(TariffRow, (company, name))
            if row is None:
                known = session.scalars(select(TariffRow.name).where(TariffRow.company == company))
                raise NotFoundError.of("tariff", name, known, fix="See: kaido tariff list")
            session.delete(row)

"""Companies and the keys of their authorities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from sqlalchemy import select

from kaido.company import authorities, names
from kaido.company.model import Company
from kaido.errors import ConflictError, NotFoundError
from kaido.runtime import clock, folders
from kaido.store.tables import AuthorityRow, CompanyRow

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509
    from sqlalchemy.orm import Session

    from kaido.runtime.settings import Settings
    from kaido.store import Store


class Companies:
    """The companies on this platform."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._secrets = settings.data / "secrets"

    def create(self, name: str, ca_pem: str | bytes | None = None) -> Company:
        """A new company, with an authority of its own or the one given (a certificate, PEM or DER).

        Raises:
            InvalidInputError: the name or the certificate cannot be used.
            ConflictError: there is such a company, or another has this authority.
        """
        names.check_company(name)
        given = None if ca_pem is None else authorities.read(ca_pem)
        with self._store.session() as session:
            if session.get(CompanyRow, name):
                raise ConflictError(f"there is a company '{name}' already", fix=f"See `kaido company show {name}`")
            if given is None:
                certificate = self._make_authority(name)
            else:
                certificate = given
                if session.get(AuthorityRow, authorities.key_hash(given)):
                    raise ConflictError(
                        "this authority is registered already",
                        why="its certificates say of a vehicle whose it is, so two companies cannot share it",
                        fix="Make an intermediate authority for this company and give its certificate",
                    )
            row = _record(session, name, certificate, has_key=given is None)
            return _company(row)

    def get(self, name: str) -> Company:
        """The company of that name.

        Raises:
            NotFoundError: there is none.
        """
        with self._store.reading() as session:
            found = session.scalars(select(AuthorityRow).where(AuthorityRow.company == name)).first()
            if found is None:
                known = session.scalars(select(CompanyRow.name))
                raise NotFoundError.of("company", name, known, fix=f"Create it: kaido company create {name}")
            return _company(found)

    def list(self) -> list[Company]:
        """All companies, by name."""
        with self._store.reading() as session:
            return [_company(row) for row in session.scalars(select(AuthorityRow).order_by(AuthorityRow.company))]

    def key_file(self, name: str) -> Path:
        """Where the key of a company's own authority lies."""
        return self._secrets / name / "ca.key"

    def _make_authority(self, name: str) -> x509.Certificate:
        path = self.key_file(name)
        if path.exists():
            raise ConflictError(
                f"{path} exists, but no company '{name}'",
                why="it may be the key of vehicles that are on the road, so it is not overwritten",
                fix="Restore the database that belongs to it, or move the file away",
            )
        certificate, key = authorities.make(name)
        folders.make(self._secrets).chmod(0o700)
        folders.write_atomically(
            path,
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            mode=0o600,
        )
        return certificate


def _record(session: Session, name: str, certificate: x509.Certificate, *, has_key: bool) -> AuthorityRow:
    now = clock.now()
    session.add(CompanyRow(name=name, created=now))
    session.flush()
    row = AuthorityRow(
        key_hash=authorities.key_hash(certificate),
        company=name,
        certificate=authorities.pem(certificate),
        has_key=has_key,
        created=now,
    )
    session.add(row)
    session.flush()
    return row


def _company(row: AuthorityRow) -> Company:
    return Company(name=row.company, created=row.created, ca_pem=row.certificate, has_key=row.has_key)

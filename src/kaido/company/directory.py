"""What a gateway needs of companies and vehicles, held in memory."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

from sqlalchemy import select

from kaido.company.certificates import Authorities, Authority, Claim
from kaido.company.errors import IdentityError
from kaido.company.model import Identity, VehicleState
from kaido.runtime import clock
from kaido.store.tables import AuthorityRow, CertificateRow, VehicleRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kaido.store import Store

_REMEMBERED = 100_000
"""Certificates whose signature is not verified again. About 300 bytes each."""

_UNKNOWN = VehicleState(registered=False, revoked=False)
_WELCOME = VehicleState(registered=True, revoked=False)
_REVOKED = VehicleState(registered=True, revoked=True)


class Directory:
    """Who may connect. ``refresh`` reads what changed in the store; all else answers from memory.

    ``refresh`` may run in another thread than the questions; only one ``refresh`` at a time.
    """

    def __init__(self, store: Store, *, remembered: int = _REMEMBERED) -> None:
        self._store = store
        self._revision = -1
        self._pems: dict[str, tuple[str, str]] = {}
        self._authorities = Authorities([])
        self._vehicles: dict[tuple[str, str], VehicleState] = {}
        self._revoked: set[tuple[str, str]] = set()
        self._claims: OrderedDict[bytes, Claim] = OrderedDict()
        self._remembered = remembered

    def refresh(self) -> bool:
        """Read what changed since the last time. The work grows with the changes, not with the fleet.

        Returns:
            Whether anything changed.

        Raises:
            UnavailableError: the database is away. What was known stays in force.
        """
        revision = self._store.revision()
        if revision == self._revision:
            return False
        # What is written after this revision was read may be seen now and is read again next time: no harm.
        with self._store.reading() as session:
            self._read_authorities(session)
            self._read_vehicles(session)
            self._read_certificates(session)
        self._revision = revision
        return True

    def authorities(self) -> list[tuple[str, str]]:
        """Every authority, as (company, PEM certificate)."""
        return list(self._pems.values())

    def vehicle(self, company: str, id: str) -> VehicleState:  # noqa: A002  # it is what the field calls it
        """Whether a vehicle is registered and revoked."""
        return self._vehicles.get((company, id), _UNKNOWN)

    def certificate_revoked(self, company: str, serial_hex: str) -> bool:
        """Whether a certificate of the company's authority is revoked."""
        return (company, serial_hex) in self._revoked

    def identify(self, der: bytes) -> Identity:
        """The vehicle that a TLS client certificate proves its holder to be.

        Args:
            der: the certificate, as the TLS layer hands it over, possession of its key proven.

        Raises:
            IdentityError: it proves nothing, or the vehicle may not connect; ``reason`` is one of those of
                ``Authorities.read``, ``not_yet_valid``, ``expired``, ``not_registered``, ``revoked``.
        """
        claim = self._claim(der)
        now = clock.now()
        if now < claim.not_before:
            raise IdentityError("not_yet_valid", f"the certificate begins {clock.iso(claim.not_before)}")
        if now >= claim.not_after:
            raise IdentityError(
                "expired",
                f"the certificate ended {clock.iso(claim.not_after)}",
                fix=f"kaido vehicle enrol {claim.vehicle}",
            )
        state = self.vehicle(claim.company, claim.vehicle)
        if not state.registered:
            raise IdentityError(
                "not_registered",
                f"vehicle {claim.vehicle} of {claim.company} is not registered",
                fix=f"kaido vehicle register {claim.vehicle}",
            )
        if state.revoked or self.certificate_revoked(claim.company, claim.serial):
            thing = f"vehicle {claim.vehicle}" if state.revoked else f"certificate {claim.serial}"
            raise IdentityError("revoked", f"{thing} of {claim.company} is revoked")
        return Identity(company=claim.company, vehicle=claim.vehicle, serial=claim.serial, not_after=claim.not_after)

    def _claim(self, der: bytes) -> Claim:
        fingerprint = hashlib.sha256(der).digest()
        claim = self._claims.get(fingerprint)  # holds for good: authorities are only ever added
        if claim is None:
            # Only what an authority of ours signed is remembered: strangers cannot push our vehicles out.
            claim = self._authorities.read(der)
            self._claims[fingerprint] = claim
            if len(self._claims) > self._remembered:
                self._claims.popitem(last=False)
        else:
            self._claims.move_to_end(fingerprint)
        return claim

    def _read_authorities(self, session: Session) -> None:
        query = select(AuthorityRow).where(AuthorityRow.revision > self._revision)
        changed = {row.key_hash: (row.company, row.certificate) for row in session.scalars(query)}
        if changed:
            self._pems = self._pems | changed
            self._authorities = Authorities(Authority.of(*each) for each in self._pems.values())

    def _read_vehicles(self, session: Session) -> None:
        query = select(VehicleRow.company, VehicleRow.id, VehicleRow.revoked)
        for company, identifier, revoked in session.execute(query.where(VehicleRow.revision > self._revision)):
            self._vehicles[company, identifier] = _REVOKED if revoked else _WELCOME

    def _read_certificates(self, session: Session) -> None:
        query = select(CertificateRow.company, CertificateRow.serial).where(
            CertificateRow.revoked.is_not(None), CertificateRow.revision > self._revision
        )
        self._revoked.update((company, serial) for company, serial in session.execute(query))

"""``/v1/certificates``: which certificates are in use, and which of them end soon."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page
from kaido.company import Certificate, Company, expiring
from kaido.errors import InvalidInputError
from kaido.runtime import clock

router = APIRouter(prefix="/certificates", tags=["certificates"])


class CertificateOut(BaseModel):
    """A certificate that counts today, or did until it ended."""

    of: Literal["authority", "vehicle"]
    vehicle: str | None = Field(description="Null for the company's authority.")
    serial: str = Field(description="Hexadecimal.")
    fingerprint: str = Field(description="SHA-256 of the DER form, hexadecimal.")
    not_after: datetime = Field(description="When it ends.")


@router.get("", name="certificates", summary="List certificates by when they end")
def list_(
    caller: Reader,
    rooms: Rooms,
    limit: Limit = 100,
    after: After = None,
    days: Annotated[
        int | None, Query(ge=0, le=36_500, description="Only those that end within so many days, or ended.")
    ] = None,
) -> Page[CertificateOut]:
    """The next to end first, in pages: the newest of each vehicle that is not revoked, and the company's authority.

    Certificates of a company's own PKI are not known here.
    """
    until = None if days is None else clock.now() + timedelta(days=days)
    begin = _place(after) if after is not None else None
    found = [
        CertificateOut(of="vehicle", vehicle=vehicle, **_facts(one))
        for vehicle, one in expiring(rooms.store, caller.company, limit + 1, until=until, after=begin)
    ]
    authority = _authority(rooms.companies.get(caller.company))
    if (until is None or authority.not_after < until) and (begin is None or _key(authority) > begin):
        found.append(authority)
    found.sort(key=_key)
    return Page[CertificateOut].of(found[: limit + 1], limit, _cursor)


def _facts(one: Certificate) -> dict[str, Any]:
    return {"serial": one.serial, "fingerprint": one.fingerprint, "not_after": one.not_after}


def _authority(company: Company) -> CertificateOut:
    found = x509.load_pem_x509_certificate(company.ca_pem.encode())
    return CertificateOut(
        of="authority",
        vehicle=None,
        serial=f"{found.serial_number:x}",
        fingerprint=found.fingerprint(hashes.SHA256()).hex(),
        not_after=found.not_valid_after_utc,
    )


def _key(one: CertificateOut) -> tuple[datetime, str]:
    return one.not_after, one.serial


def _cursor(one: CertificateOut) -> str:
    return f"{one.not_after.isoformat()} {one.serial}"


def _place(after: str) -> tuple[datetime, str]:
    moment, _, serial = after.partition(" ")
    try:
        place = datetime.fromisoformat(moment)
    except ValueError:
        place = None
    if place is None or place.tzinfo is None or not serial:
        raise InvalidInputError(f"'{after}' is not where a page ended", fix="Give `next` of the page before")
    return place, serial

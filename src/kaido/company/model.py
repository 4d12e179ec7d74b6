"""What companies, vehicles, certificates and tokens are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

SCOPES = ("read", "write", "admin", "command")
"""read: see everything of the company. write: vehicles, catalog, campaigns, imports. admin: tokens, revoking, the
policy for commands. command: command vehicles; no other scope implies it."""

ROLES: dict[str, tuple[str, ...]] = {
    "viewer": ("read",),
    "engineer": ("read", "write"),
    "operator": ("read", "command"),
    "administrator": SCOPES,
}
"""The scopes of each role of a user, the least first."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company and the certificate authority of its vehicles."""

    name: str
    created: datetime
    ca_pem: str
    has_key: bool
    """Whether the platform holds the authority's key, and so can enrol vehicles."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A registered vehicle. Its id is unique within its company, and is not a VIN."""

    id: str
    company: str
    vin: str | None
    platform: str | None
    model: str | None
    market: str | None
    manifest: str | None
    """The name of its decoder manifest, where it is not its model's."""
    registered: datetime
    revoked: datetime | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A vehicle's certificate that the platform issued."""

    serial: str
    """Hexadecimal."""
    fingerprint: str
    """SHA-256 of the DER form, hexadecimal."""
    not_after: datetime
    revoked: datetime | None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a vehicle needs to prove who it is."""

    certificate_pem: str
    key_pem: str | None
    """None where the vehicle made its own key (a CSR)."""
    ca_pem: str
    """The company's authority."""
    serial: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a certificate says that its holder is."""

    company: str
    vehicle: str
    serial: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class VehicleState:
    """What a gateway must know of a vehicle."""

    registered: bool
    revoked: bool


@dataclass(frozen=True, slots=True)
class Token:
    """An API token, without its secret."""

    id: str
    name: str
    company: str | None
    """None is the operator of the platform, who may act for any company."""
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in to the console, without the password's hash."""

    id: str
    company: str
    name: str
    role: str
    by_oidc: bool
    """Whether an OIDC provider says who it is and which role it has; else it has a password."""
    preferences: dict[str, str]
    created: datetime
    disabled: datetime | None
    last_sign_in: datetime | None

    @property
    def scopes(self) -> tuple[str, ...]:
        """What its role allows."""
        return ROLES[self.role]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user in one browser."""

    user: User
    csrf: str
    """What every change by cookie has to bring along."""
    expires: datetime
    """When it ends however much it is used."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request. As a text, what errors call it."""

    company: str | None
    scopes: frozenset[str]
    name: str
    token: str = ""
    """The token's id, or the user's."""
    role: str = ""
    """A user's; empty for a token."""

    def __str__(self) -> str:
        return f"the {'user' if self.role else 'token'} '{self.name}'"

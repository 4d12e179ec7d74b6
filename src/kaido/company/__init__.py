"""Companies, their certificate authorities, vehicles, certificates, tokens and users."""

from kaido.company.companies import Companies
from kaido.company.directory import Directory
from kaido.company.enrolment import Enrolment
from kaido.company.errors import IdentityError
from kaido.company.expiry import expiring
from kaido.company.model import (
    ROLES,
    SCOPES,
    Certificate,
    Company,
    Enrolled,
    Identity,
    Principal,
    SignedIn,
    Token,
    User,
    Vehicle,
    VehicleState,
)
from kaido.company.proofs import Proofs
from kaido.company.tokens import Tokens
from kaido.company.users import Users
from kaido.company.vehicles import Vehicles
from kaido.company.web_sessions import WebSessions

__all__ = [
    "ROLES",
    "SCOPES",
    "Certificate",
    "Companies",
    "Company",
    "Directory",
    "Enrolled",
    "Enrolment",
    "Identity",
    "IdentityError",
    "Principal",
    "Proofs",
    "SignedIn",
    "Token",
    "Tokens",
    "User",
    "Users",
    "Vehicle",
    "VehicleState",
    "Vehicles",
    "WebSessions",
    "expiring",
]

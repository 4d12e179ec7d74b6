"""Companies, their certificate authorities, vehicles, certificates and tokens."""

from kaido.company.companies import Companies
from kaido.company.directory import Directory
from kaido.company.enrolment import Enrolment
from kaido.company.errors import IdentityError
from kaido.company.model import (
    SCOPES,
    Certificate,
    Company,
    Enrolled,
    Identity,
    Principal,
    Token,
    Vehicle,
    VehicleState,
)
from kaido.company.tokens import Tokens
from kaido.company.vehicles import Vehicles

__all__ = [
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
    "Token",
    "Tokens",
    "Vehicle",
    "VehicleState",
    "Vehicles",
]

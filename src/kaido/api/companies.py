"""``/v1/companies``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kaido.api.auth import Operator, Rooms, Who, need
from kaido.api.pages import After, Limit, Page
from kaido.errors import ForbiddenError

if TYPE_CHECKING:
    from kaido.company import Company

router = APIRouter(prefix="/companies", tags=["companies"])


class CompanyOut(BaseModel):
    """A company."""

    name: str
    created: datetime
    enrols: bool = Field(description="Whether the platform holds its authority's key, and can enrol vehicles.")
    ca_certificate: str = Field(description="The certificate of the authority of its vehicles, PEM.")

    @classmethod
    def of(cls, company: Company) -> Self:
        """As the API shows it."""
        return cls(
            name=company.name,
            created=company.created,
            enrols=company.has_key,
            ca_certificate=company.ca_pem,
        )


class NewCompany(BaseModel):
    """A company to create."""

    name: str = Field(examples=["acme"])
    ca_certificate: str | None = Field(
        None, description="The certificate (PEM) of its own authority; without it, one is made.", max_length=100_000
    )


@router.post("", status_code=201, summary="Create a company")
def create(new: NewCompany, caller: Operator, rooms: Rooms) -> CompanyOut:
    """With its own certificate authority, or with one made here. Needs the operator's token."""
    company = rooms.companies.create(new.name, new.ca_certificate)
    caller.company = company.name
    rooms.announce(company.name, "company")
    return CompanyOut.of(company)


@router.get("", summary="List companies")
def list_(who: Who, rooms: Rooms, limit: Limit = 100, after: After = None) -> Page[CompanyOut]:
    """The operator sees all, by name, in pages; a company sees itself."""
    need(who, "read")
    companies = rooms.companies.list() if who.company is None else [rooms.companies.get(who.company)]
    found = [CompanyOut.of(company) for company in companies if after is None or company.name > after]
    return Page[CompanyOut].of(found, limit, lambda one: one.name)


@router.get("/{name}", summary="Show a company")
def show(name: str, who: Who, rooms: Rooms) -> CompanyOut:
    """With the certificate of its authority."""
    need(who, "read")
    if who.company not in {None, name}:
        raise ForbiddenError(f"{who} may not see company {name}", why=f"it is of company {who.company}")
    return CompanyOut.of(rooms.companies.get(name))

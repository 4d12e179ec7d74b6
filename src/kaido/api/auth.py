"""Who calls, for which company, and whether they may."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003  # FastAPI reads annotations
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from starlette.requests import HTTPConnection  # noqa: TC002  # FastAPI reads annotations

from kaido.api.services import Services, services
from kaido.company import SCOPES, Principal
from kaido.errors import ForbiddenError, InvalidInputError, NotFoundError, UnauthenticatedError

LOCAL = Principal(company=None, scopes=frozenset(SCOPES), name="local", token="local")  # noqa: S106  # an id, no secret
"""The caller of an embedded application: it can read and write the data folder anyway."""


@dataclass
class Caller:
    """Who calls, and the company the call is about.

    Attributes:
        company: the company; empty where the call is about none (``Depends(operator)``).
        scopes: what the token allows.
        name: the token's, as the audit shows it.
        token: the token's id.
        is_operator: whether the token is the platform operator's.
        notes: what the audit keeps of this call besides its name; endpoints add to it.
    """

    company: str
    scopes: frozenset[str]
    name: str
    is_operator: bool
    token: str = ""
    notes: dict[str, Any] = field(default_factory=dict)


def principal(connection: HTTPConnection) -> Principal:
    """Whose token came with the request."""
    rooms = Services.of(connection.app)
    if rooms.embedded:
        return LOCAL
    secret = _secret(connection)
    if not secret:
        raise UnauthenticatedError(
            "the request carries no token",
            fix="Send the header 'Authorization: Bearer TOKEN'; make one with: kaido token create NAME --scope read",
        )
    return rooms.tokens.verify(secret)


Who = Annotated[Principal, Depends(principal)]
Rooms = Annotated[Services, Depends(services)]
CompanyHeader = Annotated[
    str | None,
    Header(alias="Kaido-Company", description="The company, where the token is the operator's."),
]
CompanyQuery = Annotated[
    str | None, Query(description="The company, where the token is the operator's (or the header Kaido-Company).")
]


def reader(who: Who, rooms: Rooms, header: CompanyHeader = None, company: CompanyQuery = None) -> Caller:
    """A caller who may see everything of the company."""
    return _caller(who, "read", _company(who, rooms, header or company))


def _changing(scope: str) -> Callable[..., Caller]:
    def dependency(
        connection: HTTPConnection,
        who: Who,
        rooms: Rooms,
        header: CompanyHeader = None,
        company: CompanyQuery = None,
    ) -> Caller:
        caller = _caller(who, scope, _company(who, rooms, header or company))
        connection.state.changer = caller
        return caller

    return dependency


writer = _changing("write")
"""A caller who may change vehicles, catalog, campaigns and imports; the call is audited."""

commander = _changing("command")
"""A caller who may command vehicles; the call is audited."""

admin = _changing("admin")
"""A caller who may change tokens and revoke; the call is audited."""


def operator(connection: HTTPConnection, who: Who) -> Caller:
    """The platform's operator, who may administer it; about no company in particular; the call is audited."""
    if who.company is not None:
        raise ForbiddenError(
            "only the platform's operator may do this",
            why=f"the token '{who.name}' is of company {who.company}",
        )
    caller = _caller(who, "admin", "")
    connection.state.changer = caller
    return caller


Reader = Annotated[Caller, Depends(reader)]
Writer = Annotated[Caller, Depends(writer)]
Commander = Annotated[Caller, Depends(commander)]
Admin = Annotated[Caller, Depends(admin)]
Operator = Annotated[Caller, Depends(operator)]


def _secret(connection: HTTPConnection) -> str:
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return secret.strip()
    if connection.scope["type"] == "websocket":  # a browser cannot give a WebSocket headers
        return connection.query_params.get("token", "")
    return ""


def need(who: Principal, scope: str) -> None:
    """Check that a token has a scope.

    Raises:
        ForbiddenError: it has not.
    """
    if scope not in who.scopes:
        raise ForbiddenError(
            f"the token '{who.name}' may not do this",
            why=f"it lacks the scope '{scope}'",
            fix=f"Use one made with --scope {scope}",
        )


def _caller(who: Principal, scope: str, company: str) -> Caller:
    need(who, scope)
    return Caller(company, who.scopes, who.name, is_operator=who.company is None, token=who.token)


def _company(who: Principal, rooms: Services, named: str | None) -> str:
    if who.company is not None:
        if named not in {None, who.company}:
            raise ForbiddenError(
                f"the token '{who.name}' may not act for company {named}", why=f"it is of company {who.company}"
            )
        return who.company
    if named:
        return rooms.companies.get(named).name
    names = [company.name for company in rooms.companies.list()]
    if not names:
        raise NotFoundError("there is no company yet", fix="Create one: kaido company create NAME")
    if len(names) > 1:
        raise InvalidInputError(
            "it is not said for which company",
            why=f"there are {', '.join(names[:5])}{' and others' if len(names) > 5 else ''}",  # noqa: PLR2004
            fix="Name it: --company NAME (over HTTP: the header Kaido-Company)",
        )
    return names[0]

"""Who calls, for which company, and whether they may."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003  # FastAPI reads annotations
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from starlette.requests import HTTPConnection  # noqa: TC002  # FastAPI reads annotations

from kaido.api import cookies
from kaido.api.services import Services, services
from kaido.company import ROLES, SCOPES, Principal, SignedIn
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
        token: the token's id, or the user's.
        is_operator: whether the token is the platform operator's.
        role: a user's; empty for a token.
        notes: what the audit keeps of this call besides its name; endpoints add to it.
    """

    company: str
    scopes: frozenset[str]
    name: str
    is_operator: bool
    token: str = ""
    role: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"the {'user' if self.role else 'token'} '{self.name}'"


def principal(connection: HTTPConnection) -> Principal:
    """Whose token came with the request, or else who is signed in in this browser.

    Raises:
        UnauthenticatedError: nobody's, or no longer.
        ForbiddenError: the cookie came along with a request that may be another site's.
    """
    rooms = Services.of(connection.app)
    if rooms.embedded:
        return LOCAL
    secret = _secret(connection)
    if secret:
        return rooms.tokens.verify(secret)
    cookie = connection.cookies.get(cookies.NAME)
    if cookie:
        return _signed_in(connection, rooms, cookie)
    raise UnauthenticatedError(
        "the request carries no token",
        fix="Send the header 'Authorization: Bearer TOKEN'; make one with: kaido token create NAME --scope read",
    )


def _signed_in(connection: HTTPConnection, rooms: Services, cookie: str) -> Principal:
    # A socket that stays open is no sign that somebody sits there: only requests keep a session alive.
    found = rooms.web_sessions.verify(cookie, uses=connection.scope["type"] == "http")
    cookies.check_own(connection, found.csrf)
    connection.state.signed_in = found
    user = found.user
    return Principal(user.company, frozenset(user.scopes), user.name, token=user.id, role=user.role)


def signed_in(connection: HTTPConnection, who: Who) -> SignedIn:
    """The session of this browser.

    Raises:
        ForbiddenError: the caller holds a token.
    """
    found: SignedIn | None = getattr(connection.state, "signed_in", None)
    if found is None:
        raise ForbiddenError(f"{who} has no session", why="only who signs in with a name and password has one")
    return found


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
            why=f"{who} is of company {who.company}",
        )
    caller = _caller(who, "admin", "")
    connection.state.changer = caller
    return caller


Session = Annotated[SignedIn, Depends(signed_in)]
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
    """Check that a token, or a user's role, has a scope.

    Raises:
        ForbiddenError: it has not.
    """
    if scope in who.scopes:
        return
    if who.role:
        able = " or ".join(role for role, scopes in ROLES.items() if scope in scopes)
        why, fix = f"the role {who.role} lacks the scope '{scope}'", f"Ask an administrator for the role {able}"
    else:
        why, fix = f"it lacks the scope '{scope}'", f"Use one made with --scope {scope}"
    raise ForbiddenError(f"{who} may not do this", why=why, fix=fix)


def _caller(who: Principal, scope: str, company: str) -> Caller:
    need(who, scope)
    return Caller(company, who.scopes, who.name, is_operator=who.company is None, token=who.token, role=who.role)


def _company(who: Principal, rooms: Services, named: str | None) -> str:
    if who.company is not None:
        if named not in {None, who.company}:
            raise ForbiddenError(f"{who} may not act for company {named}", why=f"it is of company {who.company}")
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

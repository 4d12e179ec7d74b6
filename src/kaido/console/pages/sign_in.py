"""``/login`` and ``/logout``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.api import oidc
from kaido.api.services import Services
from kaido.console.changing import Changing  # noqa: TC001  # FastAPI reads annotations
from kaido.console.page import Asking, PageRoute, render
from kaido.errors import KaidoError

router = APIRouter(route_class=PageRoute)

FORM_CHARACTERS = 256
Word = Annotated[str, Form(max_length=FORM_CHARACTERS)]


@router.get("/login")
async def form(request: Request, next: str = "") -> Response:  # noqa: A002  # the parameter's name in URLs
    """The form."""
    return _form(request, next)


@router.post("/login")
async def sign_in(
    request: Request,
    api: Asking,
    name: Word,
    password: Word,
    company: Word = "",
    next: Word = "",  # noqa: A002  # the parameter's name in URLs
) -> Response:
    """Sign in, and go where one wanted to go."""
    try:
        answer = await api.send(
            "POST", "/session", json={"name": name, "password": password, "company": company or None}
        )
    except KaidoError as error:
        return _form(request, next, error, name, company)
    response = RedirectResponse(oidc.local(next), 303)
    for cookie in answer.headers.get_list("set-cookie"):
        response.headers.append("Set-Cookie", cookie)
    oidc.forget(response)
    return response


@router.post("/logout")
async def sign_out(request: Request, api: Changing) -> Response:
    """Sign out, here, at the API, and at the OIDC provider where one signed in there.

    A page leads on to the provider: the policy does not let a form do so.
    """
    answer = await api.send("DELETE", "/session")
    response: Response = RedirectResponse("/login", 303)
    try:
        if there := await oidc.farewell(request, Services.of(request.app)):
            response = render(request, "signed_out.html", title="Signed out", there=there)
    except KaidoError as error:
        response = render(request, "signed_out.html", title="Signed out", there="", why=error.why)
    for cookie in answer.headers.get_list("set-cookie"):
        response.headers.append("Set-Cookie", cookie)
    oidc.forget(response)
    return response


def _form(request: Request, next_: str, error: KaidoError | None = None, name: str = "", company: str = "") -> Response:
    return render(
        request,
        "sign_in.html",
        error.status if error else 200,
        title="Sign in",
        next=next_,
        error=error,
        name_given=name,
        company_given=company,
        oidc=bool(getattr(Services.of(request.app).settings, "oidc_issuer", "")),
    )

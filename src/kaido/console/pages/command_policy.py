"""``/commands/-/policy``: what may be sent, by whom, under which conditions, how often."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from fastapi import APIRouter, Form
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console.changing import Changing  # noqa: TC001  # FastAPI reads annotations
from kaido.console.page import Asking, PageRoute, Viewer, render
from kaido.errors import InvalidInputError, KaidoError

if TYPE_CHECKING:
    from kaido.console.person import Person

router = APIRouter(route_class=PageRoute)

MOST_CHARACTERS = 256_000


@router.get("/commands/-/policy")
async def page(request: Request, person: Viewer, api: Asking) -> Response:
    """The rules, and their text for who may change it."""
    policy = await api.get("/command-policy")
    return await _page(request, person, policy, written(policy))


@router.post("/commands/-/policy")
async def save(
    request: Request,
    person: Viewer,
    api: Changing,
    text: Annotated[str, Form(max_length=MOST_CHARACTERS)] = "",
) -> Response:
    """Replace it as a whole."""
    try:
        await api.put("/command-policy", _read(text))
    except InvalidInputError as error:
        return await _page(request, person, await api.get("/command-policy"), text, error)
    return RedirectResponse("/commands/-/policy", 303)


async def _page(
    request: Request, person: Person, policy: dict[str, Any], text: str, error: KaidoError | None = None
) -> Response:
    return render(
        request,
        "commands/policy.html",
        error.status if error else 200,
        title="Policy for commands",
        policy=policy,
        text=text,
        error=error,
        lacks=person.lacks("admin"),
    )


def written(policy: dict[str, Any]) -> str:
    """A policy as YAML, without what says nothing."""
    rules = [{key: value for key, value in rule.items() if value not in (None, False, [])} for rule in policy["rules"]]
    return yaml.safe_dump({**policy, "rules": rules}, sort_keys=False, allow_unicode=True, width=100)


def _read(text: str) -> Any:
    try:
        if any(isinstance(one, yaml.AliasToken) for one in yaml.scan(text)):
            raise InvalidInputError("the policy has aliases (`*name`)", fix="Write out what they stand for")
        return json.loads(json.dumps(yaml.safe_load(text)))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InvalidInputError("the policy is not YAML", why=" ".join(str(error).split())[:300]) from error

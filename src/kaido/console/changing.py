"""The API as a form asks it: with the token that the form brought along."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations

from kaido.console.ask import Api

MOST = 256
Word = Annotated[str, Form(max_length=MOST)]


async def changing(request: Request, csrf: Word = "") -> Api:
    """Without the token the API refuses, as it does every change that comes from elsewhere."""
    return Api(request, csrf)


Changing = Annotated[Api, Depends(changing)]

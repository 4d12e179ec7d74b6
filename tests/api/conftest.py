"""The API over two companies, and a caller for each kind of token, or in a browser."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from kaido.api.app import create_app
from kaido.api.services import Services
from kaido.company import SCOPES
from kaido.runtime.settings import load
from tests.databases import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fastapi import FastAPI


@dataclass
class Caller:
    """Somebody with a token."""

    http: httpx.AsyncClient
    secret: str = ""

    async def ask(self, method: str, path: str, *, status: int = 200, **how: Any) -> Any:
        """The JSON of an answer that must have this status."""
        response = await self.raw(method, path, **how)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def raw(self, method: str, path: str, **how: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        return await self.http.request(method, f"/v1{path}", headers=headers | how.pop("headers", {}), **how)


UPLOAD_BYTES = 100_000
PASSWORD = "koi-pond-lantern-74"


@dataclass
class Browser:
    """Somebody who is signed in. Nothing here remembers cookies: what is sent is said."""

    http: httpx.AsyncClient
    secret: str
    csrf: str

    async def raw(self, method: str, path: str, **how: Any) -> httpx.Response:
        headers = {"Cookie": f"kaido_session={self.secret}", "Kaido-CSRF": self.csrf} | how.pop("headers", {})
        return await self.http.request(method, f"/v1{path}", headers=headers, **how)

    async def ask(self, method: str, path: str, *, status: int = 200, **how: Any) -> Any:
        """The JSON of an answer that must have this status."""
        response = await self.raw(method, path, **how)
        assert response.status_code == status, response.text
        return response.json() if response.content else None


@dataclass
class World:
    """Two companies, `a` and `b`, and those who may call."""

    app: FastAPI
    services: Services
    nobody: Caller
    operator: Caller
    a: Caller
    b: Caller

    def caller(self, company: str | None, *scopes: str) -> Caller:
        secret = self.services.tokens.create(company, f"token-{'-'.join(scopes)}", scopes)
        return Caller(self.nobody.http, secret)

    def browser(self, company: str, name: str, role: str) -> Browser:
        user = self.services.users.create(company, name, role, PASSWORD)
        secret, session = self.services.web_sessions.begin(user.id)
        return Browser(self.nobody.http, secret, session.csrf)


@cache
def _application() -> FastAPI:
    """Made once: its routes and its document take FastAPI seconds, and are the same over every folder."""
    return create_app(load(api_upload_bytes=UPLOAD_BYTES))


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    migrated(tmp_path / "kaido.db")
    made = _application()
    made.state.settings = load(data=tmp_path, api_upload_bytes=UPLOAD_BYTES)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def world(app: FastAPI) -> AsyncIterator[World]:
    services = Services.of(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://kaido") as http:
        for name in ("a", "b"):
            services.companies.create(name)
        secrets = {name: services.tokens.create(name, f"all-{name or 'ops'}", SCOPES) for name in (None, "a", "b")}
        yield World(
            app,
            services,
            nobody=Caller(http),
            operator=Caller(http, secrets[None]),
            a=Caller(http, secrets["a"]),
            b=Caller(http, secrets["b"]),
        )

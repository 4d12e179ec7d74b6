"""A WebSocket asks for the same token as everything else."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import WebSocket  # noqa: TC002  # FastAPI reads annotations
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kaido.api.app import create_app
from kaido.api.auth import Reader  # noqa: TC001  # FastAPI reads annotations
from kaido.api.services import Services
from kaido.api.worker import _Server
from kaido.runtime.settings import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kaido.company import Tokens


pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE_S = 60
"""A busy machine is no error."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, Tokens]]:
    """The address of an API that has one more route, and its tokens."""
    app = create_app(load(data=tmp_path_factory.mktemp("served")))

    @app.websocket("/v1/echo")
    async def echo(link: WebSocket, caller: Reader) -> None:
        await link.accept()
        await link.send_text(caller.company)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with app.router.lifespan_context(app):
            services = Services.of(app)
            services.companies.create("acme")
            server = _Server(uvicorn.Config(app, lifespan="off", log_config=None))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            yield f"127.0.0.1:{listener.getsockname()[1]}", services.tokens
            server.should_exit = True
            async with asyncio.timeout(PATIENCE_S):
                await serving


async def test_a_token_comes_in_the_header_or_where_browsers_can_put_it(served: tuple[str, Tokens]) -> None:
    host, tokens = served
    secret = tokens.create("acme", "reader", ["read"])
    url = f"ws://{host}/v1/echo"
    async with connect(url, additional_headers={"Authorization": f"Bearer {secret}"}, open_timeout=PATIENCE_S) as link:
        assert await link.recv() == "acme"
    async with connect(f"{url}?token={secret}", open_timeout=PATIENCE_S) as link:
        assert await link.recv() == "acme"


@pytest.mark.parametrize(("scope", "status"), [("", 401), ("write", 403)])
async def test_without_the_right_one_there_is_no_socket(served: tuple[str, Tokens], scope: str, status: int) -> None:
    host, tokens = served
    query = f"?token={tokens.create('acme', 'other', [scope])}" if scope else ""
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{host}/v1/echo{query}", open_timeout=PATIENCE_S)
    assert refused.value.response.status_code == status
    assert "what" in json.loads(refused.value.response.body or b"")


async def test_a_token_in_the_address_is_taken_for_sockets_alone(served: tuple[str, Tokens]) -> None:
    host, tokens = served
    secret = tokens.create("acme", "in-the-address", ["read"])
    async with httpx.AsyncClient(base_url=f"http://{host}", timeout=PATIENCE_S) as http:
        assert (await http.get("/v1/vehicles", params={"token": secret})).status_code == 401

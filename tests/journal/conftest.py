"""A real NATS server a test, and a journal connected to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.journal import EmbeddedServer, Journal
from kaido.runtime.settings import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    async with EmbeddedServer(tmp_path / "nats") as running:
        yield running


@pytest.fixture
async def journal(server: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Journal]:
    settings = load(data=tmp_path, partitions=2)
    connected = await Journal.connect(server.url, server.token, settings)
    yield connected
    await connected.close()

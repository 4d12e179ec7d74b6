"""The benches over the network run in their short form and say what they measured; no figure's size is asserted.

Those that are the ingest bench several times over (memory, growth, workers) run with `make bench ARGS=--quick`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from kaido.cli.main import kaido

if TYPE_CHECKING:
    from pathlib import Path

WANTED = {
    "gateway": {
        "publishes of 200 B acknowledged, no TLS",
        "publishes of 200 B acknowledged, mutual TLS",
        "publishes of 2,000 B acknowledged, no TLS",
        "times Mosquitto at 200 B, no TLS",
    },
    "connections": {
        "idle connections with mutual TLS, held",
        "memory of each, in the server",
        "full handshakes (P-256) by a core of the server",
        "resumed handshakes by a core of the server",
    },
    "ingest": {"values from socket to committed lake and twin, sustained"},
    "latency": {"publish to twin, 99 %", "publish to WebSocket, 99 %"},
    "console": {
        "Fleet page usable, 500 cars",
        "Fleet page with its map, over the network",
        "API with 5 viewers of 500 moving cars",
    },
    "commands": {"API call to the vehicle's receipt, 99 %", "API call to the known outcome, 99 %"},
}


@pytest.mark.parametrize("name", WANTED)
def test_the_short_form_runs(name: str, tmp_path: Path) -> None:
    command = ["bench", name, "--quick", "--no-install", "--json", "--seconds", "1", "--home", str(tmp_path)]
    done = CliRunner().invoke(kaido, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    figures = {figure["name"]: figure for figure in json.loads(done.stdout)["figures"]}
    assert figures.keys() >= WANTED[name]
    for figure in figures.values():
        assert figure["value"] is not None or figure["left_out"]
    assert not list((tmp_path / "scratch").iterdir())

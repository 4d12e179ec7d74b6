"""``kaido soak``, two minutes of it, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_two_minutes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kaido.cli", "soak", "--minutes", "2", "--folder", str(tmp_path / "soak"), "--json"],
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    result = json.loads(done.stdout)
    assert result["ok"]
    assert {name: result["deeds"][f"kill {name}"] for name in ("gateway", "nats", "ingest", "api")} == dict.fromkeys(
        ("gateway", "nats", "ingest", "api"), 2
    )
    assert result["figures"]["acknowledged"] > 1_000
    assert result["figures"]["rejected"] == 0

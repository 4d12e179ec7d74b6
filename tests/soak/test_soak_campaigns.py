"""``kaido soak --campaigns``, a quarter of a minute of it with few vehicles, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KILLED = ("agents", "control", "gateway")


def soak(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kaido.cli", "soak", "--campaigns", "--folder", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=420, check=False)


def test_a_quarter_of_a_minute(tmp_path: Path) -> None:
    done = soak(tmp_path / "soak", "--minutes", "0.25", "--vehicles", "8", "--json")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    result = json.loads(done.stdout)
    assert result["ok"]
    assert {name: result["deeds"][f"kill {name}"] for name in KILLED} == dict.fromkeys(KILLED, 2)
    assert sum(count for name, count in result["deeds"].items() if name.endswith("a campaign")) > 2
    assert result["figures"]["events"] > 20
    assert result["figures"]["commands succeeded"] > 5


def test_what_is_of_load_alone(tmp_path: Path) -> None:
    done = soak(tmp_path, "--rate", "5")
    assert done.returncode == 2
    assert "--rate is of load" in done.stderr

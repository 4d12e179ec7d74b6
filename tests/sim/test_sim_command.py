from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kaido.errors import UnavailableError
from kaido.sim import drives

if TYPE_CHECKING:
    from pathlib import Path


def test_without_fastsim_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastsim", None)
    with pytest.raises(UnavailableError, match=r"pip install 'kaido\[sim\]'"):
        drives._fastsim()


@pytest.mark.parametrize("options", [[], ["--load"]])
def test_without_a_platform_the_command_says_what_to_start(tmp_path: Path, options: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kaido.cli", "--data", str(tmp_path), "sim", *options],
        env={"HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 6
    assert "kaido up" in done.stderr
    assert "Traceback" not in done.stderr

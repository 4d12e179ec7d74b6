"""What ``pip install .`` brings: the wheel has every file of the package that is not ignored, and the assets that are.

tests/console/test_wheel.py builds one.
"""

from __future__ import annotations

import importlib
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_program_is_where_the_package_says() -> None:
    module, _, name = PROJECT["project"]["scripts"]["kaido"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_no_file_of_the_package_is_left_out() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["src/kaido"]
    [made] = wheel["artifacts"]
    found = [path for path in (ROOT / "src" / "kaido").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    files = [str(path) for path in found if not path.is_relative_to(ROOT / made)]
    assert any(file.endswith(".dbc") for file in files)
    try:
        ignored = subprocess.run(
            ["git", "check-ignore", "--stdin"],
            cwd=ROOT,
            input="\n".join(files),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    except FileNotFoundError:
        pytest.skip("git is not installed, and it knows what is ignored")
    if ignored.returncode > 1:
        pytest.skip("this is no checkout of git, which knows what is ignored")
    assert not ignored.stdout, "hatchling leaves out of the wheel what git ignores"

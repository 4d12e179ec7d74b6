"""Peers are installed by the bench that needs them: from PyPI into a venv of their own, from Debian's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kaido.bench.options import BenchOptions

INSTALL_SECONDS = 600


class PeerMissingError(UnavailableError):
    """A peer cannot run here; its figures are left out with this reason."""


class Program(NamedTuple):
    """A program and the environment that it needs."""

    path: Path
    environment: Mapping[str, str]


def python(options: BenchOptions, name: str, requirements: Sequence[str]) -> Path:
    """The interpreter of a venv that holds packages of PyPI; installed once.

    Raises:
        PeerMissingError: they cannot be installed.
    """
    folder = options.peers / name
    interpreter = folder / "bin" / "python"
    done = folder / "installed.txt"
    wanted = "\n".join(requirements)
    if done.exists() and done.read_text() == wanted:
        return interpreter
    _may_install(options, name)
    options.say(f"installing {', '.join(requirements)}")
    shutil.rmtree(folder, ignore_errors=True)
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv:
        _run(name, [uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
        _run(name, [uv, "pip", "install", "--quiet", "--python", str(interpreter), *requirements])
    else:
        _run(name, [sys.executable, "-m", "venv", str(folder)])
        _run(name, [str(interpreter), "-m", "pip", "install", "--quiet", *requirements])
    done.write_text(wanted)
    return interpreter


def debian(options: BenchOptions, package: str, program: str) -> Program:
    """A program of a Debian package: the one that is installed, or unpacked below ``options.peers``.

    Raises:
        PeerMissingError: this is no Debian, or the package cannot be had.
    """
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    if found := shutil.which(program, path=places):
        return Program(Path(found), {})
    folder = options.peers / package
    root = folder / "root"
    if not (folder / "unpacked").exists():
        _may_install(options, package)
        options.say(f"unpacking Debian's {package}")
        _unpack(package, folder, root)
    libraries = ":".join(str(path) for path in (*root.glob("usr/lib/*-linux-gnu"), *root.glob("lib/*-linux-gnu")))
    for place in ("usr/sbin", "usr/bin", "sbin", "bin"):
        if (root / place / program).exists():
            return Program(root / place / program, {"LD_LIBRARY_PATH": libraries})
    raise PeerMissingError(f"the peer {package}", why=f"Debian's package holds no program {program}")


def _may_install(options: BenchOptions, peer: str) -> None:
    if not options.install:
        raise PeerMissingError(f"the peer {peer}", why="it is not installed, and --no-install forbids it")


def _unpack(package: str, folder: Path, root: Path) -> None:
    archives = folder / "archives"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    if not shutil.which("apt-get"):
        raise PeerMissingError(f"the peer {package}", why="this is no Debian: there is no apt-get")
    download = ["apt-get", "install", "--download-only", "--yes", "--no-install-recommends"]
    quiet = ["-qq", "-o", "Debug::NoLocking=1", "-o", f"Dir::Cache::archives={archives}"]
    _run(package, [*download, *quiet, package])
    for archive in sorted(archives.glob("*.deb")):
        _run(package, ["dpkg-deb", "-x", str(archive), str(root)])
    (folder / "unpacked").touch()


def _run(peer: str, command: Sequence[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603  # a fixed command with names from our own code
            command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissingError(f"the peer {peer}", why=f"it cannot be installed: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise PeerMissingError(f"the peer {peer}", why=f"it cannot be installed: {said[-1]}")

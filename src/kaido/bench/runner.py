"""Runs a bench in this process, or all of them, each in a process of its own."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaido.bench import machine
from kaido.bench.options import BenchOptions
from kaido.bench.registry import BENCHES
from kaido.bench.result import Result
from kaido.errors import NotFoundError
from kaido.runtime import clock, folders

if TYPE_CHECKING:
    from collections.abc import Sequence

QUICK_SECONDS = 2.0
LONGEST_SECONDS = {"full": 3_600.0, "quick": 300.0}
"""After which a bench that runs apart is ended; it has failed."""
LEAVE_SECONDS = 20.0
"""How long a bench may take to end what it started."""


def run(
    name: str,
    home: Path,
    *,
    quick: bool = False,
    seconds: float | None = None,
    runs: int | None = None,
    install: bool = True,
    tests: Path | None = None,
) -> Result:
    """Run one bench in this process.

    Args:
        name: of the registry.
        home: a folder for scratch and for installed peers.
        quick: the short form.
        seconds: how long a sustained load is held; 60 (quick: 2) if None.
        runs: how often what is short is repeated; 5 (quick: 1) if None.
        install: whether peers may be installed.
        tests: a file of measurements, for a bench that is held against one.

    Raises:
        NotFoundError: there is no bench of that name.
    """
    if name not in BENCHES:
        raise NotFoundError.of("bench", name, BENCHES, fix="See: kaido bench")
    described = machine.describe()
    module = importlib.import_module(f"kaido.bench.{BENCHES[name][0]}")
    scratch = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folders.make(home / "scratch")))
    options = BenchOptions(
        folder=scratch,
        peers=folders.make(home / "peers"),
        install=install,
        quick=quick,
        seconds=seconds or (QUICK_SECONDS if quick else 60.0),
        runs=runs or (1 if quick else 5),
        tests=tests,
    )
    began, started = time.monotonic(), clock.iso(clock.now())
    try:
        figures = module.run(options)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Result(
        bench=name,
        machine=described,
        figures=figures,
        form="quick" if quick else "full",
        began=started,
        seconds=time.monotonic() - began,
        spent=options.spent,
        remarks=options.remarks,
    )


def run_apart(name: str, home: Path, arguments: Sequence[str]) -> Result:
    """Run one bench in a process of its own; one that breaks gives a result that says so.

    Args:
        name: of the registry.
        home: a folder for scratch and for installed peers.
        arguments: further ones of ``kaido bench NAME``.
    """
    command = [sys.executable, "-m", "kaido.cli", "bench", name, "--json", "--home", str(home), *arguments]
    longest = LONGEST_SECONDS["quick" if "--quick" in arguments else "full"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)  # noqa: S603  # this program itself
    try:
        answer, _ = process.communicate(timeout=longest)
    except subprocess.TimeoutExpired:
        return _failed(name, f"it took longer than {longest:.0f} s")
    finally:
        _end(process)
    try:
        shown: dict[str, Any] = json.loads(answer)
    except ValueError:
        return _failed(name, f"exit code {process.returncode}; its messages say why")
    return Result.from_json(shown)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a bench that still runs, and what it leaves behind."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LEAVE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _failed(name: str, why: str) -> Result:
    return Result(bench=name, machine=machine.describe(), began=clock.iso(clock.now()), failed=why)

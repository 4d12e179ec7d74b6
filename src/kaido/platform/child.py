"""Run one process of the platform: ``python -m kaido.platform.child gateway``. Settings come from the environment."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib
import logging
import os
import signal
import sys

import uvloop

from kaido.errors import KaidoError
from kaido.runtime import log
from kaido.runtime import settings as settings_module

# Each room's worker module has `async def run(settings, stop)`, which works until the event `stop` is set.
WORKERS = {
    "gateway": "kaido.gateway.worker",
    "ingest": "kaido.ingest.worker",
    "control": "kaido.control.worker",
    "services": "kaido.services.worker",
    "api": "kaido.api.worker",
}

FORESEEN = 3
"""Exit code after an error that the log explains; starting again may help, a stack trace would not."""

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Have the kernel signal this process when its parent ends, however it ends (Linux; elsewhere nothing)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


async def _run(name: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    settings = settings_module.load()
    worker = importlib.import_module(WORKERS[name])
    await worker.run(settings, stop)


def main() -> None:
    """Run the worker that the first argument names."""
    name = sys.argv[1]
    parent = os.getppid()
    if "KAIDO_SUPERVISOR_PID" in os.environ:
        die_with_parent()
        if str(parent) != os.environ["KAIDO_SUPERVISOR_PID"]:
            sys.exit(FORESEEN)  # the supervisor ended before the kernel knew that we want to hear of it
    log.set_up(os.environ.get("KAIDO_LOG_LEVEL", "INFO"))
    logger = logging.getLogger(f"kaido.{name}")
    try:
        uvloop.run(_run(name))
    except KaidoError as error:
        if os.environ.get("KAIDO_DEBUG"):
            raise
        logger.error("%s", error)  # noqa: TRY400  # an error that explains itself needs no trace
        sys.exit(FORESEEN)


if __name__ == "__main__":
    main()

"""Fixtures that several rooms share."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer


# How long an example takes says how busy the machine is, and nothing about the code. A gate gives one commit
# one answer, so CI takes the same examples each time; every run elsewhere explores.
hypothesis_settings.register_profile(
    "kaido", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
hypothesis_settings.load_profile("kaido")

# Tests start Kaido's many processes: where none may keep its bytecode, each compiles every module again (see Makefile).
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

CONSOLE = "tests/console/"
LONG = {"console", "docs", "soak", "whole"}
"""Folders with files of a minute and more."""


class TogetherScheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """A worker takes a whole file; and the console's files as one, since they share a platform and a browser."""

    def _split_scope(self, nodeid: str) -> str:
        return CONSOLE if nodeid.startswith(CONSOLE) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> TogetherScheduling | None:
    """The scheduler for ``--dist loadfile``."""
    return TogetherScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_xdist_auto_num_workers() -> int:
    """A worker more than there are cores: some tests wait for cars and browsers more than they compute."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what is long: a worker takes whole files, and nobody should wait for the last one's."""
    items.sort(key=lambda item: item.path.parent.name not in LONG)


@pytest.fixture(autouse=True)
def _logging_stays_as_it_was() -> Iterator[None]:
    """A command that runs in this process sets up its logging; the next test wants pytest's."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, which CI has and a user has not."""
    folder = Path(os.environ.get("KAIDO_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real recordings are not here ({folder}); set KAIDO_SHARED_DATA to their folder")
    return folder

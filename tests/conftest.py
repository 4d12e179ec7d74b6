"""Fixtures that several rooms share."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

if TYPE_CHECKING:
    from collections.abc import Iterator


# How long an example takes says how busy the machine is, and nothing about the code. A gate gives one commit
# one answer, so CI takes the same examples each time; every run elsewhere explores.
hypothesis_settings.register_profile(
    "kaido", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
hypothesis_settings.load_profile("kaido")


LONG = {"console", "docs", "soak", "whole"}
"""Folders with files of a minute and more."""


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

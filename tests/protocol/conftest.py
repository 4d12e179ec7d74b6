"""One platform for the files of this folder that follow each other; each test has vehicles of its own."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.protocol.cloud import running_cloud

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.protocol.cloud import Cloud

_HERE = Path(__file__).parent


class _Shared:
    """The platform from the first test that wants it to the last one of this folder."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._cloud: Cloud | None = None

    def cloud(self, folders: pytest.TempPathFactory) -> Cloud:
        if self._cloud is None:
            self._cloud = self._stack.enter_context(running_cloud(folders.mktemp("cloud")))
        return self._cloud

    def end(self) -> None:
        self._cloud = None
        self._stack.close()


_shared = _Shared()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    return _shared.cloud(tmp_path_factory)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None]:
    try:
        yield
    finally:
        if nextitem is None or _HERE not in nextitem.path.parents:
            _shared.end()

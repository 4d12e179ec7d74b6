"""A store with two companies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.company import Companies
from kaido.runtime.settings import load
from kaido.store import Store
from tests.databases import migrated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(migrated(tmp_path / "kaido.db"))
    companies = Companies(opened, load(data=tmp_path))
    for name in ("a", "b"):
        companies.create(name)
    yield opened
    opened.close()

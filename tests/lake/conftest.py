"""What the tests of the lake share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.lake import Lake

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", "acme")

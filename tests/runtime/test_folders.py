from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.errors import UnavailableError
from kaido.runtime import folders

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file"
    folders.write_atomically(target, b"one", mode=0o600)
    folders.write_atomically(target, b"two", mode=0o600)
    assert target.read_bytes() == b"two"
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(target.parent.iterdir()) == [target]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match=r"file/below.*--data"):
        folders.make(tmp_path / "file" / "below")

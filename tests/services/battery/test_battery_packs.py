from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.services.battery.packs import COMPANY_FOLDER, pack, read

if TYPE_CHECKING:
    from pathlib import Path


def test_ours() -> None:
    lfp = pack("Tesla Model 3 RWD")
    assert lfp.chemistry.name == "LFP"
    assert lfp.capacity_wh is not None
    assert pack("Compact 62").capacity_ah == 165
    assert pack(None).chemistry.name == pack("never built").chemistry.name == "unknown"


def test_a_companys_own_come_first(tmp_path: Path) -> None:
    folder = tmp_path / COMPANY_FOLDER
    folder.mkdir()
    (folder / "acme.yaml").write_text("Prototype: {chemistry: solid-state, capacity_wh: 90000}\n")
    mine = pack("Prototype", tmp_path, "acme")
    assert (mine.chemistry.name, mine.capacity_wh, mine.capacity_ah) == ("solid-state", 90_000, None)
    assert pack("Prototype", tmp_path, "other").chemistry.name == "unknown"
    assert pack("Compact 62", tmp_path, "acme").capacity_ah == 165


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Car: {chemistry: NCM}", "no chemistry"),
        ("Car: {capacity_ah: -1}", "capacity_ah"),
        ("Car: {volts: 400}", "volts"),
        ("- Car", "dictionary"),
        ("Car: [", "no YAML"),
    ],
)
def test_what_cannot_be_is_said(text: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        read(text.encode(), "mine.yaml")


@given(
    st.one_of(st.binary(max_size=80), st.text(alphabet="Car: {}[]chemistry,NMC&*-\n1.e", max_size=60).map(str.encode))
)
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_a_file_or_an_error_with_words(text: bytes) -> None:
    with contextlib.suppress(InvalidInputError):
        read(text, "mine.yaml")

"""Reading many lines at once gives exactly what reading them one by one gives."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.can.frames import Frames
from kaido.recordings.account import Account
from kaido.recordings.kinds import KINDS
from kaido.recordings.lines import read_lines
from kaido.recordings.source import Source
from tests.recordings.messages import seen
from tests.recordings.text_logs import HEADERS, LINES, logs

if TYPE_CHECKING:
    from kaido.recordings.lines import LineFormat
    from tests.recordings.messages import Seen


def _read(kind: str, log: bytes, *, fast: bool) -> tuple[list[Seen], Account]:
    made = KINDS[kind].lines
    assert made is not None
    reader: LineFormat = made()
    if not fast:
        reader.fast = lambda _: None  # type: ignore[method-assign,assignment]  # what this test is about
    with tempfile.NamedTemporaryFile() as file:
        file.write(log)
        file.flush()
        account = Account()
        frames = Frames.concatenate(list(read_lines(reader, Source(Path(file.name)), account)))
    return seen(frames), account


@pytest.mark.parametrize("kind", sorted(LINES))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_fast_is_the_same_as_one_by_one(kind: str, data: st.DataObject) -> None:
    log = data.draw(logs(kind))
    fast, fast_account = _read(kind, log, fast=True)
    slow, slow_account = _read(kind, log, fast=False)
    assert fast == slow
    assert fast_account == slow_account
    assert fast_account.lines == len(fast) + fast_account.damaged_count + fast_account.other


@pytest.mark.parametrize("kind", sorted(LINES))
def test_whole_lines_are_read_at_once(kind: str) -> None:
    made = KINDS[kind].lines
    assert made is not None
    reader: LineFormat = made()
    lines = [LINES[kind](10**15 + i, 1, bool(i % 2), 0x7FF, bytes(range(i % 9)), bool(i % 3)) for i in range(60)]
    asked = []
    one_by_one = reader.line
    reader.line = lambda text: asked.append(text) or one_by_one(text)  # type: ignore[method-assign,func-returns-value]
    with tempfile.NamedTemporaryFile() as file:
        file.write(HEADERS.get(kind, b"") + "\n".join(lines).encode())
        file.flush()
        account = Account()
        frames = Frames.concatenate(list(read_lines(reader, Source(Path(file.name)), account)))
    assert len(frames) == 60
    assert len(asked) <= HEADERS.get(kind, b"").count(b"\n")

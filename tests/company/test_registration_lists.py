from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.company import registrations
from kaido.company.registrations import ATTRIBUTES, Registration, read_csv
from kaido.errors import InvalidInputError, TooLargeError
from kaido.wire.topics import VEHICLE_ID

_TEXT = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)
_VEHICLES = st.builds(
    Registration,
    id=st.from_regex(VEHICLE_ID, fullmatch=True),
    vin=st.none() | st.from_regex(r"[A-Z0-9-]{1,20}", fullmatch=True),
    platform=st.none() | _TEXT,
    model=st.none() | _TEXT,
    market=st.none() | _TEXT,
    manifest=st.none() | _TEXT,
)


@given(st.lists(_VEHICLES, max_size=10), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_list_is_read_as_it_was_written(vehicles: list[Registration], mark: str, end: str, bom: bool) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=mark, lineterminator=end)
    writer.writerow(["id", *ATTRIBUTES])
    writer.writerows([[one.id, *(getattr(one, name) or "" for name in ATTRIBUTES)] for one in vehicles])
    assert read_csv(file.getvalue().encode("utf-8-sig" if bom else "utf-8")) == vehicles


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: ("id,vin\n" + text).encode(errors="replace")))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(InvalidInputError):
        assert all(VEHICLE_ID.fullmatch(one.id) for one in read_csv(content))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "first line is no header"),
        (b"vin,model\n1,2", "first line is no header"),
        (b"id,colour\n1,2", "'colour'"),
        (b"id,id\n1,2", "first line is no header"),
        (b"id,vin\na,1\n\nb", "line 4 has 1 fields, not 2"),
        (b"id\na\nb c\n", "line 3: 'b c' cannot be a vehicle id"),
        (b"id,vin\n,1\n", "line 2: '' cannot be a vehicle id"),
        (b"id,vin\na,1 2\n", "line 2: '1 2' cannot be a VIN"),
        (b"id\na\n\xff\n", "line 3 is not UTF-8"),
        (b'id\n"a\n', "line 2 cannot be read"),
        (b"id\n" + b"x" * 200_000, "line 2"),
    ],
)
def test_an_error_names_its_line(content: bytes, words: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_csv(content)
    assert words in str(caught.value)


def test_a_list_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registrations, "MOST_VEHICLES", 3)
    assert len(read_csv(b"id\na\nb\nc\n")) == 3
    with pytest.raises(TooLargeError, match="more than 3"):
        read_csv(b"id\na\nb\nc\nd\n")

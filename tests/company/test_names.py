from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.company import names
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable


def _complaint(check: Callable[[str], str], name: str) -> InvalidInputError | None:
    try:
        assert check(name) == name
    except InvalidInputError as error:
        return error
    return None


@given(st.text(max_size=200))
def test_a_company_name_is_a_safe_folder_and_subject_or_refused(name: str) -> None:
    complaint = _complaint(names.check_company, name)
    if complaint is None:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name)
    else:
        assert complaint.why
        assert len(complaint.what) < 200
        assert complaint.what.isprintable()


def test_a_name_that_cannot_be_is_shown_as_it_was_given() -> None:
    for name, shown in (("日産/ü", "'日産/ü'"), ("a\x1b[31m\u202eb\ud800", r"'a\x1b[31m\u202eb\ud800'")):
        complaint = _complaint(names.check_vehicle, name)
        assert complaint
        assert complaint.what.startswith(shown)


@given(st.from_regex(names.COMPANY_NAME, fullmatch=True))
def test_every_good_company_name_is_taken(name: str) -> None:
    assert names.check_company(name) == name


@given(st.text(max_size=200))
def test_a_vehicle_id_cannot_leave_its_topic_or_folder(identifier: str) -> None:
    complaint = _complaint(names.check_vehicle, identifier)
    if complaint is None:
        assert not set("/+#* >\\\x00\n") & set(identifier)
        assert identifier not in {".", ".."}
        assert len(identifier) <= 128
    else:
        assert complaint.what.isprintable()


@given(st.text(max_size=200))
def test_a_token_name_can_be_printed(name: str) -> None:
    complaint = _complaint(names.check_token, name)
    shown = name if complaint is None else complaint.what
    assert shown.isprintable()
    assert shown == shown.strip()


@pytest.mark.parametrize("name", ["gateway", "platform", "journal"])
def test_folders_of_the_platform_are_no_companies(name: str) -> None:
    with pytest.raises(InvalidInputError, match="the platform uses it"):
        names.check_company(name)


@pytest.mark.parametrize("vin", ["JN1AZ0CP0BT123456", "ZE1-012345", "1"])
def test_vins_and_frame_numbers_are_taken(vin: str) -> None:
    assert names.check_vin(vin) == vin


@pytest.mark.parametrize("vin", ["", "a b", "x" * 65, "é"])
def test_what_is_neither_is_refused(vin: str) -> None:
    with pytest.raises(InvalidInputError, match="VIN or frame number"):
        names.check_vin(vin)


@pytest.mark.parametrize("text", ["", " x", "a\tb", "a\x1b[31m", "x" * 129])
def test_attributes_that_cannot_be_printed_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be a model"):
        names.check_attribute("model", text)

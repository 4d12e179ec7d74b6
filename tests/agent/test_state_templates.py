from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.agent.state.templates import MOST_TEMPLATES, HeldTemplates, StateTemplate, parse
from kaido.errors import InvalidInputError
from kaido.wire import kaido_wire_pb2 as pb


def difference(
    version: int, *add: str, remove: tuple[str, ...] = (), manifest: str = "m@1", period_ms: int = 0
) -> pb.StateTemplates:
    message = pb.StateTemplates(
        decoder_manifest_sync_id=manifest, version=version, state_template_sync_ids_to_remove=remove
    )
    for name in add:
        one = message.state_templates_to_add.add(sync_id=name, signal_ids=[1, 2])
        if period_ms:
            one.periodic.period_ms = period_ms
        else:
            one.on_change.SetInParent()
    return message


EMPTY = HeldTemplates("m@1")


def taken(held: HeldTemplates, message: pb.StateTemplates) -> HeldTemplates:
    found = held.changed(message)
    assert found is not None
    return found


def test_templates_are_added_and_removed() -> None:
    held = taken(EMPTY, difference(5, "a", "b"))
    held = taken(held, difference(6, "c", remove=("a", "gone"), period_ms=100))
    assert held.templates == {"b": StateTemplate("b", (1, 2)), "c": StateTemplate("c", (1, 2), 100)}
    assert held.version == 6


@pytest.mark.parametrize("version", [0, 4, 5])
def test_an_older_or_the_same_version_is_ignored(version: int) -> None:
    held = taken(EMPTY, difference(5, "a"))
    assert held.changed(difference(version, "b", remove=("a",))) is None


def test_a_template_of_another_manifest_is_left_out_and_may_come_again() -> None:
    held = taken(EMPTY, difference(5, "a"))
    later = taken(held, difference(6, "b", remove=("a",), manifest="m@2"))
    assert (dict(later.templates), later.version) == ({}, 5)
    again = taken(later.under("m@2"), difference(6, "b", manifest="m@2"))
    assert set(again.templates) == {"b"}


def test_another_manifest_leaves_nothing_but_the_version() -> None:
    held = taken(EMPTY, difference(5, "a"))
    assert held.under("m@1") is held
    assert held.under("m@2") == HeldTemplates("m@2", 5)


def test_what_cannot_be_run_is_left_out() -> None:
    message = difference(1, "good", "x" * 513, "")
    message.state_templates_to_add.add(sync_id="no strategy", signal_ids=[1])
    message.state_templates_to_add.add(sync_id="no period").periodic.SetInParent()
    message.state_templates_to_add.add(sync_id="too long").periodic.period_ms = 2**63
    assert set(taken(EMPTY, message).templates) == {"good"}


def test_a_template_that_is_held_stays_as_it_is() -> None:
    held = taken(EMPTY, difference(1, "a"))
    again = taken(held, difference(2, "a", period_ms=7))
    assert again.templates["a"].period_ms == 0


def test_there_are_never_too_many() -> None:
    held = taken(EMPTY, difference(1, *(f"t{n}" for n in range(MOST_TEMPLATES + 5))))
    assert len(held.templates) == MOST_TEMPLATES


def test_bytes_that_are_none() -> None:
    with pytest.raises(InvalidInputError):
        parse(b"\xff\xff\xff")


@given(st.binary(max_size=200))
def test_no_bytes_break_it(payload: bytes) -> None:
    try:
        message = parse(payload)
    except InvalidInputError:
        return
    EMPTY.changed(message)


names = st.sampled_from("abcd")
changes = st.tuples(st.integers(0, 12), st.lists(names, max_size=3), st.lists(names, max_size=3), st.integers(1, 2))


@given(st.lists(changes, max_size=12))
def test_it_is_what_a_plain_dictionary_says(steps: list[tuple[int, list[str], list[str], int]]) -> None:
    held, plain, newest = EMPTY, set[str](), 0
    for version, add, remove, manifest in steps:
        found = held.changed(difference(version, *add, remove=tuple(remove), manifest=f"m@{manifest}"))
        if version > newest:
            plain -= set(remove)
            if manifest == 1 or not add:
                plain |= set(add)
                newest = version
        assert (found is None) == (version <= held.version)
        held = found or held
        assert set(held.templates) == plain
        assert held.version == newest
        assert HeldTemplates.read(held.to_bytes()) == held

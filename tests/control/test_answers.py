from __future__ import annotations

import itertools

from kaido.control.answers import LONGEST_RESEND_S, RESEND_S, SEEN_S, Answers
from kaido.control.plan import Wanted
from kaido.control.states import MOST_BYTES, WantedStates
from kaido.flow import DownKind
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire.syncids import state_sync_id

WANTED = Wanted("m@2", b"manifest", frozenset({"a@1", "b@1"}), b"schemes")
BOTH = [DownKind.DECODER_MANIFEST, DownKind.COLLECTION_SCHEMES]


def kinds(answers: Answers, now: float, wanted: Wanted = WANTED) -> list[DownKind]:
    return [one.kind for one in answers.missing("acme", "car", wanted, now)]


def checked_in(*held: str, now: float = 0.0) -> Answers:
    answers = Answers()
    answers.checkin("acme", "car", held, now)
    return answers


def test_who_holds_nothing_gets_both_the_manifest_first() -> None:
    assert kinds(checked_in(), 0.0) == BOTH


def test_who_holds_all_gets_nothing() -> None:
    assert kinds(checked_in("b@1", "m@2", "a@1"), 0.0) == []


def test_who_holds_the_manifest_gets_the_schemes_alone() -> None:
    assert kinds(checked_in("m@2"), 0.0) == [DownKind.COLLECTION_SCHEMES]
    assert kinds(checked_in("m@2", "a@1", "b@1", "old@1"), 0.0) == [DownKind.COLLECTION_SCHEMES]


def test_without_campaigns_an_empty_replacement_ends_the_old_ones() -> None:
    nothing = Wanted("m@2", b"manifest", frozenset(), b"")
    assert kinds(checked_in("m@2", "old@1"), 0.0, nothing) == [DownKind.COLLECTION_SCHEMES]
    assert kinds(checked_in("m@2"), 0.0, nothing) == []
    assert kinds(checked_in(), 0.0, nothing) == [DownKind.DECODER_MANIFEST]


def test_the_same_document_is_not_sent_again_soon_and_then_less_and_less() -> None:
    answers = checked_in()
    assert kinds(answers, 0.0) == BOTH
    answers.checkin("acme", "car", ["m@2"], 1.0)
    assert kinds(answers, 1.0) == []
    sent = [at for at in range(1, 20_000, 10) if kinds(answers, float(at))]
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert sent[0] >= RESEND_S
    assert gaps == sorted(gaps)
    assert max(gaps) <= LONGEST_RESEND_S + 10


def test_another_version_goes_at_once() -> None:
    answers = checked_in()
    kinds(answers, 0.0)
    other = Wanted("m@3", b"manifest", frozenset({"a@2"}), b"schemes")
    assert kinds(answers, 0.1, other) == BOTH


def test_what_is_on_its_way_and_wanted_no_longer_is_taken_back() -> None:
    nothing = Wanted("m@2", b"manifest", frozenset(), b"")
    answers = checked_in("m@2")
    assert kinds(answers, 1.0) == [DownKind.COLLECTION_SCHEMES]
    assert kinds(answers, 2.0, nothing) == [DownKind.COLLECTION_SCHEMES], "it may take the schemes yet"
    assert kinds(answers, 3.0, nothing) == []
    answers.checkin("acme", "car", ["m@2"], 4.0)
    assert kinds(answers, 60.0, nothing) == []
    assert kinds(answers, 61.0) == [DownKind.COLLECTION_SCHEMES]


def test_what_could_not_be_sent_may_go_again() -> None:
    answers = checked_in()
    kinds(answers, 0.0)
    answers.unsent("acme", "car", DownKind.DECODER_MANIFEST)
    assert kinds(answers, 0.1) == [DownKind.DECODER_MANIFEST]


def test_only_vehicles_that_are_about_are_pushed_to() -> None:
    answers = checked_in()
    answers.checkin("acme", "other", [], SEEN_S)
    assert answers.seen(SEEN_S + 1) == [("acme", "other")]
    assert list(answers.missing("acme", "never seen", WANTED, 0.0)) == []


LEAF_STATES = {state_sync_id(name, b"1", "m@2"): b"" for name in ("doors", "drive")}
DOORS, DRIVE = sorted(LEAF_STATES)
WITH_STATES = Wanted(
    "m@2",
    b"manifest",
    frozenset({"a@1"}),
    b"schemes",
    WantedStates("m@2", {key: pb.StateTemplate(sync_id=key).SerializeToString() for key in LEAF_STATES}),
)


def states(answers: Answers, now: float) -> pb.StateTemplates | None:
    documents = answers.missing("acme", "car", WITH_STATES, now)
    found = [one.payload for one in documents if one.kind == DownKind.STATE_TEMPLATES]
    return pb.StateTemplates.FromString(found[0]) if found else None


def test_of_state_templates_only_the_difference_goes() -> None:
    old = state_sync_id("doors", b"0", "m@2")
    difference = states(checked_in("m@2", "a@1", DRIVE, old), 1.0)
    assert difference is not None
    assert difference.decoder_manifest_sync_id == "m@2"
    assert [one.sync_id for one in difference.state_templates_to_add] == [DOORS]
    assert list(difference.state_template_sync_ids_to_remove) == [old]
    assert kinds(checked_in("m@2", "a@1", DRIVE, DOORS), 1.0, WITH_STATES) == []
    assert kinds(checked_in("m@2", DRIVE, DOORS), 1.0, WITH_STATES) == [DownKind.COLLECTION_SCHEMES]
    assert kinds(checked_in(), 1.0, WITH_STATES) == [*BOTH, DownKind.STATE_TEMPLATES]


def test_versions_of_differences_only_grow() -> None:
    answers = checked_in("m@2", "a@1")
    versions: list[int] = []
    for held in (["m@2", "a@1"], ["m@2", "a@1", DOORS], ["m@2", "a@1", DRIVE], ["m@2", "a@1", DOORS]):
        answers.checkin("acme", "car", held, 5.0)
        difference = states(answers, 5.0 - len(versions))  # a clock that is set back
        assert difference is not None
        versions.append(difference.version)
    assert versions == sorted(set(versions))
    later = states(checked_in("m@2", "a@1"), 6.0)
    assert later is not None
    assert later.version > versions[-1]  # another process, with the same clock


def test_the_same_difference_waits_and_what_is_confirmed_does_not() -> None:
    answers = checked_in("m@2", "a@1")
    assert states(answers, 0.0) is not None
    assert states(answers, 1.0) is None
    assert states(answers, RESEND_S) is not None
    answers.checkin("acme", "car", ["m@2", "a@1", DOORS, DRIVE], 31.0)
    assert states(answers, 31.0) is None
    answers.checkin("acme", "car", ["m@2", "a@1"], 32.0)
    assert states(answers, 32.0) is not None


def test_many_templates_go_in_pieces() -> None:
    large = {state_sync_id(f"t{n}", b"", "m@2"): bytes(MOST_BYTES // 3) for n in range(10)}
    contents = {
        key: pb.StateTemplate(sync_id=key, signal_ids=range(1, 70_000)).SerializeToString() for key in sorted(large)
    }
    wanted = WantedStates("m@2", contents)
    held: set[str] = set()
    rounds = 0
    while held != wanted.ids:
        _, payload = wanted.difference(frozenset(held), rounds)
        added = {one.sync_id for one in pb.StateTemplates.FromString(payload).state_templates_to_add}
        assert added
        assert len(payload) < 2 * MOST_BYTES
        held |= added
        rounds += 1
    assert rounds > 1


def test_who_has_connected_anew_is_answered_at_once() -> None:
    answers = checked_in()
    assert kinds(answers, 0.0) == BOTH
    assert kinds(answers, 1.0) == []
    answers.connected_anew([("acme", "car"), ("acme", "another")])
    answers.checkin("acme", "car", (), 2.0)
    assert kinds(answers, 2.0) == BOTH
    assert kinds(answers, 3.0) == []

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kaido.agent.outbox import Outbox, Outgoing
from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

ROW = 128


def outgoing(*texts: str, priority: int = 0) -> list[Outgoing]:
    return [Outgoing("t", text.encode(), priority) for text in texts]


def texts(entries: list) -> list[str]:  # type: ignore[type-arg]  # entries of an exchange
    return [entry.payload.decode() for entry in entries]


def test_what_is_put_is_taken_in_order_and_leaves_when_acknowledged(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.db", 10_000)
    taken = box.exchange(outgoing("a", "b", "c"), [], [1, 2]).taken
    assert texts(taken) == ["a", "b"]
    assert [entry.packet_id for entry in taken] == [1, 2]
    done = box.exchange([], [taken[0].id], [3])
    assert (done.released, texts(done.taken)) == (1, ["c"])
    assert box.count == 2
    assert box.exchange([], [taken[0].id], []).released == 0
    box.close()


def test_what_is_in_doubt_is_there_after_a_restart_in_the_order_of_sending(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.db", 10_000)
    box.exchange(outgoing("low", priority=5), [], [9])
    box.exchange(outgoing("high", "later"), [], [4])
    box.close()
    again = Outbox(tmp_path / "o.db", 10_000)
    assert [(entry.packet_id, entry.payload) for entry in again.in_doubt()] == [(9, b"low"), (4, b"high")]
    assert texts(again.exchange([], [], [1, 2, 3]).taken) == ["later"]
    assert (again.count, again.bytes) == (3, 3 * ROW + len("lowhighlater"))
    again.close()


def test_priority_zero_goes_first(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.db", 10_000)
    box.exchange([Outgoing("t", b"b", 2), Outgoing("t", b"a", 1), Outgoing("t", b"c", 2)], [], [])
    assert texts(box.exchange([], [], [1, 2, 3]).taken) == ["a", "b", "c"]
    box.close()


def test_full_it_drops_the_oldest_and_counts(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.db", 3 * (ROW + 1))
    box.exchange(outgoing("a", "b", "c"), [], [])
    assert box.exchange(outgoing("d", "e"), [], []).dropped == 2
    assert texts(box.exchange([], [], range(1, 9)).taken) == ["c", "d", "e"]
    assert box.exchange(outgoing("x" * 1000), [], []).dropped == 4
    assert (box.count, box.bytes) == (0, 0)
    box.close()


def test_a_late_acknowledgement_of_a_dropped_row_meets_no_other(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.db", ROW + 1)
    (first,) = box.exchange(outgoing("a"), [], [1]).taken
    box.exchange(outgoing("b"), [], [])
    assert box.exchange([], [first.id], []).released == 0
    assert box.count == 1
    box.close()


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "o.db").write_bytes(b"no database at all" * 1000)
    box = Outbox(tmp_path / "o.db", 1000)
    assert box.count == 0
    assert len(list(tmp_path.glob("o.db.damaged-*"))) == 1
    box.close()


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "o.db").mkdir()
    with pytest.raises(UnavailableError, match="cannot be opened"):
        Outbox(tmp_path / "o.db", 1000)


class OutboxMachine(RuleBasedStateMachine):
    """The outbox against a list in memory, with restarts."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.path = self.folder / f"{id(self)}.db"
        self.path.unlink(missing_ok=True)
        self.limit = 5 * (ROW + 3)
        self.box = Outbox(self.path, self.limit)
        self.serial = 0
        self.waiting: list[tuple[int, int, bytes]] = []  # priority, serial, payload
        self.sent: list[tuple[int, int, bytes]] = []
        self.rows: dict[bytes, int] = {}

    @rule(priorities=st.lists(st.integers(0, 2), max_size=3), take=st.integers(0, 3))
    def exchange(self, priorities: list[int], take: int) -> None:
        new = []
        for priority in priorities:
            self.serial += 1
            new.append((priority, self.serial, b"%03d" % self.serial))
        done = self.box.exchange([Outgoing("t", one[2], one[0]) for one in new], [], range(1, take + 1))
        self.waiting += new
        dropped = 0
        while len(self.waiting) + len(self.sent) > 5:
            oldest = min([*self.waiting, *self.sent], key=lambda one: one[1])
            (self.waiting if oldest in self.waiting else self.sent).remove(oldest)
            dropped += 1
        assert done.dropped == dropped
        self.waiting.sort()
        expected, self.waiting = self.waiting[:take], self.waiting[take:]
        self.sent += expected
        assert [entry.payload for entry in done.taken] == [one[2] for one in expected]
        self.rows |= {entry.payload: entry.id for entry in done.taken}

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.sent))
        assert self.box.exchange([], [self.rows[one[2]]], []).released == 1
        self.sent.remove(one)

    @rule()
    def restart(self) -> None:
        self.box.close()
        self.box = Outbox(self.path, self.limit)

    @invariant()
    def the_same(self) -> None:
        assert self.box.count == len(self.waiting) + len(self.sent)
        assert self.box.bytes == self.box.count * (ROW + 3)
        assert [entry.payload for entry in self.box.in_doubt()] == [one[2] for one in self.sent]

    def teardown(self) -> None:
        self.box.close()


def test_it_does_what_a_list_does(tmp_path: Path) -> None:
    class Machine(OutboxMachine):
        folder = tmp_path

    run_state_machine_as_test(Machine, settings=settings(max_examples=15, stateful_step_count=20, deadline=None))

"""What is stored until a condition holds: the outbox's partitions."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from kaido.agent.outbox import Outbox, Outgoing
from kaido.agent.stored import Discarded, Partition

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.agent.outbox import Exchanged

ROW = 128
YOUNG = 3600
SMALL = Partition("small", 3 * (ROW + 3), YOUNG, b"small")
LARGE = Partition("large", 100 * ROW, 0, b"large")


def stored(*texts: str, partition: str = "small", priority: int = 0) -> list[Outgoing]:
    return [Outgoing("t", text.encode(), priority, partition) for text in texts]


def taken(done: Exchanged) -> list[str]:
    return [entry.payload.decode() for entry in done.taken]


def opened(folder: Path, **bounds: int) -> Outbox:
    box = Outbox(folder / "o.db", bounds.get("max_bytes", 10_000), bounds.get("max_stored_bytes", 10_000))
    box.define([SMALL, LARGE])
    return box


def test_what_is_stored_goes_only_while_its_partition_is_open(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.exchange([*stored("a", "b"), Outgoing("t", b"now")], [], [])
    assert (box.count, box.stored, box.stored_in({"small"}), box.stored_in({"large"})) == (1, 2, 2, 0)
    assert taken(box.exchange([], [], [1, 2, 3])) == ["now"]
    first = box.exchange([], [], [4], {"small", "never"})
    assert taken(first) == ["a"]
    assert taken(box.exchange([], [], [5, 6])) == []  # closed again
    assert (box.count, box.stored) == (2, 1)  # what was sent waits for its acknowledgement like all others
    assert taken(box.exchange([], [first.taken[0].id], [5, 6], {"small"})) == ["b"]
    box.close()


def test_it_is_there_after_a_restart_with_its_definition(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.exchange([*stored("a", "b"), *stored("c", partition="large")], [], [7], {"large"})
    box.close()
    again = Outbox(tmp_path / "o.db", 10_000)
    assert again.partitions() == {"small": SMALL, "large": LARGE}
    assert [(entry.packet_id, entry.payload) for entry in again.in_doubt()] == [(7, b"c")]
    assert taken(again.exchange([], [], [1, 2, 3], {"small"})) == ["a", "b"]
    again.close()


def test_lower_priority_numbers_go_first_wherever_they_are(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.exchange(
        [*stored("c", priority=2), Outgoing("t", b"b", 1), *stored("a", partition="large"), *stored("d", priority=2)],
        [],
        [],
    )
    assert taken(box.exchange([], [], range(1, 9), {"small", "large"})) == ["a", "b", "c", "d"]
    box.close()


def test_a_full_partition_drops_its_oldest_and_says_whether_it_had_to(tmp_path: Path) -> None:
    box = opened(tmp_path)
    assert box.exchange(stored("aaa", "bbb", "ccc"), [], []).discarded == Discarded()
    assert box.exchange(stored("ddd"), [], []).discarded == Discarded(forced=1)
    box.define([Partition("small", SMALL.max_bytes, 0, b"small")])  # from now on, nothing has to grow old
    assert box.exchange(stored("eee"), [], []).discarded == Discarded(aged=1)
    assert taken(box.exchange([], [], range(1, 9), {"small"})) == ["ccc", "ddd", "eee"]
    box.close()


def test_together_they_have_a_bound_too(tmp_path: Path) -> None:
    box = opened(tmp_path, max_stored_bytes=2 * (ROW + 1))
    done = box.exchange([*stored("a"), *stored("b", partition="large"), *stored("c")], [], [])
    assert done.discarded == Discarded(forced=1)
    assert box.stored_bytes == 2 * (ROW + 1)
    assert taken(box.exchange([], [], range(1, 9), {"small", "large"})) == ["b", "c"]
    box.close()


def test_what_may_be_sent_and_what_is_stored_do_not_push_each_other_out(tmp_path: Path) -> None:
    box = opened(tmp_path, max_bytes=2 * (ROW + 1))
    done = box.exchange([*stored("a"), *(Outgoing("t", name.encode()) for name in "bcd")], [], [])
    assert (done.dropped, done.discarded) == (1, Discarded())
    assert taken(box.exchange([], [], range(1, 9), {"small"})) == ["a", "c", "d"]
    box.close()


def test_a_partition_that_no_scheme_has_stays_until_it_is_empty(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.exchange(stored("a"), [], [])
    box.define([])
    assert set(box.partitions()) == {"small", "large"}  # a last row may be on its way
    box.define([])
    assert set(box.partitions()) == {"small"}
    assert taken(box.exchange([], [], [1], {"small"})) == ["a"]
    box.define([])
    assert box.partitions() == {}
    assert taken(box.exchange(stored("late"), [], [2])) == ["late"]
    box.close()


def test_one_that_nobody_can_open_goes_when_it_is_as_old_as_it_had_to_become(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.exchange([*stored("young"), *stored("old", partition="large")], [], [])
    assert box.define([], hopeless=["small", "large"]) == 1
    assert (box.stored, box.stored_in({"small"})) == (1, 1)
    box.close()


def test_a_file_of_an_older_agent_goes_on(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "o.db")
    old.executescript(
        """
        CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, priority INTEGER NOT NULL, size INTEGER NOT NULL,
            sent INTEGER, packet_id INTEGER, topic TEXT NOT NULL, payload BLOB NOT NULL);
        CREATE INDEX waiting ON outbox (priority, id) WHERE sent IS NULL;
        CREATE INDEX in_doubt ON outbox (sent) WHERE sent IS NOT NULL;
        INSERT INTO outbox (priority, size, sent, packet_id, topic, payload) VALUES (0, 129, 3, 9, 't', x'61');
        INSERT INTO outbox (priority, size, topic, payload) VALUES (0, 129, 't', x'62');
        """
    )
    old.close()
    box = opened(tmp_path)
    assert [(entry.packet_id, entry.payload) for entry in box.in_doubt()] == [(9, b"a")]
    assert taken(box.exchange(stored("c"), [], [1, 2])) == ["b"]
    assert (box.count, box.bytes, box.stored) == (2, 258, 1)
    box.close()


class StoredMachine(RuleBasedStateMachine):
    """The outbox against lists in memory, with restarts."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.path = self.folder / f"{id(self)}.db"
        self.path.unlink(missing_ok=True)
        self.partitions = [Partition(name, 4 * (ROW + 3), YOUNG, b"") for name in "pq"]
        self.box = Outbox(self.path, 100 * ROW, 6 * (ROW + 3))
        self.box.define(self.partitions)
        self.serial = 0
        self.stored: list[tuple[int, int, str]] = []  # priority, serial, partition
        self.waiting: list[tuple[int, int]] = []
        self.sent: dict[int, int] = {}  # serial -> id

    @rule(
        new=st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["p", "q", None])), max_size=3),
        take=st.integers(0, 3),
        open_=st.sets(st.sampled_from("pq")),
    )
    def exchange(self, new: list[tuple[int, str | None]], take: int, open_: set[str]) -> None:
        items = []
        for priority, partition in new:
            self.serial += 1
            items.append(Outgoing("t", b"%03d" % self.serial, priority, partition))
            if partition:
                self.stored.append((priority, self.serial, partition))
            else:
                self.waiting.append((priority, self.serial))
        done = self.box.exchange(items, [], range(1, take + 1), open_)
        dropped = 0
        for name, most in (("p", 4), ("q", 4), ("pq", 6)):
            while len(inside := [one for one in self.stored if one[2] in name]) > most:
                self.stored.remove(min(inside, key=lambda one: one[1]))
                dropped += 1
        assert done.discarded == Discarded(forced=dropped)
        ready = sorted([*self.waiting, *(one[:2] for one in self.stored if one[2] in open_)])[:take]
        assert taken(done) == [f"{serial:03d}" for _, serial in ready]
        self.waiting = [one for one in self.waiting if one not in ready]
        self.stored = [one for one in self.stored if one[:2] not in ready]
        self.sent |= {int(entry.payload): entry.id for entry in done.taken}

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        serial = data.draw(st.sampled_from(sorted(self.sent)))
        assert self.box.exchange([], [self.sent.pop(serial)], []).released == 1

    @rule()
    def restart(self) -> None:
        self.box.close()
        self.box = Outbox(self.path, 100 * ROW, 6 * (ROW + 3))
        self.box.define(self.partitions)

    @invariant()
    def the_same(self) -> None:
        assert self.box.count == len(self.waiting) + len(self.sent)
        assert self.box.bytes == self.box.count * (ROW + 3)
        assert self.box.stored == len(self.stored)
        assert self.box.stored_bytes == len(self.stored) * (ROW + 3)
        assert {int(entry.payload) for entry in self.box.in_doubt()} == set(self.sent)

    def teardown(self) -> None:
        self.box.close()


def test_it_does_what_lists_do(tmp_path: Path) -> None:
    class Machine(StoredMachine):
        folder = tmp_path

    run_state_machine_as_test(Machine, settings=settings(max_examples=25, stateful_step_count=20, deadline=None))

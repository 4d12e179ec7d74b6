"""The life of campaigns, against a model of it that knows nothing but the table of what may follow what."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kaido.catalog.store import CatalogStore
from kaido.company import Companies
from kaido.control import Action, By, Campaigns, History, State
from kaido.control.life import NEXT, after, is_done
from kaido.errors import ConflictError, NotFoundError
from kaido.runtime import clock
from kaido.runtime.settings import load
from kaido.store import Store
from tests.control.conftest import LEAF
from tests.databases import migrated

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.control import Campaign

SPEED: dict[str, Any] = {"name": "speed", "signals": ["Vehicle.Speed"], "period": "1s"}
START_MS = 1_900_000_000_000
WAVES = [{"percent": 10}, {"percent": 50}, {"percent": 100}]
BY_NAME = {
    Action.STARTED: Campaigns.start,
    Action.SUSPENDED: Campaigns.suspend,
    Action.RESUMED: Campaigns.resume,
    Action.STOPPED: Campaigns.stop,
}


class Life(RuleBasedStateMachine):
    """Two processes do things to one campaign, in any order; a clock runs."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.folder = Path(tempfile.mkdtemp())
        self.now_ms = START_MS
        self.patch.setattr(clock, "now_ms", lambda: self.now_ms)
        loaded = load(data=self.folder)
        self.store = Store.open(migrated(self.folder / "kaido.db"))
        Companies(self.store, loaded).create("acme")
        CatalogStore(self.store).save_manifest("acme", LEAF)
        self.processes = [Campaigns(self.store), Campaigns(self.store)]
        self.recorded: State | None = None
        self.wave, self.waves, self.version, self.changes, self.numbers = 0, 0, 0, 0, 0
        self.expiry_ms: int | None = None
        self.sync_ids: dict[int, str] = {}

    def teardown(self) -> None:
        self.store.close()
        self.patch.undo()
        shutil.rmtree(self.folder)

    @property
    def state(self) -> State | None:
        """What it is, also when nobody has put on record yet that its time is over."""
        is_over = self.expiry_ms is not None and self.expiry_ms <= self.now_ms
        return State.EXPIRED if is_over and self.recorded not in {None, State.STOPPED} else self.recorded

    def expect(self, action: Action, do: Callable[[], Campaign], *, changes: bool = True) -> bool:
        """Do something; whether it changed the campaign, as the table says."""
        if self.state is None:
            with pytest.raises(NotFoundError, match="no campaign 'speed'"):
                do()
            return False
        if is_done(action, self.state):
            do()
            return False
        if self.state not in NEXT[action]:
            with pytest.raises(ConflictError, match=f"cannot be {action.value}"):
                do()
            return False
        expected = after(action, self.state, "speed")
        assert do().state is expected
        if changes:
            self.recorded = expected
            self.changes += 1
        return changes

    def document(self, period: int, waves: int, expires: bool) -> dict[str, Any]:
        expiry = (
            clock.iso(clock.now().fromtimestamp(self.now_ms / 1e3 + 3_600, clock.now().tzinfo)) if expires else None
        )
        rollout = {"rollout": {"waves": WAVES[-waves:]}} if waves else {}
        return SPEED | {"period": f"{period}s"} | rollout | ({"expiry": expiry} if expiry else {})

    @rule(who=st.integers(0, 1), draft=st.booleans(), waves=st.integers(0, 3), expires=st.booleans())
    @precondition(lambda self: self.state is None)
    def create(self, who: int, draft: bool, waves: int, expires: bool) -> None:
        document = self.document(1, waves, expires)
        made = self.processes[who].create("acme", document, By("me", "new"), draft=draft)
        self.recorded = State.DRAFT if draft else State.RUNNING
        assert made.state is self.recorded
        self.wave, self.waves, self.expiry_ms = 0, waves, made.spec.expiry_ms
        self.version, self.changes = self.version + 1, self.changes + 1
        self.sync_ids[self.version] = made.sync_id

    @rule(who=st.integers(0, 1), action=st.sampled_from(sorted(BY_NAME)))
    def act(self, who: int, action: Action) -> None:
        self.expect(action, lambda: BY_NAME[action](self.processes[who], "acme", "speed", By("me", "so")))

    @rule(who=st.integers(0, 1), waves=st.integers(0, 3), same=st.booleans())
    def edit(self, who: int, waves: int, same: bool) -> None:
        if same and self.state is not None:
            document = self.processes[who].get("acme", "speed").spec.to_document()
            if self.state not in {State.STOPPED, State.EXPIRED}:
                assert self.processes[who].edit("acme", "speed", document).version == self.version
                return
        else:
            self.numbers += 1
            document = self.document(1 + self.numbers, waves, expires=False)
        if self.expect(Action.EDITED, lambda: self.processes[who].edit("acme", "speed", document)):
            self.wave, self.waves = 0, waves
            self.renewed()

    @rule(who=st.integers(0, 1), hours=st.one_of(st.none(), st.integers(1, 5)))
    def extend(self, who: int, hours: int | None) -> None:
        now = clock.now()
        expiry = None if hours is None else now.fromtimestamp(self.now_ms / 1e3 + hours * 3_600, now.tzinfo)
        expiry_ms = None if expiry is None else int(expiry.timestamp() * 1e3)
        is_same = expiry_ms == self.expiry_ms and self.state is not State.EXPIRED
        if self.expect(
            Action.EXTENDED, lambda: self.processes[who].extend("acme", "speed", expiry), changes=not is_same
        ):
            self.renewed()

    @rule(who=st.integers(0, 1))
    def advance(self, who: int) -> None:
        if self.state is State.RUNNING and self.wave >= max(self.waves - 1, 0):
            with pytest.raises(ConflictError, match="no further wave"):
                self.processes[who].advance("acme", "speed")
        elif self.expect(Action.ADVANCED, lambda: self.processes[who].advance("acme", "speed")):
            self.wave += 1

    @rule(behind=st.integers(-1, 1))
    @precondition(lambda self: self.state is not None)
    def two_timers_see_that_a_wave_is_over(self, behind: int) -> None:
        told = (self.version, self.wave + behind)
        is_due = self.state is State.RUNNING and behind == 0
        if is_due and self.wave >= max(self.waves - 1, 0):
            return
        for process in self.processes:
            process.advance("acme", "speed", behind=told)
        self.wave += is_due
        self.changes += is_due

    @rule(older=st.booleans())
    @precondition(lambda self: self.state is not None)
    def two_timers_see_a_limit_passed(self, older: bool) -> None:
        is_due = self.state is State.RUNNING and not older
        for process in self.processes:
            process.pause("acme", "speed", self.version - older, "too much")
        if is_due:
            self.recorded = State.PAUSED
            self.changes += 1

    @rule(hours=st.integers(0, 3))
    def time_goes_on(self, hours: int) -> None:
        self.now_ms += hours * 3_600_000

    @rule()
    @precondition(lambda self: self.state is not None)
    def two_timers_look_at_its_end(self) -> None:
        is_due = self.state is State.EXPIRED and self.recorded is not State.EXPIRED
        for process in self.processes:
            process.expire("acme", "speed")
        if is_due:
            self.recorded = State.EXPIRED
            self.changes += 1

    @rule(who=st.integers(0, 1))
    @precondition(lambda self: self.state is not None)
    def delete(self, who: int) -> None:
        self.processes[who].delete("acme", "speed", By("me", "enough"))
        self.recorded, self.expiry_ms = None, None
        self.changes += 1

    def renewed(self) -> None:
        self.version += 1
        now = self.processes[0].get("acme", "speed")
        self.expiry_ms = now.spec.expiry_ms
        assert now.sync_id != self.sync_ids[self.version - 1]
        self.sync_ids[self.version] = now.sync_id

    @invariant()
    def all_see_the_same(self) -> None:
        for process in self.processes:
            found = process.list("acme")
            assert [one.state for one in found] == ([] if self.state is None else [self.state])
            assert [one.name for one in process.running("acme")] == (["speed"] if self.state is State.RUNNING else [])
            if found:
                assert (found[0].version, found[0].wave) == (self.version, self.wave)

    @invariant()
    def everything_is_on_record(self) -> None:
        history = History(self.store)
        if not self.version:
            return
        changes = history.changes("acme", "speed", limit=1_000)
        assert len(changes) == self.changes
        for number, sync_id in self.sync_ids.items():
            assert history.version("acme", "speed", number).sync_id == sync_id


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)

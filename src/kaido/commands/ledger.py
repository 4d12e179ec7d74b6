"""The steps of commands, kept: each is a compare-and-set, so that whoever is first has the outcome."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import insert, select, tuple_, update

from kaido.commands.model import Key, Outcome, State
from kaido.runtime import clock
from kaido.store.tables import CommandRow, ExecutionRow, TransitionRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from kaido.store import Store

_One = TypeVar("_One")

KAIDO, VEHICLE = "kaido", "vehicle"
"""Who made a transition, where it was no person's token."""
AT_ONCE = 400
KEY = (ExecutionRow.company, ExecutionRow.command, ExecutionRow.vehicle)
_ANY_KEY, _ANY_MOMENT = Key("", "", ""), datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Task:
    """A command at a vehicle for which there is something to do now.

    Attributes:
        template: the request without id and times.
        request: as it was sent.
        deadline: when its time is over; while it awaits approval, when that is.
        text: what it waits for.
    """

    key: Key
    state: State
    what: str
    value: Any
    template: bytes
    request: bytes | None
    timeout_ms: int
    issued: datetime | None
    deadline: datetime
    sends: int
    issuer: str
    reason: str
    approved: bool
    text: str


@dataclass(frozen=True)
class Step:
    """A step of a command at a vehicle.

    Attributes:
        expected: the states in which it may be taken; in another one it is not.
        state: the one that follows; ``DONE`` with an outcome.
        due: when to look at it next.
        sends: taken only where it was sent so often before, and counted up.
    """

    key: Key
    expected: Sequence[State]
    state: State
    outcome: Outcome | None = None
    moment: datetime = field(default_factory=clock.now)
    who: str = KAIDO
    code: int | None = None
    text: str = ""
    due: datetime | None = None
    request: bytes | None = None
    sends: int | None = None


class Ledger:
    """Executions and their transitions. All calls block; each is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def due(self, now: datetime, most: int) -> list[Task]:
        """What there is to do now, the longest due first."""
        query = (
            select(ExecutionRow, CommandRow)
            .join(CommandRow, (CommandRow.company == ExecutionRow.company) & (CommandRow.id == ExecutionRow.command))
            .where(ExecutionRow.due <= now)
            .order_by(ExecutionRow.due)
            .limit(most)
        )
        with self._store.reading() as session:
            return [_task(execution, command) for execution, command in session.execute(query)]

    def hasten(self, vehicles: Sequence[tuple[str, str]], unsent: datetime, sent: datetime) -> None:
        """Vehicles (company and id) have connected: when to look at what waits for them, and at what was sent."""
        with self._store.session() as session:
            for at in range(0, len(vehicles), AT_ONCE):
                theirs = tuple_(ExecutionRow.company, ExecutionRow.vehicle).in_(vehicles[at : at + AT_ONCE])
                for state, moment in ((State.WAITING, unsent), (State.SENT, sent)):
                    session.execute(
                        update(ExecutionRow)
                        .where(theirs, ExecutionRow.state == state.value, ExecutionRow.due > moment)
                        .values(due=moment)
                    )

    def postpone(self, later: Iterable[tuple[Key, datetime, str]]) -> None:
        """Look at commands again at these times; the text says what each waits for."""
        groups: dict[tuple[datetime, str], list[Key]] = defaultdict(list)
        for key, due, text in later:
            groups[due, text].append(key)
        with self._store.session() as session:
            for (due, text), keys in groups.items():
                values = {"due": due, "text": text} if text else {"due": due}
                for some in batched(keys, AT_ONCE):
                    _update(session, ExecutionRow.outcome.is_(None) & among(some), values)

    def take(self, steps: Iterable[Step]) -> list[Step]:
        """Take steps, all in one transaction; those that could be taken."""
        with self._store.session() as session:
            return take_in(session, steps)


def batched(many: Sequence[_One], size: int) -> Iterator[Sequence[_One]]:
    """Pieces of a sequence."""
    return (many[start : start + size] for start in range(0, len(many), size))


def take_in(session: Session, steps: Iterable[Step]) -> list[Step]:
    """Take steps in somebody's transaction, those that are alike at once; the ones that could be taken."""
    alike: dict[Step, dict[Key, Step]] = defaultdict(dict)
    for step in steps:
        moment = step.moment if step.outcome is not None else _ANY_MOMENT
        shared = replace(step, key=_ANY_KEY, moment=moment, expected=tuple(step.expected))
        alike[shared].setdefault(step.key, step)
    taken: list[Step] = []
    for shared, group in alike.items():
        for some in batched(list(group), AT_ONCE):
            taken += [group[key] for key in _taken(session, shared, some)]
    add_transitions(
        session,
        [(step.key, step.moment, (step.outcome or step.state).value, step.who, step.code, step.text) for step in taken],
    )
    return taken


def _taken(session: Session, step: Step, keys: Sequence[Key]) -> list[Key]:
    """Take a step at several vehicles: those where it could be."""
    values: dict[str, Any] = {"state": step.state.value, "text": step.text, "code": step.code}
    if step.outcome is not None:
        values |= {"outcome": step.outcome.value, "ended": step.moment, "due": None}
    elif step.due is not None:
        values["due"] = step.due
    if step.request is not None:
        values["request"] = step.request
    where = ExecutionRow.state.in_([state.value for state in step.expected]) & among(keys)
    if step.sends is not None:
        where &= ExecutionRow.sends == step.sends
        values["sends"] = step.sends + 1
    return [Key(*row) for row in _update(session, where, values)]


def among(keys: Iterable[Key]) -> Any:
    """The executions of these keys."""
    return tuple_(*KEY).in_(list(keys))


def _update(session: Session, where: Any, values: dict[str, Any]) -> Sequence[Any]:
    """Change executions; the keys of those that were."""
    statement = update(ExecutionRow).where(where).values(**values).returning(*KEY)
    return session.execute(statement.execution_options(synchronize_session=False)).all()


def add_transition(
    session: Session, key: Key, moment: datetime, what: str, who: str, code: int | None = None, text: str = ""
) -> None:
    """Record that something happened."""
    add_transitions(session, [(key, moment, what, who, code, text)])


def add_transitions(session: Session, happened: Sequence[tuple[Key, datetime, str, str, int | None, str]]) -> None:
    """Record what happened: key, moment, what, who, code, text."""
    if happened:
        rows = [
            key._asdict() | {"moment": moment, "what": what, "who": who, "code": code, "text": text}
            for key, moment, what, who, code, text in happened
        ]
        session.execute(insert(TransitionRow), rows)


def _task(execution: ExecutionRow, command: CommandRow) -> Task:
    key = Key(execution.company, execution.command, execution.vehicle)
    return Task(
        key=key,
        state=State(execution.state),
        what=command.what,
        value=command.value,
        template=command.request,
        request=execution.request,
        timeout_ms=command.timeout_ms,
        issued=execution.issued,
        deadline=execution.deadline or command.approve_by or datetime.max.replace(tzinfo=UTC),
        sends=execution.sends,
        issuer=command.issuer,
        reason=command.reason,
        approved=command.approved is not None,
        text=execution.text,
    )

"""Commands as they are asked for, approved, cancelled and looked up."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from kaido.commands import ledger, limits
from kaido.commands.ledger import KAIDO, Step
from kaido.commands.model import UNSENT, Command, Execution, Key, Outcome, State, Transition
from kaido.errors import ConflictError, NotFoundError
from kaido.runtime import clock
from kaido.store.tables import CommandRow, CompanyRow, ExecutionRow, TransitionRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from kaido.commands.model import Issuer, Order
    from kaido.commands.policy import Policy
    from kaido.store import Store

MOST_OPEN = 200_000
"""Commands to vehicles, of one company, that have no outcome yet."""
_SHOWN = 10


class IdTakenError(ConflictError):
    """There is another command of that id."""


@dataclass(frozen=True)
class Wanted:
    """Which commands are looked for; what is None does not matter.

    Attributes:
        vehicle: only those to it.
        state: only those that are so at one of these vehicles, and have no outcome there.
        outcome: only those that have it at one of these vehicles.
        issuer: only those of a token or user of this name.
        start: only those from then on.
        end: only those before.
    """

    vehicle: str | None = None
    state: State | None = None
    outcome: Outcome | None = None
    issuer: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    def narrowed(self, query: Select[CommandRow], company: str) -> Select[CommandRow]:
        """A query for the commands of a company, for these alone."""
        if self.issuer is not None:
            query = query.where(CommandRow.issuer == self.issuer)
        if self.start is not None:
            query = query.where(CommandRow.created >= self.start)
        if self.end is not None:
            query = query.where(CommandRow.created < self.end)
        if self.vehicle is None and self.state is None and self.outcome is None:
            return query
        theirs = select(ExecutionRow.command).where(ExecutionRow.company == company)
        if self.vehicle is not None:
            theirs = theirs.where(ExecutionRow.vehicle == self.vehicle)
        if self.state is not None:
            theirs = theirs.where(ExecutionRow.state == self.state.value)
        if self.outcome is not None:
            theirs = theirs.where(ExecutionRow.outcome == self.outcome.value)
        return query.where(CommandRow.id.in_(theirs))


ALL = Wanted()


@dataclass(frozen=True)
class Wish:
    """A command that is to be recorded.

    Attributes:
        where: the condition by which ``vehicles`` were found; None where one was named.
        approval: whether a second person has to approve it.
        rejected: vehicles to which it is not sent, and why.
    """

    company: str
    id: str
    order: Order
    timeout_ms: int
    reason: str
    issuer: Issuer
    where: str | None
    vehicles: Sequence[str]
    policy: Policy
    approval: bool
    rejected: Mapping[str, str]

    @property
    def digest(self) -> str:
        """What makes it this command and no other."""
        whom = self.where if self.where is not None else list(self.vehicles)
        content = (self.order.what, self.order.value, whom, self.timeout_ms, self.reason, self.issuer.token)
        request = self.order.request.SerializeToString(deterministic=True)
        return hashlib.sha256(json.dumps(content).encode() + request).hexdigest()


class CommandRecords:
    """The commands of all companies. All calls block; each is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def known(self, wish: Wish) -> Command | None:
        """The command of that id, if it was recorded before.

        Raises:
            IdTakenError: it is another one.
        """
        with self._store.reading() as session:
            row = session.get(CommandRow, (wish.company, wish.id))
            return None if row is None else _same(session, row, wish)

    def create(self, wish: Wish) -> Command:
        """Record a command; the same one again changes nothing.

        Raises:
            IdTakenError: there is another command of that id.
            ConflictError: too many commands have no outcome yet.
        """
        now = clock.now()
        with self._store.session() as session:
            session.get(CompanyRow, wish.company, with_for_update=True)  # whoever counts, counts alone
            row = session.get(CommandRow, (wish.company, wish.id))
            if row is not None:
                return _same(session, row, wish)
            _check_room(session, wish)
            row = _row(wish, now)
            session.add(row)
            session.flush()
            _add_executions(session, wish, now, row.approve_by, _rejections(session, wish))
            return _command(session, row)

    def get(self, company: str, id: str) -> Command:  # noqa: A002  # it is what the field calls it
        """The command of that id.

        Raises:
            NotFoundError: the company has none.
        """
        with self._store.reading() as session:
            return _command(session, _find(session, company, id))

    def newest(self, company: str, limit: int, after: str | None = None, wanted: Wanted = ALL) -> list[Command]:
        """Commands, the newest first; those behind the one with the id ``after``."""
        query = wanted.narrowed(select(CommandRow).where(CommandRow.company == company), company)
        with self._store.reading() as session:
            if after is not None:
                last = _find(session, company, after)
                query = query.where(
                    (CommandRow.created < last.created)
                    | ((CommandRow.created == last.created) & (CommandRow.id < last.id))
                )
            query = query.order_by(CommandRow.created.desc(), CommandRow.id.desc()).limit(limit)
            return [_command(session, row) for row in session.scalars(query)]

    def executions(self, company: str, id: str, limit: int = 100, after: str = "") -> list[Execution]:  # noqa: A002
        """What became of a command, by vehicle.

        Raises:
            NotFoundError: the company has no such command.
        """
        with self._store.reading() as session:
            _find(session, company, id)
            query = (
                select(ExecutionRow)
                .where(ExecutionRow.company == company, ExecutionRow.command == id, ExecutionRow.vehicle > after)
                .order_by(ExecutionRow.vehicle)
                .limit(limit)
            )
            return [_execution(row) for row in session.scalars(query)]

    def execution(self, company: str, id: str, vehicle: str) -> Execution:  # noqa: A002
        """What became of a command at a vehicle.

        Raises:
            NotFoundError: there is no such command, or it is not for that vehicle.
        """
        with self._store.reading() as session:
            _find(session, company, id)
            row = session.get(ExecutionRow, (company, id, vehicle))
            if row is None:
                raise NotFoundError(f"the command {id} is not for vehicle '{vehicle}'", fix=f"kaido command show {id}")
            return _execution(row)

    def transitions(self, key: Key) -> list[Transition]:
        """All that happened to a command at a vehicle, in the order in which it was noted."""
        query = (
            select(TransitionRow)
            .where(
                TransitionRow.company == key.company,
                TransitionRow.command == key.command,
                TransitionRow.vehicle == key.vehicle,
            )
            .order_by(TransitionRow.id)
        )
        with self._store.reading() as session:
            return [Transition(row.moment, row.what, row.who, row.code, row.text) for row in session.scalars(query)]

    def approve(self, company: str, id: str, approver: Issuer) -> Command:  # noqa: A002
        """Let a command go. Its time begins now. Doing so twice changes nothing.

        Raises:
            NotFoundError: the company has no such command.
            ConflictError: whoever sent it approves it, it needs no approval, or its outcome is known already.
        """
        now = clock.now()
        with self._store.session() as session:
            row = _find(session, company, id, change=True)
            if row.approve_by is not None and row.issuer_id == approver.token:
                raise ConflictError(
                    f"the command {id} has to be approved by somebody else",
                    why=f"'{approver.name}' sent it",
                    fix=f"Have a colleague run: kaido command approve {id}",
                )
            if row.approved is not None:
                return _command(session, row)
            waiting = _open(session, row, State.APPROVAL)
            if row.approve_by is None or row.approve_by <= now or not waiting:
                why = "it needs none" if row.approve_by is None else "it is over"
                raise ConflictError(
                    f"the command {id} cannot be approved", why=why, fix=f"See: kaido command show {id}"
                )
            row.approver, row.approved = approver.name, now
            for one in waiting:
                one.state, one.issued = State.WAITING.value, now
                one.deadline, one.due = now + timedelta(milliseconds=row.timeout_ms), now
                ledger.add_transition(session, _key(one), now, State.WAITING, approver.name, text="approved")
            session.flush()
            return _command(session, row)

    def cancel(self, company: str, id: str, who: Issuer) -> tuple[Command, int]:  # noqa: A002
        """Cancel a command at all vehicles to which it was not sent yet; the command, and how many these are.

        Raises:
            NotFoundError: the company has no such command.
            ConflictError: it was sent to all of them.
        """
        now = clock.now()
        with self._store.session() as session:
            row = _find(session, company, id, change=True)
            steps = [
                Step(_key(one), UNSENT, State.DONE, Outcome.CANCELLED, now, who.name)
                for state in UNSENT
                for one in _open(session, row, state)
            ]
            cancelled = ledger.take_in(session, steps)
            if not cancelled:
                counts = _command(session, row).counts
                states = counts if len(counts) == 1 else [f"{state} ({count})" for state, count in counts.items()]
                raise ConflictError(
                    f"the command {id} cannot be cancelled",
                    why=f"it is {', '.join(states)}",
                    fix="What was sent cannot be called back: send another command that undoes it",
                )
            session.flush()
            return _command(session, row), len(cancelled)


def _same(session: Session, row: CommandRow, wish: Wish) -> Command:
    if row.digest != wish.digest:
        raise IdTakenError(
            f"there is another command {wish.id}",
            why=f"it is {row.what} = {json.dumps(row.value)} of {row.issuer}, {clock.iso(row.created)}",
            fix="Give another --id, or none",
        )
    return _command(session, row)


def _check_room(session: Session, wish: Wish) -> None:
    query = select(func.count()).where(ExecutionRow.company == wish.company, ExecutionRow.due.is_not(None))
    waiting = int(session.scalar(query) or 0)
    if waiting + len(wish.vehicles) > MOST_OPEN:
        raise ConflictError(
            "too many commands have no outcome yet",
            why=f"{waiting} have none, and {MOST_OPEN} may",
            fix="Wait, or cancel some: kaido command cancel ID",
        )


def _rejections(session: Session, wish: Wish) -> dict[str, str]:
    """Vehicles to which it may not be sent, and why."""
    path = wish.order.what
    why = limits.over_issuer(session, wish.policy, wish.company, path, wish.issuer.token)
    if why is not None:
        return dict.fromkeys(wish.vehicles, why) | dict(wish.rejected)
    return limits.over_vehicle(session, wish.policy, wish.company, path, wish.vehicles) | dict(wish.rejected)


def _row(wish: Wish, now: datetime) -> CommandRow:
    approve_by = now + timedelta(milliseconds=wish.policy.approve_within) if wish.approval else None
    return CommandRow(
        company=wish.company,
        id=wish.id,
        digest=wish.digest,
        what=wish.order.what,
        value=wish.order.value,
        request=wish.order.request.SerializeToString(),
        timeout_ms=wish.timeout_ms,
        reason=wish.reason,
        issuer=wish.issuer.name,
        issuer_id=wish.issuer.token,
        where=wish.where,
        vehicles=len(wish.vehicles),
        created=now,
        approve_by=approve_by,
    )


def _add_executions(
    session: Session, wish: Wish, now: datetime, approve_by: datetime | None, rejected: Mapping[str, str]
) -> None:
    state = State.WAITING if approve_by is None else State.APPROVAL
    deadline = now + timedelta(milliseconds=wish.timeout_ms) if approve_by is None else None
    waiting: dict[str, Any] = {
        "state": state.value,
        "issued": None if approve_by else now,
        "deadline": deadline,
        "due": approve_by or now,
        "outcome": None,
        "ended": None,
        "text": "",
    }
    shared = {"company": wish.company, "command": wish.id}
    rows, happened = [], []
    for vehicle in wish.vehicles:
        own = waiting
        happened.append((vehicle, state.value, wish.issuer.name, wish.reason))
        if vehicle in rejected:
            own = waiting | {
                "state": State.DONE.value,
                "outcome": Outcome.REJECTED.value,
                "text": rejected[vehicle],
                "due": None,
                "ended": now,
            }
            happened.append((vehicle, Outcome.REJECTED.value, KAIDO, rejected[vehicle]))
        rows.append(shared | own | {"vehicle": vehicle, "issuer_id": wish.issuer.token, "sends": 0, "created": now})
    if rows:
        session.execute(insert(ExecutionRow), rows)
        session.execute(
            insert(TransitionRow),
            [
                shared | {"vehicle": vehicle, "moment": now, "what": what, "who": who, "text": text}
                for vehicle, what, who, text in happened
            ],
        )


def _find(session: Session, company: str, identifier: str, *, change: bool = False) -> CommandRow:
    row = session.get(CommandRow, (company, identifier), with_for_update=change or None)
    if row is None:
        newest = select(CommandRow.id).where(CommandRow.company == company).order_by(CommandRow.created.desc())
        known = session.scalars(newest.limit(1_000))
        raise NotFoundError.of("command", identifier, known, fix="See: kaido command list")
    return row


def _open(session: Session, row: CommandRow, state: State) -> list[ExecutionRow]:
    query = select(ExecutionRow).where(
        ExecutionRow.company == row.company, ExecutionRow.command == row.id, ExecutionRow.state == state.value
    )
    return list(session.scalars(query))


def _key(row: ExecutionRow) -> Key:
    return Key(row.company, row.command, row.vehicle)


def _command(session: Session, row: CommandRow) -> Command:
    what = func.coalesce(ExecutionRow.outcome, ExecutionRow.state)
    query = (
        select(what, func.count(), func.min(ExecutionRow.vehicle))
        .where(ExecutionRow.company == row.company, ExecutionRow.command == row.id)
        .group_by(what)
    )
    counted = session.execute(query).all()
    return Command(
        company=row.company,
        id=row.id,
        what=row.what,
        value=row.value,
        timeout_ms=row.timeout_ms,
        reason=row.reason,
        issuer=row.issuer,
        where=row.where,
        vehicles=row.vehicles,
        created=row.created,
        approve_by=row.approve_by,
        approver=row.approver,
        approved=row.approved,
        counts={str(name): int(count) for name, count, _ in counted},
        vehicle=counted[0][2] if row.vehicles == 1 and counted else None,
    )


def _execution(row: ExecutionRow) -> Execution:
    return Execution(
        vehicle=row.vehicle,
        state=State(row.state),
        outcome=Outcome(row.outcome) if row.outcome else None,
        code=row.code,
        text=row.text,
        deadline=row.deadline,
        sends=row.sends,
        created=row.created,
        ended=row.ended,
    )

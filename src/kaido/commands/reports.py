"""What vehicles say about commands, noted: an outcome, progress, or what changes nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select, tuple_

from kaido.commands.ledger import AT_ONCE, KEY, VEHICLE, Step, add_transitions, among, take_in
from kaido.commands.model import AT_VEHICLE, NOTE, UNSENT, Key, Outcome, State
from kaido.store.tables import CommandRow, ExecutionRow, TransitionRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kaido.store import Store

MOST_REPORTS = 100
"""Reports of progress, and notes, that are kept of a command at a vehicle: a vehicle may not fill our disk."""


@dataclass(frozen=True)
class Response:
    """What a vehicle says about a command."""

    key: Key
    moment: datetime
    state: State | None
    """None where it says nothing that is known."""
    outcome: Outcome | None
    code: int
    text: str


class Reports:
    """Notes what vehicles say. All calls block."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, responses: Iterable[Response]) -> list[tuple[Response, str]]:
        """Note responses, in one transaction.

        Returns:
            Each with what it was: ``outcome``, ``progress``, ``note``, ``again`` (it is known already), ``unknown``
            (there is no such command), ``wrong vehicle`` (there is, at others), ``not sent`` (yet) or ``too many``.
        """
        with self._store.session() as session:
            return [one for some in _rounds(responses) for one in _hear(session, some)]


def _rounds(responses: Iterable[Response]) -> Iterator[list[Response]]:
    """Responses in pieces in which each command and vehicle is at most once, in their order."""
    some: dict[Key, Response] = {}
    for one in responses:
        if one.key in some or len(some) == AT_ONCE:
            yield list(some.values())
            some = {}
        some[one.key] = one
    if some:
        yield list(some.values())


def _hear(session: Session, responses: Sequence[Response]) -> list[tuple[Response, str]]:
    """Note what vehicles say, each about another command."""
    keys = [one.key for one in responses]
    states = {
        Key(*key): State(state) for *key, state in session.execute(select(*KEY, ExecutionRow.state).where(among(keys)))
    }
    reports = _reports(session, [key for key, state in states.items() if state not in UNSENT])
    found: dict[Response, str] = {}
    steps: dict[Key, Step] = {}
    for one in responses:
        state, noted = states.get(one.key), reports[one.key]
        if state is None:
            found[one] = _nobodys(session, one)
        elif state in UNSENT:
            found[one] = "not sent"
        elif any(_is_same(one, report) for report in noted):
            found[one] = "again"
        elif len(noted) >= MOST_REPORTS and (one.outcome is None or state not in AT_VEHICLE):
            found[one] = "too many"
        elif state in AT_VEHICLE and one.state is not None:
            steps[one.key] = Step(one.key, AT_VEHICLE, one.state, one.outcome, one.moment, VEHICLE, one.code, one.text)
    taken = {step.key for step in take_in(session, steps.values())}
    found |= {one: "progress" if one.outcome is None else "outcome" for one in responses if one.key in taken}
    notes = [one for one in responses if one not in found]
    add_transitions(session, [(one.key, one.moment, NOTE, VEHICLE, one.code, _as_note(one)) for one in notes])
    return [(one, found.get(one, "note")) for one in responses]


def _nobodys(session: Session, said: Response) -> str:
    others = select(CommandRow.id).where(CommandRow.company == said.key.company, CommandRow.id == said.key.command)
    return "unknown" if session.scalars(others).first() is None else "wrong vehicle"


class _Report(NamedTuple):
    """What a vehicle said before."""

    moment: datetime
    code: int | None
    what: str
    text: str


def _reports(session: Session, keys: Sequence[Key]) -> dict[Key, list[_Report]]:
    rows = TransitionRow
    key = (rows.company, rows.command, rows.vehicle)
    query = select(*key, rows.moment, rows.code, rows.what, rows.text).where(
        rows.who == VEHICLE, tuple_(*key).in_(list(keys))
    )
    found: dict[Key, list[_Report]] = defaultdict(list)
    for company, command, vehicle, moment, code, what, text in session.execute(query):
        found[Key(company, command, vehicle)].append(_Report(moment, code, what, text))
    return found


def _is_same(said: Response, report: _Report) -> bool:
    """Whether it is this very response: it comes again where we were ended before we acknowledged it."""
    return (report.moment, report.code) == (said.moment, said.code) and (
        report.what == str(said.outcome or said.state) or (report.what, report.text) == (NOTE, _as_note(said))
    )


def _as_note(said: Response) -> str:
    what = said.outcome or said.state or "a status that means nothing"
    return f"the vehicle said: {what}{': ' if said.text else ''}{said.text}"

"""Users and sessions on both databases: what holds when two do it at once, and what is forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from kaido.company import Companies, Proofs, Users, WebSessions
from kaido.company.web_sessions import MOST_OF_A_USER
from kaido.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from kaido.runtime import clock
from kaido.runtime.settings import load
from kaido.store.tables import WebSessionRow

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.store import Store

ISSUER = "https://id.example"


@pytest.fixture
def sessions(store: Store, tmp_path: Path) -> WebSessions:
    settings = load(data=tmp_path)
    Companies(store, settings).create("acme")
    return WebSessions(store, settings)


def admitted(store: Store, name: str, role: str = "viewer") -> str:
    """A user without a password: hashes take their time."""
    return Proofs(store).with_subject("acme", f"{ISSUER} {name}", name, role).id


@pytest.mark.usefixtures("sessions")
def test_two_administrators_who_take_each_other_away_leave_one(store: Store) -> None:
    for number in range(5):
        names = (f"ichiro-{number}", f"jiro-{number}")
        for name in names:
            admitted(store, name, "administrator")
        users, start = Users(store), Barrier(2)

        def leave(name: str, users: Users = users, start: Barrier = start) -> bool:
            start.wait(30)
            try:
                users.change("acme", name, disabled=True)
            except ConflictError:
                return False
            return True

        with ThreadPoolExecutor(2) as both:
            done = list(both.map(leave, names))
        left = [one.name for one in users.list("acme") if one.disabled is None]
        assert sorted(done) == [False, True]
        assert len(left) == 1
        users.delete("acme", left[0], may_take_last=True)


def test_the_provider_decides_at_each_sign_in(store: Store, sessions: WebSessions) -> None:
    proofs, users = Proofs(store), Users(store)
    user = admitted(store, "hanako", "administrator")
    secret, _ = sessions.begin(user)
    again = proofs.with_subject("acme", f"{ISSUER} hanako", "another-name-by-now", "viewer")
    assert (again.id, again.name, again.role) == (user, "hanako", "viewer")
    assert sessions.verify(secret).user.scopes == ("read",)  # it counts in every browser at once
    with pytest.raises(ConflictError, match="another user 'hanako'"):
        proofs.with_subject("acme", "https://other.example hanako", "hanako", "administrator")
    users.change("acme", "hanako", disabled=True)
    with pytest.raises(ForbiddenError, match="disabled"):
        proofs.with_subject("acme", f"{ISSUER} hanako", "hanako", "viewer")
    with pytest.raises(NotFoundError, match="KAIDO_OIDC_COMPANY"):
        proofs.with_subject("no-such", f"{ISSUER} hanako", "hanako", "viewer")


def test_sessions_that_have_ended_are_forgotten_and_a_user_has_no_more_than_twenty(
    store: Store, sessions: WebSessions
) -> None:
    one, other = (admitted(store, name) for name in ("hanako", "jiro"))
    old = [sessions.begin(other)[0] for _ in range(3)]
    with store.session() as session:
        session.execute(update(WebSessionRow).values(last_used=clock.now() - timedelta(minutes=61)))
    secrets = [sessions.begin(one)[0] for _ in range(MOST_OF_A_USER + 2)]
    with store.reading() as session:
        assert {row.user for row in session.scalars(select(WebSessionRow))} == {one}
        assert len(session.scalars(select(WebSessionRow)).all()) == MOST_OF_A_USER
    for secret in [*old, *secrets[:2]]:
        with pytest.raises(UnauthenticatedError):
            sessions.verify(secret)
    assert sessions.verify(secrets[2]).user.name == "hanako"


def test_use_keeps_a_session_alive_and_a_look_does_not(store: Store, sessions: WebSessions) -> None:
    secret, _ = sessions.begin(admitted(store, "hanako"))
    earlier = clock.now() - timedelta(minutes=30)
    with store.session() as session:
        session.execute(update(WebSessionRow).values(last_used=earlier))
    for uses, is_noted in ((False, False), (True, True)):
        sessions.verify(secret, uses=uses)
        with store.reading() as session:
            assert (session.scalars(select(WebSessionRow)).one().last_used > earlier) == is_noted
    sessions.end(secret)
    sessions.end(secret)
    with pytest.raises(UnauthenticatedError):
        sessions.verify(secret)

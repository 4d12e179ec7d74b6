from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from kaido.company import Principal
from kaido.errors import ConflictError, InvalidInputError, NotFoundError, UnauthenticatedError
from kaido.runtime import clock
from kaido.store.tables import TokenRow

if TYPE_CHECKING:
    from tests.company.conftest import Rooms


def test_a_secret_proves_who_holds_it(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    secret = rooms.tokens.create("acme", "dashboard", ["write", "read"])
    (token,) = rooms.tokens.list("acme")
    assert rooms.tokens.verify(secret) == Principal("acme", frozenset({"read", "write"}), "dashboard", token.id)
    operator = rooms.tokens.create(None, "ops", ["admin"])
    assert rooms.tokens.verify(operator).company is None


def test_secrets_are_not_kept(rooms: Rooms) -> None:
    secret = rooms.tokens.create(None, "ops", ["read"])
    with rooms.store.reading() as session:
        kept = session.scalars(select(TokenRow)).one()
    values = {str(getattr(kept, column.key)) for column in TokenRow.__table__.columns}
    assert not any(secret in value or secret.removeprefix("kaido_") in value for value in values)


def test_every_secret_is_another(rooms: Rooms) -> None:
    secrets = {rooms.tokens.create(None, f"t{number}", ["read"]) for number in range(50)}
    assert len(secrets) == 50
    assert all(secret.startswith("kaido_") and len(secret) > 45 for secret in secrets)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(secret=st.text(max_size=100))
def test_what_is_no_secret_proves_nothing(rooms: Rooms, secret: str) -> None:
    with pytest.raises(UnauthenticatedError, match="unknown"):
        rooms.tokens.verify(secret)


def test_a_revoked_token_ends_at_once_and_frees_its_name(rooms: Rooms) -> None:
    secret = rooms.tokens.create(None, "ops", ["read"])
    ended = rooms.tokens.list(None)[0]
    for _ in range(2):
        assert rooms.tokens.revoke(ended.id).revoked is not None
    with pytest.raises(UnauthenticatedError, match="'ops' is revoked"):
        rooms.tokens.verify(secret)
    rooms.tokens.create(None, "ops", ["read"])
    assert len(rooms.tokens.list(None)) == 1
    assert len(rooms.tokens.list(None, ended=True)) == 2
    with pytest.raises(NotFoundError, match="kaido token list"):
        rooms.tokens.revoke("nothing")


def test_a_token_may_expire(rooms: Rooms) -> None:
    secret = rooms.tokens.create(None, "ops", ["read"], clock.now() + timedelta(hours=1))
    rooms.tokens.verify(secret)
    with rooms.store.session() as session:
        session.scalars(select(TokenRow)).one().expires = clock.now() - timedelta(seconds=1)
    with pytest.raises(UnauthenticatedError, match="'ops' expired"):
        rooms.tokens.verify(secret)
    with pytest.raises(InvalidInputError, match="before its first use"):
        rooms.tokens.create(None, "late", ["read"], clock.now() - timedelta(days=1))


def test_use_is_noted_but_not_at_every_request(rooms: Rooms) -> None:
    secret = rooms.tokens.create(None, "ops", ["read"])
    assert rooms.tokens.list(None)[0].last_used is None
    rooms.tokens.verify(secret)
    noted = rooms.tokens.list(None)[0].last_used
    assert noted is not None
    rooms.tokens.verify(secret)
    assert rooms.tokens.list(None)[0].last_used == noted


def test_names_scopes_and_companies_are_checked(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.tokens.create("acme", "one", ["read"])
    rooms.tokens.create(None, "one", ["read"])  # another owner's name
    with pytest.raises(ConflictError, match="'one' already"):
        rooms.tokens.create("acme", "one", ["read"])
    with pytest.raises(InvalidInputError, match="no scope 'everything'"):
        rooms.tokens.create("acme", "two", ["read", "everything"])
    with pytest.raises(InvalidInputError, match="needs a scope"):
        rooms.tokens.create("acme", "two", [])
    with pytest.raises(NotFoundError, match="Did you mean acme"):
        rooms.tokens.create("acne", "two", ["read"])
    assert [token.name for token in rooms.tokens.list("acme")] == ["one"]

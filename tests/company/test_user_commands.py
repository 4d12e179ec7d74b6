"""``kaido user`` on a bare folder."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from kaido.company import Proofs
from kaido.errors import ConflictError, InvalidInputError, NotFoundError, UnauthenticatedError
from kaido.store import Store
from tests.company.test_company_commands import acme, shell

if TYPE_CHECKING:
    from tests.company.test_company_commands import Shell

__all__ = ["acme", "shell"]

PASSWORD = "koi-pond-lantern-74"


def role_of(shell: Shell, name: str, password: str) -> str:
    """What a sign-in would give."""
    with contextlib.closing(Store.open(f"sqlite:///{shell.folder}/data/kaido.db")) as store:
        return Proofs(store).with_password(None, name, password).role


def test_the_life_of_a_user(acme: Shell) -> None:
    made = acme.ask("user", "create", "hanako", "--role", "operator", "--generate")
    assert role_of(acme, "hanako", made["password"]) == "operator"
    assert acme.ask("user", "role", "hanako", "engineer")["scopes"] == ["read", "write"]
    acme.run("user", "password", "hanako", "--password-stdin", typed=PASSWORD + "\n")
    assert role_of(acme, "hanako", PASSWORD) == "engineer"
    with pytest.raises(UnauthenticatedError):
        role_of(acme, "hanako", made["password"])
    assert "may no longer sign in" in acme.run("user", "disable", "hanako")
    assert acme.ask("user", "list")[0]["disabled"] is not None
    assert acme.ask("user", "enable", "hanako")["disabled"] is None
    assert "engineer" in acme.run("user", "list")
    assert "is deleted" in acme.run("user", "delete", "hanako", typed="y\n")
    assert "kaido user create" in acme.run("user", "list")
    with pytest.raises(NotFoundError):
        acme.run("user", "delete", "hanako", "--yes")


def test_a_password_comes_from_one_place(acme: Shell) -> None:
    for wrong in ([], ["--generate", "--password-stdin"]):
        with pytest.raises(AssertionError, match=r"no terminal|not both"):
            acme.run("user", "create", "hanako", "--role", "viewer", *wrong)
    with pytest.raises(InvalidInputError, match="12 to 1000 characters"):
        acme.run("user", "create", "hanako", "--role", "viewer", "--password-stdin", typed="short\n")
    assert PASSWORD not in acme.run("user", "create", "hanako", "--role", "viewer", "--password-stdin", typed=PASSWORD)
    with pytest.raises(ConflictError):
        acme.run("user", "create", "hanako", "--role", "viewer", "--generate")

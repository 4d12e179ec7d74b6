"""What an OIDC provider's claims mean here: a name, a role, somebody who stays the same."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from kaido.company import ROLES, names
from kaido.errors import ForbiddenError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("preferred_username", "email", "sub")
_STRONGEST_FIRST = tuple(reversed(ROLES))


def subject(claims: Mapping[str, Any]) -> str:
    """Who it is, for good: names and addresses may change hands, issuer and subject together do not."""
    return f"{claims['iss']} {claims['sub']}"


def name(claims: Mapping[str, Any]) -> str:
    """What people call them: the first claim that can be a user's name here."""
    for one in _NAMES:
        said = str(claims.get(one) or "").lower()
        if names.is_user(said):
            return said
    return "oidc-" + hashlib.sha256(subject(claims).encode()).hexdigest()[:8]


def role(claims: Mapping[str, Any], claim: str) -> str:
    """The strongest role that the claim names.

    Args:
        claims: what the provider says.
        claim: which one names roles, as a text or a list of them; dots lead into it, unless it has them in its name.

    Raises:
        ForbiddenError: it names none.
    """
    said: Any = claims.get(claim)
    if claim not in claims:
        said = claims
        for part in claim.split("."):
            said = said.get(part) if isinstance(said, dict) else None
    named = {said} if isinstance(said, str) else set(map(str, said)) if isinstance(said, list) else set()
    for one in _STRONGEST_FIRST:
        if one in named:
            return one
    shown = ", ".join(sorted(named))[:100]
    raise ForbiddenError(
        "you have no role here",
        why=f"your account's claim '{claim}' {f'says {shown}' if shown else 'says nothing'}",
        fix=f"Ask whoever runs the provider for one of {', '.join(ROLES)}",
    )

"""Passwords: argon2id hashes, and which passwords are none.

Hashing and checking take a tenth of a second and 64 MB on purpose: never on an event loop, and only a few at a time.
"""

from __future__ import annotations

import base64
import secrets as random
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError
from kaido.runtime import secrets

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_SALT_BYTES, _HASH_BYTES = 16, 32


def hashed(password: str, user: str) -> str:
    """What is kept of a user's new password: an argon2id hash in its usual text form.

    Raises:
        InvalidInputError: it is too short, too long, or among the first that anybody would try.
    """
    plain = _text(password)
    weakness = secrets.password_weakness(plain)
    if weakness is None and plain.casefold().strip("0123456789!?.-_ ") == user:
        weakness = "it is the user's name"
    if weakness is not None:
        raise InvalidInputError(
            "this cannot be a password", why=weakness, fix="Take four random words, or have one made: --generate"
        )
    return _hasher().hash(_bytes(password))


def generated() -> str:
    """A new password that can be read out: six groups of four letters, 113 bits."""
    letters = "abcdefghijkmnopqrstuvwxyz"  # no l: it looks like 1 and I
    return "-".join("".join(random.choice(letters) for _ in range(4)) for _ in range(6))


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was kept. It takes as long where nothing was: nobody learns who is a user."""
    from argon2.exceptions import Argon2Error, InvalidHashError  # noqa: PLC0415  # only who signs in needs it

    try:
        return _hasher().verify(kept or _nobodys(), _bytes(password)) and kept is not None
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(kept)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # noqa: PLC0415  # as above

    return PasswordHasher()  # RFC 9106's parameters for little memory: 64 MiB, three passes


@cache
def _nobodys() -> str:
    """A hash of no password, with today's parameters."""
    hasher = _hasher()
    salt, digest = (
        base64.b64encode(random.token_bytes(size)).rstrip(b"=").decode() for size in (_SALT_BYTES, _HASH_BYTES)
    )
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${digest}"


def _text(password: str) -> str:
    """The same text whichever keyboard composed its accents and kana."""
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _text(password).encode("utf-8", "surrogatepass")

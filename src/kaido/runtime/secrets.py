"""Secrets that are none: what people and examples write where a secret should stand."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

SHORTEST = 16
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1_000
WELL_KNOWN = frozenset(
    {
        "", "admin", "changeit", "changeme", "default", "demo", "example", "guest", "kaido", "letmein", "nats",
        "pass", "passwd", "password", "postgres", "postgresql", "qwerty", "root", "secret", "test", "token",
    }
)  # fmt: skip
_LETTERS_IN_A_ROW = 4


def weakness(secret: str) -> str | None:
    """Why a secret of a machine is none; None if it is one.

    Long enough, made of enough different characters, and not a well-known word, whatever digits and signs follow it.
    """
    if is_well_known(secret):
        return "it is a word that everybody tries first"
    if len(secret) < SHORTEST:
        return f"it has fewer than {SHORTEST} characters"
    if len(set(secret)) < SHORTEST // 2:
        return "it repeats a few characters"
    return None


def password_weakness(password: str) -> str | None:
    """Why a person's password is none; None if it is one."""
    if is_well_known(password):
        return "it is a word that everybody tries first"
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return f"it has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
    if len(set(password)) < SHORTEST_PASSWORD // 2:
        return "it repeats a few characters"
    return None


def is_well_known(secret: str) -> bool:
    """Whether a secret is a word of examples, perhaps with digits and signs behind it, or several of them."""
    plain = "".join(letter for letter in secret.casefold() if letter.isalpha())
    if plain in WELL_KNOWN:
        return True
    rest = plain
    for word in sorted(WELL_KNOWN - {""}, key=len, reverse=True):
        if len(word) >= _LETTERS_IN_A_ROW:
            rest = rest.replace(word, "")
    return not rest


def password_of(url: str) -> str | None:
    """The password in an address; None if it has none."""
    try:
        found = urlsplit(url).password
    except ValueError:
        return None
    return None if found is None else unquote(found)

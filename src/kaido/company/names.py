"""Which names companies, vehicles, tokens and users may have."""

from __future__ import annotations

import re

from kaido.errors import InvalidInputError
from kaido.wire.topics import VEHICLE_ID

COMPANY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_TOKEN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@ -]{0,127}")
_USER_NAME = re.compile(r"[a-z0-9][a-z0-9_.@+-]{0,127}")
_RESERVED = {"api", "gateway", "journal", "nats", "platform"}
"""Folders beside those of the companies in ``data/secrets``."""

_ATTRIBUTE_LENGTH = 128
_VIN = re.compile(r"[A-Za-z0-9-]{1,64}")


def check_company(name: str) -> str:
    """The name, if a company may have it.

    Raises:
        InvalidInputError: it may not.
    """
    if not COMPANY_NAME.fullmatch(name):
        raise InvalidInputError(
            f"'{_shown(name)}' cannot be a company's name",
            why="it takes small letters, digits and '-', begins with a letter or digit, and has at most 63",
        )
    if name in _RESERVED:
        raise InvalidInputError(f"'{name}' cannot be a company's name", why="the platform uses it itself")
    return name


def check_vehicle(identifier: str) -> str:
    """The id, if a vehicle may have it.

    Raises:
        InvalidInputError: it may not.
    """
    if not VEHICLE_ID.fullmatch(identifier):
        raise InvalidInputError(
            f"'{_shown(identifier)}' cannot be a vehicle id",
            why="it takes letters, digits and '_ : . -', begins with a letter or digit, and has at most 128",
        )
    return identifier


def check_vin(vin: str) -> str:
    """The VIN or frame number, if it can be one (Japanese-market cars carry frame numbers such as ZE1-012345).

    Raises:
        InvalidInputError: it cannot be.
    """
    if not _VIN.fullmatch(vin):
        raise InvalidInputError(
            f"'{_shown(vin)}' cannot be a VIN or frame number",
            why="it takes letters, digits and '-', at most 64",
        )
    return vin


def check_attribute(kind: str, text: str) -> str:
    """A vehicle's platform, model, market or manifest, if it can be one.

    Raises:
        InvalidInputError: it cannot be.
    """
    if not text or len(text) > _ATTRIBUTE_LENGTH or not text.isprintable() or text != text.strip():
        raise InvalidInputError(
            f"'{_shown(text)}' cannot be a {kind}",
            why=f"it takes 1 to {_ATTRIBUTE_LENGTH} printable characters, none of them a space at an end",
        )
    return text


def check_token(name: str) -> str:
    """The name, if a token may have it.

    Raises:
        InvalidInputError: it may not.
    """
    if not _TOKEN_NAME.fullmatch(name) or name != name.strip():
        raise InvalidInputError(
            f"'{_shown(name)}' cannot be a token's name",
            why="it takes letters, digits, spaces and '_ . : @ -', begins with a letter or digit, and has at most 128",
        )
    return name


def is_user(name: str) -> bool:
    """Whether a user may have the name."""
    return _USER_NAME.fullmatch(name) is not None


def check_user(name: str) -> str:
    """The name, if a user may have it.

    Raises:
        InvalidInputError: it may not.
    """
    if not is_user(name):
        raise InvalidInputError(
            f"'{_shown(name)}' cannot be a user's name",
            why="it takes small letters, digits and '_ . @ + -', begins with a letter or digit, and has at most 128",
        )
    return name


def _shown(name: str) -> str:
    """The name as an error may show it: short, and without what a terminal would obey."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)
    return shown if len(shown) <= 80 else shown[:77] + "..."  # noqa: PLR2004

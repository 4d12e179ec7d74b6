"""Vehicles to register, one or a whole list."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from kaido.company import names
from kaido.errors import InvalidInputError, TooLargeError

ATTRIBUTES = ("vin", "platform", "model", "market", "manifest")
"""What is known of a vehicle besides its id."""

MOST_BYTES = 32_000_000
MOST_VEHICLES = 200_000


@dataclass(frozen=True, slots=True)
class Registration:
    """A vehicle as it is to be registered.

    Raises:
        InvalidInputError: a field cannot be what it is.
    """

    id: str
    vin: str | None = None
    platform: str | None = None
    model: str | None = None
    market: str | None = None
    manifest: str | None = None
    source: str = field(default="", compare=False)
    """Where it was read, for errors: ``line 17``."""

    def __post_init__(self) -> None:
        names.check_vehicle(self.id)
        for attribute in ATTRIBUTES:
            check_attribute(attribute, getattr(self, attribute))

    def located(self, text: str) -> str:
        """The text with the place where this was read, if it is known."""
        return f"{self.source}: {text}" if self.source else text


def check_attribute(attribute: str, value: str | None) -> None:
    """Whether a vehicle may have this attribute with this value.

    Raises:
        InvalidInputError: it may not.
    """
    if attribute not in ATTRIBUTES:
        raise InvalidInputError(f"a vehicle has no '{attribute}'", fix=f"It has {', '.join(ATTRIBUTES)}")
    if value is None:
        return
    if attribute == "vin":
        names.check_vin(value)
    else:
        names.check_attribute(attribute, value)


def read_csv(content: bytes) -> list[Registration]:
    """A list of vehicles: CSV in UTF-8 with a header of ``id`` and any of ``ATTRIBUTES``.

    Comma, semicolon or tab separate; the header shows which. An empty field is none; an empty line is skipped.

    Raises:
        InvalidInputError: it is no such list; the error names the line.
        TooLargeError: it has more than ``MOST_VEHICLES`` lines.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(f"line {line} is not UTF-8", fix="Save the list as UTF-8") from error
    header, _, _ = text.partition("\n")
    separator = next((mark for mark in ",;\t" if mark in header), ",")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found: list[Registration] = []
    try:
        columns = _columns(next(rows, []))
        for row in rows:
            if any(cell.strip() for cell in row):
                found.append(_registration(columns, row, rows.line_num))
            if len(found) > MOST_VEHICLES:
                raise TooLargeError(f"the list has more than {MOST_VEHICLES} vehicles", fix="Give it in parts")
    except csv.Error as error:
        raise InvalidInputError(f"line {rows.line_num} cannot be read", why=str(error)) from error
    return found


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    known = ("id", *ATTRIBUTES)
    wrong = [name for name in columns if name not in known]
    if wrong or "id" not in columns or len(set(columns)) < len(columns):
        raise InvalidInputError(
            "the first line is no header of a list of vehicles",
            why=f"no such column: {wrong[0]!r:.60}" if wrong else "it names each column once, and always 'id'",
            fix=f"Begin the list with: {','.join(known)}",
        )
    return columns


def _registration(columns: list[str], row: list[str], line: int) -> Registration:
    if len(row) != len(columns):
        raise InvalidInputError(f"line {line} has {len(row)} fields, not {len(columns)}")
    values = {name: cell.strip() or None for name, cell in zip(columns, row, strict=True)}
    try:
        return Registration(id=values.pop("id") or "", source=f"line {line}", **values)
    except InvalidInputError as error:
        raise InvalidInputError(f"line {line}: {error.what}", why=error.why, fix=error.fix) from error

"""Commands about state templates, and waiting for what becomes of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.errors import KaidoError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.client import Client

TIMEOUT = click.option("--timeout", default="30s", show_default=True, help="Until the outcome: 10s, 2min.")
REASON = click.option("--reason", default="", help="Why; it is kept with the command.")

_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 1.0
_ON_ITS_WAY_S = 5.0
"""How long after a vehicle's answer its values may take through gateway, journal and ingest."""
_OUTCOMES = {"succeeded", "failed", "timed out", "expired before delivery", "rejected by policy", "cancelled"}


def ended(client: Client, commands: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The commands, when each has its outcome at every vehicle; they end by themselves when their time is over."""
    found = []
    for command in commands:
        pause_s = _PAUSE_S
        while True:
            now = client.get(f"/v1/commands/{quote(command['id'], safe='')}")
            if now["counts"].keys() <= _OUTCOMES:
                break
            time.sleep(pause_s)
            pause_s = min(1.5 * pause_s, _LONGEST_PAUSE_S)
        found.append(now)
    return found


def counts(commands: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many vehicles have which outcome, or state."""
    together: dict[str, int] = {}
    for command in commands:
        for name, count in command["counts"].items():
            together[name] = together.get(name, 0) + count
    return together


def fetch(client: Client, vehicle: str, templates: Sequence[str], timeout: str, reason: str = "") -> dict[str, Any]:
    """Ask a vehicle for its values, and wait until they are in the twin.

    Returns:
        The command, and its values: those that came after it was sent.

    Raises:
        KaidoError: it was not carried out.
    """
    before = {one["signal"]: one["arrival"] for one in twin(client, vehicle)["values"]}
    wish = {"templates": list(templates) or None, "timeout": timeout, "reason": reason}
    sent = client.post(f"/v1/vehicles/{quote(vehicle, safe='')}/twin/fetch", wish)["commands"]
    (command,) = ended(client, sent)
    execution = command["execution"]
    if execution["outcome"] != "succeeded":
        kind = UnavailableError if execution["outcome"] in {"timed out", "expired before delivery"} else KaidoError
        raise kind(
            f"vehicle {vehicle} sent no values: the command {execution['outcome']}",
            why=execution["text"],
            fix=f"See: kaido command show {command['id']}",
        )
    return {"command": command, "values": _arrived(client, vehicle, before, execution["text"])}


def _arrived(client: Client, vehicle: str, before: dict[str, str], text: str) -> list[dict[str, Any]]:
    if text.startswith("0 of "):  # what the vehicle says where it knows no value yet
        return []
    end = time.monotonic() + _ON_ITS_WAY_S
    while True:
        new = [one for one in twin(client, vehicle)["values"] if one["arrival"] != before.get(one["signal"])]
        if new or time.monotonic() > end:
            return new
        time.sleep(_PAUSE_S)


def twin(client: Client, vehicle: str) -> Any:
    """The last values of a vehicle."""
    return client.get(f"/v1/vehicles/{quote(vehicle, safe='')}/twin")

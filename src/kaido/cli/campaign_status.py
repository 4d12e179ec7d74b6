"""``kaido campaign status``: one screen about a campaign, and its vehicles one by one."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli.context import single
from kaido.cli.output import MOST
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.cli.context import Session

PAGE = 1_000
_EXPLAINED = {"too_large", "unfit", "no_manifest"}
"""Reasons that somebody has to do something about: the first vehicle's detail says what."""
_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@single("status")
@click.argument("name")
def status(session: Session, name: str) -> None:
    """Show how a campaign stands: its state, its wave, who holds it and who does not and why, what came in."""
    found = session.client.get(f"/v1/campaigns/{quote(name, safe='')}/status")
    if session.out.as_json:
        session.out.item(found)
        return
    session.out.item(dict(_lines(found)))
    click.echo()
    rows = [
        {"vehicles": one["vehicles"], "which": one["meaning"], "reason": one["reason"], "for example": _examples(one)}
        for one in found["reasons"]
    ]
    session.out.rows(rows, ["vehicles", "reason", "which", "for example"], empty="it means no vehicle")
    for one in found["reasons"]:
        if one["reason"] in _EXPLAINED:
            session.out.say(f"{one['reason']}: {one['examples'][0]['detail']}")
    if found["compiled"]:
        click.echo()
        rows = [one | {"campaign in the lake": one["sync_id"], "vehicles": _of(one)} for one in found["compiled"]]
        session.out.rows(rows, ["campaign in the lake", "manifest", "version", "vehicles"])


@single("vehicles")
@click.argument("name")
@click.option("--reason", help="Only those that stand so: holds, offline, later_wave …; see `kaido campaign status`.")
@click.option("--limit", type=click.IntRange(1, MOST), default=100, show_default=True, help="How many at most.")
def vehicles(session: Session, name: str, reason: str | None, limit: int) -> None:
    """Show how each vehicle stands to a campaign."""
    params = {"reason": reason, "limit": min(limit, PAGE)}
    path = f"/v1/campaigns/{quote(name, safe='')}/vehicles"
    found = list(islice(session.client.pages(path, params), limit))
    if not session.out.as_json:
        found = [one | {"for": _age(one["since_s"])} for one in found]
    session.out.rows(found, ["vehicle", "reason", "for", "detail", "checkin"], empty="no vehicle")
    if len(found) == limit:
        session.out.say(f"the first {limit}; --limit shows more")


def _lines(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    why = f": {found['why']}" if found["why"] else ""
    yield "campaign", f"{found['name']}, version {found['version']}"
    yield "state", f"{found['state']} for {_age(found['changed_s'])}{why}"
    yield "ends", found["expiry"] or "never"
    if found["wave"]:
        yield "wave", _wave(found)
    if found["limits"]:
        yield "limits", _limits(found["limits"])
    yield "vehicles", f"{found['converged']:,} of {found['vehicles']:,} as they should be"
    used = found["used"]
    last = f", the last {_age(used['last_age_s'])} ago" if used["last"] else ""
    yield (
        "came in",
        (
            f"{used['events']:,} events, {amount(used['bytes'])} from {used['vehicles']:,} vehicles{last}; "
            f"{used['quarantined']:,} payloads could not be read"
        ),
    )
    for number, problem in enumerate(found["problems"], 1):
        yield f"problem {number}", problem


def _wave(found: dict[str, Any]) -> str:
    wave = found["wave"]
    what = wave["what"]
    who = f"{what['percent']:g} % of vehicles" if "percent" in what else "named vehicles"
    text = f"{wave['number']} of {wave['of']} ({who}) for {_age(wave['since_s'])}"
    if wave["next"]:
        left = (datetime.fromisoformat(wave["next"]) - clock.now()).total_seconds()
        text += f", the next in {_age(left)}"
    elif wave["number"] < wave["of"]:
        text += f", the next by hand: kaido campaign advance {found['name']}"
    if found["base_version"]:
        text += f"; the others keep version {found['base_version']}"
    return text


def _limits(limits: dict[str, Any]) -> str:
    names = {"bytes": "", "events": " events", "quarantined": " unreadable payloads"}
    said = ", ".join(f"{limits[name]}{unit}" for name, unit in names.items() if name in limits)
    return f"{said} a vehicle and {limits['per']}; {limits['tolerate']} vehicles beyond them are tolerated"


def _of(compiled: dict[str, Any]) -> str:
    return f"{compiled['held']:,} hold it, {compiled['wanted']:,} should"


def _examples(reason: dict[str, Any]) -> str:
    shown = [
        one["vehicle"] + (f" ({_age(one['since_s'])})" if one["since_s"] is not None else "")
        for one in reason["examples"]
    ]
    return ", ".join(shown) + (" …" if reason["vehicles"] > len(shown) else "")


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else clock.age(seconds)


def amount(count: float) -> str:
    """Bytes, as ``1.5 MB``."""
    for size, unit in _UNITS:
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"

"""``kaido command``: command vehicles, and learn what became of it. Its policy is in ``command_policy.py``."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli.command_policy import policy
from kaido.cli.context import command as command_of
from kaido.cli.output import MOST
from kaido.client.contexts import IN_PROCESS
from kaido.errors import ConflictError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.cli.context import Session

_COLUMNS = ["id", "what", "value", "vehicles", "outcome", "issuer", "created"]
_EXECUTIONS = ["vehicle", "outcome", "state", "code", "text", "sends", "took"]
_STATES = ("awaiting approval", "waiting", "sent", "delivered", "in progress", "done")
_OUTCOMES = ("succeeded", "failed", "timed out", "expired before delivery", "rejected by policy", "cancelled")
_LOOK_SECONDS = 0.1
_LATE_SECONDS = 30.0
_NOT_SUCCEEDED, _REJECTED = 1, 7
"""Exit codes."""


@click.group
def command() -> None:
    """Command vehicles, and learn what became of it."""


command.add_command(policy)


@command_of(command, "send")
@click.argument("target", nargs=-1, required=True, metavar="[VEHICLE] ACTUATOR=VALUE")
@click.option(
    "--timeout", default="30s", show_default=True, help="Until its outcome, from now or its approval: 30s, 2min."
)
@click.option("--id", help="Given, the same command again changes nothing.  [default: one is made]")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept with the command.")
@click.option(
    "--where", help="Instead of VEHICLE: all for which this holds, 'Vehicle.Speed == 0 and market == \"JP\"'."
)
@click.option("--dry-run", is_flag=True, help="With --where: say how many it would reach; send nothing.")
@click.option(
    "--confirm", metavar="TOKEN", help="With --where: what --dry-run said, so that no fleet is hit by accident."
)
@click.option("--no-wait", is_flag=True, help="Do not wait for the outcome.")
def send(
    session: Session,
    target: tuple[str, ...],
    timeout: str,
    where: str | None,
    dry_run: bool,
    no_wait: bool,
    **more: Any,
) -> None:
    """Set an actuator of a vehicle, or of a part of the fleet, and wait for the outcome.

    Exit codes: 0 it succeeded (everywhere), 1 it did not, 7 the policy rejected it.
    """
    wanted = _target(target, where)
    if dry_run or (where is not None and more["confirm"] is None):
        found = session.client.post("/v1/commands/reach", wanted)
        if dry_run:
            _show_reach(session, found)
            return
        _ask(found)
        more["confirm"] = found["confirm"]
    given = {name: value for name, value in more.items() if value is not None}
    made = session.client.post("/v1/commands", wanted | given | {"timeout": timeout})
    waits = not no_wait and not _nobody_delivers(session, made)
    if waits:
        made = _waited(session, made)
    _show(session, made)
    if waits or not _open(made):
        sys.exit(_exit_code(made))


@command_of(command, "list")
@click.option("--vehicle", metavar="ID", help="Only those to this vehicle.")
@click.option("--state", type=click.Choice(_STATES), help="Only those that are so at one of these vehicles.")
@click.option("--outcome", type=click.Choice(_OUTCOMES), help="Only those with this outcome at one of these vehicles.")
@click.option("--issuer", metavar="NAME", help="Only those that a token or user of this name sent.")
@click.option("--start", "--from", help="Those that were sent then or later: 2026-01-31T12:00:00Z, -2h.")
@click.option("--end", "--to", help="Those that were sent before.")
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True, help="How many at most.")
def list_(session: Session, limit: int, **only: str | None) -> None:
    """List commands, the newest first."""
    pages = session.client.pages("/v1/commands", {"limit": min(limit, 1000), **only})
    rows = list(islice(pages, limit))
    if not session.out.as_json:
        rows = [one | {"outcome": _counts(one)} for one in rows]
    nothing = "no command is like that" if any(only.values()) else "no command yet"
    session.out.rows(rows, _COLUMNS, empty=f"{nothing}; send one: kaido command send VEHICLE ACTUATOR=VALUE")


@command_of(command, "show")
@click.argument("id")
@click.option("--vehicle", metavar="ID", help="What happened at this one of its vehicles.")
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=100, show_default=True, help="How many vehicles at most."
)
def show(session: Session, id: str, vehicle: str | None, limit: int) -> None:  # noqa: A002
    """Show a command and what became of it, with all that happened and when."""
    if vehicle is not None:
        _show_happened(session, session.client.get(_path(id, f"/executions/{quote(vehicle, safe='')}")))
        return
    found = session.client.get(_path(id))
    if session.out.as_json or found["vehicles"] == 1:
        _show(session, found, happened=True)
        return
    _show(session, found)
    click.echo()
    pages = session.client.pages(_path(id, "/executions"), {"limit": min(limit, 1000)})
    session.out.rows([one | {"took": _took(one)} for one in islice(pages, limit)], _EXECUTIONS)


@command_of(command, "cancel")
@click.argument("id")
def cancel(session: Session, id: str) -> None:  # noqa: A002
    """Cancel a command wherever it was not sent yet; what was sent cannot be called back."""
    done = session.client.post(_path(id, "/cancel"))
    session.out.done(f"command {id}: {_counts(done)}", done)


@command_of(command, "approve")
@click.argument("id")
def approve(session: Session, id: str) -> None:  # noqa: A002
    """Approve somebody else's command: it goes out now."""
    done = session.client.post(_path(id, "/approve"))
    session.out.done(f"command {id} is approved: {_counts(done)}", done)


def _target(given: tuple[str, ...], where: str | None) -> dict[str, Any]:
    setting = given[-1]
    actuator, equals, value = setting.partition("=")
    if len(given) != (1 if where is not None else 2) or not equals or not actuator:
        raise click.UsageError("give VEHICLE ACTUATOR=VALUE, or ACTUATOR=VALUE with --where")
    wanted = {"signal": actuator.strip(), "value": value.strip()}
    return wanted | ({"vehicle": given[0]} if where is None else {"where": where})


def _ask(found: dict[str, Any]) -> None:
    """Ask a person; a program has to give the token.

    Raises:
        ConflictError: there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise ConflictError(
            "nothing was sent",
            why=f"it would reach {found['reaches']} vehicles, and nobody confirmed that",
            fix=f"The same with --confirm {found['confirm']}",
        )
    click.confirm(f"Command {found['reaches']} vehicles ({', '.join(found['vehicles'])} …)?", abort=True, err=True)


def _show_reach(session: Session, found: dict[str, Any]) -> None:
    unable = f"; {found['unable']} more are revoked or have not got the actuator" if found["unable"] else ""
    session.out.done(
        f"it would reach {found['reaches']} vehicles{unable}; nothing was sent\n"
        f"  {', '.join(found['vehicles'])}{' …' if found['reaches'] > len(found['vehicles']) else ''}\n"
        f"  Send it: the same with --confirm {found['confirm']}",
        found,
    )


def _nobody_delivers(session: Session, made: dict[str, Any]) -> bool:
    if session.client.url != IN_PROCESS or not _open(made):
        return False
    session.out.say("no platform runs on this folder: it goes out when one does, if that is in time")
    return True


def _waited(session: Session, made: dict[str, Any]) -> dict[str, Any]:
    """The command once all its outcomes are known; or as it is when it awaits approval, or nobody carries it out."""
    until = time.monotonic() + made["timeout_ms"] / 1_000 + _LATE_SECONDS
    pause = _LOOK_SECONDS
    while _open(made) and "awaiting approval" not in made["counts"] and time.monotonic() < until:
        time.sleep(pause)
        pause = min(pause * 1.2, 1.0)
        made = session.client.get(_path(made["id"]))
    return made


def _open(made: dict[str, Any]) -> int:
    return sum(count for what, count in made["counts"].items() if what not in _OUTCOMES)


def _exit_code(made: dict[str, Any]) -> int:
    outcomes = set(made["counts"])
    if outcomes <= {"succeeded", "awaiting approval"}:
        return 0
    return _REJECTED if outcomes == {"rejected by policy"} else _NOT_SUCCEEDED


def _show(session: Session, found: dict[str, Any], *, happened: bool = False) -> None:
    if session.out.as_json:
        session.out.item(found)
        return
    one = found["execution"]
    lines: dict[str, Any] = {"command": found["id"], "set": f"{found['what']} = {_value(found['value'])}"}
    lines["vehicle" if one else "vehicles"] = one["vehicle"] if one else found["vehicles"]
    lines |= {"by": found["issuer"] + (f": {found['reason']}" if found["reason"] else "")}
    if found["approved"] or "awaiting approval" in found["counts"]:
        lines["approval"] = (
            f"by {found['approver']}"
            if found["approved"]
            else f"kaido command approve {found['id']}  (by another token)"
        )
    lines["outcome"] = _counts(found) if one is None else _became(one)
    session.out.item(lines)
    if happened and one:
        click.echo()
        _show_happened(session, one)


def _show_happened(session: Session, one: dict[str, Any]) -> None:
    if session.out.as_json:
        session.out.item(one)
        return
    session.out.rows(one["transitions"], ["moment", "what", "who", "code", "text"])


def _became(one: dict[str, Any]) -> str:
    said = one["outcome"] or one["state"]
    code = f" (reason code {one['code']})" if one["code"] else ""
    return f"{said}{code}{': ' + one['text'] if one['text'] else ''}{', after ' + _took(one) if one['ended'] else ''}"


def _took(one: dict[str, Any]) -> str:
    if one["ended"] is None:
        return "-"
    seconds = (datetime.fromisoformat(one["ended"]) - datetime.fromisoformat(one["created"])).total_seconds()
    return f"{1_000 * seconds:.0f} ms" if seconds < 1 else clock.age(seconds)


def _counts(found: dict[str, Any]) -> str:
    counts = found["counts"]
    if len(counts) == 1:
        return str(next(iter(counts)))
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _path(identifier: str, tail: str = "") -> str:
    return f"/v1/commands/{quote(identifier, safe='')}{tail}"

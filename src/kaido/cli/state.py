"""``kaido state``: signals whose newest values vehicles send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli import asking
from kaido.cli.context import command
from kaido.cli.twin import show_values
from kaido.errors import KaidoError

if TYPE_CHECKING:
    from kaido.cli.context import Session

_COLUMNS = ["name", "signals", "when", "targets", "changed"]


@click.group
def state() -> None:
    """State templates: signals whose newest values vehicles send, on demand, on change or every period."""


@command(state, "create")
@click.argument("name")
@click.option(
    "--signal",
    "signals",
    multiple=True,
    required=True,
    metavar="PATH",
    help="A VSS path or 'Vehicle.Branch.*'; repeatable.",
)
@click.option("--on-change", is_flag=True, help="Send a value when it differs from the one before.")
@click.option("--period", help="Send every so often what came since: 500ms, 1s, 2min.")
@click.option("--vehicle", "vehicles", multiple=True, metavar="ID", help="Only for this vehicle; repeatable.")
@click.option("--model", help="Only for vehicles of this model.")
@click.option("--market", help="Only for vehicles of this market.")
@click.option("--platform", help="Only for vehicles of this platform.")
@click.option("--where", help="Only for vehicles for which this holds: 'Vehicle.Speed > 100'; asked again and again.")
@click.option("--replace", is_flag=True, help="Change the template of that name; vehicles have to activate it anew.")
def create(
    session: Session,
    name: str,
    signals: tuple[str, ...],
    on_change: bool,
    period: str | None,
    vehicles: tuple[str, ...],
    replace: bool,
    **attributes: str | None,
) -> None:
    """Make a state template. Vehicles take it up, and send nothing before it is activated or fetched."""
    if on_change == bool(period):
        raise click.UsageError("give either --on-change or --period")
    wanted = {key: value for key, value in attributes.items() if value}
    if vehicles and wanted:
        raise click.UsageError("give either --vehicle, or --model, --market, --platform, --where")
    document: dict[str, Any] = {"name": name, "signals": list(signals), "targets": list(vehicles) or wanted or "all"}
    document |= {"period": period} if period else {"on_change": True}
    made = session.client.post("/v1/state-templates", document, {"replace": replace})
    text = f"state template {made['name']} is there; let vehicles send: kaido state activate {made['name']}"
    session.out.done(text, made)


@command(state, "list")
def list_(session: Session) -> None:
    """List the state templates."""
    rows = list(session.client.pages("/v1/state-templates"))
    if not session.out.as_json:
        rows = [row | _for_people(row["spec"]) for row in rows]
    session.out.rows(rows, _COLUMNS, empty="no state template yet; make one: kaido state create NAME --signal …")


@command(state, "show")
@click.argument("name")
def show(session: Session, name: str) -> None:
    """Show a state template."""
    found = session.client.get(path(name))
    session.out.item(found if session.out.as_json else found["spec"] | {k: found[k] for k in ("sync_id", "changed")})
    for problem in found["problems"]:
        session.out.say(f"! {problem}")


@command(state, "delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(session: Session, name: str, yes: bool) -> None:
    """Forget a state template; vehicles drop it. What they sent stays."""
    if not yes and not session.out.as_json:
        click.confirm(f"Forget state template {name}?", abort=True, err=True)
    session.client.delete(path(name))
    session.out.done(f"state template {name} is deleted", {"deleted": name})


@command(state, "activate")
@click.argument("name")
@click.option("--vehicle", "vehicles", multiple=True, metavar="ID", help="Only this vehicle; repeatable.")
@click.option("--for", "after", metavar="TIME", help="It ends by itself: 10min, 1h. Never otherwise.")
@click.option("--no-wait", is_flag=True, help="Do not wait for what becomes of it.")
@asking.TIMEOUT
@asking.REASON
def activate(session: Session, name: str, after: str | None, **options: Any) -> None:
    """Let vehicles send: at once what they know, then what changes or came in a period."""
    _operate(session, name, "activate", options, {"deactivate_after": after} if after else {})


@command(state, "deactivate")
@click.argument("name")
@click.option("--vehicle", "vehicles", multiple=True, metavar="ID", help="Only this vehicle; repeatable.")
@click.option("--no-wait", is_flag=True, help="Do not wait for what becomes of it.")
@asking.TIMEOUT
@asking.REASON
def deactivate(session: Session, name: str, **options: Any) -> None:
    """Let vehicles send no more."""
    _operate(session, name, "deactivate", options, {})


@command(state, "fetch")
@click.argument("id")
@click.option("--template", "templates", multiple=True, metavar="NAME", help="Only of this template; repeatable.")
@asking.TIMEOUT
@asking.REASON
def fetch(session: Session, id: str, templates: tuple[str, ...], timeout: str, reason: str) -> None:  # noqa: A002  # it is what the field calls it
    """Ask a vehicle for its values, and show them with their age."""
    found = asking.fetch(session.client, id, templates, timeout, reason)
    execution = found["command"]["execution"]
    if session.out.as_json:
        session.out.item({"vehicle": id, "outcome": execution["outcome"], "text": execution["text"], **found})
        return
    if execution["text"]:
        session.out.say(execution["text"])
    show_values(session, found["values"], empty=f"{id} answered, and has no value yet")


def _operate(session: Session, name: str, operation: str, options: dict[str, Any], more: dict[str, Any]) -> None:
    wish = {"vehicles": list(options["vehicles"]) or None, "timeout": options["timeout"], "reason": options["reason"]}
    sent = session.client.post(path(name, f"/{operation}"), wish | more)["commands"]
    if not options["no_wait"]:
        sent = asking.ended(session.client, sent)
    counts = asking.counts(sent)
    shown = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    session.out.done(f"{operation} {name}: {shown}", {"counts": counts, "commands": sent})
    failed = sum(count for what, count in counts.items() if what != "succeeded")
    if failed and not options["no_wait"]:
        raise KaidoError(
            f"{failed} of {sum(counts.values())} vehicles did not {operation} {name}",
            why=_why(sent),
            fix=f"See: kaido command show {sent[0]['id']}",
        )


def _why(sent: list[dict[str, Any]]) -> str:
    executions = [one["execution"] for one in sent if one["execution"]]
    return next((one["text"] for one in executions if one["outcome"] != "succeeded"), "")


def path(name: str, tail: str = "") -> str:
    """Where the API has it."""
    return f"/v1/state-templates/{quote(name, safe='')}{tail}"


def _for_people(spec: dict[str, Any]) -> dict[str, str]:
    targets = spec["targets"]
    if isinstance(targets, dict):
        targets = " ".join(f"{name}={one}" for name, one in targets.items())
    return {
        "signals": _some(spec["signals"]),
        "when": f"every {spec['period']}" if "period" in spec else "on change",
        "targets": targets if isinstance(targets, str) else _some(targets),
    }


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""  # noqa: PLR2004
    return ", ".join(names[:2]) + more

"""``kaido campaign``: what to collect from which vehicles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli import campaign_rehearsal, campaign_status
from kaido.cli.campaign_file import read
from kaido.cli.context import command

if TYPE_CHECKING:
    from kaido.cli.context import Session

_COLUMNS = ["name", "state", "signals", "when", "targets", "created"]
_OF_THE_RUN = ("version", "state", "created")
_CHECKED = ["manifest", "runs", "signals", "condition_only", "ring_samples", "memory_bytes", "document_bytes"]


reason = click.option("--reason", "why", default="", metavar="TEXT", help="Why; it is kept in the history.")


@click.group
def campaign() -> None:
    """What to collect from which vehicles."""


campaign.add_command(campaign_status.status)
campaign.add_command(campaign_status.vehicles)
campaign.add_command(campaign_rehearsal.estimate)
campaign.add_command(campaign_rehearsal.dry_run)


@command(campaign, "create")
@click.argument("file", required=False, metavar="[FILE]", type=click.Path(path_type=Path))
@click.option("--name", help="Its name.")
@click.option(
    "--signal", "signals", multiple=True, metavar="PATH", help="A VSS path or 'Vehicle.Branch.*'; repeatable."
)
@click.option("--period", help="How often a vehicle sends: 500ms, 1s, 2min.")
@click.option("--every-sample", is_flag=True, default=None, help="All samples of a period, not only the newest.")
@click.option("--minimum-sample-period", help="Leave out samples that come sooner after one another: 100ms.")
@click.option("--buffer", type=click.IntRange(1), help="Samples of a signal that a period keeps.")
@click.option("--vehicle", "vehicles", multiple=True, metavar="ID", help="Only this vehicle; repeatable.")
@click.option("--model", help="Only vehicles of this model.")
@click.option("--market", help="Only vehicles of this market.")
@click.option("--platform", help="Only vehicles of this platform.")
@click.option("--priority", type=click.IntRange(0), help="0 is sent first.")
@click.option("--start", help="When to begin: 2026-05-01T00:00:00Z.")
@click.option("--expiry", help="When to end.")
@click.option("--where", help="Only vehicles for which this holds: 'Vehicle.Speed > 100'; asked again and again.")
@click.option("--draft", is_flag=True, help="Keep it; no vehicle gets it before: kaido campaign start NAME")
@reason
def create(session: Session, file: Path | None, why: str, draft: bool, **options: Any) -> None:
    """Start a campaign, from a YAML or JSON file, or from options (which change what the file says)."""
    document = read(file) if file else {}
    vehicles = list(options.pop("vehicles"))
    attributes = {name: options.pop(name) for name in ("model", "market", "platform", "where")}
    document |= {name: list(value) if isinstance(value, tuple) else value for name, value in options.items() if value}
    if any(attributes.values()):
        document["targets"] = {name: value for name, value in attributes.items() if value}
    if vehicles:
        document["targets"] = vehicles
    if vehicles and any(attributes.values()):
        raise click.UsageError("give either --vehicle, or --model, --market, --platform, --where")
    made = session.client.post("/v1/campaigns", document, params={"draft": draft, "reason": why})
    now = "is a draft" if draft else "runs; vehicles take it up at their next checkin, or at once"
    session.out.done(f"campaign {made['name']} {now}", made)


@command(campaign, "check")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
def check(session: Session, file: Path) -> None:
    """Say what a campaign would be in its vehicles, without starting it."""
    found = session.client.post("/v1/campaigns/check", read(file))
    if session.out.as_json:
        session.out.item(found)
        return
    session.out.rows(found["manifests"], _CHECKED)
    for one in found["manifests"]:
        for line in (one["reason"], one["condition"] and f"sends when {one['condition']}", *one["notes"]):
            if line:
                session.out.say(f"{one['manifest']}: {line}")
    for note in found["notes"]:
        session.out.say(f"note: {note}")


@command(campaign, "list")
def list_(session: Session) -> None:
    """List the campaigns."""
    rows = list(session.client.pages("/v1/campaigns"))
    if not session.out.as_json:
        rows = [row | _for_people(row["spec"]) for row in rows]
    session.out.rows(rows, _COLUMNS, empty="no campaign yet; create one: kaido campaign create --name NAME --signal …")


@command(campaign, "show")
@click.argument("name")
def show(session: Session, name: str) -> None:
    """Show a campaign."""
    found = session.client.get(_path(name))
    session.out.item(found if session.out.as_json else found["spec"] | {k: found[k] for k in _OF_THE_RUN})


@command(campaign, "edit")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@reason
def edit(session: Session, name: str, file: Path, why: str) -> None:
    """Make the campaign in FILE the next version of campaign NAME.

    Where it changes what is collected, its waves begin anew, and vehicles whose wave has not come keep what they had.
    """
    made = session.client.put(_path(name), read(file), params={"reason": why})
    session.out.done(f"campaign {name} is at version {made['version']}", made)


@command(campaign, "start")
@click.argument("name")
@reason
def start(session: Session, name: str, why: str) -> None:
    """Let a draft run."""
    session.out.done(f"campaign {name} runs", _do(session, name, "start", why))


@command(campaign, "suspend")
@click.argument("name")
@reason
def suspend(session: Session, name: str, why: str) -> None:
    """Take a campaign from its vehicles until it is resumed."""
    session.out.done(f"campaign {name} is suspended", _do(session, name, "suspend", why))


@command(campaign, "resume")
@click.argument("name")
@reason
def resume(session: Session, name: str, why: str) -> None:
    """Let a campaign run again that is suspended, or that a limit paused."""
    session.out.done(f"campaign {name} runs", _do(session, name, "resume", why))


@command(campaign, "advance")
@click.argument("name")
@reason
def advance(session: Session, name: str, why: str) -> None:
    """Begin the next wave of a campaign's roll-out."""
    session.out.done(f"campaign {name}: the next wave begins", _do(session, name, "advance", why))


@command(campaign, "extend")
@click.argument("name")
@click.option("--until", metavar="TIME", help="2026-06-01T00:00:00Z.")
@click.option("--for-ever", is_flag=True, help="Without an end.")
@reason
def extend(session: Session, name: str, until: str | None, for_ever: bool, why: str) -> None:
    """Give a campaign another end; one that has expired runs again."""
    if (until is None) != for_ever:
        raise click.UsageError("give either --until TIME or --for-ever")
    made = session.client.post(_path(name, "/extend"), {"expiry": until}, params={"reason": why})
    session.out.done(f"campaign {name} ends {until or 'never'}; it is at version {made['version']}", made)


@command(campaign, "stop")
@click.argument("name")
@reason
def stop(session: Session, name: str, why: str) -> None:
    """End a campaign for good: vehicles drop it."""
    session.out.done(f"campaign {name} is stopped", _do(session, name, "stop", why))


@command(campaign, "history")
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="Show what this version asked for.")
def history(session: Session, name: str, version: int | None) -> None:
    """Show who changed a campaign, when and why, the newest first."""
    if version is not None:
        found = session.client.get(_path(name, f"/versions/{version}"))
        session.out.item(found if session.out.as_json else found["spec"] | {"created": found["created"]})
        return
    rows = list(session.client.pages(_path(name, "/history")))
    session.out.rows(rows, ["moment", "who", "what", "version", "state", "wave", "why"])


@command(campaign, "delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reason
def delete(session: Session, name: str, yes: bool, why: str) -> None:
    """End a campaign and forget it, but for its history; what it collected stays."""
    if not yes and not session.out.as_json:
        click.confirm(f"End campaign {name} and forget it?", abort=True, err=True)
    session.client.delete(_path(name), params={"reason": why})
    session.out.done(f"campaign {name} is deleted", {"deleted": name})


def _do(session: Session, name: str, action: str, why: str) -> dict[str, Any]:
    made: dict[str, Any] = session.client.post(_path(name, f"/{action}"), params={"reason": why})
    return made


def _for_people(spec: dict[str, Any]) -> dict[str, str]:
    when = f"every {spec['period']}" if "period" in spec else spec["condition"]
    return {"signals": _shown(spec["signals"]), "when": when, "targets": _shown(spec["targets"])}


def _shown(value: Any) -> str:
    """A list by its first elements, a mapping as ``model=leaf``."""
    if isinstance(value, dict):
        return " ".join(f"{name}={one}" for name, one in value.items())
    if isinstance(value, list):
        more = f" and {len(value) - 2} more" if len(value) > 2 else ""  # noqa: PLR2004
        return ", ".join(one if isinstance(one, str) else one["path"] for one in value[:2]) + more
    return "" if value is None else str(value)


def _path(name: str, tail: str = "") -> str:
    return f"/v1/campaigns/{quote(name, safe='')}{tail}"

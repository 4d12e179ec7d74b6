"""``kaido``: the command line.

Exit codes: 0 done; 1 failed; 2 wrong usage; 3 no such name; 4 bad input; 5 conflict; 6 something is away;
7 not permitted; 130 interrupted.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys

import click

from kaido import __version__
from kaido.cli.context import Session, make_session
from kaido.errors import InvalidInputError, KaidoError, UnavailableError, nearest_names

# A command's name, the module below kaido.cli that holds it, and one line about it: shown without an import.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Start everything with a simulated fleet and watch it arrive"),
    "up": ("up", "Run the platform: gateway, journal, ingest, control, services and API"),
    "status": ("status", "Say what runs and what lags"),
    "audit": ("audit", "Say who did what, and when"),
    "doctor": ("doctor", "Say what is wrong and what to do"),
    "company": ("company", "Companies and their certificate authorities"),
    "vehicle": ("vehicle", "Register, enrol and revoke vehicles"),
    "token": ("token", "Tokens for the API"),
    "user": ("user", "Who may sign in to the web console"),
    "context": ("context_", "The platforms this command line knows"),
    "catalog": ("catalog", "Signals and decoder manifests"),
    "campaign": ("campaign", "What to collect from which vehicles"),
    "state": ("state", "The newest values: what vehicles send on demand, on change or every period"),
    "command": ("command", "Command vehicles, and learn what became of it"),
    "plan": ("plan", "When to charge: cheapest or cleanest by the departure"),
    "tariff": ("tariff", "What energy costs, by time, consumption and power"),
    "market": ("market", "Units, connectors, currencies and rules of each market"),
    "agent": ("agent", "Run the agent in a car"),
    "drive": ("drive", "Replay a recorded drive through the agent"),
    "diagnose": ("diagnose", "Ask the ECUs of a car for trouble codes and current data"),
    "import": ("import_", "Decode whole recordings straight into the lake"),
    "sim": ("sim", "Run a simulated fleet, or put load on a gateway"),
    "twin": ("twin", "The last value of every signal of a vehicle"),
    "fleet": ("fleet", "Find vehicles by their last values"),
    "signals": ("signals", "Signals over time"),
    "trips": ("trips", "What vehicles drove"),
    "trip": ("trip", "One trip, and its plot"),
    "charges": ("charges", "What was charged"),
    "charge": ("charge", "One charging session, and its plot"),
    "energy": ("energy", "Where the energy came from and went to"),
    "battery": ("battery", "How much batteries hold, how sure that is, and how they age"),
    "range": ("range_", "How far a vehicle goes, as a distribution"),
    "sql": ("sql", "Query the company's tables"),
    "quarantine": ("quarantine", "Payloads that could not be read"),
    "soak": ("soak", "Kill the platform's processes under load, and count what is there"),
    "bench": ("bench", "What this machine reaches, beside its peers"),
}


class _LazyGroup(click.Group):
    """Imports a command when it is used, so that ``kaido --help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"kaido.cli.{COMMANDS[cmd_name][0]}")
        found = getattr(module, cmd_name, None) or getattr(module, f"{cmd_name}_")
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            nearest = nearest_names(args[0], COMMANDS)
            hint = f" Did you mean {' or '.join(nearest)}?" if nearest else " See: kaido --help"
            ctx.fail(f"no command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", metavar="DIR", help="The folder that holds all state (KAIDO_DATA).")
@click.option("--context", default="", envvar="KAIDO_CONTEXT", help="A platform by its name (kaido context list).")
@click.option("--url", default="", envvar="KAIDO_URL", help="A platform by its API's address.")
@click.option("--token", default="", envvar="KAIDO_TOKEN", help="The token for it.")
@click.option("--company", default="", envvar="KAIDO_COMPANY", help="The company to act in, where there are several.")
@click.option("--debug", is_flag=True, help="Show stack traces.")
@click.version_option(__version__, prog_name="kaido")
@click.pass_context
def kaido(ctx: click.Context, data: str | None, context: str, url: str, token: str, company: str, debug: bool) -> None:
    """Connect cars to their company's own cloud, lose nothing, ask the fleet.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such name, 4 bad input, 5 conflict, 6 something is away, 7 not
    permitted, 130 interrupted.
    """
    session = make_session(data, context, url, token, company, debug)
    ctx.obj = session
    ctx.call_on_close(session.close)


def main() -> None:
    """Run the command line; every foreseen failure is a message and an exit code."""
    debug = "--debug" in sys.argv or os.environ.get("KAIDO_DEBUG", "") not in {"", "0"}
    try:
        kaido.main(standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.ClickException as error:
        _show_usage(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        known = error if isinstance(error, KaidoError) else _unforeseen(error)
        _complain(known)
        sys.exit(known.exit_code)


def _unforeseen(error: Exception) -> KaidoError:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return UnavailableError("there is no room to write to", why=str(error), fix="Free some, and try again")
    return KaidoError(
        "something failed that Kaido did not foresee",
        why=f"{type(error).__name__}: {error}",
        fix="Run it again with --debug before the command and report what it shows",
    )


def _show_usage(error: click.ClickException) -> None:
    if "--json" not in sys.argv:
        error.show()
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    wrong = InvalidInputError(error.format_message(), fix=f"See: {context.command_path} --help" if context else "")
    wrong.code = "usage"
    _complain(wrong)


def _complain(error: KaidoError) -> None:
    if "--json" in sys.argv:
        click.echo(json.dumps(error.problem(), ensure_ascii=False), err=True)
        return
    click.echo(f"kaido: {error.what}" + (f": {error.why}" if error.why else ""), err=True)
    if error.fix:
        click.echo(f"  {error.fix}", err=True)


__all__ = ["Session", "kaido", "main"]

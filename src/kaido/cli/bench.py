"""``kaido bench``: what this machine reaches, beside its peers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kaido.bench.registry import BENCHES
from kaido.cli.context import single
from kaido.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.cli.context import Session

ALL = "all"
TESTED = "energy"
"""The bench that is held against a file of tests."""


@single("bench")
@click.argument("name", required=False)
@click.option("--quick", is_flag=True, help="The short form: it shows that the bench works, its figures mean little.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="A sustained load.  [default: 60]")
@click.option("--runs", type=click.IntRange(1, 100), help="Repetitions of what is short.  [default: 5]")
@click.option("--install/--no-install", default=True, help="Peers that are not there yet.  [default: --install]")
@click.option("--home", type=click.Path(path_type=Path), help="Scratch, peers, results.  [default: bench in --data]")
@click.option("--tests", type=click.Path(path_type=Path), help="With `energy`: a CSV file of dynamometer tests.")
@click.option("--only", default="", metavar="NAMES", help="With `all`: these; the others' results are those of before.")
@click.option("--docs", type=click.Path(path_type=Path), help="With `all`: write the page performance.md there.")
def bench(
    session: Session,
    name: str | None,
    quick: bool,
    seconds: float | None,
    runs: int | None,
    install: bool,
    home: Path | None,
    tests: Path | None,
    only: str,
    docs: Path | None,
) -> None:
    """Run the bench NAME, or `all`; without a name, list them.

    Peers are installed from PyPI and from Debian's packages, below --home. Figures are medians.
    """
    from kaido.bench import runner, table  # noqa: PLC0415  # `kaido bench` lists without

    if name is None:
        session.out.rows([{"bench": n, "about": about} for n, (_, about) in BENCHES.items()], ["bench", "about"])
        return
    place = home or session.settings.data / "bench"
    if name == ALL:
        given = {"--seconds": seconds, "--runs": runs}
        arguments = [part for option, value in given.items() if value is not None for part in (option, str(value))]
        flags = {"--quick": quick, "--no-install": not install}
        arguments += [flag for flag, wanted in flags.items() if wanted]
        _all(session, place, _chosen(only), arguments, docs)
        return
    _check_tests(name, tests)
    result = runner.run(name, place, quick=quick, seconds=seconds, runs=runs, install=install, tests=tests)
    if session.out.as_json:
        session.out.item(result.to_json())
    else:
        click.echo(table.text([result]), nl=False)


def _check_tests(name: str, tests: Path | None) -> None:
    if tests is not None and name != TESTED:
        raise click.UsageError(f"--tests goes with the bench {TESTED}, not with {name}")


def _all(session: Session, home: Path, names: Sequence[str], arguments: Sequence[str], docs: Path | None) -> None:
    from kaido.bench import performance, results, runner  # noqa: PLC0415  # as above

    folder = home / "results"
    failed = False
    for number, name in enumerate(names, 1):
        session.out.say(f"{name} ({number} of {len(names)})")
        result = runner.run_apart(name, home, arguments)
        failed = failed or bool(result.failed)
        results.keep(result, folder)
    found = results.kept(folder)
    if docs is not None:
        performance.write(found, docs)
    if session.out.as_json:
        session.out.item({"results": [result.to_json() for result in found], "folder": str(folder)})
    else:
        click.echo((folder / results.TABLE).read_text(), nl=False)
        session.out.say(f"results: {folder}")
    if failed:
        raise click.exceptions.Exit(1)


def _chosen(only: str) -> list[str]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    for name in names:
        if name not in BENCHES:
            raise NotFoundError.of("bench", name, BENCHES, fix="See: kaido bench")
    return names or list(BENCHES)

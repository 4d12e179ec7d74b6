"""Figures, the table of them, and the page that is made from a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kaido.bench import performance, runner, table
from kaido.bench.figure import Figure, Runs
from kaido.bench.machine import describe
from kaido.bench.options import BenchOptions, Spent
from kaido.bench.peers import PeerMissingError, python
from kaido.bench.profiling import Profile
from kaido.bench.registry import BENCHES
from kaido.bench.result import Result
from kaido.bench.table import number
from kaido.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def result() -> Result:
    return Result(
        bench="decode",
        machine=describe(),
        figures=[
            Figure.of("fast", Runs((1.0, 3.0, 2.0)), "frames/s", bound=1.5, peer="cantools", peer_value=0.5),
            Figure.of("slow", 80.0, "ms", bound=50.0, better="lower", peer="mosquitto", peer_value=40.0),
            Figure.times("ratio", 30.0, "asammdf", 5.0, bound=6.0),
            Figure.missing("gone", "x", "there is no network", bound=2.0, peer="can-decoder"),
        ],
        spent=[Spent("columns", "can.decode", 1.5), Spent("columns", "everything else", 0.5)],
        remarks=["made up"],
    )


def test_a_bound_is_kept_or_not(result: Result) -> None:
    assert [figure.ok for figure in result.figures] == [True, False, True, None]
    assert [figure.ratio for figure in result.figures] == [4.0, 0.5, 6.0, None]
    assert [figure.value for figure in result.figures] == [2.0, 80.0, 6.0, None]


def test_a_result_comes_back_from_its_json(result: Result) -> None:
    shown = json.loads(json.dumps(result.to_json()))
    assert Result.from_json(shown).to_json() == shown
    assert shown["figures"][3]["left_out"] == "there is no network"
    assert shown["figures"][0].keys() >= {"name", "value", "unit", "bound", "ok", "peer", "peer_value", "ratio"}


def test_the_table_shows_bounds_and_reasons(result: Result) -> None:
    shown = table.text([result])
    assert "≥ 1.50" in shown
    assert "≤ 50.0" in shown
    assert "can-decoder (left out: there is no network)" in shown
    assert [row["ok"] for row in table.rows([result])] == ["yes", "NO", "yes", ""]


@pytest.mark.parametrize(
    ("value", "shown"), [(1234567.0, "1,234,567"), (12.345, "12.3"), (0.0123, "0.0123"), (0, "0"), (None, "-")]
)
def test_numbers_have_three_digits_that_count(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_the_page_is_that_of_its_results(result: Result, tmp_path: Path) -> None:
    performance.write([result], tmp_path)
    page = (tmp_path / "performance.md").read_text()
    assert page == performance.markdown(performance.read(tmp_path))
    assert "| can.decode | 1.50 | 75 % |" in page


def test_the_page_in_the_documentation_is_that_of_its_results() -> None:
    assert (DOCS / "performance.md").read_text() == performance.markdown(performance.read(DOCS))


def test_an_unknown_bench_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no bench 'decoed'.*decode"):
        runner.run("decoed", tmp_path)


def test_a_bench_that_breaks_says_so(tmp_path: Path) -> None:
    broken = runner.run_apart("limits", tmp_path, ["--no-such-option"])
    assert broken.failed
    assert "failed" in table.text([broken])


def test_a_peer_is_left_out_where_nothing_may_be_installed(tmp_path: Path) -> None:
    options = BenchOptions(folder=tmp_path, peers=tmp_path / "peers", install=False)
    with pytest.raises(PeerMissingError, match="--no-install"):
        python(options, "can-decoder", ["can-decoder"])


def test_every_module_of_the_registry_is_there() -> None:
    folder = Path(runner.__file__).parent
    assert [module for module, _ in BENCHES.values() if not (folder / f"{module}.py").exists()] == []


def test_a_profile_finds_the_function_of_kaido_that_works() -> None:
    def busy(work: Callable[[int], object]) -> None:
        for _ in range(300):
            work(1 << 20)

    with Profile() as profile:
        busy(_page)
    assert dict(profile.parts()).keys() <= {"bench.table.number", "everything else"}


def _page(_: int) -> object:
    return [number(float(value)) for value in range(2_000)]

"""docs/rollouts.md says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from kaido.control import Action, State, read_spec
from kaido.control.convergence import MEANINGS
from kaido.control.life import NEXT

PAGE = Path(__file__).parents[2] / "docs" / "rollouts.md"
VERBS = {
    "start": Action.STARTED,
    "edit": Action.EDITED,
    "extend": Action.EXTENDED,
    "advance": Action.ADVANCED,
    "suspend": Action.SUSPENDED,
    "resume": Action.RESUMED,
    "stop": Action.STOPPED,
    "delete": Action.DELETED,
}


def rows(heading: str) -> list[list[str]]:
    section = PAGE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    found = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip("`") for cell in row] for row in found]


def test_the_states_and_what_can_be_done() -> None:
    found = {row[0]: set(row[2].split(", ")) for row in rows("States")}
    assert found == {state.value: {verb for verb, action in VERBS.items() if state in NEXT[action]} for state in State}


def test_the_reasons() -> None:
    assert {row[0]: row[1] for row in rows("Who holds it, and why not")} == {
        reason.value: meaning for reason, meaning in MEANINGS.items()
    }


def test_the_example_is_a_campaign() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    spec = read_spec(yaml.safe_load(example))
    assert spec.rollout is not None
    assert len(spec.rollout.waves) == 4

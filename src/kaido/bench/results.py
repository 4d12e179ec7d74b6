"""The results of the last run of each bench, as files of a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kaido.bench import table
from kaido.bench.registry import BENCHES
from kaido.bench.result import Result
from kaido.runtime import folders

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "table.txt"


def keep(result: Result, folder: Path) -> None:
    """Write a result, and the table of all that are there."""
    folders.make(folder)
    (folder / f"{result.bench}.json").write_text(json.dumps(result.to_json(), indent=1, ensure_ascii=False) + "\n")
    (folder / TABLE).write_text(table.text(kept(folder)))


def kept(folder: Path) -> list[Result]:
    """The results that are there, in the order of the registry."""
    files = [folder / f"{name}.json" for name in BENCHES]
    return [Result.from_json(json.loads(file.read_text())) for file in files if file.exists()]

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from kaido.cli.main import COMMANDS, kaido, main
from kaido.errors import ALL_ERRORS, InvalidInputError
from kaido.runtime.settings import default_data, load

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "docs" / "operations.md"


def every_command(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None, f"{name} {child} is not there"
            yield from every_command(found, f"{name} {child}")
    else:
        yield name, command


def test_every_command_takes_json_and_says_what_it_does() -> None:
    names = []
    for name, command in every_command(kaido, "kaido"):
        names.append(name)
        assert "--json" in {option for parameter in command.params for option in parameter.opts}, f"{name} lacks --json"
        assert command.help, f"{name} lacks help"
    assert len(names) >= len(COMMANDS)


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(kaido, ["--help"]).output
    assert all(re.search(rf"^  {name} ", shown, re.MULTILINE) for name in COMMANDS)


def test_every_command_that_messages_and_pages_name_is_there() -> None:
    context = click.Context(kaido)
    groups = {name: kaido.get_command(context, name) for name in COMMANDS}
    known = {name: found.list_commands(context) for name, found in groups.items() if isinstance(found, click.Group)}
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")]
    named = re.compile(rf"kaido ({'|'.join(known)}) ([a-z][a-z-]*)")
    found = {(file.name, *words) for file in files for words in named.findall(file.read_text("utf-8"))}
    assert len(found) > 50
    assert [one for one in found if one[2] not in known[one[1]]] == []


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["kaido", *arguments])
    monkeypatch.setenv("KAIDO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("KAIDO_DEBUG", raising=False)
    try:
        main()
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def test_an_unknown_command_brings_the_nearest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, "vehcle", "list") == 2
    assert "Did you mean vehicle?" in capsys.readouterr().err


def test_a_foreseen_error_is_a_message_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, "--context", "nowhere", "company", "list") == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "no context 'nowhere'" in shown.err
    assert "Traceback" not in shown.err
    assert run(monkeypatch, tmp_path, "--context", "nowhere", "company", "list", "--json") == 3
    assert json.loads(capsys.readouterr().err)["error"] == "not_found"


def test_contexts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, tmp_path, "context", "add", "plant", "http://127.0.0.1:1", "--token", "t") == 0
    assert run(monkeypatch, tmp_path, "context", "use", "plant") == 0
    assert (tmp_path / "config" / "kaido" / "contexts.json").stat().st_mode & 0o777 == 0o600
    capsys.readouterr()
    assert run(monkeypatch, tmp_path, "company", "list") == 6
    assert "http://127.0.0.1:1 cannot be reached" in capsys.readouterr().err
    assert run(monkeypatch, tmp_path, "context", "remove", "plant") == 0
    capsys.readouterr()
    assert run(monkeypatch, tmp_path, "context", "list", "--json") == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["local"]


def test_exit_codes_are_documented() -> None:
    page = OPERATIONS.read_text()
    for code in {kind.exit_code for kind in ALL_ERRORS}:
        assert re.search(rf"^\| {code} \|", page, re.MULTILINE), f"exit code {code} is not in docs/operations.md"


def test_wrong_usage_is_json_for_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (["nonsense"], ["vehicle", "list", "--jsn"], ["vehicle", "list", "--limit", "x"], ["import"]):
        assert run(monkeypatch, tmp_path, *arguments, "--json") == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert json.loads(shown.err)["error"] == "usage"


def test_columns_that_others_named_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, "company", "create", "acme") == 0
    assert run(monkeypatch, tmp_path, "sql", 'SELECT count(*), 1 AS a_b, 2 AS "[red]" FROM vehicles') == 0
    assert capsys.readouterr().out.split("\n")[0].split() == ["count_star()", "a_b", "[red]"]


def test_a_limit_beyond_all_numbers_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["fleet"], ["vehicle", "list"], ["quarantine", "list"]):
        assert run(monkeypatch, tmp_path, *command, "--limit", "9" * 30) == 2
        assert "is not in the range" in capsys.readouterr().err


def test_a_reader_that_leaves_early_sees_no_trace(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "kaido.cli", "--data", str(tmp_path), "sql", "SELECT * FROM range(90000)", "--csv"]
    assert subprocess.run([*program[:5], "company", "create", "acme"], capture_output=True, check=False).returncode == 0
    writer = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writer.stdout
    assert writer.stderr
    writer.stdout.readline()
    writer.stdout.close()
    assert writer.stderr.read() == b""
    writer.stderr.close()
    assert writer.wait(30) == 0


@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3])
def test_an_interrupt_is_quiet_while_modules_load(tmp_path: Path, seconds: float) -> None:
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from kaido.cli.start import main; "
    code += f"import sys; sys.argv = ['kaido', '--data', {str(tmp_path)!r}, 'up']; print('on', flush=True); main()"
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout
    assert program.stdout.readline() == "on\n"
    time.sleep(seconds)
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=60)
    assert program.returncode in {0, 130}, said
    assert "Traceback" not in said


def test_a_folder_without_a_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, "--data", "", "company", "list") == 2
    assert "--data names no folder" in capsys.readouterr().err


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIDO_DATA", "")
    monkeypatch.setenv("KAIDO_API_PORT", "")
    assert load().data == default_data()
    monkeypatch.setenv("KAIDO_API_PORT", "many")
    with pytest.raises(InvalidInputError, match=r"KAIDO_API_PORT = 'many'.*docs/settings\.md"):
        load()

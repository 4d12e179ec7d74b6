"""Secrets: none by default, none in a log, and files that nobody else can read."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.sync.client import connect

from kaido.cli.main import main
from kaido.errors import InvalidInputError, UnavailableError
from kaido.journal import Journal
from kaido.runtime import log, secrets
from kaido.runtime.settings import Settings, load
from tests.whole.platform_fixture import RunningPlatform

if TYPE_CHECKING:
    from collections.abc import Iterable

GOOD = "Cnp0krT4vXw9sLq2ZbYe7uHd"
WEAK = ["changeme", "Secret", "kaido", "password123", "nats-token", "x", "short", "a" * 40, "abab" * 10, "secret" * 4]


@pytest.mark.parametrize("token", WEAK)
def test_a_token_that_is_none_is_refused(token: str) -> None:
    with pytest.raises(InvalidInputError, match="this is no secret") as refused:
        load(nats_token=token)
    assert refused.value.what == "setting KAIDO_NATS_TOKEN"
    assert token not in str(refused.value).replace("secrets", "").replace("secret", "") or len(token) < 2


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("nats_url", "nats://kaido:kaido@nats:4222"),
        ("database_url", "postgresql+psycopg://kaido:postgres@db/kaido"),
        ("database_url", "postgresql://kaido:Password1!@db/kaido"),
        ("database_url", "postgresql://kaido:@db/kaido"),
        ("database_url", "postgresql://kaido:change%6De@db/kaido"),
    ],
)
def test_a_default_password_in_an_address_is_refused(name: str, url: str) -> None:
    with pytest.raises(InvalidInputError, match="everybody tries first") as refused:
        load(**{name: url})
    assert url not in str(refused.value)


@pytest.mark.parametrize(
    "given_",
    [
        {},
        {"nats_token": GOOD},
        {"nats_url": "nats://127.0.0.1:4222"},
        {"nats_url": f"nats://kaido:{GOOD}@nats:4222"},
        {"database_url": "postgresql+psycopg://kaido@/kaido?host=/run/postgresql"},
        {"database_url": f"postgresql+psycopg://kaido:{GOOD}@db/kaido"},
    ],
    ids=str,
)
def test_what_is_a_secret_or_none_at_all_is_taken(given_: dict[str, str]) -> None:
    assert isinstance(load(**given_), Settings)


@pytest.mark.parametrize("command", [["up"], ["status"], ["demo"]])
def test_no_command_starts_with_a_default_secret(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAIDO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KAIDO_NATS_TOKEN", "changeme")
    monkeypatch.setattr("sys.argv", ["kaido", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code
    said = capsys.readouterr()
    assert "KAIDO_NATS_TOKEN" in said.err
    assert "changeme" not in said.err + said.out
    assert not (tmp_path / "data").exists()


@given(st.text(min_size=0, max_size=40))
def test_any_text_is_judged(text: str) -> None:
    why = secrets.weakness(text)
    assert why or len(text) >= secrets.SHORTEST


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("GET /v1/live?token=kaido_" + "x" * 43 + "&vehicle=1", "GET /v1/live?token=kaido_…&vehicle=1"),
        (f"authorization: Bearer {GOOD}", "authorization: Bearer …"),
        (f"url=nats://kaido:{GOOD}@host:4222 then", "url=nats://…host:4222 then"),
        (f"nats://{GOOD}@host:4222", "nats://…host:4222"),
        ("-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----…-----END"),
        ("a line with nothing: kaido_up http://host/a@b", "a line with nothing: kaido_up http://host/a@b"),
    ],
)
def test_a_line_of_the_log_holds_no_secret(line: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.root.handlers[:], logging.root.level
    try:
        log.set_up("DEBUG")
        log.event(logging.getLogger("kaido.test"), logging.INFO, "something", text=line)
        logging.getLogger("another.library").error("%s", line)
    finally:
        logging.root.handlers[:], logging.root.level = before
    said = capsys.readouterr().err
    assert shown in said
    assert GOOD not in said
    assert "x" * 43 not in said


async def test_an_address_is_shown_without_its_password(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UnavailableError) as away:
        await Journal.connect(f"nats://kaido:{GOOD}@127.0.0.1:1", "", load())
    assert GOOD not in str(away.value)
    assert GOOD not in caplog.text


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


PRIVATE_KEY = re.compile(r"-----BEGIN (?:EC |RSA )?PRIVATE KEY-----\s+(.+?)\s+-----END", re.DOTALL)


def secrets_of(folder: Path) -> dict[str, str]:
    """Every secret that lies in files: private keys, NATS' token, the local operator's."""
    found = {}
    for file in folder.rglob("*"):
        text = file.read_text(errors="replace") if file.is_file() and file.stat().st_size < 100_000 else ""
        if key := PRIVATE_KEY.search(text):
            found[f"the key {file.name}"] = key[1].splitlines()[0]
        if file.name == "nats.conf" and (token := re.search(r'token: "([^"]+)"', text)):
            found["NATS' token"] = token[1]
        if file.name == "platform.json":
            found["the local token"] = json.loads(text)["token"]
    return found


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> RunningPlatform:
    """A platform that logs all it can, and went through what a user does with it; stopped again."""
    folder = tmp_path_factory.mktemp("secrets")
    with RunningPlatform(folder, extra={"KAIDO_LOG_LEVEL": "DEBUG"}) as running:
        _a_day(running, folder)
    return running


def _a_day(running: RunningPlatform, folder: Path) -> None:
    """Commands of every kind, also such that fail; what they print is kept, and what they must not, too."""
    said: list[str] = []
    made: dict[str, str] = {}

    def run(*arguments: str) -> str:
        done = running.run(*arguments, timeout=60)
        said.append(f"$ kaido {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout

    run("company", "create", "acme")
    run("vehicle", "register", "car-1", "--vin", "ZE1-012345")
    run("vehicle", "enrol", "car-1", "--out", str(folder / "car-1"))
    made["a reader's token"] = json.loads(run("token", "create", "r", "--scope", "read", "--json"))["secret"]
    shown = said.pop()
    assert made["a reader's token"] in shown  # once, to the one who made it
    for arguments in (
        ["doctor"], ["company", "show", "acme"], ["token", "list"], ["sql", "SELECT * FROM vehicles"],
        ["--debug", "sql", "SELECT * FROM 'x.csv'"], ["vehicle", "enrol", "car-1", "--out", str(folder / "car-1")],
        ["token", "revoke", "r"], ["vehicle", "revoke", "car-1", "--yes"],
    ):  # fmt: skip
        run(*arguments)
    with connect(f"{running.record['api'].replace('http', 'ws')}/v1/live?company=acme&token={running.record['token']}"):
        pass
    made |= secrets_of(folder)
    (folder / "arguments.txt").write_text(_arguments())
    (folder / "said.txt").write_text("\n".join(said))
    (folder / "made.json").write_text(json.dumps(made))


def test_no_secret_is_in_a_log_or_on_the_screen(platform: RunningPlatform) -> None:
    folder = platform.folder
    made = json.loads((folder / "made.json").read_text())
    assert {"a reader's token", "NATS' token", "the local token", "the key ca.key", "the key server.key"} <= set(made)
    assert all(len(secret) > 20 for secret in made.values())
    logs = [*(folder / "data").rglob("*.log*"), folder / "up.log", folder / "said.txt"]
    assert {"gateway.log", "api.log", "ingest.log", "control.log", "nats.log"} <= {file.name for file in logs}
    assert "GET /v1/live?company=acme&token=kaido_…" in (folder / "data" / "logs" / "api.log").read_text()
    for file in logs:
        text = file.read_text(errors="replace")
        for what, secret in made.items():
            assert secret not in text, f"{what} is in {file}"


def test_secrets_are_kept_where_nobody_else_reads(platform: RunningPlatform) -> None:
    """Every file that holds one, wherever it lies; and the folder of all state."""
    folder = platform.folder
    made = json.loads((folder / "made.json").read_text())
    assert mode(folder / "data") == 0o700
    assert mode(folder / "data" / "secrets") == 0o700
    assert mode(folder / "car-1") == 0o700
    holders = []
    for file in folder.rglob("*"):
        if file.is_file() and file.name != "made.json" and _holds(file, made.values()):
            assert mode(file) == 0o600, file
            holders.append(file.name)
    assert {"ca.key", "server.key", "key.pem", "nats.conf"} <= set(holders)


def test_a_token_is_not_in_the_database(platform: RunningPlatform) -> None:
    made = json.loads((platform.folder / "made.json").read_text())
    for file in (platform.folder / "data").glob("kaido.db*"):
        assert not _holds(file, made.values()), file


def test_processes_get_secrets_where_other_users_cannot_see_them(platform: RunningPlatform) -> None:
    """In the environment, never as an argument, which `ps` shows to all."""
    made = json.loads((platform.folder / "made.json").read_text())
    shown = (platform.folder / "arguments.txt").read_text()
    assert "kaido.platform.child gateway" in shown
    assert "nats-server" in shown
    assert not any(secret in shown for secret in made.values())


def _holds(file: Path, made: Iterable[str]) -> bool:
    content = file.read_bytes()
    return any(secret.encode() in content for secret in made)


def _arguments() -> str:
    """What every process of this machine was started with."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return "\n".join(found)

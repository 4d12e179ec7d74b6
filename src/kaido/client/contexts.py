"""Which platform a command talks to: a named context, the local platform, or the data folder itself."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kaido.client.client import Client
from kaido.errors import InvalidInputError, NotFoundError
from kaido.runtime import folders

if TYPE_CHECKING:
    from kaido.runtime.settings import Settings

LOCAL = "local"
IN_PROCESS = "http://in-process"
"""The address of the application in this process: nothing runs beside it."""


@dataclass(frozen=True)
class Context:
    """A platform and who we are there."""

    url: str
    token: str = ""
    company: str = ""


def contexts_file() -> Path:
    """Where named contexts are kept."""
    root = os.environ.get("XDG_CONFIG_HOME")
    return (Path(root) if root else Path.home() / ".config") / "kaido" / "contexts.json"


def load() -> tuple[str, dict[str, Context]]:
    """The name of the current context and all named ones (``local`` is always there and not among them)."""
    try:
        document = json.loads(contexts_file().read_text())
        return document["current"], {name: Context(**entry) for name, entry in document["contexts"].items()}
    except FileNotFoundError:
        return LOCAL, {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInputError(
            f"{contexts_file()} cannot be read", why=str(error), fix="Mend it or delete it"
        ) from error


def save(current: str, contexts: dict[str, Context]) -> None:
    """Keep the contexts, readable by their owner alone (they hold tokens)."""
    document = {"current": current, "contexts": {name: asdict(context) for name, context in contexts.items()}}
    folders.write_atomically(contexts_file(), json.dumps(document, indent=2).encode(), mode=0o600)


def running_platform(settings: Settings) -> Context | None:
    """The platform that ``kaido up`` runs on this data folder, if it does."""
    try:
        record = json.loads((settings.run / "platform.json").read_text())
        os.kill(record["pid"], 0)
        return Context(record["api"], record["token"])
    except (OSError, ValueError, KeyError):
        return None


def connect(settings: Settings, *, name: str = "", url: str = "", token: str = "", company: str = "") -> Client:
    """A client for what the caller named; else the current context; else what is local.

    Raises:
        NotFoundError: there is no context of that name.
    """
    if url:
        return Client(url, token, company=company)
    current, contexts = load()
    wanted = name or current
    if wanted != LOCAL:
        if wanted not in contexts:
            raise NotFoundError.of("context", wanted, [*contexts, LOCAL], fix="Try: kaido context list")
        chosen = contexts[wanted]
        return Client(chosen.url, token or chosen.token, company=company or chosen.company)
    if running := running_platform(settings):
        return Client(running.url, token or running.token, company=company)
    return in_process(settings, company=company)


def in_process(settings: Settings, *, company: str = "") -> Client:
    """A client on the application in this process, working on the data folder."""
    from kaido.api.app import create_app  # noqa: PLC0415  # heavy, and only here
    from kaido.client.inprocess import InProcessTransport  # noqa: PLC0415

    folders.make(settings.data, mode=folders.PRIVATE)
    transport = InProcessTransport(create_app(settings, embedded=True))
    return Client(IN_PROCESS, company=company, timeout=24 * 3600, transport=transport)

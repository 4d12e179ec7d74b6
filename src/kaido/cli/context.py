"""What every command shares: settings, the client, the output, and ``--json``."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from kaido.cli.output import Output
from kaido.runtime import settings as settings_module

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.client import Client
    from kaido.runtime.settings import Settings


@dataclass
class Session:
    """One run of the command line.

    Attributes:
        settings: from the environment and ``--data``.
        out: where results go.
        client: the public API, connected when first used.
    """

    settings: Settings
    context: str = ""
    url: str = ""
    token: str = ""
    company: str = ""
    out: Output = field(default_factory=lambda: Output(as_json=False))
    _client: Client | None = None

    @property
    def client(self) -> Client:
        """The public API: of the platform that was named, of the local one, or in this process."""
        if self._client is None:
            from kaido.client import contexts  # noqa: PLC0415  # heavy; `kaido --help` does without

            self._client = contexts.connect(
                self.settings, name=self.context, url=self.url, token=self.token, company=self.company
            )
        return self._client

    def close(self) -> None:
        """End the client."""
        if self._client is not None:
            self._client.close()


def command(group: click.Group, name: str, **attributes: Any) -> Callable[[Callable[..., None]], click.Command]:
    """A command of ``group`` whose function gets the ``Session`` first; it has ``--json``."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @click.option("--json", "as_json", is_flag=True, help="Print data as JSON.")
        @click.pass_obj
        @functools.wraps(function)
        def run(session: Session, /, *args: Any, as_json: bool, **kwargs: Any) -> None:
            session.out = Output(as_json=as_json)
            function(session, *args, **kwargs)

        return group.command(name, **attributes)(run)

    return decorate


def single(name: str, **attributes: Any) -> Callable[[Callable[..., None]], click.Command]:
    """A command that stands alone (``kaido twin``), made like those of a group."""
    return command(click.Group(), name, **attributes)


def make_session(data: str | None, context: str, url: str, token: str, company: str, debug: bool) -> Session:
    """The session of the options that stand before the command."""
    if data is not None and not data.strip():
        raise click.UsageError("--data names no folder")
    loaded = settings_module.load(data=data, debug=debug or None)
    return Session(loaded, context=context, url=url, token=token, company=company)

"""Every setting of the platform, from ``KAIDO_*`` in the environment.

``docs/operations.md`` lists them; a test holds the page to this file.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kaido.errors import InvalidInputError
from kaido.runtime import secrets

_SECRET = ("nats_token", "nats_url", "database_url", "oidc_client_secret")
"""Settings that are, or hold, a secret: errors do not show them."""


def default_data() -> Path:
    """The folder of all state where neither ``--data`` nor ``KAIDO_DATA`` names one."""
    return Path.home() / ".local" / "share" / "kaido"


class Settings(BaseSettings):
    """Settings of all processes. Paths that are not given lie below ``data``."""

    model_config = SettingsConfigDict(env_prefix="KAIDO_", env_ignore_empty=True, extra="ignore", frozen=True)

    data: Path = Field(default_factory=default_data, description="the folder that holds all state")

    gateway_host: str = Field("0.0.0.0", description="the address that vehicles connect to")  # noqa: S104  # cars come from outside; mutual TLS guards it
    gateway_port: int = Field(8883, ge=0, le=65535, description="the port that vehicles connect to; 0 takes a free one")
    gateways: int = Field(1, ge=1, le=64, description="gateway processes that `kaido up` starts on the port")
    gateway_address: str = Field(
        "",
        pattern=r"^$|^[^\s:]+:\d{1,5}$",
        description="HOST:PORT that enrolment tells vehicles to connect to; empty means this machine's listener",
    )
    gateway_names: str = Field("", description="further names for the gateway's certificate, separated by commas")
    gateway_batch_ms: float = Field(
        3.0, ge=0, le=1000, description="how long payloads gather before they go to the journal, ms"
    )
    gateway_batch_bytes: int = Field(1_000_000, ge=1_000, description="payload bytes that send a batch at once")
    gateway_pending_bytes: int = Field(
        64_000_000, ge=1_000_000, description="unjournaled payload bytes at which sockets stop being read"
    )
    gateway_receive_maximum: int = Field(
        64, ge=1, le=65535, description="unacknowledged publishes a vehicle may have in flight"
    )
    gateway_max_packet_bytes: int = Field(262_144, ge=1_024, description="the largest MQTT packet taken from a vehicle")
    gateway_max_connections: int = Field(
        50_000, ge=1, description="connections of one gateway process, as far as open files allow"
    )
    gateway_handshake_seconds: float = Field(20.0, gt=0, description="time for TLS handshake and CONNECT together")
    gateway_session_expiry_seconds: int = Field(604_800, ge=0, description="the longest session expiry that is granted")
    gateway_session_queue: int = Field(100, ge=0, description="messages kept for a vehicle that is away")
    gateway_session_bytes: int = Field(
        16_000_000,
        ge=1,
        description="bytes of the messages kept for a vehicle that is away, and of those it has not acknowledged",
    )

    api_host: str = Field("127.0.0.1", description="the address of the API")
    api_port: int = Field(8642, ge=0, le=65535, description="the port of the API; 0 takes a free one")
    api_proxies: str = Field(
        "",
        description="addresses of proxies in front of the API, separated by commas: what they say of the client's "
        "address and of TLS (X-Forwarded-For, X-Forwarded-Proto) counts; nobody else's does",
    )
    api_upload_bytes: int = Field(4_000_000_000, ge=1, description="the largest file that the API takes")
    query_seconds: float = Field(60.0, gt=0, description="the longest an SQL query may run")
    query_memory_mb: int = Field(2_000, ge=64, description="memory of one SQL query, MB")

    console_session_hours: float = Field(
        12.0, gt=0, le=8_784, description="how long somebody who signed in to the console stays so, h"
    )
    console_idle_minutes: float = Field(
        60.0, ge=5, le=527_040, description="time without a request after which somebody is signed out, min"
    )

    console_tiles: str = Field(
        "",
        description="the console's base map: a `.pmtiles` file, its URL, or `https://host/{z}/{x}/{y}.png` "
        "(`.pbf`, `.mvt`: vector tiles); empty draws outlines of land and asks nobody",
    )
    console_tiles_credit: str = Field(
        "",
        max_length=200,
        description="whom the map names for its tiles, as their licence asks: `© OpenStreetMap contributors`",
    )
    console_borders: bool = Field(False, description="draw the borders of countries on the console's map")

    oidc_issuer: str = Field(
        "",
        pattern=r"^$|^https://\S+$|^http://(127\.0\.0\.1|localhost)(:\d+)?(/\S*)?$",
        description="the OIDC provider whose users may sign in to the console, https://…; empty means passwords alone",
    )
    oidc_client_id: str = Field("", description="what the provider calls this console")
    oidc_client_secret: str = Field("", description="its secret at the provider; empty where it has none")
    oidc_company: str = Field("", description="the company of whoever signs in at the provider")
    oidc_role_claim: str = Field(
        "roles",
        min_length=1,
        description="the claim whose values name a user's roles; dots lead into it: `realm_access.roles`",
    )
    oidc_scopes: str = Field("openid profile email", description="what is asked of the provider")

    nats_url: str = Field("", description="a NATS server with JetStream; empty starts the embedded one")
    nats_token: str = Field("", description="the token for `nats_url`")
    nats_replicas: int = Field(1, ge=1, le=5, description="replicas of each stream (a cluster has three)")
    journal_max_bytes: int = Field(
        20_000_000_000,
        ge=1_000_000,
        description="what one stream may hold; beyond it nothing is acknowledged",
    )
    partitions: int = Field(1, ge=1, le=64, description="journal partitions of a company")

    database_url: str = Field("", description="SQL for companies, vehicles, catalogs; empty means SQLite in `data`")
    lake_root: str = Field("", description="the folder of the lake; empty means `data`/lake")

    ingest_batch_ms: float = Field(200.0, ge=0, description="how long ingest gathers before it commits to the lake, ms")
    ingest_batch_bytes: int = Field(64_000_000, ge=1_000, description="payload bytes that commit at once")
    ingests: int = Field(
        1, ge=1, le=64, description="ingest processes that `kaido up` starts; the partitions are shared out among them"
    )
    ingest_number: int = Field(0, ge=0, lt=64, description="which of them a process is, from 0")
    snapshot_seconds: float = Field(30.0, gt=0, description="time between snapshots of the twin")
    compact_seconds: float = Field(60.0, gt=0, description="time between compactions of the lake")
    command_days: int = Field(
        400, ge=0, description="age at which commands, with all that became of them, are forgotten; 0 keeps all"
    )
    contact_days: int = Field(
        400,
        ge=0,
        description="age at which the last connection and checkin of a vehicle that never came back are forgotten; "
        "0 keeps all",
    )
    look_days: int = Field(
        400, ge=0, description="age at which the audit forgets who looked at which positions; 0 keeps all"
    )
    retention_days: int = Field(0, ge=0, description="age at which samples are deleted from the lake; 0 keeps all")

    services_seconds: float = Field(
        30.0, gt=0, description="time between looks for new samples to derive trips from, s"
    )
    services_memory_mb: int = Field(1_000, ge=64, description="memory for deriving trips and charges, MB")
    services_threads: int = Field(1, ge=1, le=64, description="threads for deriving trips and charges")

    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="what the log shows")
    debug: bool = Field(False, description="show stack traces")

    @field_validator("nats_token", "oidc_client_secret")
    @classmethod
    def _is_a_secret(cls, token: str) -> str:
        if token and (why := secrets.weakness(token)):
            raise ValueError(f"this is no secret: {why}")
        return token

    @field_validator("console_tiles")
    @classmethod
    def _is_a_map(cls, tiles: str) -> str:
        is_url = tiles.startswith(("http://", "https://"))
        if is_url and any(character in tiles for character in " ;,'\""):
            raise ValueError("a URL has no such characters: they would end the console's content security policy")
        is_template = is_url and all(part in tiles for part in ("{z}", "{x}", "{y}"))
        if tiles and not is_template and not tiles.partition("?")[0].endswith(".pmtiles"):
            raise ValueError("neither a .pmtiles file nor a URL with {z}, {x} and {y}")
        return tiles

    @field_validator("api_proxies")
    @classmethod
    def _are_addresses(cls, proxies: str) -> str:
        for one in proxies.split(",") if proxies else ():
            ipaddress.ip_network(one.strip())
        return proxies

    @field_validator("nats_url", "database_url")
    @classmethod
    def _holds_no_default_password(cls, url: str) -> str:
        password = secrets.password_of(url)
        if password is not None and secrets.is_well_known(password):
            raise ValueError("its password is a word that everybody tries first")
        return url

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the control plane."""
        return self.database_url or f"sqlite:///{self.data / 'kaido.db'}"

    @property
    def lake(self) -> Path:
        """The root of the lake; each company has a folder in it."""
        return Path(self.lake_root) if self.lake_root else self.data / "lake"

    @property
    def run(self) -> Path:
        """The folder of what describes the running platform: ports, tokens, process ids."""
        return self.data / "run"


def load(**overrides: object) -> Settings:
    """The settings from the environment, with overrides (None is no override).

    Raises:
        InvalidInputError: a setting has a value that cannot be.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]  # validated by pydantic
    except ValidationError as error:
        first = error.errors()[0]
        name = "KAIDO_" + "_".join(str(part) for part in first["loc"]).upper()
        secret = first["loc"][0] in _SECRET
        raise InvalidInputError(
            f"setting {name}" if secret else f"setting {name} = {first.get('input')!r}",
            why=first["msg"].removeprefix("Value error, "),
            fix='Make one: python3 -c "import secrets; print(secrets.token_urlsafe(24))"'
            if secret
            else "docs/settings.md says what each may be",
        ) from (None if secret else error)


def environment(settings: Settings) -> dict[str, str]:
    """The settings that somebody gave, as environment variables for a child process."""
    given = settings.model_dump(exclude_unset=True)
    return {f"KAIDO_{name.upper()}": str(int(v) if isinstance(v, bool) else v) for name, v in given.items()}


def markdown() -> str:
    """The settings as the page ``docs/settings.md``."""
    lines = [
        "# Settings",
        "",
        "Generated from `kaido/runtime/settings.py` by `python -m kaido.runtime.settings`; do not edit.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "~/.local/share/kaido" if name == "data" else field.default
        shown = "(empty)" if default == "" else f"`{default}`"
        lines.append(f"| `KAIDO_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201  # this is what the module is run for

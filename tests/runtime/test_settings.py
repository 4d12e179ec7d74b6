from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.errors import InvalidInputError
from kaido.runtime import settings as settings_module
from kaido.runtime.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_the_environment_counts_and_overrides_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KAIDO_DATA", str(tmp_path / "a"))
    monkeypatch.setenv("KAIDO_GATEWAY_PORT", "1234")
    assert settings_module.load().gateway_port == 1234
    assert settings_module.load(data=tmp_path / "b").data == tmp_path / "b"
    assert settings_module.load(data=None).data == tmp_path / "a"


@pytest.mark.parametrize(("name", "value"), [("KAIDO_GATEWAY_PORT", "99999"), ("KAIDO_LOG_LEVEL", "loud")])
def test_a_wrong_value_names_the_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInputError, match=f"{name}.*{value}"):
        settings_module.load()


def test_children_get_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = Settings(data=tmp_path, gateway_port=7, debug=True, nats_url="nats://x")
    for name, value in settings_module.environment(given).items():
        monkeypatch.setenv(name, value)
    assert settings_module.load() == given

"""Pages that are generated from the code are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaido import flow
from kaido.runtime import settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("page", "made"), [("flow.md", flow.markdown()), ("settings.md", settings.markdown())])
def test_the_page_is_fresh(page: str, made: str) -> None:
    assert (DOCS / page).read_text() == made, f"docs/{page} is stale; its first lines say how to make it"


def test_every_flow_has_both_ends_and_a_retention() -> None:
    for subject in flow.SUBJECTS:
        assert subject.owner
        assert subject.consumers
        assert subject.schema
        assert subject.retention
    for table in flow.TABLES:
        assert table.owner
        assert table.retention


def test_names_made_in_code_are_names_of_the_registry() -> None:
    patterns = {subject.pattern for subject in flow.SUBJECTS}
    made = {
        flow.up_subject("{company}", 0).replace(".0", ".{partition}"),
        flow.down_subject("{company}"),
        flow.checkins_subject("{company}"),
        flow.responses_subject("{company}"),
        flow.twin_subject("{company}"),
        flow.watch_subject("{company}"),
        flow.live_subject("{company}"),
        flow.every_subject("{company}"),
        flow.IDENTITY_SUBJECT,
        flow.PRESENCE_SUBJECT,
        flow.ROLLCALL_SUBJECT,
        flow.COMMANDS_SUBJECT,
        flow.RECEIPTS_SUBJECT,
        flow.STATUS_SUBJECT,
    }
    assert made == patterns

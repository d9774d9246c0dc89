"""Reading somebody else's documents takes as many steps as they are long, whatever they look like."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.memory.importing.foreign import drafts_of
from tests.support.steps import growth

SHAPES = {
    "playbooks below one heading": ("# All\n", "## Playbook {i}\n### Step 1: look\nat the graph\n"),
    "playbooks one after the other": ("", "# Playbook {i}\n## Step 1: look\nat it\n## Step 2: act\nnow\n"),
    "incidents": ("", "# INC-{i} the database is down\n## Symptoms\nno answer\n## Root cause\nfull disk\n"),
    "tickets": ("# Runbook\n## Symptoms\n", "Ticket #A-{i}: broken\n- Root cause: full\n\n"),
    "a table": ("| Date | Incident | Root cause |\n|---|---|---|\n", "| 2020-01-01 | db {i} is down | full |\n"),
    "bold labels": ("# INC-1 down\n", "**Symptoms:** no answer {i}\n"),
    "numbered points": ("", "{i}. The database went down\n   because of the disk\n"),
    "headings of every level": ("", "# A{i}\n## B\n### C\n#### D\n##### E\n###### F\n"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_reading_takes_as_many_steps_as_the_document_is_long(shape: str) -> None:
    head, part = SHAPES[shape]

    def make(parts: int) -> Callable[[], object]:
        text = head + "".join(part.replace("{i}", str(i)) for i in range(parts))
        return lambda: drafts_of(text, "document")

    assert growth(make, 20) < 5.5

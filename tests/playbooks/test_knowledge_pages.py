"""/knowledge: browse, search, history, edit with a preview; and a folder that changes under the running bot."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import pytest

from bot.context import AppContext, Policy
from bot.memory import queries as knowledge
from bot.memory.entries.entries import read_entries
from bot.memory.flows.learn import forget
from bot.memory.flows.live import LiveMemory
from bot.settings import REPOSITORY, Settings
from bot.store.engine import Database
from bot.wiring.building import build_live_memory
from bot.wiring.knowledge import export_entries
from bot.wiring.upkeep.knowledge_folder import KnowledgeFolder
from tests.fixtures.web import Site
from tests.support.rows import NOON

SHIPPED = REPOSITORY / "knowledge"
REFS = ("playbooks/PB-lambda", "playbooks/PB-cache", "incidents/LESSON-01", "guides/GUIDE-cors")


@dataclass
class KnowledgeSite(Site):
    """The pages with a memory."""

    memory: LiveMemory | None = None

    @property
    def context(self) -> AppContext:
        assert self.memory is not None
        return replace(super().context, memory=self.memory)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A knowledge folder of four entries."""
    place = tmp_path / "knowledge"
    for ref in REFS:
        (place / ref).parent.mkdir(parents=True, exist_ok=True)
        (place / f"{ref}.md").write_text((SHIPPED / f"{ref}.md").read_text())
    (place / "vocabulary.yaml").write_text((SHIPPED / "vocabulary.yaml").read_text())
    return place


@pytest.fixture
def site(database: Database, policy: Policy, folder: Path, tmp_path: Path) -> Iterator[KnowledgeSite]:
    settings = Settings.model_validate({"TOCSIN_KNOWLEDGE": str(folder), "TOCSIN_DATA": str(tmp_path / "data")})
    yield KnowledgeSite(database, policy, memory=build_live_memory(settings, database))
    with database.transaction() as session:
        for row in knowledge.list_at(session):
            forget(session, row.ref, "somebody", NOON)


def form_of(page: str) -> dict[str, str]:
    """The fields of the form to edit."""
    text = re.search(r'<textarea id="text"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    token = re.search(r'name="token" value="([^"]*)"', page)
    version = re.search(r'name="version" value="([^"]*)"', page)
    assert text and token and version
    return {"text": unescape(text[1]), "token": token[1], "version": version[1]}


def test_entries_are_listed_by_kind_found_by_words_and_read(site: KnowledgeSite) -> None:
    assert site.visit().get("/knowledge").status_code == 401
    browser = site.enter("U0SUPPORT")
    everything = browser.get("/knowledge").text
    assert all(ref.rpartition("/")[2] in everything for ref in REFS) and "4 entries" in everything
    guides = browser.get("/knowledge?kind=guide").text
    assert "GUIDE-cors" in guides and "PB-lambda" not in guides
    found = browser.get("/knowledge?q=redis+cache+unreachable").text
    assert "PB-cache" in found and "LESSON-01" not in found
    assert "No match" in browser.get("/knowledge?q=%3Cscript%3Ezzz").text
    entry = browser.get("/knowledge/PB-lambda").text
    assert "aws lambda get-function" in entry and "git has its history" in entry and "/playbooks/PB-lambda" in entry
    assert "/knowledge/PB-lambda/edit" not in entry, "only the owner and who holds a role may edit"
    assert browser.get("/knowledge/PB-lambda/edit").status_code == 403
    assert browser.get("/knowledge/PB-nobody").status_code == 404


def test_what_is_html_in_an_entry_stays_text_and_fetches_nothing(site: KnowledgeSite) -> None:
    browser = site.enter("U0TEAMLEAD")
    form = form_of(browser.get("/knowledge/GUIDE-cors/edit").text)
    said = "## Symptoms\n- <script>alert(1)</script> [go](javascript:alert(1)) ![x](https://example.com/x.png)\n"
    text = form["text"].replace("## Symptoms\n", said, 1)
    browser.post("/knowledge/GUIDE-cors/edit", data=form | {"text": text, "do": "save"})
    page = browser.get("/knowledge/GUIDE-cors").text
    assert "&lt;script&gt;alert(1)" in page and "<script>" not in page
    assert 'href="javascript' not in page and "<img" not in page


def test_an_edit_is_previewed_saved_and_kept_with_its_history(site: KnowledgeSite, tmp_path: Path) -> None:
    browser = site.enter("U0TEAMLEAD")
    form = form_of(browser.get("/knowledge/PB-cache/edit").text)
    changed = form | {"text": form["text"].replace("Fail over by hand", "Fail over <now>")}
    preview = browser.post("/knowledge/PB-cache/edit", data=changed | {"do": "preview"})
    assert preview.status_code == 200 and "+### 3. Fail over &lt;now&gt;" in preview.text
    assert form_of(preview.text)["text"].replace("\r", "") == changed["text"]
    assert "Fail over &lt;now&gt;" not in browser.get("/knowledge/PB-cache").text, "a preview saves nothing"
    broken = changed | {"text": changed["text"].replace("- Changes production: no", "", 1), "do": "save"}
    refused = browser.post("/knowledge/PB-cache/edit", data=broken)
    assert refused.status_code == 409 and re.search(
        r"Line \d+: the step needs a line - Changes production", refused.text
    )
    assert (
        "Fail over &lt;now&gt;" in form_of(refused.text)["text"] or "Fail over <now>" in form_of(refused.text)["text"]
    )
    saved = browser.post("/knowledge/PB-cache/edit", data=changed | {"do": "save"}, follow_redirects=True)
    assert "Saved. The version before it is kept." in saved.text and "Fail over &lt;now&gt;" in saved.text
    assert "Version 1" in saved.text and "team-lead" in saved.text
    again = browser.post("/knowledge/PB-cache/edit", data=form | {"text": form["text"] + "x", "do": "save"})
    assert again.status_code == 409 and "while you edited it" in again.text, "somebody else was quicker"
    assert site.memory is not None and site.memory.current().entries["PB-cache"].steps[2].title == "Fail over <now>"
    assert [one.outcome for one in export_entries(site.database, tmp_path / "out", everything=True)] == ["added"]
    assert read_entries(tmp_path / "out")[0].steps[2].title == "Fail over <now>"
    assert export_entries(site.database, tmp_path / "out2", everything=False) == []


def test_an_entry_goes_into_the_archive_and_comes_back(site: KnowledgeSite) -> None:
    browser = site.enter("U0MANAGER")
    token = {"token": form_of(browser.get("/knowledge/GUIDE-cors/edit").text)["token"]}
    assert site.enter("U0SUPPORT").post("/knowledge/GUIDE-cors/archive", data=token).status_code == 403
    page = browser.post("/knowledge/GUIDE-cors/archive", data=token, follow_redirects=True)
    assert "In the archive since" in page.text and "Bring back" in page.text
    assert "GUIDE-cors" not in browser.get("/knowledge").text
    assert "GUIDE-cors" in browser.get("/knowledge?kind=archived").text
    back = browser.post("/knowledge/GUIDE-cors/archive", data=token, follow_redirects=True)
    assert "In the archive" not in back.text and "GUIDE-cors" in browser.get("/knowledge").text


def test_a_folder_that_changes_is_taken_in_at_rest_and_one_with_an_error_is_not(
    site: KnowledgeSite, folder: Path
) -> None:
    assert site.memory is not None
    watch = KnowledgeFolder(folder, site.memory.reload, threading.Event())
    assert not watch.look()
    (folder / "playbooks" / "PB-cache.md").unlink()
    path = folder / "playbooks" / "PB-lambda.md"
    path.write_text(path.read_text().replace("Examine the execution role", "Read the role"))
    assert not watch.look(), "it may still be written"
    assert watch.look()
    entries = site.memory.current().entries
    assert "PB-cache" not in entries and entries["PB-lambda"].steps[1].title.startswith("Read the role")
    assert site.memory.current().index.search("redis cache unreachable", kind="playbook") == ()
    path.write_text(path.read_text().replace("## Symptoms", "## Sympthoms"))
    assert [watch.look() for _ in range(3)] == [False, False, False]
    assert site.memory.current().entries["PB-lambda"].steps[1].title.startswith("Read the role"), "the old state stays"
    path.write_text(path.read_text().replace("## Sympthoms", "## Symptoms"))
    assert [watch.look() for _ in range(2)] == [False, True]

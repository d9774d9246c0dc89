"""One outage as the public reads it, published after a preview and resolved by a press; and its item as an issue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.settings import REPOSITORY, Settings
from bot.status_page.pages import snapshot
from bot.status_page.policy import components
from bot.store.engine import Database
from slack_playground.person import content_of
from tests.support.stage import Stage, element, press, staged
from tests.support.tracker_services import TOKEN, Trackers, serve_trackers

SERVICES = "services:\n  tills-backend: {public: {name: Tills, group: Shops}}\n"


@pytest.fixture(scope="module")
def trackers() -> Iterator[Trackers]:
    with serve_trackers() as running:
        yield running


@pytest.fixture(scope="module")
def stage(
    database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory, trackers: Trackers
) -> Iterator[Stage]:
    """The bot with the status page on, one public service, and a tracker."""
    folder, knowledge = tmp_path_factory.mktemp("stage"), tmp_path_factory.mktemp("knowledge")
    for path in (REPOSITORY / "knowledge").iterdir():
        if path.name != "policy":
            (knowledge / path.name).symlink_to(path)
    (knowledge / "policy").mkdir()
    for path in (REPOSITORY / "knowledge" / "policy").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        text = text.replace("services: {}\n", SERVICES) if path.name == "services.yaml" else text
        if path.name == "trackers.yaml":
            shop = f"kind: github, project: example/shop, url: '{trackers.url}', token: TOCSIN_TRACKER_SHOP"
            text = text.replace("trackers: {}\n", f"trackers:\n  shop: {{{shop}}}\n").replace(
                "default:\n", "default: shop\n"
            )
        (knowledge / "policy" / path.name).write_text(text, encoding="utf-8")

    def prepare(settings: Settings) -> Settings:
        wanted = {"data_folder": data_folder, "knowledge_folder": knowledge, "status_page": True}
        return settings.model_copy(update=wanted)

    with pytest.MonkeyPatch.context() as patch, staged(database, Path(folder), prepare) as built:
        patch.setenv("TOCSIN_TRACKER_SHOP", TOKEN)
        yield built


def chosen(view: dict[str, Any]) -> dict[str, Any]:
    """What the form's selects hold as it opened."""
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    return {
        block["block_id"]: {block["element"]["action_id"]: block["element"]["initial_option"]["value"]}
        for block in inputs
        if "initial_option" in block["element"]
    }


def test_an_outage_is_published_after_a_preview_and_resolved_by_a_press(stage: Stage, trackers: Trackers) -> None:
    who = stage.responder
    ref, channel = stage.declare("P1 the tills of all shops are frozen")
    who.command(channel["id"], "/incident role commander me")
    who.command(channel["id"], "/incident publish")
    view = who.wait_for_view("status_form_view")
    (component,) = components(stage.context.policy.diagnostics)
    values = chosen(view) | {
        "title": {"title": "Tills are frozen"},
        "text": {"text": "Shops can't take payments. We are looking into it."},
        f"component_{component.component_id}": {f"component_{component.component_id}": "major_outage"},
    }
    assert who.submit(view, values) == {}
    preview = who.wait_for_view("status_form_view")
    assert preview["submit"]["text"] == "Publish"
    assert snapshot(stage.context).posts == ()
    assert who.submit(preview, values) == {}
    who.wait_for_message(channel["id"], "Published on the status page by")
    shown = snapshot(stage.context)
    assert (shown.overall[0], [post.title for post in shown.open_incidents]) == ("critical", ["Tills are frozen"])

    who.command(channel["id"], "/incident resolve rolled back")
    asked = who.wait_for_message(channel["id"], "the status page still says Investigating")
    press(who, channel["id"], asked, "status_form")
    view = who.wait_for_view("status_form_view")
    values = chosen(view) | {"title": {"title": "Tills are frozen"}, "text": {"text": "Payments work again."}}
    who.submit(view, values)
    who.submit(who.wait_for_view("status_form_view"), values)
    who.wait_for_message(channel["id"], "Resolved: Payments work again.")
    assert snapshot(stage.context).overall == ("none", "All Systems Operational")
    who.wait_for_message(channel["id"], f"The status page no longer shows {ref} as open.")

    who.command(channel["id"], "/incident action high alarm on the tills")
    who.command(channel["id"], "/incident action list")
    listed = who.wait_for_ephemeral(channel["id"], "Action items of")
    assert element(listed, "issue_create")
    press(who, channel["id"], listed, "issue_create")
    said = who.wait_for_message(channel["id"], "created for action item 1")
    assert "example/shop#1" in content_of(said)
    assert ref in str(trackers.issues["github"][0])
    who.command(channel["id"], "/incident action done 1")
    who.wait_for(lambda: trackers.issues["github"][0]["closed"] or None, what="the issue closed")
    assert stage.context.now() - shown.now < timedelta(hours=1)

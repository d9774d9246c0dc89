"""What is kept of a workspace and of its time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bot.demo.seed import seed_workspace
from slack_playground.app import Playground
from slack_playground.person import Person
from slack_playground.workspace.clock import DemoClock
from slack_playground.workspace.persistence import Keeper, NotKept, continue_clock, load_workspace, save_workspace
from slack_playground.workspace.workspace import Workspace


def fill(playground: Playground) -> dict[str, str]:
    """A thread, a reaction, a pin, a direct message, a file, a canvas; what identifies them."""
    person = Person(playground.url, "U0RESPONDER")
    parent = person.say("general", "the tills are slow")
    reply = person.reply("general", parent, "since the deployment?")
    person.react("general", parent, "pushpin")
    direct = person.dm_with("U0MANAGER")
    person.say(direct, "have you seen #general?")
    person.act("upload_file", channel="C0GENERAL", name="graph.txt", content="a steep line")
    return {"parent": parent, "reply": reply, "direct": direct}


def restored(text: str) -> Workspace:
    workspace = seed_workspace()
    load_workspace(workspace, text)
    return workspace


def test_what_was_said_is_there_after_a_restart(tmp_path: Path) -> None:
    kept = tmp_path / "workspace.json"
    with Playground(seed_workspace()) as first, Keeper(first, kept):
        known = fill(first)
    with Playground(restored(kept.read_text())) as second:
        person = Person(second.url, "U0RESPONDER")
        shown = {message["ts"]: message for message in person.messages("general")}
        assert shown[known["parent"]]["reactions"] == [{"name": "pushpin", "users": ["U0RESPONDER"], "count": 1}]
        assert [m["ts"] for m in person.replies("general", known["parent"])] == [known["parent"], known["reply"]]
        assert person.dm_with("U0MANAGER") == known["direct"]
        assert person.messages(known["direct"])[0]["text"] == "have you seen <#C0GENERAL>?"
        assert [file.content for file in second.workspace.files.values()] == [b"a steep line"]
        assert person.say("general", "later") > max(shown)


def test_saving_what_was_loaded_gives_the_same_again(tmp_path: Path) -> None:
    with Playground(seed_workspace()) as playground:
        fill(playground)
        text = playground.on_loop(lambda: save_workspace(playground.workspace))
    once, again = json.loads(text), json.loads(save_workspace(restored(text)))
    assert once | {"number": 0} == again | {"number": 0}


def test_no_id_is_given_twice_even_if_the_last_ones_were_not_saved() -> None:
    workspace = seed_workspace()
    text = save_workspace(workspace)
    unsaved = {workspace.new_id("E") for _ in range(1000)}
    assert restored(text).new_id("E") not in unsaved


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 0}', '{"format": 1}', '{"format": 1, "channels": [{}]}', "null"]
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(text: str) -> None:
    workspace = seed_workspace()
    with pytest.raises(NotKept):
        load_workspace(workspace, text)
    assert sorted(workspace.channels) == ["C0GENERAL", "C0INCIDENTS", "C0UPDATES"]


def test_time_goes_on_from_where_it_was_when_that_is_ahead(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    ahead = DemoClock(path, virtual=time.time() + 7200, rate=60)
    last = ahead.now()
    again = continue_clock(path, rate=1)
    assert last <= again.now() < last + 300
    assert again.rate == 1


def test_time_never_runs_on_at_a_high_speed_while_nothing_runs(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    long_ago = time.time() - 86_400
    path.write_text(json.dumps({"real": long_ago, "virtual": time.time(), "rate": 3600}))
    assert continue_clock(path, rate=1).now() < time.time() + 3 * 3600


def test_time_catches_up_with_the_real_one(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    path.write_text(json.dumps({"real": 0.0, "virtual": 1_000.0, "rate": 1.0}))
    before = time.time()
    assert continue_clock(path, rate=1).now() >= before


def test_half_a_clock_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    path.write_text('{"real": 1')
    before = time.time()
    assert continue_clock(path, rate=1).now() >= before

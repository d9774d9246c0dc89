"""`tocsin demo` as a process: what it starts, what it keeps, and that it leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bot.demo.bot_process import bot_environment, find_postgres
from bot.demo.demo import open_browser, starting
from bot.demo.seed import FIRST_REPORT
from slack_playground.person import Person, content_of
from tests.support.stage import INCIDENTS, press

READY = re.compile(r"is ready: (http://127\.0\.0\.1:\d+)")
PATIENCE = 240  # seconds after which something hangs; nothing is measured by it


class Demo:
    """A demo of its own process; `lines` is what it has printed so far."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0) -> None:
        self.folder = folder
        self.lines: list[str] = []
        program = [sys.executable, "-m", "bot", "demo", "--data", str(folder), "--port", str(port), *arguments]
        self.process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
        self.url = ""

    def read_until(self, wanted: str) -> str:
        """Read on until a line has this."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if wanted in line:
                return line
        raise AssertionError(f"the demo ended without {wanted!r}: {''.join(self.lines)}")

    def ready(self) -> Demo:
        found = READY.search(self.read_until("is ready"))
        assert found is not None
        self.url = found[1]
        return self

    def person(self, user_id: str = "U0RESPONDER") -> Person:
        return Person(self.url, user_id)

    def bot(self) -> psutil.Process:
        (bot,) = [one for one in psutil.Process(self.process.pid).children() if "run" in one.cmdline()]
        return bot

    def family(self) -> list[psutil.Process]:
        """All that runs for this demo: it, the bot, its AWS, PostgreSQL with its own processes."""
        server = find_postgres(self.folder / "postgres")
        assert server is not None
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True), server, *server.children(recursive=True)]

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self.lines += self.process.stderr or []
        return status


def left_of(family: list[psutil.Process]) -> list[psutil.Process]:
    return list(psutil.wait_procs(family, timeout=PATIENCE / 2)[1])


@pytest.fixture(scope="module")
def data(fitted: Path) -> Iterator[Path]:
    """One data folder for all, as a demo leaves it that has learned to judge.

    Not pytest's own: to root's PostgreSQL, which runs as another user, that is closed whenever a session begins.
    """
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as name:
        (Path(name) / "demo.json").write_text("{}")
        (Path(name) / "cache").symlink_to(fitted)
        yield Path(name)


@pytest.fixture(scope="module")
def started(data: Path) -> Iterator[list[Demo]]:
    """The demos that were started for whoever needs one that runs."""
    demos: list[Demo] = []
    yield demos
    end_all(demos)


@pytest.fixture
def demo(data: Path, started: list[Demo]) -> Demo:
    """A demo that runs: the last one, if no test has ended it."""
    if not started or started[-1].process.poll() is not None:
        started.append(Demo(data).ready())
    return started[-1]


@pytest.fixture
def folder(data: Path, started: list[Demo]) -> Path:
    """The data of a demo that does not run."""
    end_all(started)
    return data


def end_all(demos: list[Demo]) -> None:
    for demo in demos:
        if demo.process.poll() is None:
            demo.end()


def test_what_the_demo_tells_one_to_write_is_answered_with_a_button_to_declare(demo: Demo) -> None:
    responder = demo.person()
    ts = responder.say(INCIDENTS, FIRST_REPORT)
    answer = responder.wait_for_message(INCIDENTS, "Looks like", thread_ts=ts)
    assert "report_declare" in str(answer["blocks"])


def test_a_bot_that_dies_is_started_again_and_the_demo_says_so(demo: Demo) -> None:
    demo.bot().kill()
    assert "SIGKILL" in demo.read_until("The bot has ended")
    demo.read_until("The bot is back")
    responder = demo.person()
    responder.command(INCIDENTS, "/incident help")
    assert "What you can type" in responder.wait_for_ephemeral(INCIDENTS)["text"]


def test_a_second_demo_on_the_same_data_waits_for_the_first(demo: Demo) -> None:
    other = Demo(demo.folder, "--no-aws")
    other.read_until("Another demo holds this data")
    assert other.end(signal.SIGINT) == 0, other.lines
    assert demo.process.poll() is None


def test_ctrl_c_ends_everything_and_leaves_no_process(demo: Demo) -> None:
    family = demo.family()
    assert demo.end(signal.SIGINT) == 0
    assert left_of(family) == []
    assert "The bot has ended" not in "".join(demo.lines).partition("Ending")[2]


@pytest.mark.parametrize("moment", ["the bot's process", "the database's folder", "the database"])
def test_ctrl_c_during_the_start_leaves_no_process_either(moment: str) -> None:
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as name:
        data = Path(name) / "data"
        demo = Demo(data)
        reached = {
            "the bot's process": lambda: psutil.Process(demo.process.pid).children(),
            "the database's folder": (data / "postgres").exists,
            "the database": (data / "postgres" / "postmaster.pid").exists,
        }[moment]
        while not reached():
            time.sleep(0.01)  # nobody tells when a process has come so far
        assert demo.end(signal.SIGINT) == 0
        assert [process for process in psutil.process_iter() if str(data) in " ".join(command_of(process))] == []


def command_of(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def test_killing_the_demo_ends_the_bot_and_its_database(demo: Demo) -> None:
    family = demo.family()
    demo.end(signal.SIGKILL)
    assert left_of(family) == []


def test_a_second_ctrl_c_does_not_wait_for_a_bot_that_hangs(demo: Demo) -> None:
    family = demo.family()
    demo.bot().suspend()
    demo.process.send_signal(signal.SIGINT)
    demo.read_until("Ending")
    assert demo.end(signal.SIGINT) == 128 + signal.SIGINT
    assert left_of(family) == []


def test_after_a_restart_the_incident_its_channel_and_its_card_go_on(folder: Path) -> None:
    first = Demo(folder, "--no-aws").ready()
    responder = first.person()
    responder.command(INCIDENTS, "/incident declare P1 checkout answers 502 for a third of customers")
    channel = responder.wait_for_channel("inc-")["id"]
    card = responder.wait_for_message(channel, lambda message: message.get("pinned"))
    pinned = responder.say(channel, "connections are at 500 of 500")
    responder.react(channel, pinned, "pushpin")
    before = responder.bootstrap()["clock"]["virtual"]
    assert first.end(signal.SIGTERM) == 0

    second = Demo(folder, "--no-aws").ready()
    try:
        responder = second.person()
        assert responder.bootstrap()["clock"]["virtual"] >= before
        shown = {message["ts"]: message for message in responder.messages(channel)}
        assert shown[card["ts"]]["pinned"]
        assert shown[pinned]["reactions"][0]["name"] == "pushpin"
        press(responder, channel, shown[card["ts"]], "incident_acknowledge")
        edited = responder.wait_for_message(channel, lambda m: m["ts"] == card["ts"] and m.get("edited"))
        assert "incident_acknowledge" not in str(edited["blocks"])
        responder.wait_for_message(channel, "Acknowledged by <@U0RESPONDER>")  # the page in the channel says so
        assert "Starting over" not in "".join(second.lines)
    finally:
        second.end()


def test_a_taken_port_is_said_and_the_next_one_used(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        demo = Demo(folder, "--no-aws", port=taken)
        try:
            demo.read_until(f"Port {taken} is taken")
            demo.ready()
            assert not demo.url.endswith(str(taken))
        finally:
            demo.end()


def test_a_lost_workspace_takes_the_database_with_it(folder: Path) -> None:
    (folder / "workspace.json").write_text('{"format": 1, "channels": [')
    demo = Demo(folder, "--no-aws").ready()
    try:
        assert "Starting over, database included" in "".join(demo.lines)
        responder = demo.person()
        responder.command(INCIDENTS, "/incident list")
        assert "No incident is open" in responder.wait_for_ephemeral(INCIDENTS)["text"]
    finally:
        demo.end()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "precious").write_text("somebody's")
    demo = Demo(tmp_path, "--fresh")
    assert demo.process.wait(PATIENCE) == 1
    demo.lines += demo.process.stderr or []
    assert "name an empty folder with --data" in "".join(demo.lines)
    assert (tmp_path / "postgres" / "precious").exists()


def test_nothing_of_the_callers_settings_reaches_the_bot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    leaks = ("DATABASE_URL", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "TOCSIN_KNOWLEDGE", "PGHOST", "https_proxy")
    for name in leaks:
        monkeypatch.setenv(name, "https://real.example.com")
    environment = bot_environment(tmp_path, "http://127.0.0.1:8000/api/", 8001)
    assert "https://real.example.com" not in environment.values()
    assert environment["SLACK_BOT_TOKEN"] == "xoxb-playground"
    assert environment["PATH"] == os.environ["PATH"]


def test_no_browser_is_opened_where_there_is_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not open_browser("http://127.0.0.1:8000")


def test_the_shell_shows_what_the_demo_holds_while_it_runs(demo: Demo) -> None:
    words = "From another shell"
    told = next((line for line in demo.lines if words in line), "") or demo.read_until(words)
    name, _, value = told.split()[3].partition("=")
    assert (name, Path(value)) == ("TOCSIN_DATA", demo.folder)
    responder = demo.person()
    responder.command(INCIDENTS, "/incident declare P3 the docs page is slow")
    responder.wait_for_channel("inc-")
    shell = [sys.executable, "-m", "bot", *told.split()[-3:]]
    listed = subprocess.run(
        shell, env=os.environ | {name: value}, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert "the docs page is slow" in listed.stdout


def test_what_is_broken_in_its_aws_is_found(demo: Demo) -> None:
    said = next((line for line in demo.lines if "AWS" in line), "") or demo.read_until("AWS")
    assert "a broken shop" in said
    responder = demo.person()
    responder.command(INCIDENTS, "/incident declare P2 orders time out")
    channel = responder.wait_for(lambda: channel_of(responder, "orders-time-out"), what="its channel")
    responder.command(channel, "/incident diagnose checkout")
    responder.wait_for_message(channel, "100 % of max_connections, which is 500")
    wanted = (
        "VisibilityTimeout of orders is 20 s",
        "Alias on $LATEST: live",
        "UpdateFunctionCode20150331v2 of orders-api by release-pipeline",
    )
    # One message, edited as results come.
    whole = responder.wait_for_message(channel, lambda m: all(words in content_of(m) for words in wanted))
    found = content_of(whole)
    assert "could not be read" not in found.lower()


def test_a_demo_whose_aws_ends_says_so_and_goes_on(demo: Demo) -> None:
    (aws,) = [one for one in psutil.Process(demo.process.pid).children() if "bot.demo.cloud.server" in one.cmdline()]
    aws.kill()
    demo.read_until("The AWS of the demo has ended")
    assert demo.process.poll() is None


def channel_of(person: Person, ending: str) -> str | None:
    """Where this person may type: a channel is listed a moment before they are invited."""
    mine = (one for one in person.bootstrap()["channels"] if one["is_member"])
    return next((one["id"] for one in mine if one["name"].endswith(ending)), None)


def test_a_first_start_says_that_the_judge_is_fitted(tmp_path: Path) -> None:
    assert "fits the severity judge" in starting(tmp_path)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "judge-abc.npz").touch()
    assert "fits" not in starting(tmp_path)

"""`python -m slack_playground` as a process, and every command and program of the package's README."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_bolt import App
from slack_sdk import WebClient

import slack_playground
from slack_playground.__main__ import main
from slack_playground.person import Person
from tests.slack_playground.test_webhooks import AppServer

README = (Path(slack_playground.__file__).parent / "README.md").read_text(encoding="utf-8")
MANIFEST = Path(slack_playground.__file__).parents[1] / "slack-manifest.yaml"
PATIENCE = 240


def blocks(language: str) -> list[str]:
    """The README's fenced blocks in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


class Program:
    """A local Slack of its own process; `told` is what it printed until it was ready."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "slack_playground", *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.told = ""
        for line in self.process.stdout:
            self.told += line
            if "Ctrl-C" in line:
                break
        found = re.search(r"is ready: (http://127\.0\.0\.1:\d+)", self.told)
        assert found, self.told
        self.url = found[1]

    def person(self, user_id: str = "U0DEVELOPER") -> Person:
        return Person(self.url, user_id)

    def tokens(self) -> dict[str, str]:
        """What it says to export."""
        return dict(re.findall(r"export (\w+)=(\S+)", self.told))

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def program() -> Iterator[Program]:
    running = Program("--port", "0")
    yield running
    running.process.kill()
    running.process.wait(PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_cleanly(program: Program, number: int) -> None:
    assert program.tokens().keys() == {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"}
    client = WebClient(program.tokens()["SLACK_BOT_TOKEN"], base_url=f"{program.url}/api/")
    assert client.auth_test()["user_id"] == "U0APP"
    assert program.end(number) == 0


def test_the_readmes_socket_mode_app_answers_a_person(program: Program, tmp_path: Path) -> None:
    (source,) = [block for block in blocks("python") if "SocketModeHandler" in block]
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    (script,) = [block for block in blocks("sh") if "python app.py" in block]
    script = script.replace("http://127.0.0.1:8000", program.url).replace("python app.py", "exec python app.py")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    app = subprocess.Popen(["bash", "-ec", script], cwd=tmp_path, env=environment)
    try:
        developer = program.person()
        developer.wait_for(lambda: developer.bootstrap()["app"]["connected"], PATIENCE, "the app's connection")
        ts = developer.say("app-testing", "hello")
        said = developer.wait_for_message("app-testing", "Hello to you", PATIENCE, thread_ts=ts)
        assert said["bot_profile"]["name"] == "App"
    finally:
        app.terminate()
        app.wait(PATIENCE)


def test_the_readmes_request_for_http_connects_an_app(program: Program) -> None:
    client = WebClient("xoxb-playground", base_url=f"{program.url}/api/")
    app = App(client=client, signing_secret="playground", process_before_response=True)
    app.message("hello")(lambda message, say: say("Hello over HTTP", thread_ts=message["ts"]))
    server = AppServer(app)
    try:
        (command,) = [block for block in blocks("sh") if block.startswith("curl")]
        (data,) = re.findall(r"--data '(.*?)'", command)
        path = command.split("http://127.0.0.1:8000")[1].strip()
        body = data.replace("http://127.0.0.1:3000/slack/events", server.url).encode()
        with urllib.request.urlopen(urllib.request.Request(program.url + path, data=body), timeout=PATIENCE) as answer:
            assert json.loads(answer.read()) == {"ok": True}
        developer = program.person()
        ts = developer.say("app-testing", "hello")
        developer.wait_for_message("app-testing", "Hello over HTTP", PATIENCE, thread_ts=ts)
    finally:
        server.close()


def test_the_readmes_commands_start_it() -> None:
    commands = [block.strip() for block in blocks("sh") if block.startswith("python -m slack_playground")]
    assert len(commands) == 2
    for command in commands:
        words = command.replace("slack-manifest.yaml", str(MANIFEST)).split()[3:]
        kept = [word for index, word in enumerate(words) if word != "--port" and words[index - 1] != "--port"]
        running = Program("--port", "0", *kept)
        try:
            people = running.person().bootstrap()
            assert people["app"]["name"] == ("Tocsin" if "--manifest" in kept else "App")
            assert people["team"]["name"] == "Example"
        finally:
            assert running.end() == 0


def test_the_readmes_people_are_there(tmp_path: Path) -> None:
    (listed,) = blocks("yaml")
    (tmp_path / "people.yaml").write_text(listed, encoding="utf-8")
    running = Program("--port", "0", "--people", str(tmp_path / "people.yaml"))
    try:
        client = WebClient("xoxb-playground", base_url=f"{running.url}/api/")
        user = client.users_info(user="U0NIGHTSHIFT")["user"]
        assert (user["real_name"], user["tz"], user["tz_offset"]) == ("Night Shift", "Asia/Tokyo", 32400)
        assert client.users_info(user="U0DEVELOPER")["user"]["real_name"] == "Developer"
    finally:
        running.end()


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "must hold a list of people"),
        ("- {title: Nobody}", "entry 1 has no name"),
        ("- ok\n- {name: x, age: 7}", "entry 2 has age"),
        ("- [", "cannot be read"),
    ],
)
def test_people_that_are_none_are_refused_in_a_sentence(
    written: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(written, encoding="utf-8")
    assert main(["--port", "0", "--people", str(path)]) == 1
    assert sentence in capsys.readouterr().err


def test_a_manifest_that_is_none_and_a_port_that_is_taken_are_refused(
    program: Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text("features: {}", encoding="utf-8")
    assert main(["--manifest", str(path)]) == 1
    assert "is not an app manifest" in capsys.readouterr().err
    assert main(["--port", program.url.rpartition(":")[2]]) == 1
    assert "--port" in capsys.readouterr().err


def test_the_page_and_the_package_name_no_app_of_their_own() -> None:
    folder = Path(slack_playground.__file__).parent
    for path in [*folder.rglob("*.py"), *folder.rglob("*.js"), *folder.rglob("*.html")]:
        assert "tocsin" not in path.read_text(encoding="utf-8").lower(), path

"""`tocsin demo`: the playground in this process, the real bot in another, kept together from start to Ctrl-C."""

import fcntl
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from types import FrameType

from bot.demo.bot_process import Bot, remove_database
from bot.demo.cloud.process import MISSING, Cloud, is_installed
from bot.demo.seed import FIRST_REPORT, seed_workspace
from slack_playground.app import Playground
from slack_playground.person import NotSeen, Person
from slack_playground.workspace.manifest import AppManifest, permissive_manifest, read_manifest
from slack_playground.workspace.persistence import Keeper, NotKept, continue_clock, load_workspace, write_whole
from slack_playground.workspace.workspace import Workspace

MANIFEST = Path(__file__).resolve().parents[2] / "slack-manifest.yaml"
_PORTS_TRIED = 20
_LOCK_WAIT = 60.0  # seconds that a demo which was killed may need to end its bot, on a busy machine, too
_GIVE_UP_AFTER = 3  # starts in a row that never got ready
_LONGEST_PAUSE = 15.0  # seconds between two starts of a bot that keeps ending
_TERMINAL_BROWSERS = ("www-browser", "links", "elinks", "lynx", "w3m")

Say = Callable[[str], None]


class CannotStart(Exception):
    """Why there will be no demo, in a sentence that says how to fix it."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line. `rate` is virtual seconds in a real one."""

    folder: Path
    port: int = 8000
    rate: float = 1.0
    browser: bool = True
    fresh: bool = False
    aws: bool = True


def run_demo(wishes: Wishes, say: Say) -> int:
    """Run until Ctrl-C or SIGTERM; the exit status. Raises CannotStart."""
    folder = wishes.folder.resolve()
    with ExitStack() as stack:
        held = stack.enter_context(hold_folder(folder, say))
        playground = _playground(wishes, folder, say)
        stack.callback(playground.stop)
        playground.start()
        stack.enter_context(Keeper(playground, folder / "workspace.json"))
        web_port = _web_port(folder)
        cloud = cloud_of(folder, web_port, wanted=wishes.aws)
        bot = Bot(folder, playground.api_url, web_port, held=(held,), cloud=cloud.environment() if cloud else None)
        if wishes.aws and cloud is None:
            say(MISSING)
        return Watch(playground, bot, say, wishes.browser, cloud).run()


def cloud_of(folder: Path, web_port: int, *, wanted: bool = True) -> Cloud | None:
    """The demo's AWS, with an Alertmanager that delivers to the bot's `web_port`.

    None where it is not wanted or its packages are missing.
    """
    return Cloud(folder, free_port(0), web_port) if wanted and is_installed() else None


@contextmanager
def hold_folder(folder: Path, say: Say) -> Iterator[int]:
    """Keep other demos off the data; yields the descriptor that holds it. Raises CannotStart.

    The bot holds it too, so a demo that was killed is waited for until its bot has ended.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / "demo.json").exists():
            raise CannotStart(f"{folder} holds something else: name an empty folder with --data.")
        if not (folder / "demo.json").exists():
            write_whole(folder / "demo.json", "{}")
        lock = (folder / "demo.lock").open("w")
    except OSError as error:
        raise CannotStart(
            f"The demo cannot keep its data in {folder}: {error.strerror}. Name another with --data."
        ) from None
    with lock:
        _lock(lock.fileno(), folder, say)
        yield lock.fileno()


def _lock(descriptor: int, folder: Path, say: Say) -> None:
    deadline = time.monotonic() + _LOCK_WAIT
    announced = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"Another demo runs on {folder}: end it with Ctrl-C, or name another folder with --data."
                ) from None
        if not announced:
            say("Another demo holds this data; waiting for it to end. End it with Ctrl-C, or name another with --data.")
            announced = True
        time.sleep(0.1)


def _playground(wishes: Wishes, folder: Path, say: Say) -> Playground:
    """A playground with the kept workspace, or with a new one and then a new database too."""
    kept = folder / "workspace.json"
    reason = "as you asked" if wishes.fresh else "the workspace of the last run is missing"
    text = None
    if not wishes.fresh:
        with suppress(OSError, UnicodeDecodeError):
            text = kept.read_text(encoding="utf-8")
    if text is not None:
        workspace = _workspace(folder, wishes.rate)
        try:
            load_workspace(workspace, text)
            return _bound(workspace, wishes.port, say)
        except NotKept as why:
            reason = f"the workspace of the last run is lost ({why})"
    if (folder / "postgres").exists():
        say(f"Starting over, database included: {reason}.")
    remove_database(folder / "postgres")
    for file in (kept, folder / "clock.json"):
        file.unlink(missing_ok=True)
    return _bound(_workspace(folder, wishes.rate), wishes.port, say)


def _workspace(folder: Path, rate: float) -> Workspace:
    return seed_workspace(continue_clock(folder / "clock.json", rate), manifest=app_manifest(), tiers=True)


def app_manifest() -> AppManifest:
    """The app's own manifest; where only the package was installed, one that allows everything."""
    return read_manifest(MANIFEST) if MANIFEST.exists() else permissive_manifest("Tocsin", "/incident")


def _bound(workspace: Workspace, port: int, say: Say) -> Playground:
    """The playground on this port, or on the next that is free. Raises CannotStart."""
    tries = range(port, min(port + _PORTS_TRIED, 65536)) if port else (0,)
    for number in tries:
        try:
            playground = Playground(workspace, port=number)
        except PermissionError:
            raise CannotStart(f"Port {number} is not open to you: name one above 1023 with --port.") from None
        except OSError:
            continue
        if number != port:
            say(f"Port {port} is taken; using {number}.")
        return playground
    raise CannotStart(f"The ports {tries[0]} to {tries[-1]} are taken: name a free one with --port.")


def _web_port(folder: Path) -> int:
    """The port of the bot's pages: the last run's, so that links in old messages lead there, or a free one."""
    known = 0
    with suppress(OSError, ValueError, AttributeError, TypeError):
        known = int(json.loads((folder / "demo.json").read_text()).get("web_port", 0))
    port = free_port(known) or free_port(0)
    write_whole(folder / "demo.json", json.dumps({"web_port": port}))
    return port


def free_port(wanted: int) -> int:
    """This port, or any for 0; 0 where it is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except (OSError, OverflowError):
            return 0
        return int(probe.getsockname()[1])


class Watch:
    """Starts the bot, tells when it is ready, starts it again when it ends, and ends it when asked to."""

    def __init__(self, playground: Playground, bot: Bot, say: Say, browser: bool, cloud: Cloud | None = None) -> None:
        self._playground, self._bot, self._say, self._browser = playground, bot, say, browser
        self._cloud = cloud
        self._heard: queue.SimpleQueue[tuple[str, subprocess.Popen[bytes] | None]] = queue.SimpleQueue()
        self._asked_to_end = False
        self._was_ready = False
        self._failures = 0

    def run(self) -> int:
        """The demo's exit status."""
        for number in _ENDING:
            signal.signal(number, self._signal)
        try:
            self._say(starting(self._bot.log.parent))
            self._start()
            if self._cloud is not None:
                self._cloud.start(lambda up: self._heard.put(("cloud up" if up else "cloud down", None)))
            status = None
            while status is None:
                status = self._take(*self._heard.get())
            return status
        finally:
            if self._cloud is not None:
                self._cloud.stop()
            self._bot.stop()

    def _take(self, what: str, process: subprocess.Popen[bytes] | None) -> int | None:
        """React to one thing that happened; an exit status ends the demo."""
        if what == "end":
            self._say("Ending …")
            return 0
        if what == "ready":
            self._ready()
        elif what == "ended" and process is not None:
            return self._ended(process)
        elif what == "start":
            self._start()
        elif what.startswith("cloud") and self._cloud is not None:
            self._say(_AWS_UP if what == "cloud up" else f"{_AWS_DOWN} {_short(self._cloud.log)} says why.")
        return None

    def _signal(self, number: int, frame: FrameType | None) -> None:
        """Once: end in order. Again: at once."""
        if self._asked_to_end:
            if self._cloud is not None:
                self._cloud.kill()
            self._bot.kill()
            os._exit(128 + number)
        self._asked_to_end = True
        self._heard.put(("end", None))

    def _start(self) -> None:
        process = self._bot.start()
        threading.Thread(target=self._wait_for_end, args=(process,), daemon=True).start()
        threading.Thread(target=self._wait_until_ready, args=(process,), daemon=True).start()

    def _wait_for_end(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._heard.put(("ended", process))

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(OSError, ValueError, HTTPException, NotSeen):  # the playground may end before the bot is ready
            wait_until_connected(self._playground.url, process)
            if process.poll() is None:
                self._heard.put(("ready", process))

    def _ready(self) -> None:
        self._failures = 0
        if self._was_ready:
            self._say("The bot is back.")
            return
        self._was_ready = True
        for line in _welcome(self._playground.url, self._bot.log):
            self._say(line)
        if self._browser:
            open_browser(self._playground.url)

    def _ended(self, process: subprocess.Popen[bytes]) -> int | None:
        self._say(f"The bot has ended ({_how(process.returncode)}). The end of its log, {self._bot.log}:")
        self._say(self._bot.end_of_log())
        self._failures += 1
        if self._failures >= _GIVE_UP_AFTER and not self._was_ready:
            self._say("It does not start; giving up. `tocsin demo --fresh` begins with new data.")
            return 1
        pause = min(2.0 ** (self._failures - 1), _LONGEST_PAUSE)
        self._say(f"Starting it again in {pause:g} s; nothing that was pending is lost.")
        timer = threading.Timer(pause, self._heard.put, (("start", None),))
        timer.daemon = True
        timer.start()
        return None


def starting(folder: Path) -> str:
    """What is begun with the data in `folder`, and why a first start takes long."""
    said = "Starting PostgreSQL, the playground and the bot."
    fitted = any((folder / "cache").glob("judge-*.npz"))
    return said if fitted else f"{said} The first start also fits the severity judge: half a minute, or a minute."


_AWS_UP = (
    "AWS is played by moto, with a broken shop in it: type /incident diagnose checkout in the incident's channel. "
    "After three minutes one of its alarms fires, a minute later one of Alertmanager."
)
_AWS_DOWN = "The AWS of the demo has ended: /incident diagnose finds nothing, everything else works."
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def wait_until_connected(url: str, process: subprocess.Popen[bytes], seconds: float = 600) -> None:
    """Until the bot's connection is up, or it has ended. Raises NotSeen."""
    person = Person(url, "U0RESPONDER")

    def look() -> bool:
        return person.bootstrap()["app"]["connected"] or process.poll() is not None

    person.wait_for(look, seconds, "the bot's connection")


def _how(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def _welcome(url: str, log: Path) -> list[str]:
    return [
        "",
        f"  Tocsin's demo is ready: {url}",
        "",
        f"  1. Write in #incident-response: {FIRST_REPORT}",
        "     Tocsin answers in its thread. Press Declare there.",
        "  2. Work in the incident's channel: /incident note …, a 📌 on what matters. Let time run faster at the top,",
        "     be the team lead for a moment, and see the page arrive.",
        "  3. /incident resolve raised the pool size, then Close and draft review on the card.",
        "",
        f"  From another shell: TOCSIN_DATA={_short(log.parent)} {_command()} incident list --all",
        f"  The bot's log is {_short(log)}. Ctrl-C ends everything; the data stays.",
        "",
    ]


def _command() -> str:
    """What to type for this very Tocsin."""
    return _short(Path(sys.argv[0])) if Path(sys.argv[0]).name == "tocsin" else "tocsin"


def _short(path: Path) -> str:
    with suppress(ValueError, OSError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def open_browser(url: str) -> bool:
    """Show the page where there is a screen and somebody in front of it; False elsewhere. Never an error."""
    on_screen = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not on_screen or os.environ.get("CI") or os.environ.get("SSH_CONNECTION") or not sys.stderr.isatty():
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if Path(getattr(browser, "name", "")).name in _TERMINAL_BROWSERS:
        return False
    threading.Thread(target=browser.open, args=(url,), daemon=True).start()
    return True

"""Where a story is played: a folder, a playground and a bot of their own, what time it is, and how each step went."""

import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.demo.bot_process import Bot, bot_environment
from bot.demo.demo import app_manifest, cloud_of, free_port, wait_until_connected
from bot.demo.seed import seed_workspace
from slack_playground.app import Playground
from slack_playground.person import Person
from slack_playground.workspace.clock import DemoClock

LEARNED = Path(".tocsin/demo/cache")  # what an earlier demo has computed from the knowledge; spares doing so again
SPED_UP = 20  # times as fast, where the story waits
_UNHURRIED = 60.0  # virtual seconds before the next scene at which time runs as before
_COMMAND_SECONDS = 60.0
_CLOUD_SECONDS = 60.0


class Failed(Exception):
    """A step did not go as it should; the message says what was seen instead."""


class Stage:
    """Who is there, what time it is, and how each step went."""

    def __init__(self, folder: Path, rate: float, console: Console) -> None:
        self.folder, self.rate, self._console = folder, rate, console
        self.clock = DemoClock(folder / "clock.json")
        self.playground = Playground(seed_workspace(self.clock, manifest=app_manifest(), tiers=True))
        self.bot: Bot | None = None
        self._web_port = free_port(0)
        self._cloud = cloud_of(folder, self._web_port)
        self._known_of_aws = self._cloud.environment() if self._cloud else None
        self._shop_stands = threading.Event()
        self._steps = 0
        self._paused = 0.0
        self._began = time.monotonic()
        self._zero = self.clock.now()
        if LEARNED.is_dir():
            shutil.copytree(LEARNED, folder / "cache")

    def begin(self, stack: ExitStack) -> None:
        """Raise the curtain. Raises Failed."""
        with self.step("Tocsin starts: PostgreSQL, the playground, the bot"):
            stack.enter_context(self.playground)
            self.bot = Bot(self.folder, self.playground.api_url, self._web_port, cloud=self._known_of_aws)
            stack.callback(self.bot.stop)
            process = self.bot.start()
            if self._cloud is not None:
                stack.callback(self._cloud.stop)
                self._cloud.start(lambda up: self._shop_stands.set() if up else None)
            wait_until_connected(self.playground.url, process)
            if process.poll() is not None:
                raise AssertionError(f"the bot has ended with status {process.returncode}")
        self.clock.set_rate(self.rate)
        self._zero = self.clock.now()

    def has_aws(self) -> bool:
        """Whether there is an AWS to diagnose, waiting until it stands; False where its packages are missing."""
        if self._cloud is not None and not self._shop_stands.wait(_CLOUD_SECONDS):
            raise AssertionError(f"the shop in AWS does not stand; {self._cloud.log} says why")
        return self._cloud is not None

    def person(self, user_id: str) -> Person:
        """Somebody of the workspace."""
        return Person(self.playground.url, user_id)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """One step: a tick and its milliseconds without pauses, or what was seen instead. Raises Failed."""
        at = f"{self.now():%H:%M}"
        started, paused = time.monotonic(), self._paused
        try:
            yield
        except (AssertionError, LookupError, OSError, ValueError, HTTPException, subprocess.SubprocessError) as error:
            self._console.print(Text.assemble((at, "dim"), ("  ✗ ", "bold red"), what))
            self._console.print(Text(f"         {error or type(error).__name__}", style="red"))
            raise Failed(what) from error
        took = (time.monotonic() - started - (self._paused - paused)) * 1000
        self._steps += 1
        self._console.print(Text.assemble((at, "dim"), ("  ✓ ", "green"), what, (f"  {took:,.0f} ms", "dim")))

    def now(self) -> datetime:
        """The story's time, aware UTC."""
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def minutes(self) -> float:
        """How many minutes of the story are over."""
        return (self.clock.now() - self._zero) / 60

    def until(self, minutes: float, lead: float = 0) -> None:
        """Let time pass until so many minutes of the story are over.

        Long waits are sped up, except the last `lead` s.
        """
        target = self._zero + minutes * 60 - lead
        director = self.person("U0RESPONDER")
        gap = target - self.clock.now()
        if gap > 1.5 * _UNHURRIED:
            director.act("set_rate", rate=self.rate * SPED_UP)
            self._pass(target - _UNHURRIED)
            director.act("set_rate", rate=self.rate)
        self._pass(target)

    def _pass(self, target: float) -> None:
        """The pace of the story: nothing is awaited here but the clock."""
        left = (target - self.clock.now()) / self.clock.rate
        if left > 0:
            self._paused += left
            threading.Event().wait(left)

    def fetch(self, link: str) -> str:
        """A page as a browser would get it. Raises OSError."""
        # A personal link opens a session, which a browser keeps as a cookie.
        cookies = urllib.request.HTTPCookieProcessor()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
        with opener.open(link, timeout=10) as answer:
            page = str(answer.read().decode())
        door = re.search(r'action="(/enter)">(.*?)<button', page, re.DOTALL)
        if door is None:
            return page
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', door[2]))
        form = urllib.parse.urlencode(fields).encode()
        with opener.open(urllib.parse.urljoin(link, door[1]), form, timeout=10) as answer:
            return str(answer.read().decode())

    def tocsin(self, *arguments: str) -> str:
        """What a command of the command line prints, run on the same data. AssertionError where it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=bot_environment(self.folder, self.playground.api_url, self._web_port, self._known_of_aws),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"`tocsin {' '.join(arguments)}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def summary(self) -> str:
        """The last line."""
        hours = (self.clock.now() - self._zero) / 3600
        return f"{self._steps} steps, {hours:.1f} hours of the story in {time.monotonic() - self._began:.0f} seconds."

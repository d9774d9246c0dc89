"""The real bot as a child process on an embedded PostgreSQL, for measuring from outside."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bot.settings import REPOSITORY
from bot.severity.judge.judge import load_judge
from bot.severity.policy import load_severity
from slack_playground.app import Playground


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot: its process and the seconds from its start to its being ready."""

    process: psutil.Process
    ready_after: float

    def resident_megabytes(self) -> float:
        return float(self.process.memory_info().rss) / 2**20

    def processor_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


def compiled(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which modules are compiled once, as where Tocsin is installed, and not at each start."""
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}


def unhurried_knowledge(folder: Path, knowledge: Path = REPOSITORY / "knowledge") -> Path:
    """A copy of the knowledge by whose policy nobody is asked who declares many incidents in a row."""
    shutil.copytree(knowledge, folder)
    policy = folder / "policy" / "escalation.yaml"
    lines = policy.read_text(encoding="utf-8").splitlines()
    if not any(line.startswith("ask_after:") for line in lines):
        return folder  # of a version that asks nobody
    kept = [line for line in lines if not line.startswith("ask_after:")]
    policy.write_text("\n".join([*kept, "ask_after: {declarations: 1000, within: 1 min}", ""]), encoding="utf-8")
    return folder


def fitted_data(folder: Path) -> Path:
    """`folder` as a data folder in which nothing needs to be fitted: what was once is kept from one run to the next."""
    kept = Path(tempfile.gettempdir()) / f"tocsin-bench-{os.getuid()}"
    kept.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "cache").exists():
        (folder / "cache").symlink_to(kept)
    knowledge = REPOSITORY / "knowledge"
    load_judge(load_severity(knowledge / "policy" / "severity.yaml"), knowledge / "training", kept)
    return folder


@contextmanager
def running_bot(
    playground: Playground,
    data: Path,
    database_url: str | None = None,
    policy: Mapping[str, str] | None = None,
    *,
    wait: bool = True,
) -> Iterator[Bot]:
    """`tocsin run` against the playground, on its embedded PostgreSQL or the one named, ended by SIGTERM.

    `policy` are files that stand in place of those shipped, by name. Without `wait` it may fit its judge meanwhile.
    """
    environment = _environment(playground, data, database_url, policy or {})
    began = time.perf_counter()
    command = [sys.executable, "-m", "bot", "run", *(["--wait"] if wait else [])]
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stderr is not None
        for line in child.stderr:
            if line.startswith("Tocsin is"):
                break
        else:
            raise RuntimeError("the bot ended before it was ready")
        ready_after = time.perf_counter() - began
        threading.Thread(target=_forward, args=(child,), daemon=True).start()
        yield Bot(psutil.Process(child.pid), ready_after)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(30)


def _environment(
    playground: Playground, data: Path, database_url: str | None, policy: Mapping[str, str]
) -> dict[str, str]:
    data.mkdir(parents=True, exist_ok=True)
    clean = {
        name: value
        for name, value in compiled(os.environ).items()
        if not name.startswith(("SLACK_", "TOCSIN_", "DATABASE"))
    }
    knowledge = unhurried_knowledge(Path(tempfile.mkdtemp(dir=data)) / "knowledge")
    for name, written in policy.items():
        (knowledge / "policy" / name).write_text(written, encoding="utf-8")
    return {
        **clean,
        "SLACK_BASE_URL": playground.api_url,
        "SLACK_BOT_TOKEN": "xoxb-playground",
        "SLACK_APP_TOKEN": "xapp-playground",
        "TOCSIN_DATA": str(data),
        "TOCSIN_WEB_PORT": "0",
        "TOCSIN_LOG_LEVEL": "WARNING",
        "TOCSIN_KNOWLEDGE": str(knowledge),
        **({"DATABASE_URL": database_url} if database_url else {}),
    }


def _forward(child: subprocess.Popen[str]) -> None:
    """Show the bot's warnings, and keep its pipe from filling up."""
    assert child.stderr is not None
    for line in child.stderr:
        print("  bot:", line.rstrip()[:200], file=sys.stderr)

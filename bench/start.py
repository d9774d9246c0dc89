"""What people wait for at the start: commands from the shell, and a bot without AWS on its own PostgreSQL.

python -m bench start
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import figure, percentile
from bench.process import compiled, running_bot
from bot.demo.seed import seed_workspace
from slack_playground.app import Playground
from slack_playground.workspace.manifest import read_manifest

_ROOT = Path(__file__).resolve().parent.parent
_TIMES = 7


def measure() -> None:
    """Run and print. Medians of several starts; the first one of each command, which fits and compiles, is not one."""
    workspace = seed_workspace(manifest=read_manifest(_ROOT / "slack-manifest.yaml"))
    with Playground(workspace) as playground, tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
        with running_bot(playground, Path(folder), wait=False) as bot:
            spent = bot.processor_seconds()
            figure("bot ready, on an empty data folder", bot.ready_after, "s", 6)
            figure("bot ready, on an empty data folder: processor time", spent, "s", 6)
            began = time.perf_counter()
            while not list(Path(folder).glob("cache/judge-*.npz")):
                time.sleep(0.2)  # no event tells another process's end of the fit
            figure("judge fitted after that", time.perf_counter() - began, "s")
        for _ in range(2):
            with running_bot(playground, Path(folder)) as bot:
                ready, spent, resident = bot.ready_after, bot.processor_seconds(), bot.resident_megabytes()
        figure("bot ready, on its data", ready, "s", 2)
        figure("bot ready, on its data: processor time", spent, "s", 2)
        figure("bot without AWS, resident", resident, "MB", 130)
        bare = _spent([sys.executable, "-c", "pass"], folder)
        for words, bound in (
            (["--help"], 0.25),
            (["classify", "checkout is down"], 0.6),
            (["similar", "empty carts"], 0.6),
        ):
            began = _processor_seconds()
            took = _spent([sys.executable, "-m", "bot", *words], folder)
            figure(f"tocsin {words[0]}, beside a bare Python", took, "s", bound, bare)
            figure(f"tocsin {words[0]}: processor time", (_processor_seconds() - began) / (_TIMES + 1), "s", bound)


def _processor_seconds() -> float:
    """Of the processes that were started from here and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _spent(command: list[str], data: str) -> float:
    environment = {**compiled(os.environ), "TOCSIN_DATA": data}
    times = []
    for _ in range(_TIMES + 1):
        began = time.perf_counter()
        subprocess.run(command, cwd=_ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return percentile(times[1:], 0.5)

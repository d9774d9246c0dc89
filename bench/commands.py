"""Commands at a steady rate through the playground: time to the acknowledgement, and to the card that shows the change.

    python -m bench commands [--seconds 60] [--rate 20] [--declarations 0.2]

Open loop: a command is sent when its time has come, whether or not earlier ones are done, and time counts from then.
Every `1 / declarations`-th command declares an incident; the others record an impact on one of the incidents before, so
each changes a card. "Card" is the moment at which the playground answered the call that posted or edited it.
"""

from __future__ import annotations

import itertools
import json
import re
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from bench.figures import figure, percentile
from bench.process import Bot, fitted_data, running_bot
from bot.demo.seed import seed_workspace
from slack_playground.app import Playground
from slack_playground.person import NotDone, Person
from slack_playground.workspace.manifest import read_manifest

_MANIFEST = Path(__file__).resolve().parent.parent / "slack-manifest.yaml"
_PEOPLE = ("U0RESPONDER", "U0SECONDARY", "U0TEAMLEAD", "U0MANAGER", "U0SUPPORT")


@dataclass
class Run:
    """What one run saw. Marks are unique words in commands; `sent` and `shown` are instants by mark."""

    sent: dict[str, float] = field(default_factory=dict)
    acknowledged: dict[str, float] = field(default_factory=dict)  # milliseconds
    shown: dict[str, float] = field(default_factory=dict)
    incident_of: dict[str, str] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    calls: int = 0


def measure(seconds: float, rate: float, declarations: float) -> None:
    """Run and print."""
    workspace = seed_workspace(manifest=read_manifest(_MANIFEST))
    with Playground(workspace) as playground, tempfile.TemporaryDirectory() as folder:
        with running_bot(playground, fitted_data(Path(folder))) as bot:
            figure("start on an empty data folder", bot.ready_after, "s")
            run = _drive(playground, bot, seconds, rate, declarations)
        with running_bot(playground, fitted_data(Path(folder))) as bot:
            figure("second start of the bot", bot.ready_after, "s", 5)
    _report(run)


def _drive(playground: Playground, bot: Bot, seconds: float, rate: float, declarations: float) -> Run:
    run, done = Run(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(playground.url, run, done))
    watcher.start()
    every = max(1, round(1 / declarations))
    used = bot.processor_seconds()
    began = time.time() + 0.2
    with ThreadPoolExecutor(32) as pool:
        for number in range(round(seconds * rate)):
            at = began + number / rate
            time.sleep(max(0.0, at - time.time()))
            pool.submit(_command, playground.url, run, number, every, at)
    deadline = time.time() + 30
    while len(run.shown) < len(run.sent) - len(run.failed) and time.time() < deadline:
        time.sleep(0.1)
    done.set()
    watcher.join()
    figure("bot process, resident", bot.resident_megabytes(), "MB", 250)
    figure("bot process, processor time a command", (bot.processor_seconds() - used) * 1000 / len(run.sent), "ms")
    return run


def _command(url: str, run: Run, number: int, every: int, at: float) -> None:
    person = Person(url, _PEOPLE[number % len(_PEOPLE)])
    mark = f"mark{number:06d}"
    run.sent[mark] = at
    try:
        if number % every == 0:
            run.declared.append(mark)
            run.acknowledged[mark] = _type(person, f"/incident declare! P2 checkout returns 502 {mark}", at)
        else:
            known = list(run.incident_of.values())[-50:]
            ref = known[number % len(known)] if known else None
            text = (
                f"/incident impact {ref} a third of checkouts fail {mark}"
                if ref
                else f"/incident declare! P2 slow {mark}"
            )
            run.acknowledged[mark] = _type(person, text, at)
    except (NotDone, OSError) as error:
        run.failed.append(f"{mark}: {error}")


def _type(person: Person, text: str, at: float) -> float:
    person.command("C0INCIDENTS", text)
    return (time.time() - at) * 1000


def _watch(url: str, run: Run, done: threading.Event) -> None:
    """Follow the journal: which card showed which mark, and when."""
    since = 0
    while not done.is_set() or since < run.calls:
        with urlopen(f"{url}/control/journal?since={since}") as answer:
            entries = json.load(answer)["entries"]
        for entry in entries:
            since = entry["n"]
            run.calls = since
            _note(run, entry)
        if not entries:
            if done.is_set():
                return
            done.wait(0.05)


def _note(run: Run, entry: dict[str, object]) -> None:
    args = entry["args"]
    if entry["method"] not in ("chat.postMessage", "chat.update") or not entry["ok"] or not isinstance(args, dict):
        return
    said = json.dumps(args.get("blocks") or "")
    if "card_actions" not in said:
        return
    marks = re.findall(r"mark\d{6}", said)
    ref = next(iter(re.findall(r"INC-\d{4}-\d+", said)), "")
    at = float(str(entry["at"]))
    for mark in marks:
        run.incident_of.setdefault(mark, ref)
        run.shown.setdefault(mark, at)


def _report(run: Run) -> None:
    delays = [(run.shown[mark] - at) * 1000 for mark, at in run.sent.items() if mark in run.shown]
    acknowledged = list(run.acknowledged.values())
    declared = [(run.shown[mark] - run.sent[mark]) * 1000 for mark in run.declared if mark in run.shown]
    print(f"{len(run.sent)} commands, {len(run.failed)} failed, {run.calls} calls to Slack")
    for line in itertools.islice(run.failed, 3):
        print("  ", line)
    figure("command to ack, median", percentile(acknowledged, 0.5), "ms")
    figure("command to ack, p99", percentile(acknowledged, 0.99), "ms", 100)
    figure("command to card, median", percentile(delays, 0.5), "ms")
    figure("command to card, p95", percentile(delays, 0.95), "ms", 500)
    figure("declaration to card, p95", percentile(declared, 0.95), "ms", 500)
    # An impact that a later one replaced before its card was drawn is shown by that later card.
    figure("changes that one later card showed together", len(run.sent) - len(run.failed) - len(delays), "")

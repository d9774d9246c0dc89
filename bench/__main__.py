"""`python -m bench [PART …]`: run all measurements, or the named ones, and print one table of them at the end.

Parts: start (commands and the bot), commands, escalation, paging (every way beside Slack), burst, alarms, calm, channel
and playbooks (through the playground), diagnose (through moto), importer, judge, secrets, review, figures, timeline,
age, similar (against bm25s; slow: it makes corpora up to a million documents).
`seed` alone fills the database that DATABASE_URL names with `--incidents` closed incidents of five years.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import (
    age,
    alarms,
    burst,
    calm,
    channel,
    commands,
    diagnose,
    escalation,
    figures,
    importer,
    judge,
    metrics,
    paging,
    playbooks,
    review,
    secrets,
    seed,
    similar,
    start,
    timeline,
)

_ENDS_WITHIN = 60.0  # seconds for a part to end its database and its bot
PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "start": lambda _asked: start.measure(),
    "commands": lambda asked: commands.measure(asked.seconds, asked.rate, asked.declarations),
    "escalation": lambda asked: escalation.measure(asked.incidents, asked.due, asked.due_seconds),
    "paging": lambda asked: paging.measure(asked.pages, asked.page_seconds),
    "burst": lambda _asked: burst.measure(),
    "alarms": lambda _asked: alarms.measure(),
    "calm": lambda _asked: calm.measure(),
    "diagnose": lambda _asked: diagnose.measure(),
    "channel": lambda asked: channel.measure(asked.seconds, asked.messages),
    "importer": lambda _asked: importer.measure(),
    "judge": lambda asked: judge.measure(asked.sets),
    "review": lambda _asked: review.measure(),
    "secrets": lambda _asked: secrets.measure(),
    "timeline": lambda asked: timeline.measure(asked.entries),
    "age": lambda asked: age.measure(asked.closed),
    "playbooks": lambda asked: playbooks.measure(asked.runs),
    "figures": lambda asked: metrics.measure(asked.history),
    "similar": lambda asked: similar.measure(asked.sizes, asked.sets),
}


def main() -> None:
    parser = _parser()
    asked = parser.parse_args()
    if asked.parts == ["seed"]:
        _seed(parser, asked.incidents)
        return
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    before = _before(parser, asked.against)
    missing = [trouble for name in PARTS if name in asked.parts if (trouble := _measure(name, asked))]
    print("\n" + figures.markdown(figures.RUN.all))
    print(*missing, sep="\n")
    if asked.json:
        figures.write(asked.json, figures.RUN.all)
    if before:
        print("\n" + figures.comparison(before, figures.RUN.all))


def _measure(name: str, asked: argparse.Namespace) -> str:
    """One part in a process of its own. Empty, or a line about a part that failed or took too long; the others go on.

    What it had measured until then is in the table.
    """
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
        kept = Path(folder) / "figures.json"
        print(f"\n{name}", flush=True)
        began = time.perf_counter()
        part = multiprocessing.get_context("fork").Process(target=_run_part, args=(name, asked, kept))
        part.start()
        part.join(asked.minutes * 60)
        late = part.is_alive()
        if late:
            os.kill(part.pid or 0, signal.SIGINT)  # it ends its database and its bot
            part.join(_ENDS_WITHIN)
            part.kill()
            part.join()
        if kept.exists():
            figures.RUN.all += figures.read(kept)
        print(f"{name} took {time.perf_counter() - began:,.0f} s", flush=True)
    if late:
        return f"{name}: not measured to its end, which takes more than {asked.minutes:g} minutes (--minutes)"
    return f"{name}: failed; it says why above" if part.exitcode else ""


def _run_part(name: str, asked: argparse.Namespace, kept: Path) -> None:
    figures.RUN.part, figures.RUN.all = name, []
    try:
        PARTS[name](asked)
    except KeyboardInterrupt:  # its time is up
        raise SystemExit(1) from None
    finally:
        figures.write(kept, figures.RUN.all)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file as well")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with the figures that --json wrote there")
    parser.add_argument("--minutes", type=float, default=10, help="how long one part may take; the others go on then")
    parser.add_argument("--seconds", type=float, default=60, help="how long commands are sent")
    parser.add_argument("--rate", type=float, default=20, help="commands a second")
    parser.add_argument("--declarations", type=float, default=0.2, help="share of commands that declare an incident")
    parser.add_argument("--runs", type=int, default=50, help="playbooks that are started at once")
    parser.add_argument("--incidents", type=int, default=10_000, help="open incidents in the measurement of escalation")
    parser.add_argument("--due", type=float, default=100, help="pages that fall due a second")
    parser.add_argument("--due-seconds", type=float, default=20, help="how long they do")
    parser.add_argument("--pages", type=float, default=2, help="pages a second that ring by every way")
    parser.add_argument("--page-seconds", type=float, default=20, help="how long they fall due")
    parser.add_argument("--messages", type=float, default=200, help="messages a second in an incident's channel")
    parser.add_argument("--entries", type=int, default=timeline.ENTRIES, help="entries of the long timeline")
    parser.add_argument("--closed", type=int, default=age.CLOSED, help="closed incidents of the company of an age")
    parser.add_argument("--history", type=int, default=100_000, help="incidents in the measurement of figures")
    parser.add_argument("--sizes", type=int, nargs="*", default=list(similar.SIZES), help="documents to search in")
    parser.add_argument("--sets", type=Path, help="a folder with further graded sets, for the search and the judge")
    return parser


def _seed(parser: argparse.ArgumentParser, number: int) -> None:
    """Only where a database was named: what is made up must not get into a company's own by default."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        parser.error("DATABASE_URL is not set: name a database of its own, as what is made up stays in it")
    figures.RUN.part = "seed"
    seed.run(url, number)


def _before(parser: argparse.ArgumentParser, path: Path | None) -> list[figures.Figure]:
    """The figures to compare with, read before anything is measured."""
    if path is None:
        return []
    try:
        return figures.read(path)
    except (OSError, ValueError, TypeError) as error:
        parser.error(f"{path} holds no figures that --json wrote: {error}")


if __name__ == "__main__":
    main()

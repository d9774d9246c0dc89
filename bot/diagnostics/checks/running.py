"""Running a check: all looks at once, each result as it comes, within the budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace

import structlog

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.probe import Check, Look, Probe
from bot.diagnostics.rules.finding import Diagnosis, Finding, NotRead, in_order, without_repeats
from bot.diagnostics.rules.request import did_you_mean
from bot.errors import BadRequest

log = structlog.get_logger(__name__)

_THREADS = 8


def run(
    check: Check, probe: Probe, budget: float, seconds: Callable[[], float] = time.monotonic
) -> Iterator[Diagnosis]:
    """The diagnosis as far as it is known, again after each look that ended; the last one is over.

    `budget` is in seconds. Raises BadRequest where there is no such resource, with the nearest names, and Unread where
    AWS cannot be asked at all.
    """
    began = seconds()
    known = Diagnosis(f"{check.word} {probe.name}", probe.reader.region, probe.window, waiting=tuple(check.looks))
    _find(check, probe)
    yield _told(known, probe)
    pool = ThreadPoolExecutor(_THREADS, "look")
    try:
        running = {pool.submit(_look, name, look, probe): name for name, look in check.looks.items()}
        while running:
            left = budget - (seconds() - began)
            done, _ = wait(running, timeout=max(0.0, left), return_when=FIRST_COMPLETED)
            if not done:
                late = [NotRead(name, f"not finished within {budget:g} s") for name in running.values()]
                yield _told(replace(known, waiting=(), unread=without_repeats((*known.unread, *late))), probe)
                return
            for ended in done:
                known = _with(known, running.pop(ended), *ended.result())
            yield _told(known, probe)
    finally:
        # A call under way ends by its own limit; nobody waits for it.
        pool.shutdown(wait=False, cancel_futures=True)


def _find(check: Check, probe: Probe) -> None:
    try:
        check.exists(probe)
    except Unread as unread:
        if unread.reason is Reason.MISSING:
            raise BadRequest(_no_such(check, probe)) from unread
        if unread.reason in (Reason.CREDENTIALS, Reason.SILENT):
            raise
        # Denied or busy: the looks that need it say so, the others may still see something.


def _no_such(check: Check, probe: Probe) -> str:
    where = f"There is no {check.what} {probe.name} in {probe.reader.region}."
    elsewhere = "Is it in another region or account? Type `--region eu-central-1` or `--account prod`."
    try:
        return where + (did_you_mean(probe.name, check.names(probe)) or f" There is none at all. {elsewhere}")
    except Unread:
        return f"{where} Check the name. {elsewhere}"


def _look(name: str, look: Look, probe: Probe) -> tuple[list[Finding], NotRead | None]:
    """What it found, and why it ended early where it did: what was found before that counts."""
    found: list[Finding] = []
    try:
        for finding in look(probe):
            found.append(finding)  # noqa: PERF402  # what came before an error is kept
    except Unread as unread:
        return found, NotRead(name, str(unread), unread.action)
    except Exception as error:  # a way in: a look that trips over an answer must not end the others
        log.exception("a check failed", look=name, resource=probe.name)
        return found, NotRead(name, f"Unexpected response from AWS ({type(error).__name__}); see its log")
    return found, None


def _with(known: Diagnosis, name: str, found: list[Finding], missing: NotRead | None) -> Diagnosis:
    waiting = tuple(one for one in known.waiting if one != name)
    unread = without_repeats((*known.unread, missing)) if missing else known.unread
    clean = known.clean if found or missing else tuple(sorted((*known.clean, name)))
    findings = in_order((*known.findings, *found))
    return replace(known, waiting=waiting, clean=clean, unread=unread, findings=findings)


def _told(known: Diagnosis, probe: Probe) -> Diagnosis:
    cost, scanned = sum(probe.priced), sum(probe.scanned)
    return replace(known, calls=len(probe.reader.asked), cost=cost, scanned=scanned, measured=tuple(probe.measured))

"""The judge of a first start, or of the first one after an upgrade: fitted beside everything else, in half a minute.

Until then the written matrix alone judges what somebody types who waits for an answer. Reports and alarms wait for the
models: reports are read back in the channel, alarms stay in the queue.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from bot.settings import Settings
from bot.severity.flows.live import LiveJudge
from bot.wiring.building import build_judge, fitting_process

log = structlog.get_logger(__name__)

_LONGEST = 1_800  # seconds after which the child hangs: the slowest machines take a few minutes
_NICE = 5  # a command that somebody typed comes first, and the fit in the end


class JudgeFitting:
    """Fits the models in a child process and gives them to the judge of this one."""

    def __init__(self, settings: Settings, judge: LiveJudge, then: Callable[[], None]) -> None:
        """`then` is called once when the models are there."""
        self._settings, self._judge, self._then = settings, judge, then
        self._child = fitting_process(settings, _NICE)
        self._began = time.monotonic()
        self._stopped = False
        self._failed = ""

    def start(self) -> None:
        log.info("the severity judge is being fitted; reports and alarms wait for it, all else does not")
        self._child.start()
        threading.Thread(target=self._wait, name="judge fitting", daemon=True).start()

    def stop(self) -> None:
        self._stopped = True
        self._child.terminate()

    def age(self) -> float | None:
        """For how many seconds it has been fitted; None once it is."""
        return None if self._judge.is_fitted else time.monotonic() - self._began

    def troubles(self) -> list[str]:
        return [self._failed] if self._failed else []

    def _wait(self) -> None:
        self._child.join(_LONGEST)
        if self._stopped:
            return
        if self._child.is_alive():
            log.error("the process that fits the severity judge hangs; it is fitted here", seconds=_LONGEST)
            self._child.kill()
        try:
            self._judge.take(build_judge(self._settings))
            self._then()
        except Exception as error:  # a way in: readiness says what it was
            log.exception("the severity judge could not be fitted")
            if not self._judge.is_fitted:
                self._failed = f"Severity judge: could not be fitted ({type(error).__name__}), reports go unanswered"
        else:
            log.info("the severity judge is fitted", seconds=round(time.monotonic() - self._began, 1))

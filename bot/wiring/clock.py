"""Where `now` comes from: the only reader of the system's clock besides the protocol timers."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Clock:
    """Real time, or the faster time that a demonstration's clock file describes."""

    path: Path | None = None

    def _state(self) -> tuple[float, float, float]:
        """(real instant, time shown then, rate)."""
        if self.path is None:
            return 0.0, 0.0, 1.0
        state = json.loads(self.path.read_text(encoding="utf-8"))
        return float(state["real"]), float(state["virtual"]), float(state["rate"])

    def now(self) -> datetime:
        """Aware UTC."""
        real, shown, rate = self._state()
        return datetime.fromtimestamp(shown + (time.time() - real) * rate, tz=UTC)

    def seconds_until(self, at: datetime) -> float:
        """Real seconds until the clock shows `at`; negative when it has."""
        return (at - self.now()).total_seconds() / max(self._state()[2], 0.001)

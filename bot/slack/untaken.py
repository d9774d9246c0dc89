"""What Slack said that it did not take: a job's next try in this process need not look for that message."""

from __future__ import annotations

_MOST = 1_000  # messages; who is forgotten looks once more


class Untaken:
    """Which try of a job need not look, by the key of its message. Threads may share it."""

    def __init__(self) -> None:
        self._tries: dict[str, int] = {}

    def note(self, key: str, tries: int) -> None:
        """Slack did not take that message: the job's try of this number need not look for it."""
        if len(self._tries) >= _MOST:
            self._tries.clear()
        self._tries[key] = tries

    def knows(self, key: str, tries: int) -> bool:
        """Whether the try before this one ended here, with Slack's word that it did not take the message. Said once."""
        return self._tries.pop(key, None) == tries

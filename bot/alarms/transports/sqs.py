"""Alarms from a queue of SQS: received in a thread of their own, taken in one by one, deleted after the commit."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from bot.alarms.flows.intake import take_delivery
from bot.alarms.rules.alarm import Alarm, State, text
from bot.alarms.rules.reading import delivery_of, read_alarms
from bot.aws.queues import WAIT, AlarmQueue, Received
from bot.aws.reading import Reason, Unread
from bot.context import AppContext
from bot.errors import TocsinError
from bot.store.engine import may_write
from bot.store.outages import Outage, is_away, reason_of

log = structlog.get_logger(__name__)

SOURCE = "aws"  # what SNS delivers over HTTPS and by SQS is one delivery
_LONGEST_PAUSE = 60.0  # seconds between tries of a queue that cannot be read
_PASSES = 30.0  # seconds of failures that readiness does not mention
_LASTING = (Reason.DENIED, Reason.MISSING, Reason.CREDENTIALS, Reason.REFUSED)  # which time does not mend
_ENDS_WITHIN = 10.0  # seconds for the messages in hand


class DatabaseIsReadOnly(TocsinError):
    """A standby that was not promoted yet, as a rule."""


class QueueReader:
    """Takes alarms in from one queue until it is stopped."""

    def __init__(
        self,
        context: AppContext,
        queue: AlarmQueue,
        stop: threading.Event,
        note: Callable[[str], None] = lambda _part: None,
        wait: int = WAIT,
    ) -> None:
        """`note` hears the name of this part whenever the queue answered; `wait` is in seconds, as SQS has it."""
        self.part = f"alarm queue {queue.name}"
        self._context, self._queue, self._stop, self._note, self._wait = context, queue, stop, note, wait
        self._outage = Outage(log, f"{self.part} is held up")
        self._failing: tuple[float, str, bool] | None = None  # since when, why, and whether it stays so
        self._at_rest = threading.Event()  # no message is in hand
        self._at_rest.set()

    def start(self) -> None:
        """Begin, in a daemon thread: a poll that waits for messages keeps no process from ending."""
        self._note(self.part)  # its age grows from now on, also where the queue never answers
        threading.Thread(target=self.run, name=self.part, daemon=True).start()

    def finish(self) -> bool:
        """After `stop`: wait for the messages in hand. False where they did not end in time; they come again."""
        return self._at_rest.wait(_ENDS_WITHIN)

    def troubles(self) -> list[str]:
        """A sentence for readiness while the queue cannot be read; short failures are waited out."""
        if self._failing is None:
            return []
        since, reason, stays = self._failing
        return [f"{self.part}: {reason}"] if stays or time.monotonic() - since > _PASSES else []

    def run(self) -> None:
        """Take messages in until stopped."""
        pause = 0.0
        while not self._stop.wait(pause):
            try:
                self.take_some()
            except Exception as error:  # noqa: BLE001  # a way in: it outlives whatever AWS and the database do
                self._failed(error)
                pause = min(max(1.0, 2 * pause), _LONGEST_PAUSE)
            else:
                self._failing, pause = None, 0.0
                self._outage.ended()

    def take_some(self) -> int:
        """One poll: how many messages were taken in and deleted. Raises Unread, and what the database raises."""
        self._check_database()
        messages = self._queue.receive(self._wait)
        self._note(self.part)
        if not messages:
            return 0
        self._at_rest.clear()
        try:
            return self._take_all(messages)
        finally:
            self._at_rest.set()

    def _check_database(self) -> None:
        """Nothing is received that could not be kept: each receipt brings a message nearer to the dead-letter queue."""
        with self._context.database.transaction() as session:
            if not may_write(session):
                raise DatabaseIsReadOnly("the database is read-only")

    def _take_all(self, messages: Sequence[Received]) -> int:
        """What was committed is deleted, whatever became of the messages after it."""
        taken: list[Received] = []
        try:
            taken.extend(message for message in messages if self._take(message))
        finally:
            if taken and (kept := self._queue.delete(taken)):
                log.warning("messages could not be deleted; they come again and change nothing", messages=kept)
        return len(taken)

    def _take(self, message: Received) -> bool:
        """False for what is left to the dead-letter queue. Raises what says that the database is away."""
        wrapped = json.dumps({"MessageId": message.message_id, "Body": message.body})
        as_text = (_as_text(message),)
        if self._kept(message, wrapped, read_alarms(wrapped) or as_text) or self._kept(message, wrapped, as_text):
            return True
        named = {"queue": self._queue.name, "message": message.message_id, "received": message.times}
        log.error("a message was left in the queue, for its dead-letter queue", **named)
        return False

    def _kept(self, message: Received, wrapped: str, alarms: Sequence[Alarm]) -> bool:
        try:
            with self._context.database.transaction() as session:
                now, policy = self._context.now(), self._context.policy
                take_delivery(session, now, policy, source=SOURCE, delivery=delivery_of(wrapped), alarms=alarms)
        except Exception as error:
            if is_away(error):
                raise
            log.exception("a message could not be taken in", queue=self._queue.name, message=message.message_id)
            return False
        return True

    def _failed(self, error: Exception) -> None:
        """Remember why, for readiness and the log."""
        if isinstance(error, Unread):
            reason, stays = str(error), error.reason in _LASTING
        elif isinstance(error, DatabaseIsReadOnly):
            reason, stays = str(error), False
        elif is_away(error):
            reason, stays = f"the database is away ({reason_of(error)})", False
        else:
            log.exception("could not read the alarm queue; trying again", queue=self._queue.name)
            reason, stays = type(error).__name__, False
        since = self._failing[0] if self._failing is not None else time.monotonic()
        self._failing = (since, reason, stays)
        self._outage.failed(reason)


def _as_text(message: Received) -> Alarm:
    """A message that cannot be taken in as what it is: its words, so that nothing is lost."""
    name = f"Unreadable message {message.message_id}"
    return Alarm("SQS", name, State.EVENT, summary=text(message.body), identity=message.message_id)

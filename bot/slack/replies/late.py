"""Acknowledging in time what takes longer than Slack waits, and answering when it is done.

Slack gives a command, a press or a form three seconds. Listeners commit before they acknowledge; while the database is
slow that may be too late. Then we acknowledge without promising anything, and what the listener acknowledges with later
takes another way to the person: the response_url, or the form that they look at.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import structlog
from slack_bolt import Ack, BoltResponse, Respond
from slack_sdk.errors import SlackClientError

from bot.slack.client import Message, Refused, Slack, TryAgain
from bot.slack.replies.forms import note, refilled, typed_words
from bot.slack.replies.unfinished import UnfinishedNotes

log = structlog.get_logger(__name__)

PATIENCE = 1.8  # seconds of Slack's three; the rest is for the way, and over HTTP for taking the request in
WORKING = (
    "Still working on it: the database or Slack is slow. It isn't done yet; the answer follows here. "
    "No need to send it again."
)
OPENING = "The database or Slack is slow. The form opens here as soon as they answer."
SENDING = (
    "Still working on it: the database or Slack is slow. It isn't done yet; the outcome shows here. "
    "If you close this and it fails, you get a direct message with what you typed."
)
AGAIN = "Still working on the same thing from a moment ago. It isn't done twice; the answer follows."
DONE = "Done."
NOT_OPENED = "The form could not be opened. Nothing was changed. Try again."
_FORGOTTEN_AFTER = 120.0  # seconds after which the same may be sent again, whatever became of it
_LOOK_EVERY = 0.5  # seconds between Bolt's looks at the time, where nothing wakes it
_OPENS_WITHIN = 40.0  # seconds; longer than any call to Slack takes
_THREADS = 4  # for calls to Slack when patience ends


@dataclass(frozen=True, slots=True)
class Asked:
    """A payload, as far as acknowledging it goes."""

    body: Mapping[str, Any]
    opens: bool  # a form is what it asks for

    @property
    def user_id(self) -> str:
        return str(self.body.get("user_id") or (self.body.get("user") or {}).get("id") or "")

    @property
    def is_command(self) -> bool:
        return "command" in self.body

    @property
    def form(self) -> Mapping[str, Any] | None:
        """The form that was sent; None for everything else."""
        return self.body["view"] if self.body.get("type") == "view_submission" else None

    @property
    def key(self) -> tuple[str, ...]:
        """The same for the same, sent again by the same person; empty for a form, which cannot be sent again."""
        if self.is_command:
            words = " ".join(str(self.body.get("text") or "").split())
            return (self.user_id, str(self.body.get("channel_id")), words)
        actions = self.body.get("actions") or []
        if self.form is not None or not actions:
            return ()
        # All that was pressed or chosen, and where; only the moment differs when it is sent again.
        chosen = [{name: value for name, value in one.items() if name != "action_ts"} for one in actions]
        return (self.user_id, json.dumps([self.body.get("container"), chosen], sort_keys=True))


class TimedAck(Ack):
    """An acknowledgement that is given in time: by the listener, or without it when patience ends.

    Listeners call it as they would Bolt's. Threads may share it.
    """

    def __init__(self, asked: Asked, respond: Respond, slack: Slack, ended: Callable[[TimedAck], None]) -> None:
        """`ended` is called when the listener has acknowledged, however late."""
        self._came = threading.Event()
        self._given: BoltResponse | None = None
        self._dispatcher = threading.get_ident()
        super().__init__()  # type: ignore[no-untyped-call]  # the library leaves it bare
        self.late = False
        self.note_name = ""  # of the note that it may not be done, once there is one
        self.asked = asked
        self._respond, self._slack, self._ended = respond, slack, ended
        self._lock = threading.Lock()
        self._view: Future[str] = Future()  # the id of the form that says that it opens

    @property
    def response(self) -> BoltResponse | None:
        """None until it is given. Whoever dispatched the payload is woken by it: Bolt would look every 10 ms."""
        if self._given is None and threading.get_ident() == self._dispatcher:
            self._came.wait(_LOOK_EVERY)
        return self._given

    @response.setter
    def response(self, given: BoltResponse | None) -> None:
        self._given = given
        if given is not None:
            self._came.set()

    def __call__(self, *arguments: Any, **named: Any) -> BoltResponse:
        """As Bolt has it; after our own acknowledgement, say the same another way."""
        with self._lock:
            if not self.late:
                self._ended(self)
                return super().__call__(*arguments, **named)
        self._ended(self)
        given = self.response
        assert given is not None
        self._say_late(*arguments, **named)
        return given

    def give_up_waiting(self, calls: ThreadPoolExecutor) -> None:
        """Acknowledge now, if nobody has; calls to Slack are made in other threads."""
        with self._lock:
            if self.response is not None:
                return
            self.late = True
            if self.asked.form is not None:
                super().__call__(response_action="update", view=note(self.asked.form, SENDING))
            elif self.asked.is_command and not self.asked.opens:
                super().__call__(text=WORKING)
            else:
                super().__call__()
        log.warning("acknowledged before it was done", user=self.asked.user_id)
        if self.asked.opens:
            self._slack.opening[self.asked.body["trigger_id"]] = self._view
            calls.submit(self._open_note)
        elif not self.asked.is_command and self.asked.form is None:
            calls.submit(self.reply, WORKING)

    def settle(self, words: str) -> bool:
        """Where a form was to open and has not: say these words in its place. False where there is none."""
        if not self.late or self._slack.opening.pop(self.asked.body.get("trigger_id", ""), None) is None:
            return False
        try:
            self._slack.update_view(self._view.result(_OPENS_WITHIN), note({}, words))
        except (Refused, TryAgain) as error:  # it did not open, or was closed
            log.warning("could not say it in the form", reason=str(error))
            return False
        return True

    def reply(self, text: str, blocks: list[dict[str, Any]] | None = None) -> None:
        """Say it to that person only, where there is a channel to say it in.

        No log holds what was to be said: it may be of a security incident.
        """
        if self._respond.response_url is None:
            return
        try:
            answer = self._respond(text=text, blocks=blocks, response_type="ephemeral", replace_original=False)
        except (OSError, http.client.HTTPException, SlackClientError, ValueError) as error:
            log.warning("could not reply privately", characters=len(text), error=str(error))
            return
        if answer.status_code >= 300:
            log.warning("could not reply privately", characters=len(text), error=f"http_{answer.status_code}")

    def _open_note(self) -> None:
        try:
            answer = self._slack.call("views.open", trigger_id=self.asked.body["trigger_id"], view=note({}, OPENING))
            self._view.set_result(str(answer["view"]["id"]))
        except Exception as error:  # noqa: BLE001  # a thread of its own: whoever waits for the form gets it
            self._view.set_exception(error)
            log.warning("could not say that a form is slow to open", reason=str(error))

    def _say_late(self, text: str = "", blocks: Any = None, **named: Any) -> None:
        if self.asked.form is not None:
            self._show_outcome(self.asked.form, **named)
        elif self.asked.is_command and not (text and self.settle(text)):
            if text or not self.asked.opens:
                self.reply(text or DONE, blocks)
            else:
                self.settle(DONE)  # where the form has opened, it speaks for itself

    def _show_outcome(
        self,
        form: Mapping[str, Any],
        response_action: str = "",
        errors: Mapping[str, str] | None = None,
        view: dict[str, Any] | None = None,
    ) -> None:
        """In the form, which may have been closed meanwhile: then a refusal is said directly."""
        refusal = " ".join((errors or {}).values())
        shown = refilled(form, refusal) if refusal else view if response_action == "update" and view else None
        try:
            self._slack.update_view(form["id"], shown or note(form, DONE))
        except (Refused, TryAgain) as error:
            log.warning("could not show what became of a form", reason=str(error))
            if refusal:
                self.tell_directly(f"{refusal}\n{typed_words(form)}".strip())

    def tell_directly(self, text: str) -> None:
        """By direct message: what failed and has no other way to them."""
        body = self.asked.body
        key = (body.get("view") or {}).get("id") if self.asked.form is not None else body.get("trigger_id")
        try:
            self._slack.post_to(self.asked.user_id, Message(text), f"late:{key}")
        except (Refused, TryAgain) as error:
            log.error("could not say that a form failed", user=self.asked.user_id, reason=str(error))


def left_to_say(ack: Ack, said: list[str | Message]) -> list[str | Message]:
    """What the answer to a press is, once it is acknowledged: after a late one, at least that it is done.

    A form that was to open, and did not, says it in its own place.
    """
    if not isinstance(ack, TimedAck) or not ack.late:
        return said
    if ack.asked.opens:
        words = "\n".join(one if isinstance(one, str) else one.text for one in said)
        return [] if ack.settle(words or NOT_OPENED) else said
    return said or [DONE]


class Patience:
    """Watches that each payload is acknowledged in time. One thread, which starts with the first."""

    def __init__(
        self,
        slack: Slack,
        opens: Callable[[Mapping[str, Any]], bool],
        seconds: float,
        notes: UnfinishedNotes,
    ) -> None:
        """`opens` says of a payload whether a form is what it asks for."""
        self._slack, self._opens, self._seconds, self._notes = slack, opens, seconds, notes
        self._waiting: deque[tuple[float, TimedAck]] = deque()  # in the order in which patience ends
        self._late: dict[tuple[str, ...], float] = {}  # what is still worked on, and since when
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._calls = ThreadPoolExecutor(_THREADS, "late answers")

    def middleware(self, body: Any, context: Any, respond: Respond, next: Callable[[], None]) -> BoltResponse | None:
        """Before any listener: its acknowledgement becomes one that is given in time."""
        if body.get("type") == "event_callback":
            next()  # Slack sends an event again
            return None
        ack = TimedAck(Asked(body, self._opens(body)), respond, self._slack, self._done)
        context["ack"] = ack
        if self._is_under_way(ack.asked.key):
            if ack.asked.is_command:
                return Ack.__call__(ack, text=AGAIN)
            self._calls.submit(ack.reply, AGAIN)
            return Ack.__call__(ack)
        with self._changed:
            self._waiting.append((time.monotonic() + self._seconds, ack))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="patience", daemon=True)
                self._thread.start()
            if len(self._waiting) == 1:
                self._changed.notify()
        next()
        return None

    def _is_under_way(self, key: tuple[str, ...]) -> bool:
        with self._changed:
            return bool(key) and self._late.get(key, -_FORGOTTEN_AFTER) > time.monotonic() - _FORGOTTEN_AFTER

    def _done(self, ack: TimedAck) -> None:
        with self._changed:
            self._late.pop(ack.asked.key, None)
        if ack.note_name:
            self._notes.drop(ack.note_name)

    def _note(self, ack: TimedAck) -> None:
        """Before the acknowledgement: what ends from now on drops the note after it was written."""
        name = f"late:{uuid4().hex}"
        self._notes.add(name, ack.asked.user_id, ack.asked.body)
        ack.note_name = name

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                until, ack = self._waiting.popleft()
            while (left := until - time.monotonic()) > 0:
                time.sleep(left)
            if ack.response is None:
                with self._changed:
                    self._late[ack.asked.key] = time.monotonic()
                self._note(ack)
                ack.give_up_waiting(self._calls)
                if not ack.late:  # the listener was just in time
                    self._done(ack)

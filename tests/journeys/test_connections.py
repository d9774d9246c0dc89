"""Each command, button and form holds one connection of the pool at a time, so that many at once cannot wait for
each other."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from bot.wiring.listeners import REGISTRY
from tests.journeys.story import ask, report, settle
from tests.support.stage import INCIDENTS, Stage, press

SPEAKING = {"update": "update", "close": "close", "declare": "declare", "drill": "declare"}  # alone these open a form


@contextmanager
def held_at_once(stage: Stage) -> Iterator[dict[str, int]]:
    """The most connections that each thread of the listeners held at a time, by the thread's name."""
    holds: Counter[str] = Counter()
    most: dict[str, int] = {}

    def taken(*_: Any) -> None:
        name = threading.current_thread().name
        holds[name] += 1
        if name.startswith("listener"):
            most[name] = max(most.get(name, 0), holds[name])

    def returned(*_: Any) -> None:
        holds[threading.current_thread().name] -= 1

    event.listen(stage.database.engine, "checkout", taken)
    event.listen(stage.database.engine, "checkin", returned)
    try:
        yield most
    finally:
        event.remove(stage.database.engine, "checkout", taken)
        event.remove(stage.database.engine, "checkin", returned)


def test_every_command_holds_one_connection_at_most(stage: Stage) -> None:
    responder = stage.responder
    _, channel = stage.declare("P2 the conveyor of hall one stands still")
    settle(stage.database)
    with held_at_once(stage) as most:
        for word in REGISTRY.entries:
            if word not in SPEAKING:
                ask(responder, channel["id"], f"/incident {word} something that is wrong")
                ask(responder, INCIDENTS, f"/incident {word}")
        for typed in (
            "declare P3 the lift is stuck",
            "declare the conveyor of hall one",
            "declare! the conveyor again",
        ):
            ask(responder, INCIDENTS, f"/incident {typed}")
        responder.command(INCIDENTS, "/incident declare")
        view = responder.wait_for_view("declare_view")
        responder.submit(view, {"title": {"title": "the lamp of hall two is off"}})
        settle(stage.database)
    assert most and set(most.values()) == {1}


def test_every_button_of_a_report_and_of_a_question_holds_one_connection_at_most(stage: Stage) -> None:
    responder = stage.responder
    with held_at_once(stage) as most:
        ts, answer = report(stage, "the shop is down, all customers see an error page")
        press(responder, INCIDENTS, answer, "report_dismiss")
        responder.wait_for(
            lambda: "not an incident" in str(responder.replies(INCIDENTS, ts)) or None, what="the outcome"
        )
        ask(responder, INCIDENTS, "/incident declare! P3 the fountain is dry")
        ask(responder, INCIDENTS, "/incident declare P3 the fountain is dry")
        question = responder.ephemerals(INCIDENTS)[-1]
        press(responder, INCIDENTS, {**question, "ephemeral_id": question["ts"]}, "declare_anyway")
        settle(stage.database)
    assert most and set(most.values()) == {1}

"""One replica that takes the presses of fifty runs, as a process of its own to be killed: URL, name and run ids follow.

Each press is a transaction; after each a line says how many there were. A press that came too late is a refusal.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from bot.errors import BadRequest
from bot.playbooks.flows import runs
from bot.playbooks.rules.steps import Outcome
from bot.store.engine import Database
from bot.wiring.tables import METADATA
from tests.support.rows import NOON

STEPS = 3


def press_all(url: str, name: str, run_ids: list[int]) -> None:
    assert METADATA.tables
    database = Database(url, connections=2)
    presses = 0
    for number in range(1, STEPS + 1):
        for run_id in run_ids:
            try:
                with database.transaction() as session:
                    runs.decide(session, run_id, number, Outcome.DONE, name, NOON + timedelta(minutes=number))
            except BadRequest:
                pass  # somebody else was first
            presses += 1
            print(presses, flush=True)
    database.close()


if __name__ == "__main__":
    press_all(sys.argv[1], sys.argv[2], [int(typed) for typed in sys.argv[3:]])

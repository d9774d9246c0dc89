"""`python -m bench [PART …]`: run all measurements, or the named ones.

Parts: commands, escalation and room (through the playground), judge, review, similar (against bm25s; slow: it makes
corpora up to a million documents).
"""

from __future__ import annotations

import argparse

from bench import commands, escalation, judge, review, room, similar

PARTS = ("commands", "escalation", "room", "judge", "review", "similar")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--seconds", type=float, default=60, help="how long commands are sent")
    parser.add_argument("--rate", type=float, default=20, help="commands a second")
    parser.add_argument("--declarations", type=float, default=0.2, help="share of commands that declare an incident")
    parser.add_argument("--incidents", type=int, default=10_000, help="open incidents in the measurement of escalation")
    parser.add_argument("--due", type=float, default=100, help="pages that fall due a second")
    parser.add_argument("--due-seconds", type=float, default=20, help="how long they do")
    parser.add_argument("--messages", type=float, default=200, help="messages a second in an incident's channel")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if "commands" in asked.parts:
        commands.measure(asked.seconds, asked.rate, asked.declarations)
    if "escalation" in asked.parts:
        escalation.measure(asked.incidents, asked.due, asked.due_seconds)
    if "room" in asked.parts:
        room.measure(asked.seconds, asked.messages)
    if "judge" in asked.parts:
        judge.measure()
    if "review" in asked.parts:
        review.measure()
    if "similar" in asked.parts:
        similar.measure()


if __name__ == "__main__":
    main()

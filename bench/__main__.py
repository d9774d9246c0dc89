"""`python -m bench [PART …]`: run all measurements, or the named ones."""

from __future__ import annotations

import argparse

from bench import commands


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", default=["commands"], help="commands")
    parser.add_argument("--seconds", type=float, default=60, help="how long commands are sent")
    parser.add_argument("--rate", type=float, default=20, help="commands a second")
    parser.add_argument("--declarations", type=float, default=0.2, help="share of commands that declare an incident")
    asked = parser.parse_args()
    if "commands" in asked.parts:
        commands.measure(asked.seconds, asked.rate, asked.declarations)


if __name__ == "__main__":
    main()

"""How many steps Python takes for something: a count that says the same on every machine, unlike time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps_of(run: Callable[[], object]) -> int:
    """The bytecode instructions that `run` takes, in all functions of Python that it calls."""
    taken = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal taken
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        taken += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return taken


def growth(make: Callable[[int], Callable[[], object]], small: int = 60) -> float:
    """How many times as many steps four times as much takes: about 4 where work is linear, 16 where it is quadratic."""
    make(small)()  # what is compiled, cached or imported at the first call is no part of it
    return steps_of(make(4 * small)) / steps_of(make(small))

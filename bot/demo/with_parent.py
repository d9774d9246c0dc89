"""Run a program that ends when its parent does: `python -m bot.demo.with_parent PARENT PROGRAM ARGUMENT…`.

On Linux the kernel sends SIGTERM to the program when the parent is gone, even after `kill -9`. Elsewhere the program is
run all the same, and a parent that was killed leaves it behind.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Ask for the signal, make sure that the parent did not die before, and become the program."""
    parent, *program = arguments
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != int(parent):
            raise SystemExit(1)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])

"""`tocsin demo --play`: one whole P1, played by Slack's protocol as people would, against the real bot.

Everything happens in a folder and on ports of its own, which are gone afterwards. What it says goes to stderr, the
review to stdout.
"""

import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn, TextIO

from rich.console import Console
from rich.text import Text

from bot.demo import story
from bot.demo.stage import Failed, Stage


def run_play(rate: float, output: TextIO) -> int:
    """Play; the review as Markdown on `output`; 0, or 1 where a step failed."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with tempfile.TemporaryDirectory(prefix="tocsin-play-") as name, ExitStack() as stack:
        stage = Stage(Path(name).resolve(), rate, console)
        try:
            stage.begin(stack)
            review = story.tell(stage)
        except Failed:
            if stage.bot is not None:
                console.print(Text(f"The end of the bot's log:\n{stage.bot.end_of_log()}", style="dim"))
            return 1
        except KeyboardInterrupt:
            console.print("Stopped.")
            return 130
    output.write(review)
    output.flush()
    console.print(stage.summary())
    return 0


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt

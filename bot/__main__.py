"""The command line: which commands there are, and how one ends that failed."""

from __future__ import annotations

import sys
from typing import TextIO, cast

import typer

from bot.console import diagnosing, jobs, judging, knowledge, oncall, people, playbooks, policy, records, serving
from bot.errors import TocsinError
from bot.text.control import VisibleStream, visible

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # loading rich takes longer than all the rest of `--help`
    context_settings={"max_content_width": 120},
    help="Tocsin, an incident-response bot for Slack.",
)
app.add_typer(serving.app)
app.add_typer(judging.app)
app.add_typer(diagnosing.app)
app.add_typer(diagnosing.aws, name="aws")
app.add_typer(diagnosing.alarms, name="alarms")
app.add_typer(records.app)
app.add_typer(playbooks.app)
app.add_typer(records.incident, name="incident")
app.add_typer(oncall.escalation, name="escalation")
app.add_typer(oncall.roster, name="roster")
app.add_typer(oncall.oncall, name="oncall")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(policy.app, name="policy")
app.add_typer(records.status_page, name="status-page")
app.add_typer(records.drill, name="drill")
app.add_typer(jobs.app, name="jobs")
app.add_typer(judging.judge, name="judge")
app.add_typer(people.app, name="people")
app.add_typer(serving.db, name="db")


def main() -> None:
    """Run the command; what went wrong is one clear sentence on stderr and exit status 1."""
    sys.stdout = cast(TextIO, VisibleStream(sys.stdout))
    try:
        app()
    except TocsinError as error:
        print(visible(str(error)), file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        # The reader of our output has seen enough.
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()

"""/incident playbook: what fits, starting one by name, stopping one."""

from __future__ import annotations

from bot.errors import BadRequest
from bot.incidents.commands import Answer, CommandContext, Subcommand, View, incident_of
from bot.incidents.menu import OVER, Group, Shown
from bot.playbooks.flows import runs as flow
from bot.playbooks.flows import saving
from bot.playbooks.flows.fitting import find_entry
from bot.playbooks.flows.texts import text_of
from bot.playbooks.jobs.runs import listing
from bot.playbooks.messages import choices, entries
from bot.playbooks.messages.saving import save_form
from bot.playbooks.queries import runs
from bot.playbooks.rules.steps import RunState, from_document
from bot.text.markup import plain_text

_SAVE = ("save", "save as playbook")
_STOP = ("stop", "end", "cancel")


def _playbook(command: CommandContext) -> Answer:
    """Called without a transaction: the memory asks the database on its own."""
    typed = plain_text(command.rest).strip().strip("\"'“”`")
    if not typed or typed.lower() == "list":
        with command.context.database.transaction() as session:
            row = incident_of(session, command)
        return listing(command.context, row)
    word, _, rest = typed.partition(" ")
    if word.lower() in _STOP:
        return _stop(command, rest.strip())
    return _start(command, rest.strip() if word.lower() == "start" and rest.strip() else typed)


def _save_form(command: CommandContext) -> View | None:
    """`playbook save`: what was done in the incident, as steps to edit; None for everything else."""
    if plain_text(command.rest).strip().lower() not in _SAVE:
        return None
    with command.context.database.transaction() as session:
        row = incident_of(session, command)
        symptoms, steps = saving.draft(session, row)
        return save_form(row.incident_id, row.title, symptoms, steps)


def _start(command: CommandContext, typed: str) -> str:
    text = text_of(find_entry(command.context.memory.current(), typed))
    with command.context.database.transaction() as session:
        row = incident_of(session, command, for_change=True)
        run, fresh = flow.start(session, row, text, command.user_id, command.now)
        if fresh:
            return choices.started(run.ref, row.ref)
        kept = from_document(run.document)
        return choices.running_already(run.ref, entries.place(kept, run.current).removeprefix(f"{run.ref} "))


def _stop(command: CommandContext, typed: str) -> str:
    """The run that is named, or the only one there is."""
    with command.context.database.transaction() as session:
        row = incident_of(session, command, for_change=True)
        running = [run for run in runs.list_of_incident(session, row.incident_id) if run.state == RunState.RUNNING]
        wanted = typed.casefold().removeprefix("pb-").removeprefix("guide-")
        found = [run for run in running if wanted and run.ref.casefold().partition("-")[2] == wanted]
        found = found or [run for run in running if run.ref.casefold() == typed.casefold()]
        if not typed and len(running) == 1:
            found = running
        if len(found) != 1:
            raise BadRequest(choices.which_to_stop(row.ref, [run.ref for run in running]))
        run = flow.stop(session, found[0].run_id, command.user_id, command.now)
        return choices.stopped(run.ref, row.ref)


SUBCOMMANDS = (
    Subcommand(
        "playbook",
        "playbook lambda",
        "Work through a playbook or guide by name; `stop` ends it, `save` makes one of the incident. Alone: what fits.",
        answer_apart=_playbook,
        form=_save_form,
        opens=_SAVE.__contains__,
        reads=frozenset({"", "list"}),
        aliases=("playbooks", "pb", "runbook", "guide"),
        menu={
            "save": Shown(label="Save as playbook", group=Group.FOLLOW_UP, where=OVER, rest="save"),
        },
    ),
)

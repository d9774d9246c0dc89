"""`tocsin doctor`: looks at everything that Tocsin stands on and names, for each thing that is wrong, what mends it.

It changes nothing in Slack and nothing in a database of one's own, and answers whatever is broken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import InvalidKnowledge, InvalidSettings, TocsinError
from bot.escalation.queries import roster
from bot.memory.entries.entries import entry_paths, parse_entry
from bot.retention.jobs import FAILED_KEPT
from bot.retention.policy import in_days
from bot.settings import REPOSITORY, Settings, missing_for_slack, read_settings
from bot.severity.policy import shared_names, unreached
from bot.slack.client import Refused, Slack, TryAgain, web_client
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import behind
from bot.store.outbox import count_failed
from bot.wiring.building import build_judge, build_memory, build_policy
from bot.wiring.doctor import reach
from bot.wiring.doctor.findings import Check, Finding, Known, State

MANIFEST = REPOSITORY / "slack-manifest.yaml"
_SLACKS_WORD = re.compile(r"[a-z_]+")  # Slack's own names of errors; a proxy or another server answers otherwise
_TIMEOUT = 5  # seconds for one call; a person waits for the answer
_NEW_TOKEN = "copy it anew from your app's page, OAuth & Permissions → Bot User OAuth Token, into SLACK_BOT_TOKEN."
_NEW_APP_TOKEN = (
    "make one with the scope connections:write on your app's page, Basic Information → App-Level Tokens, "
    "and put it into SLACK_APP_TOKEN."
)
_LATER = (
    "Try again later; https://slack-status.com says whether Slack is in trouble."
    " Otherwise check SLACK_BASE_URL and the way out."
)


def examine(now: datetime, read: Callable[[], Settings] = read_settings) -> Iterator[Finding]:
    """All findings, each as soon as it is known. Never raises for what it looks at."""
    try:
        settings = read()
    except InvalidSettings as error:
        for line in str(error).splitlines():
            name, _, reason = line.partition(": ")
            yield Finding("settings", State.BROKEN, f"{name} cannot be used", _sentence(reason))
        yield Finding("everything else", State.UNKNOWN, "not looked at, as the settings cannot be read")
        return
    known = Known(settings, now.astimezone(UTC), secrets=_secrets(settings))
    for name, check in CHECKS.items():
        yield from _guarded(name, check, known)


def well(findings: list[Finding]) -> bool:
    """True when nothing has to be mended."""
    return all(finding.state is not State.BROKEN for finding in findings)


def _guarded(name: str, check: Check, known: Known) -> Iterator[Finding]:
    """The findings of one check; whatever it raises becomes a finding too, with secrets blacked out."""
    try:
        for finding in check(known):
            yield Finding(finding.check, finding.state, _masked(finding.says, known), _masked(finding.fix, known))
    except TryAgain as error:
        known.slack, known.why_no_slack = None, "Slack does not answer"  # nobody waits for that twice
        yield Finding(name, State.BROKEN, _masked(f"Slack does not answer ({error})", known), _LATER)
    except Refused as error:
        yield Finding(name, State.BROKEN, f"Slack refused {error.method} ({error.error})", _fix_for(error))
    except TocsinError as error:
        yield Finding(name, State.BROKEN, _masked(str(error), known), "Correct what this line names.")
    except OSError as error:
        fix = "See that this file or folder is there and that Tocsin may read and write it."
        yield Finding(name, State.BROKEN, _masked(_first_line(error), known), fix)
    except Exception as error:  # noqa: BLE001  # a way in: the report must go on whatever one check met
        says = _masked(f"{type(error).__name__}: {_first_line(error)}", known)
        yield Finding(name, State.BROKEN, says, "This was not foreseen; the message is all there is to go by.")


# -- settings and store -----------------------------------------------------------------------------------------------


def _settings(known: Known) -> Iterator[Finding]:
    lines = missing_for_slack(known.settings)
    for line in lines:
        says, _, fix = line.partition(": ")
        yield Finding("settings", State.BROKEN, says, _sentence(fix))
    if lines:
        known.why_no_slack = "the tokens are missing or wrong"
    else:
        yield Finding("settings", State.WELL, "all that is needed is set")


def _database(known: Known) -> Iterator[Finding]:
    own = known.settings.database_url
    folder = known.settings.data_folder / "postgres"
    try:
        with ExitStack() as stack:
            database = Database(own or stack.enter_context(embedded_postgres(folder)), connections=1)
            stack.callback(database.close)
            database.answers()
            yield Finding("database", State.WELL, "answers" if own else f"the embedded PostgreSQL in {folder} answers")
            yield _migrations(database, embedded=own is None)
            if behind(database.engine) is None:
                with database.transaction() as session:
                    known.overrides = roster.list_overrides(session, known.now)
                    known.shifts = roster.list_shifts(session, known.now)
                    yield _jobs(count_failed(session))
    except (SQLAlchemyError, OSError, RuntimeError, ValueError) as error:
        fix = "Start PostgreSQL, or correct host, port, name, user or password in DATABASE_URL."
        if own is None:
            fix = f"Make {folder} writable, or set DATABASE_URL to a PostgreSQL of your own."
        yield Finding("database", State.BROKEN, _first_line(getattr(error, "orig", None) or error), fix)
        yield Finding("migrations", State.UNKNOWN, "the database does not answer")


def _migrations(database: Database, *, embedded: bool) -> Finding:
    sentence = behind(database.engine)
    if sentence is None:
        return Finding("migrations", State.WELL, "the database is at the newest migration")
    if embedded:
        return Finding("migrations", State.WELL, "the embedded database is brought up to date at the next start")
    return Finding("migrations", State.BROKEN, sentence.partition(": run")[0], "Run `tocsin db upgrade`.")


def _jobs(failed: Mapping[str, int]) -> Finding:
    """What was given up after several tries, or because Slack refused it for good."""
    if not failed:
        return Finding("jobs", State.WELL, "none was given up")
    listed = ", ".join(f"{task} {number}" for task, number in failed.items())
    says = f"{sum(failed.values())} were given up in the last {in_days(FAILED_KEPT)} ({listed})"
    return Finding("jobs", State.BROKEN, says, "The worker's log says why of each: look for “refused” and “Error”.")


# -- what it knows ----------------------------------------------------------------------------------------------------


def _policy(known: Known) -> Iterator[Finding]:
    known.policy = build_policy(known.settings)
    yield Finding("policy", State.WELL, f"the files in {known.settings.knowledge_folder / 'policy'} are valid")
    yield Finding("retention", State.WELL, known.policy.retention.sentence.rstrip("."))


def _matrix(known: Known) -> Iterator[Finding]:
    """What the loader lets pass and yet is surely not meant."""
    if known.policy is None:
        yield Finding("matrix", State.UNKNOWN, "the policy cannot be read")
        return
    severity = known.policy.severity
    faults = False
    for later, earlier in unreached(severity):
        faults = True
        says = (
            f'severity.yaml: the row "{later.name}" never decides, because "{earlier.name}" above it always holds first'
        )
        yield Finding("matrix", State.BROKEN, says, "Move it up, take it out, or say in `unless` what is left to it.")
    for name, kind, other in shared_names(severity):
        faults = True
        says = f'severity.yaml: "{name}" is listed under {kind} and under {other}'
        yield Finding("matrix", State.BROKEN, says, "Keep it under one of them.")
    if not faults:
        mode = "; shadow mode: it judges and answers nothing" if severity.shadow else ""
        yield Finding("matrix", State.WELL, f"{len(severity.rows)} rows, all of them can decide{mode}")


def _knowledge(known: Known) -> Iterator[Finding]:
    folder = known.settings.knowledge_folder
    refs: dict[str, Path] = {}
    broken = False
    for path in entry_paths(folder):
        try:
            ref = parse_entry(path.read_text(encoding="utf-8"), path).ref
            if ref in refs:
                raise InvalidKnowledge(f"{path}: ref {ref} is already used by {refs[ref]}.")
            refs[ref] = path
        except (InvalidKnowledge, OSError, UnicodeDecodeError) as error:
            broken = True
            says = str(error) if isinstance(error, InvalidKnowledge) else f"{path}: {error}"
            yield Finding("knowledge", State.BROKEN, says, "Correct the entry, or move it out of the folder.")
    if not refs and not broken:
        fix = "Set TOCSIN_KNOWLEDGE to the folder that holds incidents, playbooks and policy."
        yield Finding("knowledge", State.BROKEN, f"{folder} holds no entry", fix)
    elif not broken:
        yield Finding("knowledge", State.WELL, f"all {len(refs)} entries are valid")


def _index(known: Known) -> Iterator[Finding]:
    memory = build_memory(known.settings)
    yield Finding("index", State.WELL, f"searches {len(memory.entries)} entries")


def _judge(known: Known) -> Iterator[Finding]:
    judged = build_judge(known.settings).judge("checkout is down for every customer")
    verdict = judged.severity.value if judged.severity else "none"
    yield Finding("judge", State.WELL, f"judges (a complete outage is {verdict})")


# -- Slack ------------------------------------------------------------------------------------------------------------


def _bot_token(known: Known) -> Iterator[Finding]:
    token = known.settings.slack_bot_token
    if known.why_no_slack or token is None:
        yield Finding("slack", State.UNKNOWN, known.why_no_slack or "SLACK_BOT_TOKEN is not set")
        return
    slack = Slack(web_client(known.settings.slack_base_url, token.get_secret_value(), timeout=_TIMEOUT))
    try:
        me = slack.who_am_i()
    except Refused as refused:
        if not _SLACKS_WORD.fullmatch(refused.error):
            known.why_no_slack = "what answers at SLACK_BASE_URL is not Slack"
            fix = "Set SLACK_BASE_URL to https://slack.com/api/, or leave it out."
            yield Finding("slack", State.BROKEN, f"{known.why_no_slack} ({refused.error})", fix)
            return
        known.why_no_slack = "Slack refuses the bot token"
        says = f"Slack refuses the bot token ({refused.error})"
        yield Finding("slack", State.BROKEN, says, _sentence(_NEW_TOKEN))
        return
    known.slack, known.bot_name = slack, str(me.get("user", "tocsin"))
    yield Finding("slack", State.WELL, f"the bot token is @{known.bot_name} in {me.get('team', 'the workspace')}")


def _scopes(known: Known) -> Iterator[Finding]:
    if known.slack is None:
        yield Finding("scopes", State.UNKNOWN, known.why_no_slack)
        return
    wanted = _manifest_scopes()
    granted = known.slack.granted_scopes()
    if not granted or not wanted:
        why = "Slack did not say which were granted" if wanted else f"{MANIFEST.name} is not beside the code"
        yield Finding("scopes", State.UNKNOWN, why)
        return
    missing = sorted(wanted - granted)
    if missing:
        fix = (
            f"Add them on your app's page under OAuth & Permissions, or paste {MANIFEST.name} there,"
            " and reinstall the app."
        )
        yield Finding("scopes", State.BROKEN, f"not granted: {', '.join(missing)}", fix)
        return
    more = sorted(granted - wanted)
    tail = f"; granted though nothing needs it: {', '.join(more)}" if more else ""
    yield Finding("scopes", State.WELL, f"all {len(wanted)} of the manifest are granted{tail}")


def _manifest_scopes() -> frozenset[str]:
    """What the manifest asks for; empty where the file did not come with the code."""
    if not MANIFEST.is_file():
        return frozenset()
    manifest: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return frozenset(manifest["oauth_config"]["scopes"]["bot"])


def _app_token(known: Known) -> Iterator[Finding]:
    token = known.settings.slack_app_token
    if token is None and known.settings.slack_signing_secrets:
        yield Finding("socket mode", State.WELL, "not used: Slack sends to the bot over HTTP")
        return
    # A refused bot token says nothing about this one; a Slack that is away does.
    if token is None or (known.slack is None and known.why_no_slack != "Slack refuses the bot token"):
        yield Finding("socket mode", State.UNKNOWN, known.why_no_slack or "SLACK_APP_TOKEN is not set")
        return
    try:
        Slack(web_client(known.settings.slack_base_url, token.get_secret_value(), timeout=_TIMEOUT)).call(
            "apps.connections.open"
        )
    except Refused as refused:
        says = f"Slack refuses the app token ({refused.error})"
        yield Finding("socket mode", State.BROKEN, says, _sentence(_NEW_APP_TOKEN))
        return
    yield Finding("socket mode", State.WELL, "the app token opens a connection")


def _channel(known: Known) -> Iterator[Finding]:
    if known.slack is None or known.policy is None:
        yield Finding("channel", State.UNKNOWN, known.why_no_slack or "the policy cannot be read")
        return
    name = known.policy.contacts.channels.announcement
    fix = f"Type /invite @{known.bot_name} in it; where there is none, create it, or name another in contacts.yaml."
    # Of the bot's own memberships only: a workspace may have very many channels.
    own = known.slack.pages("users.conversations", "channels", types="public_channel", exclude_archived=True)
    if any(name in (channel["id"], channel["name"]) for channel in own):
        yield Finding("channel", State.WELL, f"the bot is in #{name}")
    else:
        yield Finding("channel", State.BROKEN, f"#{name} is not among the bot's channels", fix)


CHECKS: dict[str, Check] = {
    "settings": _settings,
    "database": _database,
    "policy": _policy,
    "matrix": _matrix,
    "escalation": reach.escalation,
    "knowledge": _knowledge,
    "index": _index,
    "judge": _judge,
    "slack": _bot_token,
    "scopes": _scopes,
    "socket mode": _app_token,
    "channel": _channel,
    "people": reach.people,
}


# -- wording ----------------------------------------------------------------------------------------------------------


def _fix_for(refused: Refused) -> str:
    if refused.error == "missing_scope":
        return "The line about scopes says what to grant."
    return "Slack's documentation of that method explains the reason; try again if it may pass."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _secrets(settings: Settings) -> tuple[str, ...]:
    """What must never be printed, the password in DATABASE_URL included."""
    kept = [settings.slack_bot_token, settings.slack_app_token, settings.secret_key, *settings.slack_signing_secrets]
    found = [secret.get_secret_value() for secret in kept if secret]
    before_host = (settings.database_url or "").partition("://")[2].rpartition("@")[0]
    return tuple(text for text in (*found, before_host.partition(":")[2], settings.database_url or "") if len(text) > 2)


def _masked(text: str, known: Known) -> str:
    for secret in sorted(known.secrets, key=len, reverse=True):
        text = text.replace(secret, "•••")
    return text

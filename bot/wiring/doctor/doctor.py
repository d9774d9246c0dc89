"""`tocsin doctor`: checks everything Tocsin depends on, and says how to fix what is wrong.

It changes nothing in Slack and nothing in a configured database, and it always finishes.
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
from bot.incidents.queries.places import list_refusals
from bot.memory.entries.entries import entry_paths, parse_entry
from bot.retention.jobs import FAILED_KEPT
from bot.retention.policy import in_days
from bot.settings import REPOSITORY, Settings, missing_for_slack, read_settings
from bot.severity.policy import shared_names, unreached
from bot.slack.client import Refused, Slack, TryAgain, web_client
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import NEWER, ahead, behind
from bot.store.outbox import count_failed
from bot.text.markup import CHANNEL_ID
from bot.trackers.queries import list_lists
from bot.wiring.building import build_judge, build_matrix, build_memory, build_policy, is_judge_fitted
from bot.wiring.doctor import reach
from bot.wiring.doctor.alarms import alarms
from bot.wiring.doctor.aws import aws
from bot.wiring.doctor.findings import Check, Finding, Known, State
from bot.wiring.doctor.lists import slack_lists
from bot.wiring.doctor.pagers import pagers

MANIFEST = REPOSITORY / "slack-manifest.yaml"
_SLACK_ERROR = re.compile(r"[a-z_]+")  # Slack's error names; a proxy or another server answers something else
_TIMEOUT = 5  # seconds for one call; a person waits for the answer
_NEW_TOKEN = "copy it from your app's page, OAuth & Permissions → Bot User OAuth Token, into SLACK_BOT_TOKEN."
_NEW_APP_TOKEN = (
    "create one with the scope connections:write on your app's page, Basic Information → App-Level Tokens, "
    "and set SLACK_APP_TOKEN to it."
)
_LATER = "Check https://slack-status.com, and try again later. If Slack is up, check SLACK_BASE_URL and your network."


def examine(now: datetime, read: Callable[[], Settings] = read_settings) -> Iterator[Finding]:
    """All findings, each as soon as it is known. Never raises for what it checks."""
    try:
        settings = read()
    except InvalidSettings as error:
        for line in str(error).splitlines():
            name, _, reason = line.partition(": ")
            yield Finding("settings", State.FAILED, f"{name} is invalid", _sentence(reason))
        yield Finding("everything else", State.UNKNOWN, "not checked, because the settings are invalid")
        return
    known = Known(settings, now.astimezone(UTC), secrets=_secrets(settings))
    for name, check in CHECKS.items():
        yield from _guarded(name, check, known)


def all_ok(findings: list[Finding]) -> bool:
    """True when nothing must be fixed."""
    return all(finding.state is not State.FAILED for finding in findings)


def _guarded(name: str, check: Check, known: Known) -> Iterator[Finding]:
    """The findings of one check; whatever it raises becomes a finding too, with secrets blacked out."""
    try:
        for finding in check(known):
            yield Finding(finding.check, finding.state, _masked(finding.says, known), _masked(finding.fix, known))
    except TryAgain as error:
        known.slack, known.why_no_slack = None, "Slack does not answer"  # one timeout is enough
        yield Finding(name, State.FAILED, _masked(f"Slack does not answer ({error})", known), _LATER)
    except Refused as error:
        yield Finding(name, State.FAILED, f"Slack refused {error.method} ({error.error})", _fix_for(error))
    except TocsinError as error:
        yield Finding(name, State.FAILED, _masked(str(error), known), "Correct what the message names.")
    except OSError as error:
        fix = "Make sure that this file or folder exists and that Tocsin can read and write it."
        yield Finding(name, State.FAILED, _masked(_first_line(error), known), fix)
    except Exception as error:  # noqa: BLE001  # a way in: one failed check must not end the report
        says = _masked(f"{type(error).__name__}: {_first_line(error)}", known)
        yield Finding(name, State.FAILED, says, "This is unexpected. Please report it with the message above.")


# -- settings and database --------------------------------------------------------------------------------------------


def _settings(known: Known) -> Iterator[Finding]:
    lines = missing_for_slack(known.settings)
    for line in lines:
        says, _, fix = line.partition(": ")
        yield Finding("settings", State.FAILED, says, _sentence(fix))
    if lines:
        known.why_no_slack = "the tokens are missing or wrong"
    else:
        yield Finding("settings", State.OK, "all required settings are set")


def _database(known: Known) -> Iterator[Finding]:
    own = known.settings.database_url
    folder = known.settings.data_folder / "postgres"
    try:
        with ExitStack() as stack:
            database = Database(own or stack.enter_context(embedded_postgres(folder)), connections=1)
            stack.callback(database.close)
            database.answers()
            yield Finding(
                "database", State.OK, "responding" if own else f"the embedded PostgreSQL in {folder} is responding"
            )
            yield _migrations(database, embedded=own is None)
            if behind(database.engine) is None:
                with database.transaction() as session:
                    known.overrides = roster.list_overrides(session, known.now)
                    known.shifts = roster.list_shifts(session, known.now)
                    known.lists = {row.tracker: row for row in list_lists(session)}
                    known.refusals = list_refusals(session, known.now - reach.LOOK_BACK)
                    yield _jobs(count_failed(session))
    except (SQLAlchemyError, OSError, RuntimeError, ValueError) as error:
        fix = "Start PostgreSQL, or correct host, port, name, user or password in DATABASE_URL."
        if own is None:
            fix = f"Make {folder} writable, or set DATABASE_URL to your own PostgreSQL."
        yield Finding("database", State.FAILED, _first_line(getattr(error, "orig", None) or error), fix)
        yield Finding("migrations", State.UNKNOWN, "the database is not responding")


def _migrations(database: Database, *, embedded: bool) -> Finding:
    sentence = behind(database.engine)
    if sentence is None and ahead(database.engine):
        return Finding("migrations", State.OK, "a newer version upgraded the database; this one still runs on it")
    if sentence is None:
        return Finding("migrations", State.OK, "the database is up to date")
    if embedded and NEWER not in sentence:
        return Finding("migrations", State.OK, "the embedded database is upgraded at the next start")
    says, _, fix = sentence.partition(": ")
    return Finding("migrations", State.FAILED, says, _sentence(fix))


def _jobs(failed: Mapping[str, int]) -> Finding:
    """Jobs given up after several attempts, or because Slack refused them for good."""
    if not failed:
        return Finding("jobs", State.OK, "none failed")
    listed = ", ".join(f"{task} {number}" for task, number in failed.items())
    says = f"{sum(failed.values())} failed in the last {in_days(FAILED_KEPT)} ({listed})"
    return Finding(
        "jobs",
        State.FAILED,
        says,
        "Type `tocsin jobs list` to see them, and `tocsin jobs retry --all` to run them again.",
    )


# -- policy and knowledge ---------------------------------------------------------------------------------------------


def _policy(known: Known) -> Iterator[Finding]:
    known.policy = build_policy(known.settings)
    read, beside = known.settings.knowledge_folder, known.settings.data_folder / "knowledge"
    yield Finding("policy", State.OK, f"the files in {read / 'policy'} are valid")
    if (beside / "policy").is_dir() and beside.resolve() != read.resolve():
        says = f"{beside} holds a policy that is not read: {read} is"
        yield Finding("policy", State.FAILED, says, f"Set TOCSIN_KNOWLEDGE={beside} to use it, or move it away.")
    yield Finding("retention", State.OK, known.policy.retention.sentence.rstrip("."))


def _matrix(known: Known) -> Iterator[Finding]:
    """Valid rules that are surely a mistake."""
    if known.policy is None:
        yield Finding("matrix", State.UNKNOWN, "the policy is invalid")
        return
    severity = known.policy.severity
    faults = False
    for later, earlier in unreached(severity):
        faults = True
        says = f'severity.yaml: row "{later.name}" can never match, because "{earlier.name}" above it always matches'
        yield Finding("matrix", State.FAILED, says, "Move it up, remove it, or narrow the row above with `unless`.")
    for name, kind, other in shared_names(severity):
        faults = True
        says = f'severity.yaml: "{name}" is listed under {kind} and under {other}'
        yield Finding("matrix", State.FAILED, says, "Remove one of them.")
    if not faults:
        mode = "; shadow mode: it judges but does not reply" if severity.shadow else ""
        yield Finding("matrix", State.OK, f"{len(severity.rows)} rows, all reachable{mode}")


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
            yield Finding("knowledge", State.FAILED, says, "Correct the entry, or move it out of the folder.")
    if not refs and not broken:
        fix = "Set TOCSIN_KNOWLEDGE to the folder with incidents, playbooks and policy."
        yield Finding("knowledge", State.FAILED, f"{folder} has no entries", fix)
    elif not broken:
        yield Finding("knowledge", State.OK, f"all {len(refs)} entries are valid")


def _index(known: Known) -> Iterator[Finding]:
    memory = build_memory(known.settings)
    yield Finding("index", State.OK, f"{len(memory.entries)} entries indexed")


def _judge(known: Known) -> Iterator[Finding]:
    if not is_judge_fitted(known.settings):
        build_matrix(known.settings)
        says = "not fitted yet; Tocsin does so when it starts, and answers reports that come meanwhile after it"
        yield Finding("judge", State.UNKNOWN, says)
        return
    judged = build_judge(known.settings).judge("checkout is down for every customer")
    verdict = judged.severity.value if judged.severity else "none"
    yield Finding("judge", State.OK, f"working (a complete outage is {verdict})")


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
        if not _SLACK_ERROR.fullmatch(refused.error):
            known.why_no_slack = "SLACK_BASE_URL is not Slack"
            fix = "Set SLACK_BASE_URL to https://slack.com/api/, or leave it out."
            yield Finding("slack", State.FAILED, f"{known.why_no_slack} ({refused.error})", fix)
            return
        known.why_no_slack = "Slack rejects the bot token"
        says = f"Slack rejects the bot token ({refused.error})"
        yield Finding("slack", State.FAILED, says, _sentence(_NEW_TOKEN))
        return
    known.slack, known.bot_name = slack, str(me.get("user", "tocsin"))
    yield Finding("slack", State.OK, f"connected as @{known.bot_name} to {me.get('team', 'the workspace')}")


def _scopes(known: Known) -> Iterator[Finding]:
    if known.slack is None:
        yield Finding("scopes", State.UNKNOWN, known.why_no_slack)
        return
    wanted = _manifest_scopes()
    granted = known.slack.granted_scopes()
    if not granted or not wanted:
        why = "Slack did not list them" if wanted else f"{MANIFEST.name} is missing"
        yield Finding("scopes", State.UNKNOWN, why)
        return
    missing = sorted(wanted - granted)
    if missing:
        fix = (
            f"Add them on your app's page under OAuth & Permissions, or paste {MANIFEST.name} there,"
            " and reinstall the app."
        )
        yield Finding("scopes", State.FAILED, f"not granted: {', '.join(missing)}", fix)
        return
    more = sorted(granted - wanted)
    tail = f"; granted but not needed: {', '.join(more)}" if more else ""
    yield Finding("scopes", State.OK, f"all {len(wanted)} granted{tail}")


def _manifest_scopes() -> frozenset[str]:
    """The manifest's scopes; empty where the file is missing."""
    if not MANIFEST.is_file():
        return frozenset()
    manifest: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return frozenset(manifest["oauth_config"]["scopes"]["bot"])


def _app_token(known: Known) -> Iterator[Finding]:
    token = known.settings.slack_app_token
    if token is None and known.settings.slack_signing_secrets:
        yield Finding("socket mode", State.OK, "not used: Slack connects over HTTP")
        return
    # A rejected bot token says nothing about this one; a Slack that is down does.
    if token is None or (known.slack is None and known.why_no_slack != "Slack rejects the bot token"):
        yield Finding("socket mode", State.UNKNOWN, known.why_no_slack or "SLACK_APP_TOKEN is not set")
        return
    try:
        Slack(web_client(known.settings.slack_base_url, token.get_secret_value(), timeout=_TIMEOUT)).call(
            "apps.connections.open"
        )
    except Refused as refused:
        says = f"Slack rejects the app token ({refused.error})"
        yield Finding("socket mode", State.FAILED, says, _sentence(_NEW_APP_TOKEN))
        return
    yield Finding("socket mode", State.OK, "the app token works")


def _channel(known: Known) -> Iterator[Finding]:
    if known.slack is None or known.policy is None:
        yield Finding("channel", State.UNKNOWN, known.why_no_slack or "the policy is invalid")
        return
    channels = known.policy.contacts.channels
    for name in filter(None, (channels.announcement, channels.stakeholder)):
        shown = name if CHANNEL_ID.fullmatch(name) else f"#{name}"
        try:
            channel_id = known.slack.find_channel(name)
            yield _shared(known.slack, channel_id or "", shown)
        except Refused as refused:
            if refused.may_pass:
                raise
            fix = refused.refusal.advice.replace("@tocsin", f"@{known.bot_name}")
            yield Finding("channel", State.FAILED, f"the bot is not in {shown}: {refused.refusal.reason}", fix)


def _shared(slack: Slack, channel_id: str, shown: str) -> Finding:
    """Of a channel that the bot is in: whether strangers read what it says there."""
    if not slack.is_shared(channel_id):
        return Finding("channel", State.OK, f"the bot is in {shown}")
    says = f"{shown} is shared with another company or workspace, whose people read every incident there"
    fix = "Name a channel of your own in contacts.yaml. In a shared one answers leave out past causes and fixes."
    return Finding("channel", State.FAILED, says, fix)


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
    "aws": aws,
    "pagers": pagers,
    "slack lists": slack_lists,
    "alarms": alarms,
    "refusals": reach.refusals,
}


# -- wording ----------------------------------------------------------------------------------------------------------


def _fix_for(refused: Refused) -> str:
    if refused.error == "missing_scope":
        return "Grant what the line about scopes names."
    return refused.refusal.advice


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _secrets(settings: Settings) -> tuple[str, ...]:
    """What must never be printed, the password in DATABASE_URL included."""
    kept = [settings.slack_bot_token, settings.slack_app_token, settings.secret_key, *settings.slack_signing_secrets]
    kept += [settings.opsgenie_webhook_token, *settings.pagerduty_webhook_keys]
    found = [secret.get_secret_value() for secret in kept if secret]
    before_host = (settings.database_url or "").partition("://")[2].rpartition("@")[0]
    return tuple(text for text in (*found, before_host.partition(":")[2], settings.database_url or "") if len(text) > 2)


def _masked(text: str, known: Known) -> str:
    for secret in sorted(known.secrets, key=len, reverse=True):
        text = text.replace(secret, "•••")
    return text

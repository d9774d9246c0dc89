"""The command line as scripts use it: help everywhere, and JSON Lines that keep order whatever a line holds."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bot.__main__ import app
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.store.engine import Database
from tests.support.commands import Run, run_command
from tests.support.rows import NOON, add_incident, minutes

# Commands that need no database are run with one that is not there.
NO_DATABASE = "postgresql://tocsin@127.0.0.1:1/none"


class Shell:
    """Runs `tocsin …` as a process of its own, with nothing in its environment but what is said here."""

    def __init__(self, data_folder: Path, database_url: str = NO_DATABASE) -> None:
        self.environment = {"PATH": os.environ["PATH"], "DATABASE_URL": database_url, "TOCSIN_DATA": str(data_folder)}

    def __call__(self, *words: str, stdin: str | bytes = "", **environment: str) -> Run:
        given = stdin if isinstance(stdin, bytes) else stdin.encode()
        return run_command(words, self.environment | environment, given)

    def lines(self, *words: str, stdin: str | bytes = "") -> tuple[int, list[dict[str, Any]]]:
        """Exit status and the JSON objects printed, one a line."""
        ended = self(*words, stdin=stdin)
        return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.fixture(scope="module")
def tocsin(data_folder: Path) -> Shell:
    return Shell(data_folder)


@pytest.fixture(scope="module")
def recorded(data_folder: Path, database: Database) -> Shell:
    """A shell on a database with one closed and two open incidents."""
    with database.transaction() as session:
        over = {"status": "closed", "resolved_at": NOON + minutes(50), "closed_at": NOON + minutes(60)}
        closed = add_incident(session, ref="INC-2026-0001", resolution="rolled back", **over)
        add_incident(session, ref="INC-2026-0002", severity="P3", title="slow export", declared_at=NOON + minutes(5))
        add_incident(session, ref="INC-2026-0003", severity="P0", title="höhere Gewalt", declared_at=NOON + minutes(9))
        for kind, text, at in (
            (Kind.DECLARED, "Declared as P1 by <@U0RESPONDER>: checkout returns 502", NOON),
            (Kind.RESOLVED, "Resolved by <@U0RESPONDER> after 50 min: rolled back", NOON + minutes(50)),
        ):
            data = {"severity": "P1"} if kind is Kind.DECLARED else {}
            timeline.append(
                session,
                closed.incident_id,
                kind,
                text,
                at=at,
                now=at + timedelta(seconds=1),
                author="U0RESPONDER",
                data=data,
            )
    return Shell(data_folder, database.url)


def to_lines(*objects: object) -> str:
    return "".join(json.dumps(item) + "\n" for item in objects)


# -- help --------------------------------------------------------------------------------------------------------------


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that call it, groups included."""
    yield words, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*words, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_and_every_option_has_help(words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    assert command.help and command.help.strip()
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{' '.join(words)} {parameter.name} has no help"
    answered = CliRunner().invoke(app, [*words, "--help"])
    assert answered.exit_code == 0 and "Usage" in answered.output


def test_the_commands_that_scripts_depend_on_are_there() -> None:
    stable = (
        "run, web, worker, demo, doctor, db upgrade, knowledge search, classify, similar, escalation preview, "
        "incident list, incident show, review"
    )
    assert {tuple(words.split()) for words in stable.split(", ")} <= COMMANDS.keys()


def test_an_unknown_command_ends_with_a_sentence(tocsin: Shell) -> None:
    ended = tocsin("ring-the-bell")
    assert ended.returncode != 0 and "ring-the-bell" in ended.stderr


# -- classify ----------------------------------------------------------------------------------------------------------


def test_classify_answers_every_line_in_order(tocsin: Shell) -> None:
    texts = [
        "production is completely down for all customers",
        "who wants lunch?",
        "checkout returns 502",
        "",
        "ß" * 10_000,
    ]
    status, answers = tocsin.lines(
        "classify", "--jsonl", stdin=to_lines(*({"id": f"m{n}", "text": text} for n, text in enumerate(texts)))
    )
    assert status == 0
    assert [answer["id"] for answer in answers] == ["m0", "m1", "m2", "m3", "m4"]
    for answer in answers:
        assert list(answer) == ["id", "severity", "confidence", "evidence", "runner_up", "outcome"]
        assert {answer["severity"], answer["runner_up"]} <= {"P0", "P1", "P2", "P3", "none"}
        assert 0 <= answer["confidence"] <= 1
        assert all(set(item) == {"text", "signal"} for item in answer["evidence"])
    assert answers[0]["severity"] == "P0" and answers[1]["severity"] == "none"
    assert [answer["outcome"] for answer in answers[:2]] == ["answer", "silence"]
    assert {answer["outcome"] for answer in answers} <= {"answer", "ask", "silence"}
    assert all(item["text"] in texts[0] for item in answers[0]["evidence"])


BAD_LINES = [
    b"{no json",
    b'"a text"',
    b"[1, 2]",
    b"null",
    b"17",
    b'{"id": 7}',
    b'{"text": "no id", "query": "no id"}',
    b'{"id": 8, "text": null, "query": null}',
    b'{"id": 9, "text": ["a"], "query": {"a": 1}}',
    b'{"id": 10, "text": "\xff\xfe", "query": "\xff"}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("command", ["classify", "similar"])
def test_bad_lines_are_answered_in_their_place_and_the_status_is_1(tocsin: Shell, command: str) -> None:
    good = json.dumps({"id": "good", "text": "checkout is down", "query": "checkout is down"}).encode()
    stdin = b"\n".join(line for bad in BAD_LINES for line in (bad, good)) + b"\n"
    status, answers = tocsin.lines(command, "--jsonl", stdin=stdin)
    assert status == 1
    assert len(answers) == 2 * len(BAD_LINES)
    for place, bad in enumerate(answers[::2]):
        assert set(bad) == {"id", "error"} and bad["error"], BAD_LINES[place][:40]
    assert [bad["id"] for bad in answers[10:18:2]] == [7, None, 8, 9]
    assert all(answer["id"] == "good" and "error" not in answer for answer in answers[1::2])


@pytest.mark.parametrize("command", ["classify", "similar"])
def test_text_that_no_encoding_holds_does_not_end_the_answers(tocsin: Shell, command: str) -> None:
    hostile = [
        {"id": "\ud800", "text": "down \ud800\x00", "query": "down \ud800\x00"},
        {"id": "b", "text": "x", "query": "x"},
    ]
    status, answers = tocsin.lines(command, "--jsonl", stdin=to_lines(*hostile))
    assert [answer["id"] for answer in answers] == ["\ud800", "b"]
    assert status == (1 if any("error" in answer for answer in answers) else 0)


def test_no_lines_give_no_answers(tocsin: Shell) -> None:
    assert tocsin.lines("classify", "--jsonl") == (0, [])


def test_classify_says_why_to_people(tocsin: Shell) -> None:
    ended = tocsin("classify", "production", "is", "completely", "down")
    assert ended.returncode == 0 and ended.stdout.startswith("P0")
    assert "because of “" in ended.stdout and "In Slack: answered with this severity." in ended.stdout
    assert "how.down" not in ended.stdout, "names of signals are not for people"


def test_classify_says_on_stderr_that_it_fits_the_judge_first(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.severity.judge.judge.is_fitted", lambda *_: False)
    environment = {"TOCSIN_DATA": str(data_folder), "DATABASE_URL": NO_DATABASE}
    answered = CliRunner().invoke(app, ["classify", "--jsonl"], input='{"id": "1", "text": "down"}\n', env=environment)
    assert "Fitting the severity judge" in answered.stderr
    assert [json.loads(line)["id"] for line in answered.stdout.splitlines()] == ["1"]


@pytest.mark.parametrize("command", ["classify", "similar"])
def test_without_a_text_the_command_says_what_to_give(tocsin: Shell, command: str) -> None:
    ended = tocsin(command)
    assert ended.returncode == 2 and "--jsonl" in ended.stderr


# -- similar -----------------------------------------------------------------------------------------------------------


def test_similar_answers_every_line_in_order_and_the_same_each_time(tocsin: Shell) -> None:
    queries = ["lambda cold starts", "qqqq zzzz", "ProvisionedThroughputExceededException", ""]
    stdin = to_lines(*({"id": n, "query": query} for n, query in enumerate(queries)))
    status, answers = tocsin.lines("similar", "--jsonl", "--top", "3", stdin=stdin)
    assert status == 0
    assert [answer["id"] for answer in answers] == [0, 1, 2, 3]
    assert answers[0]["matches"] and not answers[1]["matches"] and not answers[3]["matches"]
    for match in (match for answer in answers for match in answer["matches"]):
        assert list(match) == ["ref", "score", "terms"] and match["terms"]
    scores = [match["score"] for match in answers[0]["matches"]]
    assert scores == sorted(scores, reverse=True) and len(scores) <= 3
    assert tocsin.lines("similar", "--jsonl", "--top", "3", stdin=stdin)[1] == answers


@pytest.mark.parametrize(("kind", "prefixes"), [("playbook", ("PB-",)), ("guide", ("GUIDE-",))])
def test_similar_finds_one_kind_only(tocsin: Shell, kind: str, prefixes: tuple[str, ...]) -> None:
    words = ("similar", "--jsonl", "--kind", kind, "--all", "--top", "1000")
    _, answers = tocsin.lines(*words, stdin=to_lines({"id": 1, "query": "lambda function errors and timeouts"}))
    refs = [match["ref"] for match in answers[0]["matches"]]
    assert refs and all(ref.startswith(prefixes) for ref in refs)


def test_similar_refuses_a_kind_that_there_is_not(tocsin: Shell) -> None:
    ended = tocsin("similar", "--jsonl", "--kind", "novel")
    assert ended.returncode == 2 and "incident, playbook or guide" in ended.stderr


def test_all_switches_the_threshold_off(tocsin: Shell) -> None:
    stdin = to_lines({"id": 1, "query": "checkout"})
    _, few = tocsin.lines("similar", "--jsonl", "--top", "1000", stdin=stdin)
    _, many = tocsin.lines("similar", "--jsonl", "--top", "1000", "--all", stdin=stdin)
    kept = few[0]["matches"]
    assert len(kept) < len(many[0]["matches"])
    assert many[0]["matches"][: len(kept)] == kept


def test_a_corpus_is_searched_instead_of_the_knowledge(tocsin: Shell, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    documents = [
        {"ref": "A", "title": "Queue backs up", "text": "Consumers stopped and the queue grew for an hour."},
        {"ref": "B", "title": "Certificate expired", "text": "TLS handshakes failed after midnight."},
    ]
    corpus.write_text(to_lines(*documents))
    stdin = to_lines({"id": 1, "query": "certificate expired, TLS handshake failed"})
    status, answers = tocsin.lines("similar", "--jsonl", "--corpus", str(corpus), stdin=stdin)
    assert status == 0
    assert [match["ref"] for match in answers[0]["matches"]][:1] == ["B"]
    assert {match["ref"] for match in answers[0]["matches"]} <= {"A", "B"}


def test_a_corpus_that_cannot_be_read_is_one_sentence(tocsin: Shell, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text('{"ref": "A"\n')
    ended = tocsin("similar", "--jsonl", "--corpus", str(corpus))
    assert ended.returncode == 1 and "corpus.jsonl" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_knowledge_search_is_similar_for_people(tocsin: Shell) -> None:
    ended = tocsin("knowledge", "search", "lambda", "cold", "starts")
    assert ended.returncode == 0
    assert ended.stdout == tocsin("similar", "lambda", "cold", "starts").stdout


# -- escalation preview ------------------------------------------------------------------------------------------------


def test_a_preview_has_one_object_a_rung_in_order(tocsin: Shell) -> None:
    words = ("escalation", "preview", "P1", "--at", "2026-11-20T12:00", "--json")
    status, rungs = tocsin.lines(*words)
    assert status == 0
    assert all(list(rung) == ["role", "rule", "due_at"] for rung in rungs)
    assert [(rung["role"], rung["rule"], rung["due_at"]) for rung in rungs] == [
        ("on-call engineer", "at once", "2026-11-20T12:00:00+00:00"),
        ("team lead", "2 h", "2026-11-20T14:00:00+00:00"),
        ("engineering manager", "4 h", "2026-11-20T16:00:00+00:00"),
        ("VP engineering", "next day", "2026-11-23T09:00:00+00:00"),
    ]


def test_a_preview_takes_any_zone_and_any_case(tocsin: Shell) -> None:
    _, here = tocsin.lines("escalation", "preview", "p0", "--at", "2026-11-20T13:00+01:00", "--json")
    _, there = tocsin.lines("escalation", "preview", "P0", "--at", "2026-11-20T12:00Z", "--json")
    assert here == there


def test_a_preview_of_nonsense_says_what_to_type(tocsin: Shell) -> None:
    ended = tocsin("escalation", "preview", "P9")
    assert (ended.returncode, ended.stderr) == (1, "P9 isn't a severity. Use P0, P1, P2 or P3.\n")
    ended = tocsin("escalation", "preview", "P1", "--at", "tomorrow")
    assert ended.returncode == 2 and "tomorrow" in ended.stderr


def test_a_broken_policy_is_one_sentence_with_its_file(tocsin: Shell, tmp_path: Path) -> None:
    ended = tocsin("escalation", "preview", "P1", TOCSIN_KNOWLEDGE=str(tmp_path))
    assert ended.returncode == 1 and ".yaml" in ended.stderr and len(ended.stderr.splitlines()) == 1


# -- what was recorded -------------------------------------------------------------------------------------------------


def test_open_incidents_are_listed_the_worst_first(recorded: Shell) -> None:
    status, open_ones = recorded.lines("incident", "list", "--json")
    assert status == 0
    assert [(row["ref"], row["severity"]) for row in open_ones] == [("INC-2026-0003", "P0"), ("INC-2026-0002", "P3")]
    assert open_ones[0]["declared_at"] == "2026-11-20T12:09:00+00:00"
    assert open_ones[0]["title"] == "höhere Gewalt"


def test_incidents_are_a_table_for_spreadsheets(recorded: Shell) -> None:
    ended = recorded("incident", "list", "--all", "--csv")
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert [row["ref"] for row in rows] == ["INC-2026-0003", "INC-2026-0002", "INC-2026-0001"]
    assert rows[0]["title"] == "höhere Gewalt" and rows[0]["type"] == ""
    assert recorded("incident", "list", "--csv", "--json").returncode == 2


def test_all_incidents_are_listed_on_request(recorded: Shell) -> None:
    _, rows = recorded.lines("incident", "list", "--json", "--all")
    assert [row["ref"] for row in rows] == ["INC-2026-0003", "INC-2026-0002", "INC-2026-0001"]
    _, rows = recorded.lines("incident", "list", "--json", "--all", "--limit", "1")
    assert [row["ref"] for row in rows] == ["INC-2026-0003"]


def test_an_incident_is_shown_with_its_timeline(recorded: Shell) -> None:
    status, (shown,) = recorded.lines("incident", "show", "inc-2026-0001", "--json")
    assert status == 0
    assert (shown["ref"], shown["status"], shown["resolution"]) == ("INC-2026-0001", "closed", "rolled back")
    assert [entry["kind"] for entry in shown["timeline"]] == ["declared", "resolved"]
    assert [entry["at"] for entry in shown["timeline"]] == ["2026-11-20T12:00:00+00:00", "2026-11-20T12:50:00+00:00"]


@pytest.mark.parametrize("words", [("incident", "show"), ("review",)])
def test_an_incident_that_there_is_not_is_one_sentence(recorded: Shell, words: tuple[str, ...]) -> None:
    ended = recorded(*words, "INC-2026-9999")
    assert ended.returncode == 1 and "INC-2026-9999" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1 and ended.stdout == ""


@pytest.mark.parametrize(("format", "beginning"), [("md", "# "), ("html", "<!doctype html>"), ("json", "{")])
def test_a_review_comes_in_every_format(recorded: Shell, format: str, beginning: str) -> None:
    ended = recorded("review", "INC-2026-0001", "--format", format)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.lower().startswith(beginning)
    assert "INC-2026-0001" in ended.stdout and "rolled back" in ended.stdout


def test_a_review_in_another_format_is_refused(recorded: Shell) -> None:
    ended = recorded("review", "INC-2026-0001", "--format", "docx")
    assert ended.returncode == 2 and "--format" in ended.stderr


@pytest.mark.parametrize(
    "url", [NO_DATABASE, "postgresql://tocsin:very-secret@host:port/x", "postgresql://a:very-secret@[b/x"]
)
def test_a_database_that_cannot_be_reached_is_one_sentence(tocsin: Shell, url: str) -> None:
    ended = tocsin("incident", "list", DATABASE_URL=url)
    assert ended.returncode == 1 and "DATABASE_URL" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1 and "very-secret" not in ended.stderr


def test_erasing_shows_first_what_would_go_and_what_others_still_hold(recorded: Shell) -> None:
    shown = recorded("people", "erase", "U0CONTRACTOR", "--also", "contractor@example.com")
    assert shown.returncode == 0, shown.stderr
    assert "Nothing was changed" in shown.stdout and "Backups of the database" in shown.stdout
    listed = recorded("people", "erase", "U0RESPONDER", "--yes")
    assert (listed.returncode, "contacts.yaml lists U0RESPONDER" in listed.stderr) == (1, True)


def test_a_title_full_of_control_sequences_is_printed_and_obeyed_by_no_terminal(
    recorded: Shell, database: Database
) -> None:
    with database.transaction() as session:
        title = "down \x1b]0;owned\x07\x1b[2J\x9b1m \u202eevil"
        row = add_incident(session, ref="INC-2026-0666", title=title, severity="P3")
        text = "<@U0RESPONDER> asked <@U0NOBODY> &amp; all :see_no_evil_monkey: to look"
        timeline.append(session, row.incident_id, Kind.NOTED, text, at=NOON, now=NOON, author="U0RESPONDER")
    for words in (["incident", "list"], ["incident", "list", "--json"], ["incident", "show", "INC-2026-0666"]):
        printed = recorded(*words).stdout
        assert "\\u001b" in printed and "owned" in printed
        assert not set("\x1b\x07\x9b\u202e") & set(printed)
    assert "asked @somebody & all to look" in printed and "U0RESPONDER" not in printed, "as people read it"
    listed = [json.loads(line) for line in recorded("incident", "list", "--json").stdout.splitlines()]
    assert any(one["title"].startswith("down \x1b]0;owned") for one in listed), "JSON still says what was typed"


def test_the_status_page_is_written_as_files(recorded: Shell, tmp_path: Path) -> None:
    done = recorded("status-page", "export", str(tmp_path / "new" / "site"))
    assert (done.returncode, "files are in" in done.stdout) == (0, True), done.stderr
    assert "All systems operational" in (tmp_path / "new" / "site" / "index.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "new" / "site" / "api" / "v2" / "summary.json").read_text())["incidents"] == []
    (tmp_path / "file").write_text("x")
    refused = recorded("status-page", "export", str(tmp_path / "file"))
    assert (refused.returncode, "Name a folder that you may write to" in refused.stderr) == (1, True)


def test_a_past_incident_is_replayed_from_the_shell(recorded: Shell) -> None:
    done = recorded("drill", "replay", "inc-2026-0001", "--speed", "4", "--by", "responder")
    assert (done.returncode, "replays INC-2026-0001 at 4 times the speed." in done.stdout) == (0, True), done.stderr
    assert done.stdout.startswith("DRILL · P1 · DRILL-20") and "Channel: #drill-20" in done.stdout

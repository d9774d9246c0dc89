"""The command line: parse, wire, run. Libraries that a command does not need are loaded by those that do."""

from __future__ import annotations

import csv
import getpass
import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.domain.errors import BadRequest, TocsinError
from bot.domain.severity import Severity
from bot.logs import configure_logs
from bot.settings import Settings, missing_for_slack, read_settings

if TYPE_CHECKING:  # what only types need is not worth anybody's wait
    from bot.knowledge.entries import Entry
    from bot.triage.index import Index, Match

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tocsin, an incident-response bot for Slack.",
)
db = typer.Typer(no_args_is_help=True, help="The database.")
incident = typer.Typer(no_args_is_help=True, help="Incidents, as recorded.")
escalation = typer.Typer(no_args_is_help=True, help="Who is pinged when.")
knowledge = typer.Typer(no_args_is_help=True, help="Past incidents, playbooks and guides.")
roster = typer.Typer(no_args_is_help=True, help="Who is on call.")
app.add_typer(roster, name="roster")
app.add_typer(db, name="db")
app.add_typer(incident, name="incident")
app.add_typer(escalation, name="escalation")
app.add_typer(knowledge, name="knowledge")


def main() -> None:
    """Run the command; what went wrong is one clear sentence on stderr and exit status 1."""
    try:
        app()
    except TocsinError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        # The reader of our output has seen enough.
        raise SystemExit(0) from None


def _settings() -> Settings:
    settings = read_settings()
    configure_logs(settings.log_level, settings.log_json)
    return settings


def _slack_settings(listening: bool) -> Settings:
    settings = _settings()
    lines = missing_for_slack(settings, listening=listening)
    if lines:
        print("\n".join(lines), file=sys.stderr)
        print("To look around without Slack: `make demo`.", file=sys.stderr)
        raise typer.Exit(1)
    return settings


def _serve(listen: bool, work: bool, serve: bool) -> None:
    """Run these parts until SIGTERM or Ctrl-C."""
    settings = _slack_settings(listen)
    from bot.wiring.building import open_database
    from bot.wiring.service import Parts, Service, build_desk

    early: list[None] = []
    # An embedded PostgreSQL that is just starting can only be stopped when it has started.
    _when_asked_to_end(lambda: early.append(None))
    with open_database(settings) as database:
        _when_asked_to_end(sys.exit)
        if early:
            return
        service = Service(settings, build_desk(settings, database), Parts(listen, work, serve))
        _when_asked_to_end(service.stop)
        service.run(lambda line: print(line, file=sys.stderr, flush=True))


def _when_asked_to_end(end: Callable[[], object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end())


@app.command()
def run() -> None:
    """Run everything in one process: listeners, worker and pages."""
    _serve(listen=True, work=True, serve=True)


@app.command()
def listen() -> None:
    """Run the listeners and pages only; `tocsin worker` does the rest elsewhere."""
    _serve(listen=True, work=False, serve=True)


@app.command()
def worker() -> None:
    """Run the worker only: posts, pings, escalation."""
    _serve(listen=False, work=True, serve=False)


@app.command()
def web() -> None:
    """Serve the review pages and health checks only."""
    _serve(listen=False, work=False, serve=True)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with all lines.")] = False,
) -> None:
    """Check settings, database, knowledge, policy and Slack; say what mends each fault. Exit status 1 if any."""
    configure_logs("ERROR", False)
    from bot.wiring.doctor import examine, well

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without ✓ must not end the examination
    findings = []
    for finding in examine(datetime.now(UTC)):
        findings.append(finding)
        if not as_json:
            print(finding, flush=True)
    if as_json:
        print(json.dumps({"ok": well(findings), "checks": [finding.as_document() for finding in findings]}))
    if not well(findings):
        raise typer.Exit(1)


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the page is; the next free one if taken.")] = 8000,
    data: Annotated[Path, typer.Option(help="What happened is kept here between runs.")] = Path(".tocsin/demo"),
    rate: Annotated[
        float | None, typer.Option(min=0.1, max=3600, help="Seconds of the demo in a real one; 1, or 60 with --play.")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page, where there is a screen.")
    ] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the last run.")] = False,
    play: Annotated[
        bool, typer.Option("--play", help="Play one P1 by itself, in a folder of its own; its review goes to stdout.")
    ] = False,
) -> None:
    """Run Tocsin with a local Slack in the browser: no account needed."""

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    if play:
        from bot.playground.play import run_play

        raise typer.Exit(run_play(rate or 60.0, sys.stdout))
    from bot.playground.demo import CannotStart, Wishes, run_demo

    try:
        status = run_demo(Wishes(data, port, rate or 1.0, browser, fresh), say)
    except CannotStart as reason:
        say(str(reason))
        status = 1
    except KeyboardInterrupt:  # before there was anything to end
        status = 0
    raise typer.Exit(status)


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest migration."""
    settings = _settings()
    from bot.wiring.building import open_database

    with open_database(settings, migrate=True):
        print("The database is at the newest migration.")


def _answer_lines(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """One output line per input line, in the same order. A bad line gets its error; then the status is 1."""
    status = 0
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        asked: Any = None
        try:
            asked = json.loads(line.decode("utf-8-sig"))
            if not isinstance(asked, dict):
                raise ValueError("a line must be a JSON object")
            result = answer(asked)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            status = 1
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            result = {"id": asked.get("id") if isinstance(asked, dict) else None, "error": reason}
        # Half a character, which JSON can spell and UTF-8 cannot, is answered as it was spelled.
        sys.stdout.buffer.write(json.dumps(result, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    return status


def _text(asked: dict[str, Any], key: str) -> str:
    value = asked[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} must be a text")
    return value


@app.command()
def classify(
    text: Annotated[list[str] | None, typer.Argument(help="The message to judge.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Read {"id","text"} lines from stdin, answer line by line.')
    ] = False,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Judge what was judged before anew; say what would change.")
    ] = False,
    policy: Annotated[
        Path | None, typer.Option(exists=True, help="An edited severity.yaml, or its folder, for --backtest.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for --backtest.")] = False,
) -> None:
    """Judge the severity of a message and say why."""
    settings = _settings()
    if (policy or as_json) and not backtest:
        raise typer.BadParameter("goes with --backtest", param_hint="--policy" if policy else "--json")
    if backtest:
        from bot.wiring.backtest import run_backtest

        tested = run_backtest(settings, policy)
        print(json.dumps(tested.document(), ensure_ascii=False) if as_json else "\n".join(tested.lines()))
        return
    from bot.wiring.building import build_judge

    judge = build_judge(settings)

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        judged = judge.judge(_text(asked, "text"))
        return {
            "id": asked["id"],
            "severity": judged.severity.value if judged.severity else "none",
            "confidence": round(judged.confidence, 4),
            "evidence": [{"text": item.text, "signal": item.signal} for item in judged.evidence],
            "runner_up": judged.runner_up.value if judged.runner_up else "none",
        }

    if jsonl:
        raise typer.Exit(_answer_lines(answer))
    if not text:
        raise typer.BadParameter("say which message to judge, or use --jsonl")
    judged = judge.judge(" ".join(text))
    print(f"{judged.severity.value if judged.severity else 'none'} ({judged.confidence:.0%}): {judged.row}")
    for item in judged.evidence:
        print(f"  {item.text!r}: {item.signal}")


@app.command()
def similar(
    query: Annotated[list[str] | None, typer.Argument(help="What it looks like.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Read {"id","query"} lines from stdin, answer line by line.')
    ] = False,
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 5,
    kind: Annotated[str | None, typer.Option(help="Only incident, playbook or guide.")] = None,
    corpus: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help='Search {"ref","title","text"} lines instead.')
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what scores below the threshold.")] = False,
) -> None:
    """Find past incidents, playbooks and guides that look alike, and say which words matched."""
    settings = _settings()
    if kind not in (None, "incident", "playbook", "guide"):
        raise typer.BadParameter("must be incident, playbook or guide", param_hint="--kind")
    from bot.wiring.building import build_memory

    memory = None if corpus else build_memory(settings)
    # Without a memory there is a corpus.
    index = memory.index if memory else _fit_corpus(settings, corpus)  # type: ignore[arg-type]

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        found = index.search(_text(asked, "query"), limit=top, kind=kind, below_threshold=everything)
        matches = [{"ref": m.ref, "score": round(m.score, 4), "terms": [term.text for term in m.terms]} for m in found]
        return {"id": asked["id"], "matches": matches}

    if jsonl:
        raise typer.Exit(_answer_lines(answer))
    if not query:
        raise typer.BadParameter("say what it looks like, or use --jsonl")
    found = index.search(" ".join(query), limit=top, kind=kind, below_threshold=everything)
    _print_matches(found, memory.entries if memory else {})


def _fit_corpus(settings: Settings, corpus: Path) -> Index:
    """The index over a file's documents, with a bar for those who watch."""
    from bot.triage.documents import read_corpus
    from bot.wiring.building import build_search

    documents = read_corpus(corpus)
    with _progress("Fitting", len(documents)) as forward:
        return build_search(settings, documents, lambda _read: forward(1_000))


def _print_matches(found: Sequence[Match], entries: Mapping[str, Entry]) -> None:
    """The matches with the words that made them, or that there are none."""
    for match in found:
        title = entries[match.ref].title if match.ref in entries else ""
        print(f"{match.ref}  {match.score:.2f}  {title}\n  {', '.join(term.text for term in match.terms)}")
    if not found:
        print("Nothing known looks like that.")


@knowledge.command("search")
def knowledge_search(
    query: Annotated[list[str], typer.Argument(help="What it looks like.")],
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 5,
) -> None:
    """Search what is known, imported entries and closed incidents included."""
    settings = _settings()
    from bot.wiring.knowledge import search_memory

    memory = search_memory(settings, _say)
    _print_matches(memory.index.search(" ".join(query), limit=top), memory.entries)


@knowledge.command("import")
def knowledge_import(
    paths: Annotated[list[Path], typer.Argument(help="Markdown or text files, or folders of them.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be found; change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file and an entry.")] = False,
) -> None:
    """Bring in your own post-mortems and runbooks. The same document twice changes nothing."""
    settings = _settings()
    from bot.wiring.knowledge import import_documents

    with _progress("Reading", _count_files(paths)) as forward:
        found = import_documents(
            settings,
            paths,
            getpass.getuser(),
            datetime.now(UTC),
            dry_run=dry_run,
            progress=lambda _path: forward(1),
            say=_say,
        )
    if as_json:
        for record in found.records():
            print(json.dumps(record, ensure_ascii=False))
    else:
        for line in found.lines():
            print(line)
    if found.failed:
        raise typer.Exit(1)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _count_files(paths: list[Path]) -> int:
    return sum(sum(1 for _ in path.rglob("*")) if path.is_dir() else 1 for path in paths)


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr for work that takes long; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=total)
        yield lambda steps: bar.advance(task, steps)


@knowledge.command("list")
def knowledge_list(
    kind: Annotated[str | None, typer.Option(help="Only incident, playbook or guide.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an entry.")] = False,
) -> None:
    """All entries of the knowledge folder and the database."""
    settings = _settings()
    if kind not in (None, "incident", "playbook", "guide"):
        raise typer.BadParameter("must be incident, playbook or guide", param_hint="--kind")
    from bot.wiring.knowledge import list_known

    for known in list_known(settings):
        entry = known.entry
        if kind not in (None, entry.kind):
            continue
        if as_json:
            print(json.dumps(known.record(), ensure_ascii=False))
        else:
            print(f"{entry.ref:24}  {entry.kind:8}  {entry.severity or '--'}  {known.where:8}  {entry.title}")


@knowledge.command("show")
def knowledge_show(
    ref: Annotated[str, typer.Argument(help="NFI-2023-0010")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """One entry as a knowledge file; what the database keeps of its past goes to stderr."""
    settings = _settings()
    from bot.knowledge.documents import to_document
    from bot.knowledge.importer import render_entry
    from bot.wiring.knowledge import find_known, list_versions

    known = find_known(settings, ref)
    if as_json:
        print(json.dumps(known.record() | {"document": to_document(known.entry)}, ensure_ascii=False))
        return
    print(render_entry(known.entry), end="")
    for row in list_versions(settings, ref):
        what = row.origin if row.document is not None else "taken out"
        print(f"version {row.version}: {row.added_at:%Y-%m-%d %H:%M} UTC by {row.added_by}: {what}", file=sys.stderr)


@knowledge.command("export")
def knowledge_export(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="A knowledge folder, such as knowledge/.")],
) -> None:
    """Write what our own closed incidents teach as Markdown files into FOLDER, to be kept in git."""
    settings = _settings()
    from bot.wiring.building import open_database
    from bot.wiring.knowledge import export_own

    with open_database(settings) as database:
        written = export_own(database, folder)
    for one in written:
        print(f"{one.outcome:10} {one.path}")
    if not written:
        print("No incident of our own is known yet: close one, and approve its review.")


@knowledge.command("remove")
def knowledge_remove(ref: Annotated[str, typer.Argument(help="DOC-checkout-outage")]) -> None:
    """Take an imported entry out. Its versions are kept; importing the document again brings it back."""
    settings = _settings()
    from bot.wiring.knowledge import remove

    print(remove(settings, ref, getpass.getuser(), datetime.now(UTC)))


@knowledge.command("check")
def knowledge_check() -> None:
    """Check every entry of the folder and the database. Exit status 1 if one has to be mended."""
    settings = _settings()
    from bot.wiring.knowledge import check

    broken = False
    for wrong, line in check(settings):
        broken = broken or wrong
        print(line, file=sys.stderr if wrong else sys.stdout)
    if broken:
        raise typer.Exit(1)


@escalation.command("preview")
def escalation_preview(
    severity: Annotated[str, typer.Argument(help="P0, P1, P2 or P3.")],
    at: Annotated[
        str | None, typer.Option(help="When it would be declared, ISO 8601; UTC where no zone is given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a rung.")] = False,
) -> None:
    """Who would be pinged when, if nobody resolved it. Reads the policy only."""
    settings = _settings()
    from bot.domain.escalation import preview
    from bot.policy.policy import load_escalation_policy

    policy = load_escalation_policy(settings.knowledge_folder / "policy")
    for line in preview(policy, _severity(severity), _instant(at)):
        if as_json:
            print(json.dumps({"role": line.role.value, "rule": line.rule, "due_at": line.due_at.isoformat()}))
        else:
            print(f"{line.role.value:20} {line.rule:15} {line.due_at:%a %Y-%m-%d %H:%M} UTC")


def _severity(typed: str) -> Severity:
    try:
        return Severity(typed.strip().upper())
    except ValueError:
        raise BadRequest(f"{typed} is no severity: P0, P1, P2 or P3.") from None


def _instant(typed: str | None) -> datetime:
    if typed is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise typer.BadParameter(
            f"{typed!r} is no ISO 8601 instant such as 2026-11-22T03:00", param_hint="--at"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@incident.command("list")
def incident_list(
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an incident.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
) -> None:
    """Open incidents, the worst first. For whoever runs Tocsin: security incidents are listed with their titles."""
    settings = _settings()
    from bot.store import incidents
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        rows = incidents.list_recent(session, limit) if everything else incidents.list_open(session, limit)
        for row in rows:
            if as_json:
                print(json.dumps(incidents.as_document(row), ensure_ascii=False))
            else:
                print(f"{row.severity}  {row.ref}  {row.status:13}  {row.declared_at:%Y-%m-%d %H:%M}  {row.title}")
        if not rows and not as_json:
            print("No incident is open." if not everything else "No incident was ever declared.")


@incident.command("show")
def incident_show(
    ref: Annotated[str, typer.Argument(help="INC-2026-0001")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """One incident with its timeline."""
    settings = _settings()
    from bot.store import incidents, timeline
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        row = incidents.get_by_ref(session, ref)
        entries = timeline.list_entries(session, row.incident_id)
        if as_json:
            lines = [
                {"at": e.at.isoformat(), "kind": e.kind.value, "author": e.author, "text": e.text, "key": e.key}
                for e in entries
            ]
            print(json.dumps(incidents.as_document(row) | {"timeline": lines}, ensure_ascii=False))
            return
        print(f"{row.severity}  {row.ref}  {row.title}\n{row.status}, declared {row.declared_at:%Y-%m-%d %H:%M} UTC")
        for entry in entries:
            print(f"{entry.at:%Y-%m-%d %H:%M:%S}  {'*' if entry.key else ' '} {entry.kind.value:18} {entry.text}")


@roster.command("import")
def roster_import(
    file: Annotated[Path, typer.Argument(help="An iCalendar file, as PagerDuty, Opsgenie and calendars export them.")],
    role: Annotated[str, typer.Option(help="Whose schedule it is: on-call engineer, secondary on-call, team lead …")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check it, keep nothing.")] = False,
) -> None:
    """Take in a role's schedule for the coming year; it replaces the role's earlier import."""
    settings = _settings()
    from bot.wiring.roster import import_schedule

    for line in import_schedule(settings, file, role, dry_run=dry_run):
        print(line)


@app.command()
def metrics(
    months: Annotated[int, typer.Option(min=1, max=120, help="This month and those before it.")] = 12,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One line a figure: section,figure,value.")] = False,
    picture: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Draw how people agree with the judge into this PNG file.")
    ] = None,
) -> None:
    """How well Tocsin does, month by month."""
    settings = _settings()
    if as_json and as_csv:
        raise typer.BadParameter("choose --json or --csv", param_hint="--csv")
    from bot.flows.metrics import measure, records
    from bot.wiring.building import open_database
    from bot.wiring.clock import Clock

    until = Clock(settings.clock_file).now()
    first = until.year * 12 + until.month - months  # months since year 0, January being 0
    since = until.replace(year=first // 12, month=first % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    with open_database(settings) as database, database.transaction() as session:
        sections = measure(session, since, until)
    if picture:
        from bot.wiring.charts import draw_confusion

        figures = next(section.figures for section in sections if section.name == "judgement")
        draw_confusion(figures, f"Judgement, {since:%Y-%m-%d} to {until:%Y-%m-%d}", picture)
        print(f"{picture} is drawn.", file=sys.stderr)
    if as_csv:
        rows = csv.writer(sys.stdout)
        rows.writerow(("section", "figure", "value"))
        for section in sections:
            rows.writerows(records(section))
        return
    if as_json:
        figures = {section.name: section.figures for section in sections}
        print(json.dumps({"since": since.isoformat(), "until": until.isoformat(), **figures}))
        return
    for section in sections:
        print("\n".join([section.title, *(f"  {line}" for line in section.lines)]))


@app.command()
def review(
    ref: Annotated[str, typer.Argument(help="INC-2026-0001")],
    format: Annotated[str, typer.Option(help="md, html, json or pdf.")] = "md",
) -> None:
    """Print an incident's review as it stands; a PDF goes to stdout as it is."""
    settings = _settings()
    if format not in ("md", "html", "json", "pdf"):
        raise typer.BadParameter("must be md, html, json or pdf", param_hint="--format")
    from bot.domain.review import draft, to_json, to_markdown
    from bot.flows.review import gather
    from bot.store import incidents
    from bot.web.pages import render_review_html
    from bot.wiring.building import build_policy, open_database, review_finder
    from bot.wiring.clock import Clock

    policy = build_policy(settings)
    with open_database(settings) as database:
        found = review_finder(database)(ref)
        if found is None:
            with database.transaction() as session:
                found = draft(
                    gather(session, incidents.get_by_ref(session, ref), policy), Clock(settings.clock_file).now()
                )
    if format == "json":
        print(json.dumps(to_json(found), ensure_ascii=False, indent=2))
    elif format == "pdf":
        from bot.web.pdf import render_pdf

        sys.stdout.buffer.write(render_pdf(found))
    else:
        print(to_markdown(found) if format == "md" else render_review_html(found))


if __name__ == "__main__":
    main()

"""The knowledge base: search, import, list, show, export, remove, check."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.console.judging import print_matches
from bot.console.terminal import load_settings, progress, say

app = typer.Typer(no_args_is_help=True, help="Past incidents, playbooks and guides.")


@app.command("search")
def knowledge_search(
    query: Annotated[list[str], typer.Argument(help="What to search for.")],
    top: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of matches.")] = 5,
) -> None:
    """Search the knowledge base, including imported entries and closed incidents."""
    settings = load_settings()
    from bot.wiring.knowledge import search_memory

    memory = search_memory(settings, say)
    print_matches(memory.index.search(" ".join(query), limit=top), memory.entries)


@app.command("import")
def knowledge_import(
    paths: Annotated[list[Path], typer.Argument(help="Markdown or text files, or folders of them.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be imported; change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per file and per entry.")] = False,
) -> None:
    """Import your post-mortems and runbooks. Importing the same document again changes nothing."""
    settings = load_settings()
    from bot.wiring.knowledge import import_documents

    with progress("Reading", _count_files(paths)) as forward:
        found = import_documents(
            settings,
            paths,
            getpass.getuser(),
            datetime.now(UTC),
            dry_run=dry_run,
            progress=lambda _path: forward(1),
            say=say,
        )
    if as_json:
        for record in found.records():
            print(json.dumps(record, ensure_ascii=False))
    else:
        for line in found.lines():
            print(line)
    if found.failed:
        raise typer.Exit(1)


def _count_files(paths: list[Path]) -> int:
    return sum(sum(1 for _ in path.rglob("*")) if path.is_dir() else 1 for path in paths)


@app.command("encoder")
def knowledge_encoder(
    source: Annotated[Path, typer.Argument(exists=True, help="A folder or wheel with model.safetensors.")],
    to: Annotated[Path, typer.Option(help="The folder to write; name it in TOCSIN_EMBEDDINGS.")],
) -> None:
    """Make a sentence encoder in ONNX form of a package that ships one, to search by meaning."""
    from bot.memory.meaning.conversion import convert
    from bot.memory.meaning.encoder import Encoder

    convert(source, to)
    encoder = Encoder(to)
    print(f"{to}: vectors of {encoder.width} numbers. Set TOCSIN_EMBEDDINGS={to} to search by meaning.")


@app.command("list")
def knowledge_list(
    kind: Annotated[str | None, typer.Option(help="Only incident, playbook or guide.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per entry.")] = False,
) -> None:
    """List all entries of the knowledge folder and the database."""
    settings = load_settings()
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


@app.command("show")
def knowledge_show(
    ref: Annotated[str, typer.Argument(help="NFI-2023-0010")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Print one entry as a knowledge file; its earlier versions go to stderr."""
    settings = load_settings()
    from bot.memory.entries.documents import to_document
    from bot.memory.importing.importer import render_entry
    from bot.wiring.knowledge import find_known, list_versions

    known = find_known(settings, ref)
    if as_json:
        print(json.dumps(known.record() | {"document": to_document(known.entry)}, ensure_ascii=False))
        return
    print(render_entry(known.entry), end="")
    for row in list_versions(settings, ref):
        what = row.origin if row.document is not None else "removed"
        print(f"version {row.version}: {row.added_at:%Y-%m-%d %H:%M} UTC by {row.added_by}: {what}", file=sys.stderr)


@app.command("export")
def knowledge_export(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="A knowledge folder, such as knowledge/.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was imported, edited on its page or archived.")
    ] = False,
) -> None:
    """Write the entries of your closed incidents as Markdown files into FOLDER, to keep in git."""
    settings = load_settings()
    from bot.wiring.building import open_database
    from bot.wiring.knowledge import export_entries

    with open_database(settings) as database:
        written = export_entries(database, folder, everything=everything)
    for one in written:
        print(f"{one.outcome:10} {one.path}")
    if not written:
        print("Nothing to export yet: close an incident and approve its review first.")


@app.command("remove")
def knowledge_remove(ref: Annotated[str, typer.Argument(help="DOC-checkout-outage")]) -> None:
    """Remove an imported entry. Its versions are kept; importing the document again brings it back."""
    settings = load_settings()
    from bot.wiring.knowledge import remove

    print(remove(settings, ref, getpass.getuser(), datetime.now(UTC)))


@app.command("check")
def knowledge_check() -> None:
    """Check every entry of the folder and the database. Exit status 1 if one must be fixed."""
    settings = load_settings()
    from bot.wiring.knowledge import check

    broken = False
    for wrong, line in check(settings):
        broken = broken or wrong
        print(line, file=sys.stderr if wrong else sys.stdout)
    if broken:
        raise typer.Exit(1)

"""Documents of every office: wikis, word processors, notebooks, other languages, tables, plain labels."""

from __future__ import annotations

import itertools
import json
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import pypandoc
import pytest

from bot.memory.entries.entries import Entry
from bot.memory.importing import formats
from bot.memory.importing.importer import read_document, read_documents
from bot.severity.rules import Severity

REPORT = """# Ferry timetable stood still

**Severity:** SEV-2

**Date:** 4 May 2031

## Summary

Passengers saw the departures of the day before for an hour.

## Root cause

The writer had lost its permission to read the queue.

## Resolution

Gave the permission back.
"""
HTML = """<!DOCTYPE html><html><head><title>OPS : Ferry timetable stood still</title><style>p {}</style></head><body>
<div id="breadcrumb-section"><ol id="breadcrumbs"><li>Home</li></ol></div>
<div class="page-metadata">Created by Team Lead, last modified on Jun 09, 2031</div>
<table><tbody><tr><th><p>Severity</p></th><td><p>SEV-2</p></td></tr>
<tr><th>Date</th><td><p>4 May 2031</p><p>10:00 UTC</p></td></tr></tbody></table>
<h2>Summary</h2><p>Passengers saw the departures of the day before for an hour.</p>
<h2>Root cause</h2><ul><li>The writer had lost its permission to read the queue.</li></ul>
<h2>Resolution</h2><p>Gave the permission back.</p><script>track()</script></body></html>"""
JIRA = """h1. Ferry timetable stood still
||Severity|SEV-2|
||Date|4 May 2031|
h2. Summary
{panel:title=Who noticed}Passengers saw the departures of the day before.{panel}
h2. Root cause
The writer had lost its *permission* to read the queue.
h2. Resolution
Gave the permission back.
"""
NOTEBOOK = json.dumps(
    {
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": REPORT}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
)


def one(path: Path) -> Entry:
    report = read_document(path)
    assert report.status == "imported", report.reason
    (entry,) = report.entries
    return entry


def assert_is_the_report(entry: Entry) -> None:
    assert "Ferry timetable stood still" in entry.title
    assert (entry.kind, entry.severity, entry.date) == ("incident", Severity.P1, date(2031, 5, 4))
    assert {"Symptoms", "Root cause", "Resolution"} <= {name for name, _ in entry.sections}
    assert "permission to read the queue" in entry.section("Root cause").replace("*", "")


@pytest.mark.parametrize(
    ("suffix", "writer"),
    [
        (".docx", "docx"), (".odt", "odt"), (".rtf", "rtf"), (".rst", "rst"), (".adoc", "asciidoc"), (".org", "org"),
        (".textile", "textile"), (".mediawiki", "mediawiki"), (".dokuwiki", "dokuwiki"), (".html", "html"),
        (".epub", "epub"), (".ipynb", "ipynb"),
    ],
)  # fmt: skip
def test_a_report_is_read_from_every_format(tmp_path: Path, suffix: str, writer: str) -> None:
    path = tmp_path / f"ferry{suffix}"
    command = [pypandoc.get_pandoc_path(), "-f", "gfm", "-t", writer, "--standalone", "-o", str(path)]
    subprocess.run(command, input=REPORT.encode(), check=True)
    assert_is_the_report(one(path))


@pytest.mark.parametrize(("name", "text"), [("ferry.html", HTML), ("ferry.txt", JIRA), ("ferry.ipynb", NOTEBOOK)])
def test_what_wikis_export_is_read_without_what_stands_around_it(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert_is_the_report(one(path))


def test_text_of_old_editors_is_read(tmp_path: Path) -> None:
    (tmp_path / "wide.md").write_bytes(REPORT.encode("utf-16"))
    assert_is_the_report(one(tmp_path / "wide.md"))
    (tmp_path / "old.md").write_bytes(REPORT.replace("an hour", "½ h").encode("cp1252"))
    assert_is_the_report(one(tmp_path / "old.md"))


def test_without_pandoc_the_reason_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "ferry.rst").write_text("Ferry\n=====\n\nIt failed and failed.", encoding="utf-8")
    report = read_document(tmp_path / "ferry.rst")
    assert (report.status, report.entries) == ("refused", ()) and "tocsin[import]" in report.reason


def test_a_converter_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_LIMIT_SECONDS", 0.000_1)
    (tmp_path / "ferry.rst").write_text("Ferry\n=====\n\nIt failed.", encoding="utf-8")
    assert "did not finish" in read_document(tmp_path / "ferry.rst").reason


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        *[("a.html", piece) for piece in ("<nav>", '<div id="toc">', "<div a ", '<p class="a', "<title>", "<title> ")],
        *[("a.jira", f"{{{macro}") for macro in ("panel:", "code}a", "toc ")],
    ],
)
def test_a_beginning_without_its_end_is_not_looked_for_once_for_each(
    monkeypatch: pytest.MonkeyPatch, name: str, piece: str
) -> None:
    """These took minutes to hours, as the square of their number."""
    monkeypatch.setattr(formats, "_converted", lambda reader, raw: raw.decode())
    kept = formats.to_markdown(Path(name), f"h1. a\nh1. b\n{piece * 60_000}".encode())
    assert kept.count(piece.strip()) >= 60_000 or name == "a.jira"


def test_what_stands_around_a_page_goes_and_the_page_stays() -> None:
    page = '<nav><b>x</b></nav>one<DIV class="a breadcrumbs"><ol>y</ol></Div>two<div class="b">three</div>'
    page += "<script>z</script>"
    assert formats._without_chrome(f"İ{page}") == 'İonetwo<div class="b">three</div>'


@pytest.mark.parametrize(
    ("name", "raw", "why"),
    [
        ("a.ipynb", b'{"cells":' + b"[" * 100_000, "nested too deeply"),
        ("a.html", b"<html>" + b"<div>" * 1_500, "nested too deeply"),
        ("a.docx", b"PK\x03\x04word/document.xml", "damaged"),
    ],
)
def test_what_is_nested_beyond_all_measure_or_damaged_is_refused(
    tmp_path: Path, name: str, raw: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(raw)
    report = read_document(tmp_path / name)
    assert report.status == "refused" and why in report.reason


def test_an_archive_that_grows_out_of_all_proportion_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "_LARGEST_UNPACKED", 1_000_000)
    with zipfile.ZipFile(tmp_path / "a.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"A" * 1_000_001)
    assert "over 1 MB when unpacked" in read_document(tmp_path / "a.docx").reason
    monkeypatch.setattr(formats, "_LARGEST_OUTPUT", 5)
    (tmp_path / "a.rst").write_text("Ferry\n=====\n\nIt failed.", encoding="utf-8")
    assert "of text" in read_document(tmp_path / "a.rst").reason


@pytest.mark.parametrize(
    ("text", "title", "severity", "day"),
    [
        (
            "# Ausfall der Buchung\n\n**Schweregrad:** Kritisch\n**Datum:** 3. März 2031\n\n## Zusammenfassung\n"
            "Niemand konnte buchen.\n\n## Ursache\nPlatte voll.\n\n## Maßnahmen\nAlarm bei 80 Prozent.\n",
            "Ausfall der Buchung", Severity.P0, date(2031, 3, 3),
        ),
        (
            "# Panne de la billetterie\n\n- **Gravité** : élevée\n- **Date** : 1er février 2031\n\n## Résumé\nPlus de "
            "billets.\n\n## Cause racine\nDisque plein.\n\n## Actions correctives\nUne alarme.\n",
            "Panne de la billetterie", Severity.P1, date(2031, 2, 1),
        ),
        (
            "# Caída de reservas\n\n**Severidad:** Media\n**Fecha:** 5 de mayo de 2031\n\n## Resumen\nNadie podía "
            "reservar.\n\n## Causa raíz\nDisco lleno.\n\n## Próximos pasos\nUna alarma.\n",
            "Caída de reservas", Severity.P2, date(2031, 5, 5),
        ),
        (
            "# Queda do sistema\n\n**Severidade:** Baixa\n**Data:** 7 de agosto de 2031\n\n## Resumo\nFalha no "
            "login.\n\n## Causa raiz\nDisco cheio.\n\n## Ações corretivas\nUm alarme.\n",
            "Queda do sistema", Severity.P3, date(2031, 8, 7),
        ),
        (
            "# 予約システム障害\n\n- 重大度: 高\n- 発生日: 2031年4月5日\n\n## 概要\n予約ができない障害が発生した。\n\n"
            "## 根本原因\nディスクが一杯になった。\n\n## 再発防止策\n監視を追加する。\n",
            "予約システム障害", Severity.P1, date(2031, 4, 5),
        ),
    ],
)  # fmt: skip
def test_reports_in_other_languages(tmp_path: Path, text: str, title: str, severity: Severity, day: date) -> None:
    path = tmp_path / "report.md"
    path.write_text(text, encoding="utf-8")
    entry = one(path)
    assert (entry.title, entry.severity, entry.date) == (title, severity, day)
    assert {"Symptoms", "Root cause", "Prevention"} <= {name for name, _ in entry.sections}


def test_a_register_of_incidents_is_one_entry_a_row(tmp_path: Path) -> None:
    path = tmp_path / "register.md"
    path.write_text(
        "# Outages of 2031\n\n| Date | Incident | Severity | Root cause | Fix |\n|---|---|---|---|---|\n"
        "| 2031-01-04 | Login refused everybody | SEV1 | Expired certificate | Renewed it |\n"
        "| 2031-02-11 | Charts a day old | low | Job without permission | Gave it back |\n",
        encoding="utf-8",
    )
    report = read_document(path)
    assert [(e.title, e.date) for e in report.entries] == [
        ("Login refused everybody", date(2031, 1, 4)),
        ("Charts a day old", date(2031, 2, 11)),
    ]
    assert report.entries[0].section("Resolution") == "Renewed it"


def test_a_timeline_or_a_list_of_tasks_is_no_register(tmp_path: Path) -> None:
    path = tmp_path / "one.md"
    rows = "| 2031-01-05 | a | x | low |\n| 2031-01-06 | b | y | low |\n"
    tasks = f"| Date | Title | Owner | Severity |\n|---|---|---|---|\n{rows}"
    path.write_text(f"# Login refused everybody\n\n## Root cause\nExpired.\n\n## Action items\n\n{tasks}", "utf-8")
    assert one(path).title == "Login refused everybody"


def test_numbered_points_of_a_root_cause_stay_one_incident(tmp_path: Path) -> None:
    path = tmp_path / "one.md"
    points = "".join(
        f"### {n}. Problem with part {n}\n**Symptoms:** it failed\n**Root cause:** reason {n}\n\n" for n in (1, 2, 3)
    )
    path.write_text(f"# Login outage\n\n## Summary\nNobody got in.\n\n## Root Cause Analysis\n\n{points}", "utf-8")
    entry = one(path)
    assert entry.title == "Login outage" and "reason 3" in entry.section("Root cause")


def test_lines_with_labels_and_no_heading_are_one_incident(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(
        "Login refused everybody\nSeverity: P1\nDate: 2031-01-04\nSummary: Nobody could log in for an hour.\n"
        "Root cause: The certificate had expired.\nResolution: Renewed it.\n",
        encoding="utf-8",
    )
    entry = one(path)
    assert (entry.title, entry.severity, entry.date) == ("Login refused everybody", Severity.P1, date(2031, 1, 4))
    assert entry.section("Resolution") == "Renewed it."


@pytest.mark.parametrize(
    ("text", "severity", "day"),
    [
        ("# Queue full (SEV1)\n\nLast updated: 2031-09-09\n\n## Impact\nOrders failed on 2031-02-03 for some.\n\n"
         "## Root cause\nDisk.\n", Severity.P1, date(2031, 2, 3)),
        ('---\ntitle: Queue full\nseverity: partial-outage\ndate: "2031-02-03T10:00:00Z"\n---\nThe queue failed and '
         "orders were refused until somebody restarted the broker.\n", Severity.P1, date(2031, 2, 3)),
        ("---\ntitle: Queue full\nseverity: down\ndate: 2031-02-03\n---\nThe queue failed and orders were lost until "
         "somebody restarted the broker.\n", Severity.P0, date(2031, 2, 3)),
    ],
)  # fmt: skip
def test_severity_and_day_where_people_write_them(tmp_path: Path, text: str, severity: Severity, day: date) -> None:
    path = tmp_path / "queue.md"
    path.write_text(text, encoding="utf-8")
    entry = one(path)
    assert (entry.title, entry.severity, entry.date) == ("Queue full", severity, day)


def test_a_recipe_and_minutes_of_a_meeting_are_no_incident(tmp_path: Path) -> None:
    (tmp_path / "bread.md").write_text(
        "# Bread\n\nMix flour, water, salt and yeast.\n\nLet it rest for two hours, then bake it.\n", "utf-8"
    )
    report = read_document(tmp_path / "bread.md")
    assert (report.status, report.reason) == ("skipped", "it tells of no incident, runbook or guide")


def test_a_short_report_is_no_empty_template(tmp_path: Path) -> None:
    path = tmp_path / "short.md"
    path.write_text(
        "# Printer queue stuck\n\n## Impact\nNo labels in hall two for nine minutes.\n\n## Root cause\nPaper jam.\n\n"
        "## Resolution\nCleared the jam, printed again.\n",
        encoding="utf-8",
    )
    assert one(path).section("Root cause") == "Paper jam."


def test_two_documents_of_one_name_are_both_kept(tmp_path: Path) -> None:
    (tmp_path / "ferry.md").write_text(REPORT, encoding="utf-8")
    (tmp_path / "ferry.txt").write_text(REPORT.replace("Ferry", "Tram"), encoding="utf-8")
    refs = [entry.ref for report in read_documents([tmp_path]) for entry in report.entries]
    assert refs == ["DOC-ferry", "DOC-ferry-txt"]


@pytest.mark.parametrize(
    "front",
    [
        "a: &a [x, x]\n" + "\n".join(f"{n}: &{n} [*{m}, *{m}, *{m}]" for m, n in itertools.pairwise("abcdefghijklm")),
        "a: " + "[" * 5000 + "]" * 5000,
    ],
    ids=["aliases", "nesting"],
)
def test_front_matter_that_would_explode_is_passed_over(tmp_path: Path, front: str) -> None:
    path = tmp_path / "bomb.md"
    path.write_text(f"---\n{front}\n---\n{REPORT}", encoding="utf-8")
    assert_is_the_report(one(path))

"""A file's bytes as Markdown, whatever it was written with: text and Markdown as they are, all else by pandoc.

pandoc comes with an extra (`pip install 'tocsin[import]'`). It runs as a process of its own that may open no file and
reach no network, with limits of time and memory, since documents come from anywhere.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from bot.extras import Extra

_LIMIT_SECONDS = 30
_LIMIT_MEMORY = "-M1G"
_LARGEST_UNPACKED = 100_000_000  # bytes of what an archive holds, pictures too
_LARGEST_OUTPUT = 20_000_000  # bytes; the files themselves may have 5 MB
_PANDOC = {
    ".html": "html", ".htm": "html", ".xhtml": "html", ".docx": "docx", ".odt": "odt", ".rtf": "rtf", ".rst": "rst",
    ".adoc": "asciidoc", ".asciidoc": "asciidoc", ".asc": "asciidoc", ".ipynb": "ipynb", ".org": "org",
    ".textile": "textile", ".mediawiki": "mediawiki", ".wikitext": "mediawiki", ".dokuwiki": "dokuwiki",
    ".jira": "jira", ".confluence": "jira", ".tex": "latex", ".epub": "epub", ".docbook": "docbook",
    ".creole": "creole", ".twiki": "twiki", ".tsv": "tsv", ".csv": "csv",
}  # fmt: skip
_PLAIN = frozenset({".md", ".markdown", ".mdx", ".txt", ".text", ".log", ".erb", ""})
SUFFIXES = tuple(sorted({*_PANDOC, *_PLAIN, ".pdf"} - {""}))  # what a file's name is without
_ZIPPED = {"word/document.xml": ".docx", "mimetypeapplication/vnd.oasis.opendocument.text": ".odt"}
_HTML = re.compile(r"\s*(?:<!doctype html|<html\b|<\?xml[^>]*>\s*<html\b)", re.IGNORECASE)
_JIRA = re.compile(r"^h[1-6]\. \S", re.MULTILINE)
_MEDIAWIKI = re.compile(r"^={2,5} ?[^=\n]+ ?={2,5}\s*$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
# What a wiki's export has around the page itself. Lengths are bounded here, since documents come from anywhere: a
# beginning whose end never comes must not be looked for to the end of the file, once for each of thousands.
_CHROME_TAGS = frozenset({"script", "style", "nav", "footer", "svg", "noscript", "template"})
_OPENED = re.compile(
    r"<(script|style|nav|footer|svg|noscript|template|div|section|ol|ul)\b([^<>]{0,1000})>", re.IGNORECASE
)
_CHROME_CLASS = re.compile(
    r"(?:id|class)=\"[^\"]{0,300}\b(?:breadcrumbs?|breadcrumb-section|footer|page-metadata|toc-macro|toc)\b",
    re.IGNORECASE,
)
_TITLE = re.compile(r"<title[^<>]{0,300}>([^<]{0,500})</title>", re.IGNORECASE)
_MACRO = re.compile(
    r"\{(?:toc|anchor|status|children|excerpt|info|note|tip|warning|panel|expand|section|column)[^{}\n]{0,500}\}"
)
_PANEL_TITLE = re.compile(
    r"\{(?:panel|info|note|tip|warning|expand)[:|][^{}\n]{0,300}?title=([^|{}\n]{1,300})[^{}\n]{0,300}\}"
)
_INLINE_CODE = re.compile(r"(\{(code|noformat)[^{}\n]{0,200}\})([^\n]{0,2000}?)(\{\2\})")
# Confluence puts the space in front of a page's title; Google Docs has a style for it, not a heading.
_OF_CONFLUENCE = re.compile(r"\bid=\"(?:breadcrumb-section|title-heading)\"", re.IGNORECASE)
_SPACE = re.compile(
    r"(<title[^<>]{0,300}>\s{0,100}|<span id=\"title-text\">\s{0,100}|<h1 id=\"title-heading\"[^<>]{0,300}>\s{0,100})"
    r"[^<:]{1,60} : "
)
_STYLED_TITLE = re.compile(
    r"<p\b(?=[^<>]{0,300}\bclass=\"(?:[^\"<>]{0,200}\s)?title[\s\"])[^<>]{0,500}>(.{0,1000}?)</p>",
    re.IGNORECASE | re.DOTALL,
)


class Unreadable(Exception):
    """A file of which no text can be had; the words say why and what to do instead."""


def to_markdown(path: Path, raw: bytes) -> str:
    """The text of a file as Markdown, line ends as `\\n`. Raises Unreadable."""
    try:
        return _to_markdown(path, raw)
    except RecursionError:
        raise Unreadable("it is nested too deeply; export it as Markdown") from None


def _to_markdown(path: Path, raw: bytes) -> str:
    if raw.startswith(b"%PDF"):
        raise Unreadable("a PDF; export it as text or Markdown first")
    suffix = _suffix_of(path, raw)
    if suffix in (".docx", ".odt", ".epub"):
        _check_archive(raw)
        return _converted(_PANDOC[suffix], raw)
    if b"\x00" in raw and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("a binary file")
    text = _decoded(raw).replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    reader = _reader_of(suffix, text)
    if reader is None:
        return text
    if reader == "html":
        return _from_html(text)
    if reader == "jira":
        text = _jira(text)
    if reader == "ipynb":
        return _notebook(text)
    return _converted(reader, text.encode())


def _check_archive(raw: bytes) -> None:
    """Refuse what grows out of all proportion when it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Unreadable("a damaged document; save it again, or export it as Markdown") from None
    if size > _LARGEST_UNPACKED:
        raise Unreadable(f"it holds over {_LARGEST_UNPACKED // 1_000_000} MB when unpacked; export it as Markdown")


def _jira(text: str) -> str:
    """Wiki markup as pandoc reads it: no macros that only lay out, code on lines of its own, headings after a blank."""
    plain = _PANEL_TITLE.sub(r"\n*\1*\n\n", _INLINE_CODE.sub(r"\n\1\n\3\n\4\n", text))
    return _JIRA.sub(r"\n\g<0>", _MACRO.sub("", plain))


def _notebook(text: str) -> str:
    """The Markdown of a notebook's cells as it stands, code between fences; what the code printed is left out."""
    try:
        cells = [(str(cell["cell_type"]), cell["source"]) for cell in json.loads(text)["cells"]]
    except (ValueError, KeyError, TypeError):
        raise Unreadable("not a notebook that can be read") from None
    written = [(kind, source if isinstance(source, str) else "".join(map(str, source))) for kind, source in cells]
    return "\n\n".join(f"```\n{source}\n```" if kind == "code" else source for kind, source in written)


def _suffix_of(path: Path, raw: bytes) -> str:
    """What the file is, by its content where that is certain, else by its name."""
    if raw.startswith(b"PK\x03\x04"):
        start = raw[:4096].decode("latin-1")
        return next((suffix for mark, suffix in _ZIPPED.items() if mark in start), path.suffix.lower())
    if raw.startswith(b"{\\rtf"):
        return ".rtf"
    names = [suffix.lower() for suffix in path.suffixes if suffix.lower() in _PANDOC or suffix.lower() in _PLAIN]
    return names[-1] if names else path.suffix.lower()


def _decoded(raw: bytes) -> str:
    """Text in UTF-8, in UTF-16 with its mark, or in the one-byte code of old Windows editors."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace").removeprefix("\ufeff")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass  # older than UTF-8, or no text at all
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in raw)
    if controls:
        raise Unreadable("not UTF-8 text")
    return raw.decode("cp1252", errors="replace")


def _reader_of(suffix: str, text: str) -> str | None:
    """pandoc's name of the format; None for Markdown and plain text."""
    if suffix in _PANDOC:
        return _PANDOC[suffix]
    if _HTML.match(text):
        return "html"
    if len(_HEADING.findall(text)) >= 2:
        return None
    if len(_JIRA.findall(text)) >= 2:
        return "jira"
    return "mediawiki" if len(_MEDIAWIKI.findall(text)) >= 2 else None


def _from_html(text: str) -> str:
    if _OF_CONFLUENCE.search(text):
        text = _SPACE.sub(r"\1", text)
    text = _STYLED_TITLE.sub(r"<h1>\1</h1>", text, count=1)
    title = _TITLE.search(text)
    markdown = _converted("html", _without_chrome(text).encode())
    if title and re.search(r"\w", title[1]) and not re.search(r"^# ", markdown, re.MULTILINE):
        return f"# {' '.join(_converted('html', title[1].encode()).split())}\n\n{markdown}"
    return markdown


def _without_chrome(html: str) -> str:
    """The page without what is around it, each piece to its first end; in one pass."""
    kept, at, endless = [], 0, set[str]()
    for opened in _OPENED.finditer(html):
        tag = opened[1].lower()
        around = tag in _CHROME_TAGS or _CHROME_CLASS.search(opened[2]) is not None
        if opened.start() < at or tag in endless or not around:
            continue
        closed = re.compile(rf"</{tag}\s{{0,20}}>", re.IGNORECASE).search(html, opened.end())
        if closed is None:
            endless.add(tag)
            continue
        kept.append(html[at : opened.start()])
        at = closed.end()
    return "".join([*kept, html[at:]])


def _converted(reader: str, raw: bytes) -> str:
    """Markdown made by pandoc, the cells of tables as one line each: elsewhere it drops tables that hold lists."""
    tree = json.loads(_pandoc(["--from", reader, "--to", "json"], raw))
    _flatten_tables(tree["blocks"])
    title = None if reader == "html" else tree["meta"].pop("title", {}).get("c")
    tree["blocks"] = _fields(tree["blocks"])
    shift = ["--shift-heading-level-by", "1"] if title else []
    if title:  # given apart from the headings in several formats: it stands above them
        tree["blocks"].insert(0, {"t": "Header", "c": [0, ["", [], []], title]})
    target = ["--to", "gfm-raw_html-gfm_auto_identifiers-smart", "--wrap", "none", *shift]
    return _pandoc(["--from", "json", *target], json.dumps(tree).encode()).decode()


def _fields(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks, each term of a list of definitions (`:Severity: P2`) as a paragraph: `**Severity:** P2`."""
    made: list[dict[str, Any]] = []
    for block in blocks:
        if block["t"] != "DefinitionList":
            made.append(block)
            continue
        for term, definitions in block["c"]:
            said = _inlines([inside for definition in definitions for inside in definition])
            label = {"t": "Strong", "c": [*term, {"t": "Str", "c": ":"}]}
            made.append({"t": "Para", "c": [label, {"t": "Space"}, *said]})
    return made


def _pandoc(arguments: list[str], raw: bytes) -> bytes:
    if not Extra.IMPORT.is_installed:
        raise Unreadable(f"this format needs pandoc: {Extra.IMPORT.command}, or export it as Markdown")
    import pypandoc  # an extra, needed by no other way to run

    command = [pypandoc.get_pandoc_path(), "--sandbox", *arguments, "+RTS", _LIMIT_MEMORY, "-RTS"]
    try:
        done = subprocess.run(command, input=raw, capture_output=True, timeout=_LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unreadable(f"pandoc did not finish in {_LIMIT_SECONDS} seconds") from None
    except OSError as error:
        raise Unreadable(f"pandoc cannot be run: {error.strerror or error}") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise Unreadable(f"pandoc cannot read it: {said[:200]}")
    if len(done.stdout) > _LARGEST_OUTPUT:
        raise Unreadable(f"it holds over {_LARGEST_OUTPUT // 1_000_000} MB of text")
    return done.stdout


def _flatten_tables(part: Any) -> None:
    """In place: each cell of each table holds one run of text."""
    if isinstance(part, dict) and part.get("t") == "Table":
        _flatten_cells(part["c"])
    elif isinstance(part, dict):
        _flatten_tables(part.get("c"))
    elif isinstance(part, list):
        for inside in part:
            _flatten_tables(inside)


def _flatten_cells(part: Any) -> None:
    """Cells are lists of five whose first is an attribute triple and whose last is a list of blocks."""
    if isinstance(part, list):
        if len(part) == 5 and isinstance(part[1], dict) and str(part[1].get("t", "")).startswith("Align"):
            part[2] = part[3] = 1  # a cell across several columns would make no pipe table
            part[4] = [{"t": "Plain", "c": _inlines(part[4])}]
            return
        for inside in part:
            _flatten_cells(inside)


def _inlines(blocks: Any) -> list[dict[str, Any]]:
    """The inline elements of blocks, those of one block parted from the next by a semicolon."""
    runs = [_run(block) for block in blocks]
    joined: list[dict[str, Any]] = []
    for run in (run for run in runs if run):
        joined += [{"t": "Str", "c": ";"}, {"t": "Space"}] if joined else []
        joined += run
    return joined


def _run(block: dict[str, Any]) -> list[dict[str, Any]]:
    kind, content = block["t"], block.get("c", [])
    if kind in ("Plain", "Para"):
        return [{"t": "Space"} if inline["t"] in ("LineBreak", "SoftBreak") else inline for inline in content]
    if kind == "Header":
        return list(content[2])
    if kind == "CodeBlock":
        return [{"t": "Code", "c": [["", [], []], " ".join(content[1].split())]}]
    if kind in ("BulletList", "OrderedList"):
        items = content if kind == "BulletList" else content[1]
        return _inlines([inside for item in items for inside in item])
    return _inlines(content[-1] if kind == "Div" else content) if kind in ("Div", "BlockQuote") else []

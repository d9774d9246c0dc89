"""A review as a PDF, from the same document as the page. fpdf2 is an extra (`pip install tocsin[pdf]`).

The fonts come with Tocsin, so that a PDF looks the same wherever it is made and needs nothing of the system.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import TYPE_CHECKING

from bot.diagnostics.charts import draw as draw_metrics
from bot.diagnostics.rules.picture import Picture
from bot.errors import InvalidSettings
from bot.extras import Extra
from bot.reviews.messages.exports.picture import draw
from bot.reviews.messages.renderings import standing
from bot.reviews.rules.chart import Chart
from bot.reviews.rules.document import Line, Nature, Review, Section
from bot.text.links import web_address

if TYPE_CHECKING:
    from fpdf import FPDF

_INK, _QUIET, _RULE, _LINK = (29, 35, 48), (91, 100, 116), (200, 196, 188), (31, 90, 153)
_GOOD, _BAD, _ASK = (23, 96, 56), (155, 28, 28), (122, 75, 0)
_HEIGHT = 4.9  # mm of a line of text at 10 points
_LEAD_SIZE = 9.5  # points
_LEFT = 18.0  # mm: where lines begin
_LABEL, _WIDEST_LABEL = 58.0, 90.0  # mm: where text begins after labels, at least and at most
_PAGES = "{{number of pages}}"  # replaced at the end; fpdf2's own {nb} might stand in what people wrote
# Hebrew, Arabic and their like, with what stands between two such letters and is no letter of another script.
_TURNED = r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]"
_RIGHT_TO_LEFT = re.compile(rf"{_TURNED}(?:[^a-zA-Z\u00c0-\u058f\u0900-\ufb1c]*{_TURNED})?")
_SIGNS = {"📌": "★", "\u200b": "", "\u2068": "", "\u2069": ""}


def render_pdf(review: Review, pictures: Sequence[tuple[bytes, str]] = ()) -> bytes:
    """The review as a PDF of A4 pages, with pictures (PNG, and the same in words) above its timeline.

    Raises InvalidSettings where the extra is not installed.
    """
    if not Extra.PDF.is_installed:
        raise InvalidSettings(f"PDF needs an extra: {Extra.PDF.command}. Or print the page from a browser.")
    sheet = new_sheet(review)
    _head(sheet, review)
    for section in review.sections:
        _section(sheet, section, pictures if section.name == "timeline" else ())
    return bytes(sheet.output())


def drawn(timeline: Chart, measured: Iterable[Picture]) -> tuple[tuple[bytes, str], ...]:
    """The timeline and what AWS measured, each in words too; none where the extra that draws is not installed."""
    if not Extra.CHARTS.is_installed:
        return ()
    first = (draw(timeline, "png"), "The timeline, as listed below")
    return (first, *((draw_metrics(one), one.alt_text) for one in measured))


def new_sheet(review: Review) -> FPDF:
    from fpdf import FPDF

    class Sheet(FPDF):
        """Pages that say at their foot what they are."""

        def footer(self) -> None:
            self.set_y(-13)
            self.set_font("sans", size=8)
            self.set_text_color(*_QUIET)
            self.set_x(0)  # whatever a line that goes over the page is indented by
            self.cell(self.w, 5, f"{review.ref} · {review.stage.label} · page {self.page_no()} of {_PAGES}", align="C")

    sheet = Sheet(format="A4")
    sheet.alias_nb_pages(_PAGES)
    for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
        sheet.add_font("sans", style, str(resources.files("bot.web").joinpath("fonts", name)))
    sheet.set_title(f"Post-incident review {review.ref}")
    sheet.set_author("Tocsin")
    sheet.set_lang("en")
    # Fixed, so that the same review gives the same file.
    sheet.set_creation_date(review.drafted_at)
    sheet.set_margins(_LEFT, 16, 18)
    sheet.set_auto_page_break(True, margin=18)
    sheet.add_page()
    return sheet


def _head(sheet: FPDF, review: Review) -> None:
    sheet.set_text_color(*_QUIET)
    sheet.set_font("sans", size=9)
    sheet.cell(0, 5, "Post-incident review", new_x="LMARGIN", new_y="NEXT")
    sheet.set_text_color(*_INK)
    sheet.set_font("sans", "B", 20)
    sheet.cell(0, 10, f"{review.ref}   {review.severity}", new_x="LMARGIN", new_y="NEXT")
    sheet.set_font("sans", size=12)
    sheet.multi_cell(0, 6, drawable(review.title), align="L", new_x="LMARGIN", new_y="NEXT")
    sheet.set_font("sans", size=9)
    sheet.set_text_color(*_QUIET)
    sheet.multi_cell(0, 5, drawable(standing(review)), align="L", new_x="LMARGIN", new_y="NEXT")


def _section(sheet: FPDF, section: Section, pictures: Sequence[tuple[bytes, str]]) -> None:
    if sheet.will_page_break(24):  # a heading alone at the foot of a page helps nobody
        sheet.add_page()
    sheet.ln(5)
    sheet.set_font("sans", "B", 12.5)
    sheet.set_text_color(*_INK)
    sheet.start_section(section.title)
    sheet.cell(0, 7, section.title, new_x="LMARGIN", new_y="NEXT")
    sheet.set_draw_color(*_RULE)
    sheet.line(_LEFT, sheet.get_y(), sheet.w - 18, sheet.get_y())
    sheet.ln(1.5)
    if section.note:
        sheet.set_font("sans", size=8.5)
        sheet.set_text_color(*_QUIET)
        sheet.multi_cell(0, 4.4, drawable(section.note), align="L", new_x="LMARGIN", new_y="NEXT")
        sheet.ln(1)
    for picture, words in pictures:
        sheet.image(io.BytesIO(picture), x=_LEFT, w=sheet.w - _LEFT - 18, alt_text=words)
        sheet.ln(2)
    pairs = section.name in ("executive", "summary", "root_cause", "figures", "escalations")
    numbered = section.name == "action_items"
    leads = [line.clock or (f"{number}." if numbered else "•") for number, line in enumerate(section.lines, 1)]
    if pairs:
        leads = [line.label or "" for line in section.lines]
    column = column_after(sheet, leads)
    if pairs:
        column = min(max(column, _LABEL), _WIDEST_LABEL)
    for lead, line in zip(leads, section.lines, strict=True):
        _lead(sheet, lead, column, _INK if line.clock and not pairs else _QUIET)
        _line(sheet, line, with_label=not pairs)


def column_after(sheet: FPDF, leads: Sequence[str]) -> float:
    """Where lines begin behind the widest of what stands before them, in mm."""
    sheet.set_font("sans", size=_LEAD_SIZE)
    return _LEFT + 3 + max((sheet.get_string_width(lead) for lead in leads), default=0.0)


def _lead(sheet: FPDF, text: str, then: float, color: tuple[int, int, int]) -> None:
    """What stands before a line, in a column of its own; the line itself is indented to `then`."""
    if sheet.will_page_break(_HEIGHT):
        sheet.add_page()
    sheet.set_left_margin(_LEFT)
    sheet.set_x(_LEFT)
    sheet.set_font("sans", size=_LEAD_SIZE)
    sheet.set_text_color(*color)
    sheet.cell(then - _LEFT - 1, _HEIGHT, shortened(sheet, drawable(text), then - _LEFT - 2))
    sheet.set_left_margin(then)
    sheet.set_x(then)


def shortened(sheet: FPDF, text: str, width: float) -> str:
    while text and sheet.get_string_width(text) > width:
        text = text[:-2].rstrip() + "…" if len(text) > 2 else ""
    return text


def _line(sheet: FPDF, line: Line, *, with_label: bool) -> None:
    for text, style, color in _pieces(line, with_label=with_label):
        sheet.set_font("sans", style, 9.5)
        sheet.set_text_color(*color)
        sheet.write(_HEIGHT, drawable(text))
    for one in filter(lambda one: one.entry_id, line.entries):
        if link := web_address(one.permalink):  # a bare number leads nobody anywhere
            sheet.set_font("sans", size=7.5)
            sheet.set_text_color(*_LINK)
            sheet.write(_HEIGHT, f"  #{one.entry_id}", link)
    sheet.set_left_margin(_LEFT)
    sheet.ln(_HEIGHT + 0.9)


def _pieces(line: Line, *, with_label: bool) -> Iterator[tuple[str, str, tuple[int, int, int]]]:
    """What a line says, in pieces: text, style, colour."""
    if line.key:
        yield "★ ", "", _BAD
    if with_label and line.label:
        by = f" by {line.by}" if line.by and line.nature is not Nature.WRITTEN else ""
        yield f"{line.label}{by}: ", "B", _INK
    elif with_label and line.by and line.nature is not Nature.WRITTEN:
        yield f"{line.by}: ", "B", _INK
    yield line.text, "", _ASK if line.nature is Nature.ASKED else _INK
    if line.met is not None:
        yield ("  ✓ met" if line.met else "  ✗ missed"), "B", _GOOD if line.met else _BAD
    if line.fresh:
        yield "  (recorded after the edit)", "", _GOOD
    if line.nature is Nature.WRITTEN and line.by:
        yield f"  written by {line.by}", "", _QUIET


@functools.cache
def _glyphs() -> frozenset[int]:
    """The characters that the font can draw."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # the package ships no types

    with resources.as_file(resources.files("bot.web").joinpath("fonts", "DejaVuSans.ttf")) as path:
        return frozenset(TTFont(path).getBestCmap())


def drawable(text: str) -> str:
    """The text without what the font has no sign for: a box says that something stood there."""
    for sign, instead in _SIGNS.items():
        text = text.replace(sign, instead)
    drawn = "".join(character if character == "\n" or ord(character) in _glyphs() else "□" for character in text)
    return _RIGHT_TO_LEFT.sub(lambda found: _turned(found[0]), drawn)


def _turned(words: str) -> str:
    """Right-to-left words as they are drawn from left to right, which the library leaves to a further extra.

    Arabic letters stay unjoined. Words that go over the end of a line come out line by line from the last.
    """
    from fpdf.bidi import BidiParagraph
    from fpdf.enums import TextDirection

    return BidiParagraph(words, base_direction=TextDirection.RTL).get_reordered_string()

"""What Slack refuses in a canvas: headings below the third level, quotes in lists and lists in quotes, mixed lists."""

import re

from slack_playground.api.calls import ApiError

_HEADING = re.compile(r" {0,3}(#{4,6})(\s|$)")
_ITEM = re.compile(r"([ \t]*)([-*+]|\d+[.)])\s+(.*)")
_QUOTE = re.compile(r"([ \t]*)>\s?(.*)")
_FENCE = re.compile(r"\s*(```|~~~)")


def check_markdown(markdown: str, error: str) -> None:
    """Raise ApiError(error) with the line and the reason where Slack cannot show the text."""
    reason = _unsupported(markdown)
    if reason:
        raise ApiError(error, detail=f"'content' error: {reason}")


def _unsupported(markdown: str) -> str:
    """The first thing that Slack does not take, as it words it; empty where there is none."""
    fenced = False
    levels: list[tuple[int, bool]] = []  # of the open list: indentation and whether it is numbered, outermost first
    for number, line in enumerate(markdown.splitlines(), 1):
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or not line.strip():
            continue
        if reason := _of_line(line, levels):
            return f"line {number}: {reason}"
    return ""


def _of_line(line: str, levels: list[tuple[int, bool]]) -> str:
    if heading := _HEADING.match(line):
        return f"Unsupported heading depth ({len(heading[1])})"
    if quote := _QUOTE.match(line):
        if _ITEM.match(quote[2]):
            return "Unsupported block type (List) within block quote"
        return "Unsupported block type (Quote) within list item" if levels and _width(quote[1]) > levels[-1][0] else ""
    item = _ITEM.match(line)
    if item is None:
        if not line.startswith((" ", "\t")):
            levels.clear()
        return ""
    return _of_item(_width(item[1]), item[2][0].isdigit(), item[3], levels)


def _of_item(indent: int, numbered: bool, words: str, levels: list[tuple[int, bool]]) -> str:
    while levels and levels[-1][0] > indent:
        levels.pop()
    if levels and levels[-1][0] == indent:
        levels.pop()
    if levels and levels[-1][1] != numbered:
        return "Unsupported nested list of another type"
    levels.append((indent, numbered))
    return "Unsupported block type (Quote) within list item" if words.startswith(">") else ""


def _width(blank: str) -> int:
    return len(blank.expandtabs(4))

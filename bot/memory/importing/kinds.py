"""What kind of document a text is: a form nobody filled in, a list of links, or one that tells of trouble."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt

from bot.memory.importing.labels import folded
from bot.policy.loading import UnreadableYaml, read_yaml

_PLACEHOLDER = re.compile(
    r"_?\(e\.g\..*|^\s*(?:TODO|TBD|N/?A|\.\.\.|…|-+)\s*$|\{\{.*?\}\}|<[a-z][a-z _-]*>|\[[A-Za-z _-]+\](?!\()"
)
# Words without which a text tells of no trouble; several languages, folded.
_TROUBLE = re.compile(
    r"\b(?:incident|outage|downtime|post ?mortem|rca|degrad\w+|unavailab\w+|unreachable|fail\w*|error|alert\w*|"
    r"down|crash\w*|timeout|timed out|broke\w*|broken|corrupt\w*|leak\w*|exhaust\w*|stuck|refused|rejected|rolled back|"
    r"rollback|on call|severity|sev\d|mitigat\w+|restor\w+|restarted|vorfall|storung|ausfall|fehler|"
    r"alarm\w*|panne|incidente|caida|fallo|falla|interrupcion|interrupcao|falha|queda|indisponib\w+|"
    r"coupure|erreur|runbook|playbook|troubleshoot\w*)\b"
    r"|障害|停止|エラー|不具合|復旧",
    re.IGNORECASE,
)


_LONGEST_FRONT = 20_000  # characters


@cache
def markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("table")


def split_front(text: str) -> tuple[dict[str, Any], str]:
    """YAML front matter, its values as typed, if there is any that can be read, and the text without it and without
    template tags."""
    text = re.sub(r"<%.*?%>|<!--.*?-->", "", text.removeprefix("\ufeff"), flags=re.DOTALL)
    match = re.match(r"\s*---[ \t]*\n(.*?)\n---[ \t]*(?:\n|$)", text, flags=re.DOTALL)
    if match is None:
        return {}, text
    try:
        front = read_yaml(match[1][:_LONGEST_FRONT]).value
    except UnreadableYaml:
        return {}, text[match.end() :]
    return (front if isinstance(front, dict) else {}), text[match.end() :]


def is_template(text: str) -> bool:
    """Whether nobody has filled the form in: headings and questions, and next to no words of its own."""
    _, body = split_front(text)
    own = asked = headings = quoted = 0
    heading = False
    for token in markdown().parse(body):
        quoted += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        heading = token.type == "heading_open" or (heading and token.type != "heading_close")
        headings += token.type == "heading_open"
        if token.type == "fence":
            own += len(token.content.split())
        elif token.type == "inline" and not heading:
            left = "" if quoted else _PLACEHOLDER.sub("", token.content)
            left = re.sub(r"^\**[^*:]{2,40}:\**\s*$|^.*\?\s*$", "", left.strip(), flags=re.MULTILINE)
            own += _words(left)
            asked += _words(token.content)
    blanks = len(_PLACEHOLDER.findall(body))
    # A short report of a real incident has few words, but no blanks to fill in.
    return headings >= 3 and (own < 5 if blanks == 0 else own < max(15, 0.35 * asked))


def _words(text: str) -> int:
    """Words; of a script that parts none, two signs count as one."""
    return len(text.split()) + len(re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", text)) // 2


def is_link_list(text: str) -> bool:
    """Whether nearly everything in it is a link to something else."""
    linked = plain = 0
    for token in markdown().parse(split_front(text)[1]):
        inside = 0
        for child in token.children or ():
            inside += (child.type == "link_open") - (child.type == "link_close")
            words = len(child.content.split()) if child.type == "text" else 0
            linked += words if inside else 0
            plain += 0 if inside else words
    return linked > 8 and linked > 1.5 * plain


def tells_of_trouble(text: str, least: int = 2) -> bool:
    """Whether `least` words of it speak of something that failed, so that a recipe or a minute of a meeting is none."""
    return len(_TROUBLE.findall(folded(text))) >= least or (least == 1 and "`" in text)

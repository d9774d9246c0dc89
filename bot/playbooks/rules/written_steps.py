"""From what people wrote in an incident to the steps of a playbook: the commands in it, in order. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_FENCE = re.compile(r"```(?:[a-z]+\n)?\n?(.*?)\n?```", re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_PROMPT = re.compile(r"^\s*[$#]\s+(\S.*)$")
_PROGRAM = re.compile(
    "aws|az|cat|curl|cd|chmod|chown|cp|df|dig|docker|du|echo|eksctl|gcloud|git|grep|head|helm|host|htop|jq|journalctl"
    "|kill|kubectl|less|ls|make|mv|mysql|netstat|nginx|nslookup|openssl|ping|podman|ps|psql|redis-cli|rm|rsync"
    "|sam|scp|sed|service|ss|ssh|sudo|systemctl|tail|tar|terraform|top|traceroute|wget"
)
_SQL = re.compile(
    r"(?:select|show|explain|with|update|insert|delete|alter|create|drop|vacuum|set|kill)\b", re.IGNORECASE
)
_SQL_READS = re.compile(
    r"(?:select|show|explain)\b(?!.*\b(?:pg_(?:terminate|cancel)_backend|analyze|into)\b)", re.IGNORECASE | re.DOTALL
)
_OPTION = re.compile(r"\s--?\w")
# Options with a value of their own, which stand before the word that says what is done.
_VALUED = frozenset(
    {"-h", "-p", "-n", "-a", "--region", "--profile", "--namespace", "--context", "--output", "-C", "-H"}
)
# What only reads, by program: any of these words after it (options aside), or, where none is named, whatever follows.
_READS: dict[str, str] = {
    "aws": r"(?:get|list|describe|head|lookup|filter|search|batch-get|ls|tail|wait|select)[\w-]*",
    "kubectl": "get|describe|logs|top|explain|version|events",
    "docker": "ps|logs|inspect|stats|top|images",
    "git": "log|status|diff|show|blame",
    "helm": "list|status|history|get",
    "systemctl": "status|list-units|is-active",
    "terraform": "plan|show|output|validate",
    "redis-cli": "info|get|ping|ttl|keys|scan|dbsize|slowlog|--stat",
}
_READER = re.compile(
    "cat|cd|df|dig|du|echo|grep|head|host|htop|jq|journalctl|less|ls|netstat|nslookup|ping|ps|ss|tail|top|traceroute"
)
_LONGEST_TITLE = 90


@dataclass(frozen=True, slots=True)
class WrittenStep:
    """A step as it was done: what was said of it, and the commands."""

    title: str
    commands: tuple[str, ...]

    @property
    def changes_production(self) -> bool:
        """False only where every command is known to read and do nothing else."""
        return not all(only_reads(command) for command in self.commands)


def steps_in(texts: Iterable[str]) -> list[WrittenStep]:
    """A step for each text (plain words) that holds a command; the same commands again are no further step."""
    found: dict[tuple[str, ...], WrittenStep] = {}
    for text in texts:
        commands, words = commands_in(text)
        if commands:
            found.setdefault(commands, WrittenStep(_title(words, commands), commands))
    return list(found.values())


def commands_in(text: str) -> tuple[tuple[str, ...], str]:
    """The commands in a text, and the words around them: in fences, between backticks, or on lines of their own."""
    commands = [block.strip("\n") for block in _FENCE.findall(text) if block.strip()]
    rest = _FENCE.sub("\n", text)
    inline = [code.strip() for code in _INLINE.findall(rest) if _is_command(code.strip())]
    words = []
    for line in _INLINE.sub(lambda code: "" if _is_command(code[1].strip()) else code[1], rest).splitlines():
        prompted = _PROMPT.match(line)
        typed = prompted[1] if prompted else line.strip()
        if _is_command(typed) and (prompted or _reads_like_one(typed)):
            inline.append(typed)
        else:
            words.append(line)
    return (*commands, *inline), " ".join(" ".join(words).split())


def _is_command(text: str) -> bool:
    first, _, rest = text.partition(" ")
    if first == "sudo":
        return bool(rest)
    return bool(rest) and (_PROGRAM.fullmatch(first) is not None or bool(_SQL.match(text)))


def _reads_like_one(line: str) -> bool:
    """A line of its own without a mark: a program with an option, or a statement with its semicolon."""
    program = _PROGRAM.fullmatch(line.partition(" ")[0])
    return bool(_OPTION.search(line)) if program else line.endswith(";")


def only_reads(command: str) -> bool:
    """Whether a command is known to change nothing. What is not known may change something."""
    command = re.sub(r"<[A-Za-z][\w -]*>", "x", command)  # a placeholder redirects nothing
    if _SQL.match(command.strip()):
        return all(bool(_SQL_READS.match(part.strip())) for part in command.split(";") if part.strip())
    if re.search(r"[^0-9&]>|^>|`|\$\(", re.sub(r"\$\(date [^)]*\)", "", command)):
        return False
    parts = [part.strip() for part in re.split(r"\|\||&&|[|;\n]", command) if part.strip()]
    return all(_part_reads(part) for part in parts)


def _part_reads(part: str) -> bool:
    words = [word for word in part.split() if "=" not in word.partition("/")[0] or word.startswith("-")]
    if not words or words[0].startswith("#"):
        return True
    program, arguments = words[0], words[1:]
    if program == "curl":
        return not re.search(r"(?:^|\s)(?:-X|--request|-d|--data\S*|-F|--form|-T|--upload-file|-o|-O)\b", part)
    if program in _READS:
        wanted = re.compile(_READS[program])
        valued = {place + 1 for place, word in enumerate(arguments) if word in _VALUED}
        plain = [
            word
            for place, word in enumerate(arguments)
            if place not in valued and (not word.startswith("-") or word == "--stat")
        ]
        place = 1 if program == "aws" else 0
        return len(plain) > place and wanted.fullmatch(plain[place]) is not None
    return _READER.fullmatch(program) is not None


def _title(words: str, commands: tuple[str, ...]) -> str:
    """What was said around the commands, or the beginning of the first one."""
    said = words.strip(" :.,;-–#")
    title = said if sum(letter.isalpha() for letter in said) >= 3 else f"Run {commands[0].splitlines()[0]}"
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1].rstrip()}…"


def slug(title: str) -> str:
    """A ref's name of a title: `checkout-returns-502`; "playbook" where it has no letters that a ref may hold."""
    words = re.findall(r"[a-z0-9]+", title.casefold())
    return "-".join(words)[:40].strip("-") or "playbook"


def to_markdown(steps: Iterable[WrittenStep]) -> str:
    """The section Steps, as an entry has it."""
    return "\n\n".join(_step_markdown(number, step) for number, step in enumerate(steps, 1))


def _step_markdown(number: int, step: WrittenStep) -> str:
    fences = [f"```{'sql' if _SQL.match(command) else 'bash'}\n{command}\n```" for command in step.commands]
    changes = "yes" if step.changes_production else "no"
    head = [f"### {number}. {step.title}", f"- Purpose: {step.title}", f"- Changes production: {changes}"]
    return "\n".join([*head, *fences])


def renumbered(markdown: str) -> str:
    """The steps with their headings numbered anew: people delete and move steps without counting."""
    number, fenced, lines = 0, False, []
    for line in markdown.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        heading = None if fenced else re.match(r"^###\s+(?:\d+[.)]\s*)?(.*)$", line)
        if heading:
            number += 1
            line = f"### {number}. {heading[1].strip()}"
        lines.append(line)
    return "\n".join(lines)

"""kubectl, curl, redis-cli, psql and the tools of every shell, as far as their words tell what they do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.playbooks.checks import program_words as known
from bot.playbooks.checks.finding import Checked, Effect, Problem, did_you_mean
from bot.playbooks.checks.shell import Word
from bot.playbooks.checks.sql import check_sql


def check_program(program: str, words: Sequence[Word]) -> Checked:
    """What a program does with these words; UNKNOWN, with a note, for one that is not known here."""
    checkers: dict[str, Callable[[Sequence[Word]], Checked]] = {
        "kubectl": _kubectl, "oc": _kubectl, "curl": _curl, "redis-cli": _redis, "psql": _psql, "mysql": _mysql,
        "systemctl": _systemctl,
    }  # fmt: skip
    if program in checkers:
        return checkers[program](words)
    if program in known.TOOLS_READ:
        in_place = program == "sed" and any(re.match(r"-\w*i|--in-place", word.text) for word in words)
        return Checked(Effect.CHANGES if in_place else Effect.READS)
    return Checked(Effect.CHANGES if program in known.TOOLS_CHANGE else Effect.UNKNOWN)


def _positional(words: Sequence[Word], valued: frozenset[str]) -> list[Word]:
    """The words that are neither options nor their values."""
    found: list[Word] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.text.startswith("-") and len(word.text) > 1:
            skip = word.text in valued
        else:
            found.append(word)
    return found


def _verb(program: str, words: Sequence[Word], reads: frozenset[str], changes: frozenset[str],
          parts: dict[str, tuple[str, str]]) -> Checked:  # fmt: skip
    """By the word that says what is done, and the one after it where there are commands of commands."""
    if not words:
        return Checked(Effect.READS)
    if not words[0].fixed:
        return Checked(Effect.UNKNOWN)
    verb = words[0].text.lower()
    if verb in parts:
        return _part(f"{program} {verb}", words[1:], *parts[verb])
    if verb in reads | changes:
        return Checked(Effect.READS if verb in reads else Effect.CHANGES)
    near = did_you_mean(verb, reads | changes | set(parts))
    return Checked(Effect.UNKNOWN, (Problem(f"`{program}` has no command {verb}{near}", certain="." not in verb),))


def _part(command: str, words: Sequence[Word], reads: str, changes: str) -> Checked:
    parts = f"{reads} {changes}".split()
    if not words:
        return Checked(Effect.UNKNOWN, (Problem(f"`{command}` needs one of {', '.join(parts)}."),))
    word = words[0].text.lower()
    if word in parts or not words[0].fixed:
        fixed_reads = word in reads.split()
        return Checked(Effect.READS if fixed_reads else Effect.CHANGES)
    return Checked(Effect.UNKNOWN, (Problem(f"`{command}` has no command {word}{did_you_mean(word, parts)}"),))


def _kubectl(words: Sequence[Word]) -> Checked:
    own = words[: next((place for place, word in enumerate(words) if word.text == "--"), len(words))]
    checked = _verb(
        "kubectl",
        _positional(own, known.KUBECTL_VALUED),
        known.KUBECTL_READS,
        known.KUBECTL_CHANGES,
        known.KUBECTL_PARTS,
    )
    if checked.effect is Effect.CHANGES and any(word.text.startswith("--dry-run") for word in own):
        return Checked(Effect.READS, checked.problems)
    return checked


def _redis(words: Sequence[Word]) -> Checked:
    if any(word.text in known.REDIS_READING_MODES for word in words):
        return Checked(Effect.READS)
    return _verb(
        "redis-cli", _positional(words, known.REDIS_VALUED), known.REDIS_READS, known.REDIS_CHANGES, known.REDIS_PARTS
    )


def _curl(words: Sequence[Word]) -> Checked:
    """What is asked of a web server: anything but GET, HEAD and OPTIONS may change something."""
    method, problems = "", []
    for option, value in zip(words, [*words[1:], Word("")], strict=True):
        if option.text in ("-X", "--request"):
            method = value.text if value.fixed else "?"
        elif re.fullmatch(r"-X\w+", option.text):
            method = option.text[2:]
    if method and method != "?" and method not in known.METHODS:
        problems.append(Problem(f"`curl` would send the method {method}{did_you_mean(method.upper(), known.METHODS)}"))
    urls = _positional(words, known.CURL_VALUED)
    if not urls and not any(word.text in ("--url", "-K", "--config", "--version", "-V") for word in words):
        problems.append(Problem("`curl` needs an address."))
    sends = any(known.CURL_SENDS.fullmatch(word.text) for word in words) and "-G" not in [word.text for word in words]
    safe = method in ("", "GET", "HEAD", "OPTIONS") and (not sends or method in ("GET", "HEAD"))
    return Checked(Effect.READS if safe else Effect.CHANGES, tuple(problems))


def _psql(words: Sequence[Word]) -> Checked:
    return _statements(words, ("-c", "--command"), "postgres", ("-l", "--list", "-V", "--version"))


def _mysql(words: Sequence[Word]) -> Checked:
    return _statements(words, ("-e", "--execute"), "mysql", ("-V", "--version"))


def _statements(words: Sequence[Word], options: tuple[str, str], language: str, harmless: tuple[str, ...]) -> Checked:
    """The statements that the command line names; without any, a session in which everything may happen."""
    found = []
    for option, value in zip(words, [*words[1:], Word("")], strict=True):
        if option.text in options:
            found.append(value)
        elif option.text.startswith(f"{options[1]}="):
            found.append(Word(option.text.partition("=")[2], option.fixed))
    if not found:
        listed = any(word.text in harmless for word in words)
        return Checked(Effect.READS if listed else Effect.UNKNOWN)
    checked = [check_sql(one.text, language) for one in found if one.fixed]
    unknown = Effect.READS if len(checked) == len(found) else Effect.UNKNOWN
    effect = max((one.effect for one in checked), default=Effect.UNKNOWN)
    return Checked(max(effect, unknown), tuple(problem for one in checked for problem in one.problems))


def _systemctl(words: Sequence[Word]) -> Checked:

    return _verb("systemctl", _positional(words, frozenset()), known.SYSTEMCTL_READS, known.SYSTEMCTL_CHANGES, {})

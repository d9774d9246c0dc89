"""How many fake secrets are masked, and how many innocents are changed; in both halves of the corpus."""

from __future__ import annotations

from bench import figures
from bench.secret_corpus import READ, UNREAD, Case, held, innocents, later, secrets, strangers
from bot.text.masking import mask

MASKED_AT_LEAST, CHANGED_AT_MOST = 97.0, 1.0  # percent


def shares(half: int) -> tuple[float, float]:
    """The percentage of secrets that are masked, and that of innocents that are changed."""
    return _shares(list(secrets(half)), list(innocents(half)))


def shares_of_later() -> tuple[float, float]:
    """The same of what was written after the halves."""
    return _shares(*later())


def shares_of_held() -> tuple[float, float]:
    """The same of what nobody tuned on."""
    return _shares(*held())


def shares_of_strangers(part: str) -> tuple[float, float]:
    """The same of what somebody wrote who knew none of the patterns; kinds were added by `READ` since."""
    return _shares(*strangers(part))


def _shares(found: list[Case], plain: list[Case]) -> tuple[float, float]:
    masked = sum(not case.is_left_in(mask(case.text)) for case in found)
    changed = sum(mask(case.text) != case.text for case in plain)
    return 100 * masked / len(found), 100 * changed / len(plain)


def measure() -> None:
    """Print what is missed and what is changed, in each half; docs/decisions/006 has what detect-secrets does of it."""
    for half in (0, 1):
        masked, changed = shares(half)
        figures.figure(f"secrets not masked, half {half + 1}", 100 - masked, "%", 100 - MASKED_AT_LEAST)
        figures.figure(f"innocents changed, half {half + 1}", changed, "%", CHANGED_AT_MOST)
    masked, changed = shares_of_later()
    figures.figure("secrets not masked, later forms", 100 - masked, "%", 100 - MASKED_AT_LEAST)
    figures.figure("innocents changed, later forms", changed, "%", CHANGED_AT_MOST)
    masked, changed = shares_of_held()
    figures.figure("secrets not masked, held back", 100 - masked, "%", 100 - MASKED_AT_LEAST)
    figures.figure("innocents changed, held back", changed, "%", CHANGED_AT_MOST)
    for part in (*READ, *UNREAD):
        masked, changed = shares_of_strangers(part)
        figures.figure(f"secrets not masked, by a stranger, {part}", 100 - masked, "%", 100 - MASKED_AT_LEAST)
        figures.figure(f"innocents changed, by a stranger, {part}", changed, "%", CHANGED_AT_MOST)

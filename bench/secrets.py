"""How many fake secrets are masked, and how many innocents are changed; in both halves of the corpus."""

from __future__ import annotations

from bench import figures
from bench.secret_corpus import innocents, secrets
from bot.text.masking import mask

MASKED_AT_LEAST, CHANGED_AT_MOST = 97.0, 1.0  # percent


def shares(half: int) -> tuple[float, float]:
    """The percentage of secrets that are masked, and that of innocents that are changed."""
    found, plain = list(secrets(half)), list(innocents(half))
    masked = sum(case.secret not in mask(case.text) for case in found)
    changed = sum(mask(case.text) != case.text for case in plain)
    return 100 * masked / len(found), 100 * changed / len(plain)


def measure() -> None:
    """Print what is missed and what is changed, in each half; docs/decisions/006 has what detect-secrets does of it."""
    for half in (0, 1):
        masked, changed = shares(half)
        figures.figure(f"secrets not masked, half {half + 1}", 100 - masked, "%", 100 - MASKED_AT_LEAST)
        figures.figure(f"innocents changed, half {half + 1}", changed, "%", CHANGED_AT_MOST)

"""Figures in words: short for Slack, whole for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.figures.rules import definitions as d
from bot.figures.rules.backtest import Backtest, Change
from bot.figures.rules.figure import Definition, Figure, Spread, length
from bot.figures.rules.report import Bucket, Report
from bot.severity import queries as fits
from bot.severity.rules import Level, Severity
from bot.severity.tables import JudgeFit
from bot.slack import blocks
from bot.slack.client import Message
from bot.slack.forms import Values, choice_field
from bot.slack.text import plain
from bot.text.wording import called, counted

NOT_FOR_YOU = (
    "They name people and whom pages woke. They open for whoever holds a role above the on-call engineer in"
    " contacts.yaml: team lead, engineering manager or VP engineering. Everybody gets the totals by /incident metrics."
)
# Those of Slack's answer, with the words that stand before them there; the others are on the page and in the terminal.
_SHORT: tuple[tuple[Definition, str], ...] = (
    (d.ACKNOWLEDGE, "Acknowledged after"),
    (d.RESPONSES, "Acknowledged in time"),
    (d.MITIGATE, "Mitigated after"),
    (d.REOPENED, "Reopened"),
    (d.RECURRED, "Recurred"),
    (d.PLAYBOOK, "Playbook resolved it"),
    (d.FALSE_ALARMS, "False alarms"),
    (d.AGREED, "Agreement with the judge"),
    (d.HELPED, "Suggestions that helped"),
    (d.ACTIONS, "Action items on time"),
    (d.REVIEWS, "Reviews on time"),
)


def short(report: Report, link: str | None, public: bool = False) -> Message:
    """The answer to `/incident metrics`: what a phone shows at a glance. It names no person."""
    head = f"*Figures: {plain(report.title)}*"
    if report.period.earlier_title:
        head += f"\n_compared with {report.period.earlier_title}_"
    lines = [_incidents(report), *_resolved(report)]
    rest = [_line(words, figure) for definition, words in _SHORT if (figure := report.whole(definition)) is not None]
    rest = [line for line in rest if line] + [_pages(report)]
    note = "Medians; fewer than five are listed one by one."
    note += f" <{link}|All figures with their definitions>" if link else " `tocsin metrics` defines each figure."
    note += " Security incidents are left out." if public else ""
    text = "\n".join([head, *lines, *rest])
    return Message(
        text,
        (blocks.section("\n".join([head, *lines])), blocks.section("\n".join(rest)), blocks.context(note)),
    )


def monthly(report: Report, link: str | None) -> Message:
    """What managers are sent on the first business day of a month."""
    said = short(report, link)
    greeting = "Last month in figures. You get this once a month, as you hold a management role in contacts.yaml."
    return Message(f"{greeting}\n{said.text}", (blocks.context(greeting), *said.blocks))


def _incidents(report: Report) -> str:
    declared = report.whole(d.DECLARED)
    if declared is None or not declared.count:
        was = f" ({declared.change})" if declared is not None and declared.change else ""
        return f"No incidents{was}"
    parts = [f"*{counted(declared.count, 'incident')}*" + (f" ({declared.change})" if declared.change else "")]
    for definition, words in ((d.SECURITY, "security"), (d.OPEN, "still open"), (d.MERGED, "merged")):
        figure = report.whole(definition)
        if figure is not None and figure.count:
            parts.append(f"{figure.count:,} {words}")
    return " · ".join(parts)


def _resolved(report: Report) -> Iterator[str]:
    """The time to resolve of each severity that had incidents, with its target."""
    for figure in report.of(d.RESOLVE):
        if figure.of and figure.count:
            yield _line(f"Resolved {figure.of} after", figure)


def _line(words: str, figure: Figure) -> str:
    """One figure in a line; empty where there is nothing to say now, and was nothing before."""
    if not figure.count and not figure.change:
        return ""
    mark = {True: ":white_check_mark: ", False: ":warning: ", None: ""}[figure.on_target]
    said = "; ".join(filter(None, (figure.text, figure.target_text)))
    return f"{mark}*{words}* {said}" + (f" ({figure.change})" if figure.change else "")


def _pages(report: Report) -> str:
    pages, nights, weekends = (report.whole(each) for each in (d.PAGES, d.NIGHTS, d.WEEKENDS))
    if pages is None or nights is None or weekends is None:
        return ""
    was = f" ({pages.change})" if pages.change else ""
    disturbed = f"{counted(nights.count, 'night')} and {counted(weekends.count, 'weekend')} disturbed"
    return f"*Pages* {pages.count:,}{was}, {disturbed}"


def lines(report: Report, names: Mapping[str, str]) -> Iterator[str]:
    """All figures for a terminal, each with its definition. `names` are those of user ids."""
    yield f"{report.title}, {report.zone}"
    if report.period.earlier_title:
        yield f"compared with {report.period.earlier_title}"
    for definition in report.definitions:
        yield ""
        figures = report.of(definition)
        whole = [figure for figure in figures if not figure.of]
        yield f"{definition.title}: {_said(whole[0])}" if whole else f"{definition.title}:"
        yield f"  {definition.sentence}"
        for figure in figures:
            if figure.of and (figure.count or figure.change):
                yield f"  {label(figure, names):24} {_said(figure)}"


def label(figure: Figure, names: Mapping[str, str]) -> str:
    """What a figure is of: a severity, "service checkout", or a person's name."""
    return called(names, figure.of)


def _said(figure: Figure) -> str:
    return "; ".join(filter(None, (figure.text, figure.target_text, figure.change)))


def bucket_lines(buckets: Sequence[Bucket], by: str) -> Iterator[str]:
    """A table for a terminal."""
    yield ""
    yield f"{'by ' + by:24} {'incidents':>9}  {'acknowledged':24} resolved"
    for bucket in buckets:
        yield f"{bucket.name:24} {bucket.incidents:9,}  {in_words(bucket.acknowledge):24} {in_words(bucket.resolve)}"


def in_words(spread: Spread) -> str:
    """`12 min, p90 40 min`; the values themselves where they are few; `–` for none."""
    if not spread.count:
        return "–"
    if spread.median is None or spread.p90 is None:
        return ", ".join(length(value) for value in spread.values)
    return f"{length(spread.median)}, p90 {length(spread.p90)}"


# What an edited matrix would change

_TEXT_SHOWN = 160  # characters


def backtest_lines(found: Backtest) -> Iterator[str]:
    """For a terminal: what changes, the worst changes first, then the sums."""
    if not found.cases:
        yield "No reports yet. With --policy, the past incidents are judged too."
        return
    for change in found.changes:
        yield from _change_lines(change)
    yield f"{len(found.changes)} of {found.cases} would be judged differently. Nothing was changed."
    if found.labelled:
        yield (
            f"Agreement with people: {found.right_before} of {found.labelled} before,"
            f" {found.right_after} of {found.labelled} after."
        )


def _change_lines(change: Change) -> Iterator[str]:
    label = f"people said {change.case.people_say}" if change.case.people_say else "not decided by people"
    yield f"{change.before:>4} → {change.after:4}  {change.case.source}  ({label})"
    yield f"             {change.case.text[:_TEXT_SHOWN]!r}"
    yield f"             {change.before_row} → {change.after_row}: {', '.join(change.words) or 'no words'}"


# Sections of `tocsin metrics`

NO_VOTES = "Nobody has voted on a suggestion yet."


def precision_line(month: str, precision: float | None, helped: int, judged: int) -> str:
    """`month` is 2026-11, or "total"."""
    return f"{month:7}  {precision or 0:.0%} ({helped} of {judged} suggestions helped)"


_FIT_STATES = {
    fits.IN_FORCE: "in force",
    fits.REPLACED: "replaced",
    fits.NOT_BETTER: "not better, so not used",
    fits.HELD_BACK: "not used since it was undone; `tocsin judge learn` brings it back",
    fits.UNDONE: "undone",
}


def fit_line(fit: JudgeFit | None) -> str:
    """What the judge learned from people's decisions, and how it did on decisions that it had not learned from."""
    if fit is None:
        return "Nothing yet: people have decided too few reports. It is tried again each night."
    figures = fit.figures
    shipped, own = figures["shipped"]["right"], figures["learnt"]["right"]
    return (
        f"{fit.fitted_at:%Y-%m-%d}: {_FIT_STATES[fit.state]}. Learned from {figures['decisions']} decisions; on the "
        f"latest {figures['tested']}, not learned from, right {shipped} as shipped, {own} as learned."
    )


_PERIODS = {
    "last 90 days": "Last 90 days",
    "month": "This month",
    "last month": "Last month",
    "quarter": "This quarter",
    "all": "All time",
}


def form_fields(levels: Mapping[Severity, Level]) -> list[blocks.Block]:
    """The form of figures: what one would type after `/incident metrics`."""
    severities = {level.value: f"{level} {levels[level].title}" for level in levels}
    return [
        choice_field("period", "Period", _PERIODS, "last 90 days"),
        choice_field("severity", "Severity", severities, optional=True),
    ]


def typed_in_form(values: Values) -> str:
    return f"{values['period']} {values['severity']}".strip()

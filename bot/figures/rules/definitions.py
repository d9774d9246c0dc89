"""The definition of every figure, in the order in which they are shown. The sentence is shown beside the number."""

from __future__ import annotations

from bot.figures.rules.figure import Definition, Unit

_INCIDENTS = "Incidents declared in the period, without false alarms and without those merged into another."

DECLARED = Definition("incidents", "Incidents", _INCIDENTS, Unit.COUNT)
SECURITY = Definition(
    "security_incidents",
    "Security incidents",
    "Those of them that are security incidents; they are counted, never named.",
    Unit.COUNT,
)
OPEN = Definition(
    "open", "Still open", "Those of them that nobody has resolved yet; no time to resolve counts them.", Unit.COUNT
)
MERGED = Definition(
    "merged", "Merged", "Incidents declared in the period that turned out to be duplicates of another.", Unit.COUNT
)

DETECT = Definition(
    "time_to_detect",
    "Time to detect",
    "From the beginning of the trouble (`/incident note began at 14:05`) to its detection (`/incident note detected at"
    " 14:20`). Incidents without both notes are left out.",
    Unit.SECONDS,
)
DECLARE = Definition(
    "time_to_declare",
    "Time to declare",
    "From the detection (`/incident note detected at 14:20`, else the message that reported it) to the declaration.",
    Unit.SECONDS,
)
ACKNOWLEDGE = Definition(
    "time_to_acknowledge", "Time to acknowledge", "From the declaration to the first acknowledgement.", Unit.SECONDS
)
MITIGATE = Definition(
    "time_to_mitigate",
    "Time to mitigate",
    "From the declaration to the mitigation that held: after a reopening, that since the last one.",
    Unit.SECONDS,
)
RESOLVE = Definition(
    "time_to_resolve",
    "Time to resolve (MTTR)",
    "From the declaration to the last resolution, by the severity at the end. After a reopening the clock runs on from"
    " the declaration. Open incidents are left out.",
    Unit.SECONDS,
)
RESPONSES = Definition(
    "acknowledged_in_time",
    "Acknowledged in time",
    "Of the declarations and reopenings, the share acknowledged or mitigated before the response time of the severity"
    " ran out. Those that still have time, and incidents that were over before anybody acknowledged, are left out.",
    Unit.SHARE,
    lower_is_better=False,
)
BETWEEN = Definition(
    "time_between",
    "Time between incidents (MTBF)",
    "From one declaration to the next in the period. Kinds are those of the playbook that fits best, services those"
    " that notes name (`/incident note services: checkout, search`).",
    Unit.SECONDS,
    lower_is_better=False,
)
FALSE_ALARMS = Definition(
    "false_alarms",
    "False alarms",
    "Of the incidents declared in the period that were not merged, the share that was called a false alarm.",
    Unit.SHARE,
)
FALSE_ANSWERS = Definition(
    "false_positives",
    "False positives",
    "Of the answers to reports that people decided, the share dismissed as no incident. Known trouble and duplicates"
    " are no false positives.",
    Unit.SHARE,
)
FALSE_BY_REPORTER = Definition(
    "false_positives_by_reporter",
    "False positives by reporter",
    "The same for the messages of one person or bot, where people decided at least one.",
    Unit.SHARE,
)
FALSE_BY_ALARM = Definition(
    "false_positives_by_alarm",
    "False positives by alarm",
    "The same for the alarms of one name that monitoring delivers. Incidents of theirs that were closed as a false"
    " alarm count as dismissed.",
    Unit.SHARE,
)
REOPENED = Definition(
    "reopened", "Reopened", "Of the incidents, the share that was reopened at least once.", Unit.SHARE
)
RECURRED = Definition(
    "recurred",
    "Recurred",
    "Of the incidents, the share that looked the same as an earlier one of ours when it was declared or closed.",
    Unit.SHARE,
)
PLAYBOOK = Definition(
    "playbook_helped",
    "Playbook resolved it",
    "Of the incidents of which somebody said at closing whether the playbook resolved it, the share where it did.",
    Unit.SHARE,
    lower_is_better=False,
)
PAGES = Definition(
    "pages", "Pages", "Pages sent in the period, one for each person that it went to; digests are none.", Unit.COUNT
)
LATE_PAGES = Definition(
    "late_pages",
    "Pages sent late",
    "Of the pages sent, the share sent later after it was due than `late_after` in escalation.yaml.",
    Unit.SHARE,
)
NIGHTS = Definition(
    "nights_disturbed",
    "Nights disturbed",
    "Nights (22:00 to 06:00 in the policy's time zone) in which a person was paged, each night of each person once.",
    Unit.COUNT,
)
WEEKENDS = Definition(
    "weekends_disturbed",
    "Weekends disturbed",
    "Weeks in which a person was paged on a day that is no working day, each once.",
    Unit.COUNT,
)
ACTIONS = Definition(
    "actions_on_time",
    "Action items on time",
    "Of the action items due in the period, the share done by the end of the day when they were due. Dropped ones are"
    " left out.",
    Unit.SHARE,
    lower_is_better=False,
)
REVIEWS = Definition(
    "reviews_on_time",
    "Reviews on time",
    "Of the reviews due in the period, the share approved first by then. False alarms and merged incidents need none.",
    Unit.SHARE,
    lower_is_better=False,
)
AGREED = Definition(
    "judge_agreed",
    "Agreement with the judge",
    "Of the reports to which people gave a severity, or that they dismissed, the share to which Tocsin gave the same.",
    Unit.SHARE,
    lower_is_better=False,
)
HELPED = Definition(
    "suggestions_helped",
    "Suggestions that helped",
    "Of the past incidents shown in the first three places and voted on, the share that most voters found helpful.",
    Unit.SHARE,
    lower_is_better=False,
)

# How they are shown on the page.
GROUPS: tuple[tuple[str, tuple[Definition, ...]], ...] = (
    ("Incidents", (DECLARED, SECURITY, OPEN, MERGED)),
    ("Response", (DETECT, DECLARE, ACKNOWLEDGE, RESPONSES, MITIGATE, RESOLVE)),
    ("How often", (BETWEEN, REOPENED, RECURRED)),
    ("False positives", (FALSE_ALARMS, FALSE_ANSWERS, FALSE_BY_REPORTER, FALSE_BY_ALARM)),
    ("What helped", (PLAYBOOK, AGREED, HELPED)),
    ("Pages", (PAGES, LATE_PAGES, NIGHTS, WEEKENDS)),
    ("Follow-up", (ACTIONS, REVIEWS)),
)

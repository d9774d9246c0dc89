"""What can go wrong, each named by the fact and carrying the sentence that the person reads."""

from collections.abc import Mapping


class TocsinError(Exception):
    """Base of every refusal that a person reads; `str(error)` is the sentence to show."""


class InvalidPolicy(TocsinError):
    """A policy or knowledge file says something that cannot be followed."""


class InvalidSettings(TocsinError):
    """The environment lacks a setting or holds one that cannot be used."""


class UnknownIncident(TocsinError):
    """No incident goes by that reference, or the channel is not an incident's."""


class TransitionRefused(TocsinError):
    """An incident cannot go from its status to the one asked for."""


class BadRequest(TocsinError):
    """What a person typed or sent cannot be understood; the sentence says what to type."""


class FormRefused(BadRequest):
    """What was filled in cannot be taken; `by_field` has the sentence for each input, by its block."""

    def __init__(self, by_field: Mapping[str, str]) -> None:
        super().__init__(" ".join(by_field.values()))
        self.by_field = by_field


class NotAllowed(TocsinError):
    """Somebody may not do what they asked for; the sentence says who may, and whom to ask."""


class InvalidKnowledge(InvalidPolicy):
    """A knowledge file cannot be read as an entry; the sentence names file, line and reason."""

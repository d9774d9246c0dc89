"""The edge of the bot: what a listener raises becomes a sentence for the person, never a traceback in Slack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from procrastinate.exceptions import ConnectorException
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.errors import TocsinError
from bot.slack.refusals import LATE_TRIGGER, Refused, TryAgain, sentence

log = structlog.get_logger(__name__)

_STORAGE = "Tocsin cannot reach its database right now, so nothing was changed. Try again in a moment."
_SLACK = "Slack did not answer Tocsin in time, so nothing was changed. Try again."
_LATE = "The form could not open in time, as Slack allows three seconds for it. Nothing was changed. Try again."
_OTHER = (
    "Something went wrong inside Tocsin and was written to its log. Nothing was changed. "
    "Try again, or contact whoever runs Tocsin."
)


@contextmanager
def reporting_errors(tell: Callable[[str], object], *, again: bool = False, **facts: object) -> Iterator[None]:
    """Run the body; on any error log it where it is ours, and call `tell` with a sentence for the person.

    With `again` an error of the database is raised: whoever sent this will send it once more.
    """
    with structlog.contextvars.bound_contextvars(**facts):
        try:
            yield
        except (TryAgain, Refused) as error:
            log.warning("slack did not do it", error=str(error))
            _say(tell, _sentence(error))
        except TocsinError as refusal:
            _say(tell, str(refusal))
        except (OperationalError, InterfaceError, PoolTimeout, ConnectorException) as error:
            log.error("the database is away", error=str(error).partition("\n")[0])
            if again:
                raise
            _say(tell, _STORAGE)
        except SQLAlchemyError:
            log.exception("database error in a listener")
            if again:
                raise
            _say(tell, _STORAGE)
        except Exception:  # a way in: whatever it was, the person must hear something
            log.exception("error in a listener")
            _say(tell, _OTHER)


def _sentence(error: TryAgain | Refused) -> str:
    if isinstance(error, TryAgain):
        return _SLACK
    if error.error in LATE_TRIGGER:
        return _LATE
    return sentence("do that", error.refusal, "Nothing was changed.")


def log_only(text: str) -> None:
    """Where nobody waits for an answer, as with events: the log hears it."""
    log.warning("event was not taken in", reason=text)


def _say(tell: Callable[[str], object], sentence: str) -> None:
    try:
        tell(sentence)
    except Exception:  # the way back to the person is broken too: the log is all that is left
        log.exception("could not tell the person", sentence=sentence)

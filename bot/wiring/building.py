"""Settings → database, policy, judge and memory: what commands need that never call out."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.context import SpawnProcess

import structlog
from sqlalchemy.exc import ArgumentError, OperationalError

from bot.aws.alarm_states import Reading
from bot.context import Policy
from bot.errors import InvalidSettings
from bot.incidents.queries import incidents
from bot.lifecycle.pages.pagers import Hooks
from bot.memory.entries.entries import Entry, read_entries
from bot.memory.flows.live import LiveMemory, Memory
from bot.memory.index.documents import Document, passages_of
from bot.memory.index.index import Index, index_of
from bot.memory.meaning.encoder import encoder_in
from bot.memory.meaning.vectors import Meanings, meanings_of
from bot.pagers.links import sign_answer_link
from bot.pagers.outlet import Pagers
from bot.pagers.sender import build_sender
from bot.reviews.flows.editing import assemble
from bot.reviews.rules.document import Review
from bot.settings import Settings, read_pager_secret, read_tracker_secret
from bot.severity.judge.judge import Judge, check_examples, is_fitted, judge_of, load_judge
from bot.severity.policy import load_severity
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import behind, upgrade
from bot.wiring.policy import load_policy

log = structlog.get_logger(__name__)


@contextmanager
def open_database(
    settings: Settings, *, migrate: bool = False, connections: int = 30, lost: Callable[[str], None] | None = None
) -> Iterator[Database]:
    """The configured database, or the embedded one. The embedded one is always migrated, another only with `migrate`.

    Where `lost` is given, an embedded one that dies is started again; see `embedded_postgres`.
    Raises InvalidSettings where the database does not answer, or is behind and may not be migrated here.
    """
    with ExitStack() as stack:
        url = settings.database_url or stack.enter_context(embedded_postgres(settings.data_folder / "postgres", lost))
        try:
            database = Database(url, connections=connections)
        except (ArgumentError, ValueError):  # the messages repeat the address, password included
            raise InvalidSettings("DATABASE_URL must look like postgresql://user:password@host/name.") from None
        stack.callback(database.close)
        sentence = _behind(database)
        if sentence and (migrate or settings.database_url is None):
            upgrade(database.engine)
        elif sentence:
            raise InvalidSettings(sentence)
        yield database


def _behind(database: Database) -> str | None:
    try:
        return behind(database.engine)
    except OperationalError as error:
        reason = str(error.orig).splitlines()[0]
        raise InvalidSettings(
            f"The database is not responding ({reason}). Start it, or correct DATABASE_URL; see `tocsin doctor`."
        ) from error


def build_policy(settings: Settings) -> Policy:
    """Raises InvalidPolicy with file, line and reason."""
    return load_policy(settings.knowledge_folder / "policy")


def build_judge(settings: Settings) -> Judge:
    """Raises InvalidPolicy with file, line and reason, and InvalidSettings where TOCSIN_EMBEDDINGS is no encoder."""
    return judge_of(settings.knowledge_folder, settings.data_folder / "cache", encoder_in(settings.embeddings_folder))[
        0
    ]


def build_matrix(settings: Settings) -> Judge:
    """The written matrix alone, for as long as the models are being fitted.

    Raises InvalidPolicy for what would keep them from being fitted, with file, line and reason.
    """
    policy = load_severity(settings.knowledge_folder / "policy" / "severity.yaml")
    check_examples(settings.knowledge_folder / "training")
    return load_judge(policy, None, None)


def is_judge_fitted(settings: Settings) -> bool:
    """Whether `build_judge` would read the models back. Raises InvalidPolicy, and InvalidSettings."""
    return is_fitted(settings.knowledge_folder, settings.data_folder / "cache", encoder_in(settings.embeddings_folder))


def warm_judge(settings: Settings) -> None:
    """Have a child process fit the judge where the cache does not hold it, and wait for it, see `fitting_process`."""
    if not is_judge_fitted(settings):
        child = fitting_process(settings)
        child.start()
        child.join()


def fitting_process(settings: Settings, nice: int = 0) -> SpawnProcess:
    """A child process, not started yet, that fits the judge into the cache; `nice`: to all else that runs.

    Fitting loads scikit-learn, which would stay in this process's memory for its whole life (130 MB). A child that
    fails does no harm: then `build_judge` fits here, and says what is wrong.
    """
    return multiprocessing.get_context("spawn").Process(target=_fit_apart, args=(settings, nice), daemon=True)


def _fit_apart(settings: Settings, nice: int) -> None:
    """Not for longer than whoever waits for it lives."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    os.nice(nice)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    build_judge(settings)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def build_memory(settings: Settings) -> Memory:
    """The knowledge folder, read and indexed. Raises InvalidKnowledge with file, line and reason."""
    entries = [entry for entry in read_entries(settings.knowledge_folder) if entry.archived_at is None]
    meanings = build_meanings(settings)
    if meanings is not None:
        meanings.learn(passages_of(entries))
    return Memory(build_search(settings, entries, meanings), {entry.ref: entry for entry in entries})


def build_meanings(settings: Settings) -> Meanings | None:
    """What sentences mean, where TOCSIN_EMBEDDINGS names an encoder. Raises InvalidSettings where it is none."""
    return meanings_of(settings.embeddings_folder, settings.data_folder / "cache")


def build_live_memory(settings: Settings, database: Database) -> LiveMemory:
    """The knowledge folder and what the database adds to it. Raises InvalidKnowledge with file, line and reason."""
    meanings = build_meanings(settings)

    def fit(entries: list[Entry]) -> Index:
        return build_search(settings, entries, meanings)

    return LiveMemory(database, read_entries(settings.knowledge_folder), fit, meanings)


def build_search(settings: Settings, items: list[Entry] | list[Document], meanings: Meanings | None = None) -> Index:
    """The index over these entries or documents, fitted or read back from the cache."""
    return index_of(settings.knowledge_folder, settings.data_folder / "cache", items, meanings=meanings)


def build_trackers() -> Pagers:
    """How issue trackers are asked: lists of issues are longer than what a pager answers."""
    return Pagers(read_tracker_secret, build_sender(largest=4_000_000))


def build_pagers(settings: Settings) -> Pagers:
    """How pagers are asked. Nothing is loaded before the first page that goes to one.

    Pages carry a link that answers them where the outside has an address for it.
    """
    key, address = settings.link_key, settings.web_url

    def answer_link(page_key: str) -> str:
        return sign_answer_link(address, key, page_key) if key and address else ""

    return Pagers(read_pager_secret, build_sender(), answer_link)


def build_hooks(settings: Settings) -> Hooks:
    """By what the pagers' webhooks and the links of pages are known to be real."""
    token = settings.opsgenie_webhook_token
    return Hooks(
        tuple(secret.get_secret_value() for secret in settings.pagerduty_webhook_keys),
        token.get_secret_value() if token else None,
        settings.link_key,
    )


def review_finder(database: Database) -> Callable[[str], Review | None]:
    """A function from an incident's reference to its current review."""

    def find(ref: str) -> Review | None:
        with database.transaction() as session:
            row = incidents.find_by_ref(session, ref)
            return assemble(session, row) if row else None

    return find


def build_archive(settings: Settings) -> Callable[[str, bytes, str], None] | None:
    """How to keep approved reviews in S3; None where no bucket is named. Raises InvalidSettings."""
    if not settings.archive_bucket:
        return None
    if settings.aws_region is None:
        raise InvalidSettings("AWS_REGION is not set: TOCSIN_ARCHIVE_BUCKET needs it.")
    from bot.aws.archive import archiver
    from bot.aws.operations import ARCHIVE
    from bot.aws.session import clients

    return archiver(clients(settings.aws_region, ARCHIVE), settings.archive_bucket, settings.archive_prefix)


def build_alarms(settings: Settings) -> Callable[[Sequence[str], Sequence[str]], Reading] | None:
    """How to read CloudWatch alarms; None where no region is set, or where boto3 is not installed."""
    if settings.aws_region is None:
        return None
    from bot.aws.alarms import alarm_reader
    from bot.aws.operations import ALARMS
    from bot.aws.session import clients

    try:
        return alarm_reader(clients(settings.aws_region, ALARMS))
    except InvalidSettings as missing:  # a region may be set for other programs: nothing asked for alarms
        log.info("CloudWatch alarms are not looked up", reason=str(missing))
        return None

"""Settings → database, policy, judge and memory: what commands need that never call out."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy.exc import ArgumentError, OperationalError

from bot.context import Policy
from bot.errors import InvalidSettings
from bot.incidents.queries import incidents
from bot.memory.entries.entries import Entry, read_entries
from bot.memory.flows.live import LiveMemory, Memory
from bot.memory.index.documents import Document, passages_of
from bot.memory.index.index import Index, index_of
from bot.memory.meaning.vectors import Meanings, meanings_of
from bot.reviews.flows.editing import assemble
from bot.reviews.rules.document import Review
from bot.settings import Settings
from bot.severity.judge.judge import Judge, is_fitted, judge_of
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import behind, upgrade
from bot.wiring.policy import load_policy


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
    """Raises InvalidPolicy with file, line and reason."""
    return judge_of(settings.knowledge_folder, settings.data_folder / "cache")[0]


def warm_judge(settings: Settings) -> None:
    """Have a child process fit the judge where the cache does not hold it.

    Fitting loads scikit-learn, which would stay in this process's memory for its whole life (130 MB). A child that
    fails does no harm: then `build_judge` fits here, and says what is wrong.
    """
    knowledge, cache = settings.knowledge_folder, settings.data_folder / "cache"
    if not is_fitted(knowledge, cache):
        child = multiprocessing.get_context("spawn").Process(target=judge_of, args=(knowledge, cache))
        child.start()
        child.join()


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


def review_finder(database: Database) -> Callable[[str], Review | None]:
    """A function from an incident's reference to its current review."""

    def find(ref: str) -> Review | None:
        with database.transaction() as session:
            row = incidents.find_by_ref(session, ref)
            return assemble(session, row) if row else None

    return find

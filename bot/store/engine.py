"""The engine; `transaction()`, the only place in the product that commits, and `reading()` for what only reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import ORMExecuteState, Session

from bot.store.connection import LimitedConnection, connect_arguments


def driver_url(url: str) -> str:
    """The URL with SQLAlchemy's name of the psycopg 3 driver, whichever spelling was given."""
    return re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", url)


def _connect(_dialect: object, _record: object, arguments: list[Any], named: dict[str, Any]) -> LimitedConnection:
    return LimitedConnection.connect(*arguments, **named)


class _ReadingSession(Session):
    """Each statement stands for itself, so what writes or locks is refused: half of it would last."""

    def flush(self, objects: Any = None) -> None:
        if self.new or self.dirty or self.deleted:
            raise RuntimeError("rows were changed while only reading; use transaction()")


@event.listens_for(_ReadingSession, "do_orm_execute")
def _refuse_to_write(state: ORMExecuteState) -> None:
    writes = state.is_insert or state.is_update or state.is_delete
    if writes or getattr(state.statement, "_for_update_arg", None) is not None:
        raise RuntimeError("a statement writes or locks while only reading; use transaction()")


class Database:
    """One PostgreSQL. Opened by the wiring, handed to every way in."""

    def __init__(self, url: str, *, connections: int = 30) -> None:
        self.url = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql://", url)
        self.engine: Engine = create_engine(
            driver_url(url),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=2,
            pool_pre_ping=True,  # after a restart of the server nobody meets a dead connection
            connect_args=connect_arguments(),
            hide_parameters=True,  # an error names its statement, and never what people wrote
        )
        event.listen(self.engine, "do_connect", _connect)
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of work: committed when the block ends, rolled back when it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """For what only reads: no transaction is begun and ended, which costs two round trips less.

        Each statement sees what is committed when it begins, as in a transaction. Raises RuntimeError for one that
        writes.
        """
        with _ReadingSession(self._reading, expire_on_commit=False) as session:
            yield session
            session.flush()  # rows that were changed would be lost without a word

    def answers(self) -> bool:
        """True when a query comes back; raises what the driver raises otherwise."""
        with self.engine.connect() as connection:
            return bool(connection.execute(text("select 1")).scalar())

    def close(self) -> None:
        self.engine.dispose()


def may_write(session: Session) -> bool:
    """False on a standby, or where the database was set to read only."""
    return bool(session.execute(text("show transaction_read_only")).scalar_one() == "off")

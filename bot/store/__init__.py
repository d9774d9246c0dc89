"""PostgreSQL: the engine, the tables, queries as functions of a session, and the outbox.

`transaction()` holds the only commit.
"""

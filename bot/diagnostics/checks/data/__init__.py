"""Where data is kept or waits: databases, tables, caches, buckets, queues."""

"""Background work: read in a transaction, call out with none open, record in a transaction. Every job may run twice."""

"""Queries of runs, their steps and the ledger."""

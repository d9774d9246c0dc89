"""Severity: the written matrix and the judge."""

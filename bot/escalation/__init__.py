"""Escalation: who is paged when, by the matrix, the calendar and the roster; pages, digests, who is on call."""

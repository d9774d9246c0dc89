"""Retention: what is not kept for ever."""

"""Queries of incidents and of the timeline."""

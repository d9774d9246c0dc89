"""Measurements, printed as figures beside their bounds.

Nothing here passes or fails: `make bench` shows, people judge.
"""

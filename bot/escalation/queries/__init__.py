"""Queries of pings, the roster, user groups and messages sent beside pages."""

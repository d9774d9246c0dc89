"""The one place that builds things: settings → database, policy, judge, memory, Slack client, worker, pages.

A package rather than a file so that commands which need no Slack do not wait for its libraries to load.
"""

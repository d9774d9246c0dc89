"""Pages, ladders, digests and rosters as Slack shows them. Pure."""

"""`tocsin demo`: the local Slack in this process, the real bot in another, and a story that is played."""

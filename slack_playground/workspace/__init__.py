"""The state of one workspace: channels, messages, people, time."""

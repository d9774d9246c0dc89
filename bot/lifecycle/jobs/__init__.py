"""The incident's channel, its card and mirror, App Home, offers of command, and reading back what was missed."""

"""Answers to reports and questions about them, as Block Kit. Pure."""

"""Drafting, editing and approving a review; action items; reminders. Never commits, never calls out."""

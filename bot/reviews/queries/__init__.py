"""Queries of reviews, their drafts and action items."""

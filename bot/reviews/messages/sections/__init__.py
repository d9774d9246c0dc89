"""The sections of a review, each from the facts to its lines. Pure."""

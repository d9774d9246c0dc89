"""Figures: how far the judge and the people agree, how often suggestions helped, what an edited matrix would change."""

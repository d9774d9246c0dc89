"""Judging severity and finding similar incidents.

Deterministic and explained; scikit-learn lives here and nowhere else.
"""

"""Decisions about runs: start, decide a step, assign, stop; what falls due; what becomes of an incident's runs."""

"""Judging a report and keeping what people press on its answer; suggesting another severity."""

"""Payloads on their way to the app, by Socket Mode and by HTTP, and the faults that may be asked for."""

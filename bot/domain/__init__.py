"""The ground floor: facts and rules of incident response. Standard library only; no I/O, no clock, no randomness."""

"""The index of similar incidents: deterministic, explained, fitted once and changed one entry at a time."""

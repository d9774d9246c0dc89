"""What the status page says, computed from what was published, and what may not stand on it. Pure."""

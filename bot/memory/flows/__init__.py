"""Learning entries, what is known at a moment on every replica, and votes on suggestions."""

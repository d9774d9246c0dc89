"""Recording what happened, now or for an earlier time."""

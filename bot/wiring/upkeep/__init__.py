"""What the worker does besides jobs: waking escalation plans, housekeeping, periodic tasks, and the rule of retries."""

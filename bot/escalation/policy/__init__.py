"""calendar.yaml, contacts.yaml, escalation.yaml and imported schedules, validated."""

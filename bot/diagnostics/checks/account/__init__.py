"""What belongs to no one server: who changed what, roles, quotas, logs, topics, workflows."""

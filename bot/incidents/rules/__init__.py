"""An incident, its statuses, the entries of its timeline, its responders. Standard library only."""

"""What people read of alarms. Pure."""

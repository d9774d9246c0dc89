"""What people read of reviews and action items. Pure."""

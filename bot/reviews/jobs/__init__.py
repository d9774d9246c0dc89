"""What people hear of reviews and action items, the canvas and the archive."""

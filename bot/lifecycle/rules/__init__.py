"""What an incident's life consists of. Pure."""

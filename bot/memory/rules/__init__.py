"""What looks like a text, and how often the same trouble has come. Pure."""

"""How often the same trouble has come. Pure."""

"""People's own documents into entries."""

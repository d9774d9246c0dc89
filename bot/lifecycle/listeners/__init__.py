"""Commands, buttons, forms and shortcuts that change an incident. Each is one transaction."""

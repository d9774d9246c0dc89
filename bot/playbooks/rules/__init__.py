"""Pure: the text of a run, its windows, placeholders in commands, commands found in notes."""

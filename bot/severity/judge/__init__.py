"""The judge: a message to facts, facts to a severity, with the words that decided."""

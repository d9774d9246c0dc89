"""Reads knowledge/policy/*.yaml into validated domain objects. A bad file is refused with its name, line and reason."""

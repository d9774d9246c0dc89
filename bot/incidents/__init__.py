"""The incident and its record: the model, its timeline, who may see it."""

"""Who is let in: what each button and form takes, and what somebody is in the workspace."""

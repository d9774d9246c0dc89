"""/incident playbook, the buttons of a run and its forms."""

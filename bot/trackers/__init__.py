"""Action items as issues in Jira, GitHub and GitLab: created once, and closed in either place."""

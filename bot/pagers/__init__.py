"""Services outside Slack that wake people: what each is asked, what its answer means, and what it says back."""

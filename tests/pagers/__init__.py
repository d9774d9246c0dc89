"""Services outside Slack: their contracts, what their answers mean, and their webhooks."""

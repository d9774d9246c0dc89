"""Block Kit and views as Slack accepts them."""

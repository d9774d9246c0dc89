"""A local Slack: Web API, Socket Mode and a page. Speaks Slack's protocol; knows nothing of the bot."""

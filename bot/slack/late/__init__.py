"""What takes longer than Slack waits: acknowledged in time, and answered when it is done."""

"""What several folders of tests share: the stage that a bot runs on, jobs, rows, services to talk to."""

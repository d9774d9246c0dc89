"""What is posted about reports: answers, suggested severities."""

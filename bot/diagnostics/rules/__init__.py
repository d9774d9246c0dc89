"""What a finding is, what a request names, and how figures compare. Pure."""

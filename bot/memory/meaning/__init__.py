"""Optional: what sentences mean, as vectors of a sentence encoder that runs on this machine (extra `meaning`)."""

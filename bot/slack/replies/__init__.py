"""What people are answered: at once or late, privately, and where something went wrong."""

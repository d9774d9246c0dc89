"""What is past its time, and what is of one person."""

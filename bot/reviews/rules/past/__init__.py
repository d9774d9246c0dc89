"""What a review takes from past incidents. Pure."""

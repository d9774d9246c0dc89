"""What each issue tracker is asked, and what its answers and webhooks mean. Pure: none of them calls out."""

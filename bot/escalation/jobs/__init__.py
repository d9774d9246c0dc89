"""Pages, digests, mail and text messages beside a page, and who is in a user group."""

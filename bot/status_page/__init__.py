"""The public status page: what a person published of an incident, as a page, JSON, a feed, and files."""

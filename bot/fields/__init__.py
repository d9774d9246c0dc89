"""Types of incidents and custom fields, by policy: what they hold, and the values that an incident has."""

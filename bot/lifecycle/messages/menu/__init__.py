"""The menu of /incident and the forms that it opens."""

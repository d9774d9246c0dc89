"""What AWS knows: read-only checks of one resource, each finding with its figure and the known failure it points to."""

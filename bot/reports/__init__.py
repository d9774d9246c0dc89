"""Reports: what is heard in the announcement channel is judged, answered and corrected."""

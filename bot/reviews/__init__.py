"""Post-incident reviews: drafted, edited, approved, archived; and the action items that come of them."""

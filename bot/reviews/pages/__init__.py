"""The page of a review, and its document to take along."""

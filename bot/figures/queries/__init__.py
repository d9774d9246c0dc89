"""What the figures are measured from: aggregates in SQL, and judged reports."""

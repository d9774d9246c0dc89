"""What the figures are measured from, and judging again under an edited matrix. Reads only."""

"""What the figures are: definitions, periods of the calendar, and agreement with the judge. Pure."""

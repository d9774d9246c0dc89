"""knowledge/policy/severity.yaml: levels, the rows of the matrix, and the company's own names for what can break."""

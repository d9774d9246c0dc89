"""One file per verb: decide, write rows, enqueue. Never commits, never calls out."""

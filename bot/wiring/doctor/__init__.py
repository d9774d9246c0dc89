"""`tocsin doctor`: looks at everything that Tocsin stands on, and says of each thing that is wrong how to fix it."""

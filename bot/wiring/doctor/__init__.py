"""`tocsin doctor`: checks everything Tocsin depends on, and says how to fix what is wrong."""

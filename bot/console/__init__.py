"""The commands of the command line, a file for each topic: they parse, wire and print, and decide nothing.

Each command imports the libraries that only it needs, which keeps the others fast to start.
"""

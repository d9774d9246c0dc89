"""The commands of the command line, a file for each thing they are about: they parse, wire and print.

They decide nothing. Libraries that a command does not need are loaded by those that do.
"""

"""Instances, their network and their groups."""

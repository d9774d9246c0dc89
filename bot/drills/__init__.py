"""Drills: exercises that are real and marked, and past incidents replayed as one."""

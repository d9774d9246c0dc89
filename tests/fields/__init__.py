"""Tests of types and custom fields."""

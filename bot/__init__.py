"""Tocsin: a self-hosted incident-response bot for Slack. The map of its storeys is in the README."""

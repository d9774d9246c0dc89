"""Alarms of CloudWatch, Alertmanager, Grafana and other senders: what they say, and how that is judged."""

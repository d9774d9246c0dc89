"""What alarms.yaml says: how alarms are treated, and how the JSON of other senders is read."""

"""Reading what senders of alarms deliver. Pure: nothing that is delivered raises."""

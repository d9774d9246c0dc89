"""Which of two places changed since both last agreed, and which tracker an item goes to. Pure."""

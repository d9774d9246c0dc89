"""Taking alarms in: rows and jobs, decided in the transaction of whoever received them."""

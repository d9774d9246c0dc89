"""The words of incidents: phrases and the facts they stand for, and other languages in English."""

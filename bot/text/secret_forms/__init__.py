"""Forms of secrets, as data for `bot.text.masking`."""

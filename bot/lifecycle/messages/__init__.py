"""The card, the forms, App Home, lists and answers, as Block Kit. Pure."""

"""An incident from declaring to closing: verbs, the card, the channel, and what follows each change."""

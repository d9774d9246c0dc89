"""Memory: past incidents, playbooks and guides; importing and learning them; finding what looks alike."""

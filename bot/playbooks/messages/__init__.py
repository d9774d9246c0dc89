"""Every sentence and block about playbooks. Pure."""

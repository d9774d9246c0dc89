"""Pages: how playbooks did, and the knowledge to read, search and edit."""

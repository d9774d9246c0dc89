"""The demo's AWS: moto's server in a process of its own, with a shop in it that is broken in known ways."""

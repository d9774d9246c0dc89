"""Ways in and out: what buttons and forms take, what somebody is in the workspace, the socket, clients of AWS."""

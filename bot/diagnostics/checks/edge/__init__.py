"""What requests pass on their way in: DNS, caches, gateways, load balancers."""

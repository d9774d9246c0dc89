"""What those who run Tocsin see of it: health, readiness and figures for Prometheus."""

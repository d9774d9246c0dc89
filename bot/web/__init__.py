"""Pages and health over HTTP (Starlette)."""

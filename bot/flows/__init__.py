"""One file per verb. A flow takes a session and now, decides, writes rows and enqueues what must be said.

It never commits and never calls out.
"""

"""Commands in playbooks, guides and other entries, checked without being run. Loaded only by `tocsin knowledge check`
and `import`: bashlex, botocore's service models and sqlglot take their time.
"""

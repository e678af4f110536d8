"""The HTTP API: what the command line reads, for other programs to ask for. See docs/api.md.

`app.create` makes the ASGI application; `python -m recognizer api` runs it, and serve.py mounts it.
"""

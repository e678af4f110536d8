"""What stands before Streamlit on a server that others reach: ASGI middleware, see serve.py."""

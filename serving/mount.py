"""Another application beside Streamlit, which has limits of its own."""

from serving.headers import App, Receive, Scope, Send


class Mount:
    """ASGI middleware: requests below a path go to another application, as they are."""

    def __init__(self, app: App, path: str, mounted: App) -> None:
        """Stand before an app.

        Args:
            app: which serves all other requests.
            path: as `/api`.
            mounted: serves what is below that path.
        """
        self._app, self._path, self._mounted = app, path, mounted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        inside = scope["type"] == "http" and f"{scope['path']}/".startswith(f"{self._path}/")
        await (self._mounted if inside else self._app)(scope, receive, send)

"""`api` and `api-keys`: the HTTP API without the pages, and who may ask it from elsewhere."""

import argparse
import json
import logging
import socket

from recognizer.errors import SettingError, reason
from recognizer.system import action_log, log_rate, origin

HOST, PORT = "127.0.0.1", 8602
KEEP_ALIVE_SECONDS = 15
CONNECTIONS = 200  # open at once; more are answered with 503


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add these commands to the command line."""
    serving = commands.add_parser("api", help="answer programs over HTTP, see docs/api.md")
    serving.add_argument("--host", default=HOST, help=f"to listen on (default: {HOST})")
    serving.add_argument(
        "--port", type=_port, default=PORT, help=f"0 for any free one (default: {PORT})"
    )
    serving.set_defaults(run=serve)
    of_keys = commands.add_parser("api-keys", help="make, list and revoke API keys")
    actions = of_keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    adding = actions.add_parser("add", help="make a key and print it, this once")
    adding.add_argument("name", metavar="NAME", help="of the program that gets it")
    adding.set_defaults(run=add)
    listing = actions.add_parser("list", help="list the keys' names")
    listing.add_argument("--json", action="store_true", help="print one JSON document")
    listing.set_defaults(run=list_keys)
    revoking = actions.add_parser("revoke", help="make a key worthless, at once")
    revoking.add_argument("name", metavar="NAME")
    revoking.set_defaults(run=revoke)


def serve(options: argparse.Namespace) -> None:
    """Serve until Ctrl-C."""
    import uvicorn

    from recognizer.api import app, keys

    exposed = origin.is_exposed() or not origin.is_local_name(options.host)
    if exposed and not keys.all_keys():
        raise SettingError(
            f"Others can reach {options.host}, and there is no API key: make one with "
            "`python -m recognizer api-keys add NAME`, or listen on 127.0.0.1."
        )
    served = app.create(exposed=exposed)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    log_rate.bound()
    with _socket(options.host, options.port) as listening:
        port = listening.getsockname()[1]
        host = f"[{options.host}]" if ":" in options.host else options.host
        print(f"The API answers: http://{host}:{port}{app.ROOT}/docs", flush=True)
        config = uvicorn.Config(
            served,
            access_log=False,  # addresses can hold what is nobody's business
            log_config=None,
            lifespan="off",
            limit_concurrency=CONNECTIONS,
            proxy_headers=False,  # who came through a proxy did not come from this machine
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            ws="none",
        )
        uvicorn.Server(config).run(sockets=[listening])


def add(options: argparse.Namespace) -> None:
    """Make a key."""
    from recognizer.api import keys

    token = keys.add(options.name)
    action_log.write("local", "command line", "add-api-key", options.name, action_log.DONE)
    print(token)


def list_keys(options: argparse.Namespace) -> None:
    """List the keys, without their tokens, which are not kept."""
    from recognizer.api import keys

    found = keys.all_keys()
    if options.json:
        print(json.dumps([{"name": one.name, "created": one.created} for one in found], indent=2))
        return
    for one in found:
        print(f"{one.name}\t{one.created}")


def revoke(options: argparse.Namespace) -> None:
    """Revoke a key."""
    from recognizer.api import keys

    keys.revoke(options.name)
    action_log.write("local", "command line", "revoke-api-key", options.name, action_log.DONE)
    print(f"{options.name} is revoked.")


def _socket(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=CONNECTIONS)
        # An answer goes out in two parts: else the second waits for the client's word, 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise SettingError(
            f"{host}:{port} cannot be listened on ({reason(error)}): choose another --host or "
            "--port."
        ) from error


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:6]) < 65536:
        return int(text[:6])
    raise argparse.ArgumentTypeError(f"{text!r}: expected a number from 0 to 65535")

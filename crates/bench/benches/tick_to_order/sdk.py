"""A program on the official SDK: reads frames from a socket, places an order for each, and says with a byte that it is done.

Started by the bench `tick_to_order`: `sdk.py FEED_PORT ORDER_PORT`, the private key in BENCH_KEY.
"""

import json
import os
import socket
import struct
import sys

import kalshi_python_sync as kalshi

feed = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
feed.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
settings = kalshi.Configuration(host=f"http://127.0.0.1:{sys.argv[2]}/trade-api/v2", retries=0)
settings.api_key_id, settings.private_key_pem = "5f0c2b8e-6a77-4d0e-9a55-0d0f7d6f1c11", os.environ["BENCH_KEY"]
client = kalshi.KalshiClient(settings)


def take(count):
    """Exactly so many bytes; the end of the connection is the end of the program."""
    data = b""
    while len(data) < count:
        part = feed.recv(count - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


number = 0
while True:
    length = take(2)[1]
    if length == 126:
        length = struct.unpack(">H", take(2))[0]
    message = json.loads(take(length))["msg"]
    number += 1
    client.create_order_v2(
        ticker=message["market_ticker"], side="bid", count="10.00", price=message["price_dollars"],
        client_order_id=f"s-{number}", time_in_force="immediate_or_cancel",
        self_trade_prevention_type="taker_at_cross")
    feed.sendall(b".")

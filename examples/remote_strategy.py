#!/usr/bin/env python3
"""A market maker outside of Brier: one bid and one ask around the middle, moved against what it holds.

Run it beside `brier run` with a `[remote]` section and a strategy of kind `remote`:

    pip install websockets
    python examples/remote_strategy.py ws://127.0.0.1:8765 maker kalshi:TICKER TOKEN_FILE

It sees the same view as a strategy inside, and what it wants passes the same risk. When it goes away, everything it wanted
to have resting is taken back.
"""

import asyncio
import json
import sys
from decimal import Decimal
from pathlib import Path

import websockets

HALF_SPREAD = Decimal("0.02")  # dollars from the middle
SIZE = Decimal("10")  # contracts of each quote
CAP = Decimal("50")  # most contracts held, either way
SKEW = Decimal("0.03")  # dollars by which both quotes move at the cap


def quotes(view):
    """What shall rest in the market of this view; nothing where its book cannot be believed."""
    others = view["others"]  # best prices without our own quotes, around which we would run away from ourselves
    if not view["book"]["trusted"] or not others["bid"] or not others["ask"] or not view["open_for_orders"]:
        return []
    middle = (Decimal(others["bid"]) + Decimal(others["ask"])) / 2
    held = Decimal(view["position"]["net"])
    skew = SKEW * held / CAP
    wanted = []
    for side, price, room in (
        ("bid", middle - HALF_SPREAD - skew, CAP - held),
        ("ask", middle + HALF_SPREAD - skew, CAP + held),
    ):
        price = min(max(price, Decimal("0.01")), Decimal("0.99")).quantize(Decimal("0.0001"))
        qty = min(SIZE, room)
        if qty > 0:
            wanted.append({"side": side, "price": str(price), "qty": str(qty)})
    return wanted


async def main(url, strategy, market, token):
    async with websockets.connect(url) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token, "strategy": strategy}))
        last, sent = None, 0
        async for text in socket:
            said = json.loads(text)
            if said["type"] == "view" and said["market"] == market:
                wanted = quotes(said)
                if wanted != last:
                    sent += 1
                    last = wanted
                    want = {"type": "want", "id": sent, "quotes": [{"market": market, "quotes": wanted}]}
                    await socket.send(json.dumps(want))
            elif said["type"] == "error":
                print(said["error"], file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    address, name, where, token_file = sys.argv[1:]
    asyncio.run(main(address, name, where, Path(token_file).read_text(encoding="utf-8").strip()))

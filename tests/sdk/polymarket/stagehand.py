"""Sets the stage for checks in other languages: markets, funded wallets, settlement, over a small HTTP service of its own.

So that what is Brier's own stays in `venue.py`: a check in TypeScript or Rust asks for a market or a trader here, and
speaks only the venue's language to the exchange.

    POST /market {"tick": "0.01", ...}       -> the market
    POST /trader {"kind": 3, "usd": "1000"}  -> key and wallet, with credentials that can be derived
    POST /fresh  {"kind": 0}                 -> the same without credentials and money
    POST /fund, /split, /by_hand, /by_itself, /advance, /resolve
"""

import dataclasses
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scenes import another_key
from venue import Market, wallet_of


class StageHand:
    """The service, for one world."""

    def __init__(self, world):
        self.world, self.markets = world, {}
        hand = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    status, answer = 200, getattr(hand, "do_" + self.path.strip("/"))(**json.loads(body or "{}"))
                except Exception as error:  # The check that asked says what could not be set.
                    status, answer = 500, {"error": f"{type(error).__name__}: {error}"}
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def do_market(self, **more):
        market = self.world.market(**more)
        self.markets[market.condition] = market
        return dataclasses.asdict(market)

    def do_trader(self, **more):
        trader = self.world.trader(**more)
        return {"key": trader.key, "address": trader.address, "wallet": trader.wallet, "kind": trader.kind}

    def do_fresh(self, kind=0):
        key = another_key()
        return {"key": key, "kind": kind} | wallet_of(key, kind)

    def do_fund(self, wallet, usd):
        self.world.fund(wallet, usd)

    def do_split(self, wallet, condition, amount):
        self.world.split(wallet, self.market(condition), amount)

    def do_by_hand(self):
        self.world.settle_by_hand()

    def do_by_itself(self):
        self.world.settle_by_itself()

    def do_advance(self, trade, step):
        self.world.advance(trade, step)

    def do_resolve(self, condition, winner):
        self.world.resolve(self.market(condition), winner)

    def market(self, condition) -> Market:
        return self.markets[condition]

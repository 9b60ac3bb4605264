"""The exchange's Polymarket face as its users meet it: an operator, traders with both official Python clients, a raw caller.

Everything is real: one process, signed requests over loopback, wallets of all four kinds. All that is Brier's own, namely
the administration and the ready file, is spoken of in this file alone; the checks speak the venue's language.

Source: reference, sections 3 to 8, 10 and 19, read 2026-11-20.
"""

import contextlib
import dataclasses
import itertools
import json
import pathlib
import secrets
import sys
import threading
import time
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(1, str(pathlib.Path(__file__).parent.parent))

from eth_account import Account
from polymarket import AsyncSecureClient, SecureClient
from polymarket._internal import wallet as wallets
from polymarket._internal.environment import PRODUCTION_CONFIG, create_environment
from polymarket.auth import BuilderApiKey
from process import DEADLINE_SECONDS, equal, http_call
from py_clob_client_v2 import clob_types
from py_clob_client_v2.client import ClobClient
from py_clob_client_v2.exceptions import PolyApiException
from py_clob_client_v2.headers.headers import create_level_2_headers
from py_clob_client_v2.order_utils.model.order_data_v2 import order_to_json_v2
from websockets.sync.client import connect

CHAIN = 137
EOA, PROXY, SAFE, DEPOSIT = range(4)
# From match to block, and from block to final: the clients wait for the first.
SETTLEMENT_MS = 20


@dataclasses.dataclass(frozen=True)
class Market:
    """One condition with its two tokens."""

    condition: str
    yes: str
    no: str
    tick: str
    neg_risk: bool
    question: str
    event: str | None = None


class ChainClock:
    """The one thing the unified client asks a node for before it signs for a deposit wallet: the time of the last block.

    No chain is imitated: every other question is refused.
    """

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                known = asked["method"] == "eth_getBlockByNumber"
                answer = {"result": {"timestamp": hex(int(time.time()))}} if known else {"error": {"code": -32601, "message": "no chain here"}}
                text = json.dumps({"jsonrpc": "2.0", "id": asked["id"]} | answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_words):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()


class World:
    """A running exchange with its operator."""

    def __init__(self, addresses):
        face = addresses["polymarket"]
        self.clob, self.gamma, self.data = face["clob"], face["gamma"], face["data"]
        self.ws, self.relayer, self.rtds = face["ws"], face["relayer"], face.get("rtds")
        self.admin = addresses["admin"]
        self.numbers = itertools.count(1)
        self.parsed = set()
        self.chain_clock = ChainClock()
        self.settle_by_itself()
        self.post("/limits", tier="unlimited")

    # What the operator does.

    def call(self, method, path, body=None):
        answer = http_call(self.admin, method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        assert 200 <= answer.status < 300, f"administration: {method} {path} {body} answered {answer}"
        return answer.json if answer.text.strip() else None

    def post(self, path, **body):
        return self.call("POST", "/polymarket" + path, body)

    def market(self, tick="0.01", neg_risk=False, fee_rate="0", **more):
        """A new market with an order book. Its minimum size is 5 shares unless told otherwise."""
        question = more.pop("question", f"Does check {next(self.numbers)} pass?")
        body = {"question": question, "outcomes": ["Yes", "No"], "tick": tick, "min_size": "5", "neg_risk": neg_risk, "fee_rate": fee_rate}
        made = self.post("/markets", **(body | more))
        yes, no = made["token_ids"]
        return Market(made["condition_id"], yes, no, tick, neg_risk, question, made.get("event_id"))

    def fund(self, address, usd):
        self.post(f"/accounts/{address}/fund", usd=usd)

    def split(self, address, market, amount):
        """Turns dollars into as many shares of both outcomes."""
        self.post(f"/accounts/{address}/split", condition=market.condition, amount=amount)

    def settle_by_itself(self):
        self.post("/settlement", automatic=True, mine_after_ms=SETTLEMENT_MS, confirm_after_ms=SETTLEMENT_MS)

    def settle_by_hand(self):
        """From now on a trade stays matched until `advance` is called."""
        self.post("/settlement", automatic=False)

    @contextlib.contextmanager
    def settling_by_hand(self):
        self.settle_by_hand()
        try:
            yield
        finally:
            self.settle_by_itself()

    def advance(self, trade, step):
        """Mines, confirms, retries or fails a trade."""
        self.post(f"/trades/{trade}/{step}")

    def change_tick(self, market, tick):
        self.post(f"/markets/{market.condition}/tick", tick=tick)

    @contextlib.contextmanager
    def engine(self, mode):
        """Within, the engine is in another state."""
        self.post("/engine", mode=mode)
        try:
            yield
        finally:
            self.post("/engine", mode="normal")

    @contextlib.contextmanager
    def order_version(self, version):
        """Within, the exchange says that it takes orders of another generation."""
        self.post("/version", version=version)
        try:
            yield
        finally:
            self.post("/version", version=2)

    def resolve(self, market, winner):
        """The result stands at once; `winner` is an outcome."""
        self.post(f"/markets/{market.condition}/resolve", result=winner.lower())

    def books_balance(self):
        """Demands that no dollar is made or lost."""
        equal(Decimal(self.call("GET", "/polymarket/ledger")["difference"]), Decimal(0))

    # Who trades.

    def trader(self, kind=EOA, usd="1000"):
        """A new key with its wallet of this kind, funded, with credentials."""
        trader = Trader(self, kind)
        if Decimal(usd) > 0:
            self.fund(trader.wallet, usd)
        return trader

    def get(self, path, base=None):
        """A public read, parsed, nothing else."""
        answer = http_call(base or self.clob, "GET", path)
        equal((path, answer.status), (path, 200))
        return answer.json

    def environment(self):
        """The unified client's settings, pointed here."""
        # Nothing may leave this machine: what is not served here is sent to a port where nobody listens.
        nowhere = {field.name: "http://127.0.0.1:9" for field in dataclasses.fields(PRODUCTION_CONFIG) if field.name.endswith("_url")}
        config = dataclasses.replace(
            PRODUCTION_CONFIG, **nowhere | {
                "clob_url": self.clob, "gamma_url": self.gamma, "data_url": self.data, "relayer_url": self.relayer,
                "rpc_url": self.chain_clock.url, "clob_market_ws_url": self.ws + "/ws/market", "clob_user_ws_url": self.ws + "/ws/user"},
            relayer_poll_frequency_ms=50)
        return create_environment(name="brier", config=config)


def wallet_of(key, kind):
    """The key's address and its wallet of this kind, as the unified client derives it."""
    address, derivation = Account.from_key(key).address, PRODUCTION_CONFIG.wallet_derivation
    derive = {EOA: lambda address, _: address, PROXY: wallets.derive_proxy_wallet_address,
              SAFE: wallets.derive_safe_wallet_address, DEPOSIT: wallets.derive_beacon_deposit_wallet_address}[kind]
    return {"address": address, "wallet": derive(address, derivation)}


class Trader:
    """One key with both clients and a raw caller."""

    def __init__(self, world, kind=EOA):
        self.world, self.kind, self.key = world, kind, "0x" + secrets.token_hex(32)
        found = wallet_of(self.key, kind)
        self.address, self.wallet = found["address"], found["wallet"]
        self.py2 = ClobClient(world.clob, CHAIN, self.key, signature_type=kind, funder=None if kind == EOA else self.wallet)
        self.creds = self.py2.create_or_derive_api_key()
        self.py2.set_api_creds(self.creds)
        self._uni = None

    @property
    def uni(self):
        """The unified client; it makes its own credentials, which are the same ones."""
        if self._uni is None:
            self._uni = SecureClient.create(private_key=self.key, wallet=self.wallet, environment=self.world.environment())
        return self._uni

    def gasless(self):
        """The unified client with a key for the relayer, which carries what wallets sign to the chain."""
        made = self.py2.create_builder_api_key()
        key = BuilderApiKey(key=made["key"], secret=made["secret"], passphrase=made["passphrase"])
        return SecureClient.create(private_key=self.key, wallet=self.wallet, environment=self.world.environment(), api_key=key)

    async def async_uni(self):
        return await AsyncSecureClient.create(private_key=self.key, wallet=self.wallet, environment=self.world.environment())

    def do(self, operation, *args, **kwargs):
        """Calls py-clob-client-v2 and remembers that its answer was parsed."""
        result = getattr(self.py2, operation)(*args, **kwargs)
        self.world.parsed.add(f"py2 {operation}")
        return result

    def ask(self, operation, *args, **kwargs):
        """Calls polymarket-client and remembers that its answer was parsed; pages are read to their end."""
        result = getattr(self.uni, operation)(*args, **kwargs)
        if hasattr(result, "iter_items"):
            result = list(result.iter_items())
        self.world.parsed.add(f"uni {operation}")
        return result

    # Orders, in the few words that most checks need.

    def order(self, token, side, size, price, kind="GTC", post_only=False, **more):
        """Places a limit order through py-clob-client-v2 and returns the reply."""
        arguments = clob_types.OrderArgsV2(token, float(price), float(size), side, **more)
        return self.do("create_and_post_order", arguments, None, kind, post_only)

    def market_order(self, token, side, amount, kind="FAK", price=0):
        arguments = clob_types.MarketOrderArgsV2(token, float(amount), side, float(price), kind)
        return self.do("create_and_post_market_order", arguments, None, kind)

    def signed(self, token, side, size, price, **more):
        return self.do("create_order", clob_types.OrderArgsV2(token, float(price), float(size), side, **more))

    def body(self, signed, kind="GTC", post_only=False, defer_exec=False):
        """What the client would post of a signed order, to be sent as it is or bent."""
        return order_to_json_v2(signed, self.creds.api_key, kind, post_only, defer_exec)

    def post_at_once(self, token, side, size, price, kind="GTC"):
        """Places a limit order and does not wait for the chain, as the clients do."""
        answer = self.raw("POST", "/order", self.body(self.signed(token, side, size, price), kind))
        equal((answer.status, answer.json.get("errorMsg")), (200, ""))
        return answer.json

    def raw(self, method, path, body=None, creds=None):
        """One request signed by the API key, with any body."""
        text = "" if body is None else body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
        request = clob_types.RequestArgs(method, path.split("?")[0], serialized_body=text)
        headers = create_level_2_headers(self.py2.signer, creds or self.creds, request)
        return http_call(self.world.clob, method, path, text or None, headers | {"Content-Type": "application/json"})

    def dollars(self):
        """Balance in dollars."""
        found = self.do("get_balance_allowance", clob_types.BalanceAllowanceParams("COLLATERAL", signature_type=self.kind))
        return Decimal(found["balance"]) / 10**6

    def shares(self, token):
        found = self.do("get_balance_allowance", clob_types.BalanceAllowanceParams("CONDITIONAL", token, self.kind))
        return Decimal(found["balance"]) / 10**6

    def open_ids(self):
        return {order["id"] for order in self.do("get_open_orders")}

    def trades(self, **filters):
        return self.do("get_trades", clob_types.TradeParams(**filters) if filters else None)

    def trade_at(self, trade, status):
        """Reads a trade until it has this status; settlement goes on beside us."""
        return until(lambda: next((found for found in self.trades(id=trade) if bare(found["status"]) == status), None), f"trade {trade} {status}")


class Socket:
    """One WebSocket connection. Frames are read in order and taken apart; nothing is thrown away unseen."""

    def __init__(self, world, path):
        self.connection = connect(world.ws + path, open_timeout=DEADLINE_SECONDS)
        self.waiting, self.seen = [], []

    def __enter__(self):
        self.socket = self.connection.__enter__()
        return self

    def __exit__(self, *problem):
        self.connection.__exit__(*problem)

    def send(self, message):
        self.socket.send(message if isinstance(message, str) else json.dumps(message))

    def text(self):
        """The next frame as it is."""
        try:
            return self.socket.recv(timeout=DEADLINE_SECONDS)
        except TimeoutError:
            raise AssertionError(f"no further frame; the last events were {self.seen[-5:]}") from None

    def next(self):
        """The next event; a frame may hold several."""
        while not self.waiting:
            found = json.loads(self.text())
            self.waiting = found if isinstance(found, list) else [found]
        event = self.waiting.pop(0)
        self.seen.append(event)
        return event

    def until(self, kind, **wanted):
        """Reads on to the first event of this type that has all the wanted values."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            event = self.next()
            if event["event_type"] == kind and all(event.get(key) == value for key, value in wanted.items()):
                return event
        raise AssertionError(f"no `{kind}` with {wanted}; the last events were {self.seen[-5:]}")


def market_socket(world, *tokens, **more):
    socket = Socket(world, "/ws/market")
    socket.first = {"type": "market", "assets_ids": list(tokens)} | more
    return socket


def user_message(trader, *conditions):
    auth = {"apiKey": trader.creds.api_key, "secret": trader.creds.api_secret, "passphrase": trader.creds.api_passphrase}
    return {"type": "user", "auth": auth} | ({"markets": list(conditions)} if conditions else {})


def until(found, what):
    """Asks until there is an answer, for what happens beside us."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        answer = found()
        if answer:
            return answer
        time.sleep(0.01)
    raise AssertionError(f"it did not come: {what}")


def bare(status):
    """A status without the prefix that some replies have."""
    for prefix in ("TRADE_STATUS_", "ORDER_STATUS_"):
        status = status.removeprefix(prefix)
    return status


def refused(status, text, action):
    """Demands that py-clob-client-v2 raises with this status and that the venue's text contains `text`."""
    try:
        result = action()
    except PolyApiException as error:
        equal(error.status_code, status)
        found = error.error_msg["error"] if isinstance(error.error_msg, dict) else str(error.error_msg)
        assert text.lower() in found.lower(), f"expected `{text}`, found `{found}`"
        return found
    raise AssertionError(f"expected {status} `{text}`, found success: {result}")


def refused_raw(answer, status, text):
    """The same of an answer to a raw request."""
    equal(answer.status, status)
    assert text.lower() in answer.json["error"].lower(), f"expected `{text}`, found {answer}"


def amount(text, expected):
    """Demands decimal text of this value: never a number, never base units."""
    assert isinstance(text, str), f"expected text, found {text!r}"
    equal(Decimal(text), Decimal(expected))

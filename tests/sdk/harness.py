"""The exchange as a process, and the people who use it: an operator, traders with an official client, a raw caller.

Everything is real: one process, one port, signed requests over loopback. The exchange's clock is simulated and frozen;
a check that needs time to pass moves it. Signatures carry the machine's own time, as every client's do.

Source: reference, sections 3, 8, 15 and 18, read 2026-11-20.
"""

import base64
import itertools
import json
import pathlib
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import urlsplit

import kalshi_python_sync as kalshi
from kalshi_python_sync.auth import KalshiAuth
from websockets.sync.client import connect

from process import DEADLINE_SECONDS, equal, http_call

# Every operation of the trading path; `run.py` demands that each was parsed from an answer.
OPERATIONS = [
    "get_exchange_status", "get_user_data_timestamp",
    "get_series_list", "get_series", "get_events", "get_event", "get_markets", "get_market",
    "get_market_orderbook", "get_market_orderbooks", "get_trades",
    "get_market_candlesticks", "batch_get_market_candlesticks",
    "get_balance", "get_positions", "get_fills", "get_settlements",
    "get_orders", "get_order", "get_order_queue_position", "get_order_queue_positions",
    "create_order_v2", "amend_order_v2", "decrease_order_v2", "cancel_order_v2",
    "batch_create_orders_v2", "batch_cancel_orders_v2", "cancel_all_orders",
    "get_account_api_limits", "get_account_endpoint_costs",
    "create_order_group", "get_order_groups", "get_order_group", "update_order_group_limit",
    "trigger_order_group", "reset_order_group", "delete_order_group",
]
# The only ones whose answer has no body to parse.
WITHOUT_BODY = {"cancel_all_orders"}


class World:
    """A running exchange with its operator."""

    def __init__(self, addresses):
        self.rest, self.ws, self.admin = addresses["rest"], addresses["ws"], addresses["admin"]
        self.operator = (addresses["key_id"], pathlib.Path(addresses["private_key_path"]).read_text())
        self.numbers = itertools.count(1)
        self.parsed = set()
        self.post("/clock", action="freeze")
        # Order times should read like today's, so that a simulated clock that starts elsewhere is brought here.
        today = datetime.now(timezone.utc).replace(microsecond=0)
        if self.now() < today - timedelta(minutes=1):
            self.post("/clock", action="set", to=rfc3339(today))

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        answer = http_call(self.admin, method, path, json.dumps(body) if body is not None else None, headers)
        assert 200 <= answer.status < 300, f"administration: {method} {path} {body} answered {answer}"
        return answer.json if answer.text.strip() else None

    def post(self, path, **body):
        return self.call("POST", path, body)

    def now(self):
        return datetime.fromisoformat(self.call("GET", "/clock")["now"])

    def step(self, seconds):
        """Moves the exchange's clock on."""
        self.post("/clock", action="step", seconds=seconds)

    def ledger_difference(self):
        return Decimal(self.call("GET", "/ledger")["difference_dollars"])

    def market(self, opened=True, **more):
        """A new series with one event and one market, open unless told otherwise. Returns the market's ticker."""
        series = f"KXSDK{next(self.numbers)}"
        event = f"{series}-27JAN01"
        self.post("/series", ticker=series, title=f"Series {series}", category="Economics", categories=["Economics"],
                  frequency="daily", fee_type="quadratic", fee_multiplier=1)
        self.post("/events", event_ticker=event, series_ticker=series, title=f"Event {event}", sub_title="On 1 January",
                  mutually_exclusive=False, collateral_return_type="")
        return self.another_market(event, "T1", opened, **more)

    def another_market(self, event, suffix, opened=True, **more):
        """One more market of an event that exists."""
        ticker = f"{event}-{suffix}"
        now = self.now()
        body = {"ticker": ticker, "event_ticker": event, "title": f"Market {ticker}", "yes_sub_title": "Above 1",
                "no_sub_title": "1 or below", "rules_primary": "Resolves to Yes if the number is above 1.",
                "open_time": rfc3339(now), "close_time": rfc3339(now + timedelta(days=30))}
        self.post("/markets", **(body | more))
        # Its opening time has come: whether the clock has opened it already or the operator has to is not the matter here.
        if opened and http_call(self.rest, "GET", f"/markets/{ticker}").json["market"]["status"] != "active":
            self.post(f"/markets/{ticker}/open")
        return ticker

    def trader(self, dollars="1000.00", key_type="ed25519", **more):
        """A new account with money, a key, and buckets that no check can empty."""
        account = self.post("/accounts", name=f"trader {next(self.numbers)}", key_type=key_type, **more)
        user = account["user_id"]
        if Decimal(dollars) > 0:
            self.post(f"/accounts/{user}/fund", amount_dollars=dollars)
        plenty = {"refill_rate": 1_000_000, "bucket_capacity": 1_000_000}
        self.post("/limits", user_id=user, read=plenty, write=plenty)
        return Trader(self, user, account["key_id"], account.get("private_key_pem"))


class Trader:
    """One account with its official client, a raw caller and WebSocket connections."""

    def __init__(self, world, user, key_id, pem):
        self.world, self.user, self.key_id, self.pem = world, user, key_id, pem
        if pem is not None:
            self.use_key(pem)

    def use_key(self, pem):
        """Signs with this private key from now on."""
        self.pem, self.auth = pem, KalshiAuth(self.key_id, pem)
        settings = kalshi.Configuration(host=self.world.rest, retries=0)
        settings.api_key_id, settings.private_key_pem = self.key_id, pem
        self.client = kalshi.KalshiClient(settings)

    def do(self, operation, *args, **kwargs):
        """Calls an operation of the official client and returns the parsed model; its errors come through."""
        result = getattr(self.client, operation)(*args, **kwargs)
        # The client answers None, without an error, when the status is another success than the documented one.
        assert (result is None) == (operation in WITHOUT_BODY), f"{operation}: a success status the SDK does not know"
        self.world.parsed.add(operation)
        return result

    def order(self, ticker, side, count, price, **more):
        """Places an order: good till canceled, taker canceled at a self cross, unless told otherwise."""
        body = {"ticker": ticker, "side": side, "count": count, "price": price,
                "client_order_id": f"sdk-{next(self.world.numbers)}", "time_in_force": "good_till_canceled",
                "self_trade_prevention_type": "taker_at_cross"}
        return self.do("create_order_v2", **(body | more))

    def read(self, order_id):
        return self.do("get_order", order_id).order

    def position(self, ticker):
        found = self.do("get_positions", ticker=ticker).market_positions
        return Decimal(found[0].position_fp) if found else Decimal(0)

    def cash(self):
        return Decimal(self.do("get_balance").balance_dollars)

    def headers(self, method, path, now_ms=None):
        """Signed headers made here, not by the SDK, over the path as it will be sent."""
        stamp = str(int(time.time() * 1000) if now_ms is None else now_ms)
        full = urlsplit(self.world.rest).path + path.split("?")[0]
        signature = self.auth.sign((stamp + method + full).encode())
        return {"KALSHI-ACCESS-KEY": self.key_id, "KALSHI-ACCESS-TIMESTAMP": stamp,
                "KALSHI-ACCESS-SIGNATURE": base64.b64encode(signature).decode()}

    def raw(self, method, path, body=None, content_type="application/json"):
        """One signed request with any body, past all that the SDK would refuse to send."""
        headers = self.headers(method, path)
        if body is not None:
            headers["Content-Type"] = content_type
            body = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return http_call(self.world.rest, method, path, body, headers)

    def stream(self):
        return Stream(self)


class Stream:
    """One WebSocket connection. Frames are read in order; nothing is thrown away unseen."""

    def __init__(self, trader):
        path = urlsplit(trader.world.ws).path
        stamp = str(int(time.time() * 1000))
        signature = base64.b64encode(trader.auth.sign((stamp + "GET" + path).encode())).decode()
        headers = {"KALSHI-ACCESS-KEY": trader.key_id, "KALSHI-ACCESS-TIMESTAMP": stamp, "KALSHI-ACCESS-SIGNATURE": signature}
        self.connection = connect(trader.world.ws, additional_headers=headers, open_timeout=DEADLINE_SECONDS)
        self.ids = itertools.count(1)
        self.seen = []

    def __enter__(self):
        self.socket = self.connection.__enter__()
        return self

    def __exit__(self, *problem):
        self.connection.__exit__(*problem)

    def send(self, cmd, **params):
        """Sends a command and returns its id. Without parameters the key `params` is left out."""
        number = next(self.ids)
        command = {"id": number, "cmd": cmd} | ({"params": params} if params else {})
        self.socket.send(json.dumps(command))
        return number

    def next(self):
        """The next frame, within the deadline."""
        try:
            frame = json.loads(self.socket.recv(timeout=DEADLINE_SECONDS))
        except TimeoutError:
            raise AssertionError(f"no further frame; the last ones were {self.seen[-5:]}") from None
        self.seen.append(frame)
        return frame

    def until(self, kind, **wanted):
        """Reads on to the first frame of type `kind` whose envelope or `msg` has all the wanted values."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            frame = self.next()
            msg = frame.get("msg")
            fields = frame | (msg if isinstance(msg, dict) else {})
            if frame["type"] == kind and all(fields.get(key) == value for key, value in wanted.items()):
                return frame
        raise AssertionError(f"no `{kind}` with {wanted}; the last frames were {self.seen[-5:]}")

    def answer(self, number):
        """Reads on to the answer of command `number`."""
        while True:
            frame = self.next()
            if frame.get("id") == number:
                return frame

    def subscribe(self, *channels, **params):
        """Subscribes and returns the `sid` of each channel, in order."""
        self.send("subscribe", channels=list(channels), **params)
        return [self.until("subscribed", channel=channel)["msg"]["sid"] for channel in channels]

    def error(self, cmd, **params):
        """The code with which a command is refused."""
        frame = self.answer(self.send(cmd, **params))
        assert frame["type"] == "error", f"`{cmd}` {params} should be refused, found {frame}"
        assert isinstance(frame["msg"]["msg"], str) and frame["msg"]["msg"], frame
        return frame["msg"]["code"]


def rfc3339(moment):
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(status, code, action):
    """Demands that `action` fails with this status, the class the SDK has for it, and this nested code.

    Where the venue's status or code is not known, None takes any refusal (4xx) or any code.
    """
    classes = {400: kalshi.exceptions.BadRequestException, 401: kalshi.exceptions.UnauthorizedException,
               403: kalshi.exceptions.ForbiddenException, 404: kalshi.exceptions.NotFoundException,
               409: kalshi.exceptions.ConflictException}
    try:
        result = action()
    except kalshi.exceptions.ApiException as error:
        good = error.status == status or status is None and 400 <= error.status < 500
        assert good, f"expected {status} {code}, found {error.status} {error.body}"
        assert type(error) is classes.get(error.status, kalshi.exceptions.ApiException), type(error)
        body = json.loads(error.body)
        if code is not None:
            nested_code(body, code)
        return body
    raise AssertionError(f"expected {status} {code}, found success: {result}")


def nested_code(body, code):
    """Demands the nested error shape with this code."""
    assert set(body) == {"error"} and isinstance(body["error"], dict), f"expected the nested shape, found {body}"
    assert body["error"]["code"] == code, f"expected code {code}, found {body}"
    assert isinstance(body["error"].get("message"), str), body


def dollars(text, expected, places=4):
    """Demands a dollar string of this value, written with at least `places` decimals."""
    assert isinstance(text, str) and len(text.partition(".")[2]) >= places, f"expected {places} decimals, found {text!r}"
    equal(Decimal(text), Decimal(expected))


def count(text, expected):
    """Demands a count string of this value, written with exactly two decimals."""
    assert isinstance(text, str) and len(text.partition(".")[2]) == 2, f"expected two decimals, found {text!r}"
    equal(Decimal(text), Decimal(expected))

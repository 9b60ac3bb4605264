"""Each class of error: status, body shape and code, as recorded of the venue.

Source: reference, sections 3.5, 4 and 5, read 2026-11-20.
"""

import json
import time
import uuid

from harness import Trader, equal, http_call, nested_code, refused


def order_body(ticker, **more):
    return {"ticker": ticker, "side": "bid", "count": "1.00", "price": "0.4000", "time_in_force": "good_till_canceled",
            "self_trade_prevention_type": "taker_at_cross"} | more


def check_invalid_price(world):
    ticker, trader = world.market(), world.trader()
    for price in ("0.4050", "0.0000", "1.0000", "1.2000"):
        refused(400, "invalid_price", lambda price=price: trader.order(ticker, "bid", "1", price))


def check_invalid_order_size(world):
    ticker, trader = world.market(), world.trader()
    for size in ("0.00", "1.001"):
        refused(400, "invalid_order_size", lambda size=size: trader.order(ticker, "bid", size, "0.40"))


def check_insufficient_balance(world):
    ticker, trader = world.market(), world.trader(dollars="10.00")
    refused(400, "insufficient_balance", lambda: trader.order(ticker, "bid", "100", "0.40"))
    refused(400, "insufficient_balance", lambda: trader.order(ticker, "ask", "100", "0.40"))
    trader.order(ticker, "bid", "20", "0.40")
    refused(400, "insufficient_balance", lambda: trader.order(ticker, "bid", "20", "0.40"))  # 8 of the 10 are held.


def check_bodies_that_do_not_decode(world):
    ticker, trader = world.market(), world.trader()
    path = "/portfolio/events/orders"
    # Flat, not nested: the one shape that the SDK's typed error understands.
    for body in (order_body(ticker, count=1), order_body(ticker, price=0.4), "{", "[]"):
        answer = trader.raw("POST", path, body)
        equal((body, answer.status), (body, 400))
        assert isinstance(answer.json.get("code"), str) and "error" not in answer.json, f"{body} answered {answer}"
    equal(trader.raw("POST", path, order_body(ticker, count=1)).json["code"], "bad_request")
    # Refused too, in a shape that is not recorded.
    bodies = [order_body(ticker, side="yes"), order_body(ticker, time_in_force="day"), order_body(ticker, price="forty")]
    bodies += [{key: value for key, value in order_body(ticker).items() if key != left_out} for left_out in ("side", "time_in_force")]
    for body in bodies:
        equal((body, trader.raw("POST", path, body).status), (body, 400))
    equal(trader.do("get_orders", ticker=ticker).orders, [])


def check_content_type(world):
    ticker, trader = world.market(), world.trader()
    answer = trader.raw("POST", "/portfolio/events/orders", json.dumps(order_body(ticker)), content_type="text/plain")
    equal((answer.status, answer.json["code"]), (400, "invalid_content_type"))


def check_parameters_out_of_range(world):
    trader = world.trader()
    for path in ("/markets?limit=1001", "/events?limit=201", "/markets/trades?limit=1001", "/portfolio/orders?limit=1001",
                 "/portfolio/fills?limit=1001", "/markets?limit=many"):
        answer = trader.raw("GET", path)
        equal(answer.status, 400)
        assert set(answer.json) == {"msg"} and answer.json["msg"], f"{path} answered {answer}"


def check_unauthorized(world):
    trader = world.trader()
    path = "/portfolio/balance"

    def refusal(headers):
        answer = http_call(world.rest, "GET", path, None, headers)
        equal(answer.status, 401)
        nested_code(answer.json, answer.json["error"]["code"])
        return answer.json["error"]["code"], answer.json["error"].get("details") or ""

    good = trader.headers("GET", path)
    equal(http_call(world.rest, "GET", path, None, good).status, 200)
    equal(refusal({}), ("token_authentication_failure", ""))
    equal(refusal({key: value for key, value in good.items() if key != "KALSHI-ACCESS-SIGNATURE"})[0], "signature_is_missing_from_headers")
    for offset in (-300_000, 300_000):
        headers = trader.headers("GET", path, now_ms=int(time.time() * 1000) + offset)
        equal(refusal(headers)[0], "header_timestamp_expired")
    wrong = ("authentication_error", "INCORRECT_API_KEY_SIGNATURE")
    equal(refusal(trader.headers("POST", path)), wrong)
    equal(refusal(trader.headers("GET", "/portfolio/orders")), wrong)
    equal(refusal(good | {"KALSHI-ACCESS-SIGNATURE": "bm90IGEgc2lnbmF0dXJl"}), wrong)
    equal(refusal(good | {"KALSHI-ACCESS-KEY": str(uuid.uuid4())}), ("authentication_error", "NOT_FOUND"))
    stranger = Trader(world, None, str(uuid.uuid4()), trader.pem)
    refused(401, "authentication_error", lambda: stranger.do("get_balance"))


def check_signature_covers_the_raw_path(world):
    trader = world.trader()
    # Percent-encoded as sent, query left out: the signature holds, and the order is unknown.
    answer = trader.raw("GET", "/portfolio/orders/no%2Fsuch%20order?limit=1")
    equal(answer.status, 404)
    nested_code(answer.json, "not_found")


def check_not_found(world):
    trader = world.trader()
    refused(404, "not_found", lambda: trader.do("get_market", "KXNOSUCH-27JAN01-T1"))
    refused(404, "not_found", lambda: trader.do("get_market_orderbook", "KXNOSUCH-27JAN01-T1"))
    refused(404, "not_found", lambda: trader.do("get_event", "KXNOSUCH-27JAN01"))
    refused(404, "not_found", lambda: trader.do("get_series", "KXNOSUCH"))
    refused(404, "not_found", lambda: trader.read(str(uuid.uuid4())))
    refused(404, None, lambda: trader.order("KXNOSUCH-27JAN01-T1", "bid", "1", "0.40"))
    answer = trader.raw("GET", "/no/such/route")
    equal(answer.status, 404)
    nested_code(answer.json, "not_found")


def check_first_version_writes_are_gone(world):
    ticker, trader = world.market(), world.trader()
    old = {"ticker": ticker, "action": "buy", "side": "yes", "type": "limit", "count": 1, "yes_price": 40}
    order = "/portfolio/orders/" + str(uuid.uuid4())
    for method, path in [("POST", "/portfolio/orders"), ("POST", "/portfolio/orders/batched"), ("DELETE", "/portfolio/orders/batched"),
                         ("DELETE", order), ("POST", order + "/amend"), ("POST", order + "/decrease")]:
        answer = trader.raw(method, path, old)
        equal((method, path, answer.status), (method, path, 410))
        nested_code(answer.json, "deprecated_v1_order_endpoint")
        assert answer.json["error"]["details"].startswith("http"), answer


def check_rate_limit(world):
    ticker, trader = world.market(), world.trader()
    bucket = {"refill_rate": 1, "bucket_capacity": 25}
    world.post("/limits", user_id=trader.user, read={"refill_rate": 1000, "bucket_capacity": 1000}, write=bucket)
    orders = [trader.raw("POST", "/portfolio/events/orders", order_body(ticker)) for _ in range(3)]
    equal([answer.status for answer in orders], [201, 201, 429])  # 10 tokens each, of 25.
    equal(orders[2].json, {"error": "too many requests"})
    assert "Retry-After" not in orders[2].headers, orders[2].headers
    cancel = f"/portfolio/events/orders/{orders[0].json['order_id']}?market_ticker={ticker}"
    equal(trader.raw("DELETE", cancel).status, 200)  # A cancel costs 2, and 5 are left.
    two = {"orders": [order_body(ticker), order_body(ticker)]}
    equal(trader.raw("POST", "/portfolio/events/orders/batched", two).status, 429)  # A batch costs its sum, and passes or fails whole.
    equal(len(trader.do("get_orders", ticker=ticker, status="resting").orders), 1)  # Reads have a bucket of their own.
    refused(429, None, lambda: trader.order(ticker, "bid", "1", "0.40"))

"""Public reads of py-clob-client-v2, all on a book with two sides and a trade.

Source: reference, section 8, read 2026-11-20.
"""

import time
from decimal import Decimal

from py_clob_client_v2 import clob_types

from process import equal, http_call
from scenes import pair, stage
from venue import amount, refused, until


def levels(side):
    return [(Decimal(level["price"]), Decimal(level["size"])) for level in side]


def numbers(*pairs):
    return [(Decimal(price), Decimal(size)) for price, size in pairs]


def both(market):
    return [clob_types.BookParams(market.yes), clob_types.BookParams(market.no)]


def check_server(world):
    trader = world.trader()
    equal(trader.do("get_ok"), "OK")
    equal(trader.do("get_version"), 2)
    equal(world.get("/version"), {"version": 2})
    now = trader.do("get_server_time")
    assert isinstance(now, int) and abs(now - time.time()) < 5, now


def check_book(world):
    set_up = stage(world)
    market, reader = set_up.market, set_up.maker
    book = reader.do("get_order_book", market.yes)
    # The best level is the last one, on both sides.
    equal(levels(book["bids"]), numbers(("0.40", "100")))
    equal(levels(book["asks"]), numbers(("0.65", "10"), ("0.60", "50")))
    equal((book["market"], book["asset_id"], book["neg_risk"]), (market.condition, market.yes, False))
    amount(book["tick_size"], "0.01")
    amount(book["min_order_size"], "5")
    assert abs(int(book["timestamp"]) - time.time() * 1000) < 60_000, book["timestamp"]
    # The same orders from the other outcome's side.
    mirrored = reader.do("get_order_book", market.no)
    equal(levels(mirrored["bids"]), numbers(("0.35", "10"), ("0.40", "50")))
    equal(levels(mirrored["asks"]), numbers(("0.60", "100")))


def check_book_hash(world):
    set_up = stage(world)
    for token in (set_up.market.yes, set_up.market.no):
        text = http_call(world.clob, "GET", f"/book?token_id={token}")
        # Other helpers hash what they received, in the order in which it came.
        equal(list(text.json), ["market", "asset_id", "timestamp", "hash", "bids", "asks", "min_order_size", "tick_size", "neg_risk", "last_trade_price"])
        equal(set_up.maker.do("get_order_book_hash", text.json), text.json["hash"])
    before = set_up.maker.do("get_order_book", set_up.market.yes)["hash"]
    set_up.maker.order(set_up.market.yes, "BUY", "5", "0.41")
    assert set_up.maker.do("get_order_book", set_up.market.yes)["hash"] != before


def check_books_of_several_tokens(world):
    set_up = stage(world)
    books = set_up.maker.do("get_order_books", both(set_up.market))
    equal([book["asset_id"] for book in books], [set_up.market.yes, set_up.market.no])
    equal([len(book["asks"]) for book in books], [2, 1])


def check_prices(world):
    set_up = stage(world)
    market, reader = set_up.market, set_up.maker
    amount(reader.do("get_midpoint", market.yes)["mid"], "0.5")
    found = reader.do("get_midpoints", both(market))
    equal({token: Decimal(mid) for token, mid in found.items()}, {market.yes: Decimal("0.5"), market.no: Decimal("0.5")})
    equal(Decimal(reader.do("get_price", market.yes, "BUY")["price"]), Decimal("0.40"))
    equal(Decimal(reader.do("get_price", market.yes, "SELL")["price"]), Decimal("0.60"))
    asked = [clob_types.BookParams(market.yes, "BUY"), clob_types.BookParams(market.no, "SELL")]
    found = reader.do("get_prices", asked)
    equal(Decimal(found[market.yes]["BUY"]), Decimal("0.40"))
    equal(Decimal(found[market.no]["SELL"]), Decimal("0.60"))
    amount(reader.do("get_spread", market.yes)["spread"], "0.2")
    found = reader.do("get_spreads", both(market))
    equal({token: Decimal(spread) for token, spread in found.items()}, {market.yes: Decimal("0.2"), market.no: Decimal("0.2")})
    equal(reader.do("calculate_market_price", market.yes, "BUY", 10, "FOK"), 0.6)
    equal(reader.do("calculate_market_price", market.yes, "SELL", 10, "FOK"), 0.4)


def check_last_trade(world):
    set_up, taker = stage(world), world.trader()
    market = set_up.market
    equal(taker.do("get_last_trade_price", market.yes), {"price": "0.5", "side": ""})
    taker.order(market.yes, "BUY", "20", "0.60")
    found = taker.do("get_last_trade_price", market.yes)
    equal((Decimal(found["price"]), found["side"]), (Decimal("0.6"), "BUY"))
    found = {entry["token_id"]: Decimal(entry["price"]) for entry in taker.do("get_last_trades_prices", both(market))}
    equal(found, {market.yes: Decimal("0.6"), market.no: Decimal("0.4")})
    amount(taker.do("get_order_book", market.yes)["last_trade_price"], "0.6")
    history = until(lambda: taker.do("get_prices_history", clob_types.PricesHistoryParams(market=market.yes, interval="max"))["history"], "a price history")
    assert all(isinstance(point["t"], int) for point in history), history
    assert 0.3 < history[-1]["p"] < 0.7, history[-1]


def check_market_parameters(world):
    for tick in ("0.1", "0.01", "0.005", "0.0025", "0.001", "0.0001"):
        market, reader = world.market(tick=tick), world.trader()
        equal(reader.do("get_tick_size", market.yes), tick)
        equal(world.get(f"/tick-size?token_id={market.no}"), {"minimum_tick_size": float(tick)})
    market, reader = world.market(neg_risk=True), world.trader()
    equal(reader.do("get_neg_risk", market.yes), True)
    equal(world.get(f"/neg-risk?token_id={world.market().yes}"), {"neg_risk": False})
    free, charged = world.market(), world.market(fee_rate="0.05")
    equal(reader.do("get_fee_rate_bps", free.yes), 0)
    equal(reader.do("get_fee_rate_bps", charged.yes), 1000)
    equal(reader.do("get_fee_exponent", charged.yes), 1)


def check_compact_market(world):
    market, reader = world.market(fee_rate="0.05"), world.trader()
    found = reader.do("get_clob_market_info", market.condition)
    equal((found["c"], [(token["t"], token["o"]) for token in found["t"]]), (market.condition, [(market.yes, "Yes"), (market.no, "No")]))
    equal((found["mts"], found["mos"], found["fd"]["r"], found["fd"]["e"], found["fd"]["to"]), (0.01, 5, 0.05, 1, True))
    assert "fd" not in reader.py2.get_clob_market_info(world.market().condition), "a market without fees has no fee details"
    equal(reader.py2.get_clob_market_info(world.market(neg_risk=True).condition)["nr"], True)
    found = world.get(f"/markets-by-token/{market.no}")
    equal((found["condition_id"], found["primary_token_id"], found["secondary_token_id"]), (market.condition, market.yes, market.no))


def every_row(read):
    """All rows of a list that comes in pages, and demands of each page what clients rely on."""
    rows, cursor = [], "MA=="
    while cursor != "LTE=":
        page = read(cursor)
        equal((page["count"], set(page)), (len(page["data"]), {"limit", "count", "next_cursor", "data"}))
        assert page["data"] or page["next_cursor"] == "LTE=", "an empty page that is not the last"
        rows, cursor = rows + page["data"], page["next_cursor"]
    return rows


def check_markets(world):
    market, reader = world.market(), world.trader()
    found = reader.do("get_market", market.condition)
    equal((found["condition_id"], found["question"]), (market.condition, market.question))
    equal((found["active"], found["closed"], found["accepting_orders"], found["enable_order_book"]), (True, False, True, True))
    equal((float(found["minimum_tick_size"]), float(found["minimum_order_size"])), (0.01, 5.0))
    equal([(token["token_id"], token["outcome"], token["winner"]) for token in found["tokens"]], [(market.yes, "Yes", False), (market.no, "No", False)])
    for operation in ("get_markets", "get_simplified_markets", "get_sampling_markets", "get_sampling_simplified_markets"):
        rows = every_row(lambda cursor, operation=operation: reader.do(operation, cursor))
        if "sampling" not in operation:
            assert market.condition in [row["condition_id"] for row in rows], f"{operation}: the new market is missing"
    found = reader.do("get_market_trades_events", market.condition)
    equal((found["condition_id"], found["question"]), (market.condition, market.question))


def check_pages_hold_every_market_once(world):
    made = {world.market().condition for _ in range(12)}
    rows = [row["condition_id"] for row in every_row(world.trader().py2.get_markets)]
    equal(len(rows), len(set(rows)))
    assert made <= set(rows), "a market is on no page"


def check_what_is_not_there(world):
    reader = world.trader()
    unknown = str(2**200 + 7)
    refused(404, "No orderbook exists for the requested token id", lambda: reader.py2.get_order_book(unknown))
    refused(404, "market not found", lambda: reader.py2.get_market("0x" + "ab" * 32))
    for path in (f"/midpoint?token_id={unknown}", f"/spread?token_id={unknown}", f"/price?token_id={unknown}&side=BUY"):
        equal((path, http_call(world.clob, "GET", path).status), (path, 404))
    market = world.market()
    for path, text in [("/book?token_id=yes", "Invalid token id"), (f"/price?token_id={market.yes}&side=UP", "Invalid side")]:
        answer = http_call(world.clob, "GET", path)
        equal((path, answer.status, answer.json["error"]), (path, 400, text))


def check_rewards(world):
    market, maker, _ = pair(world, rewards={"min_size": "10", "max_spread": "0.03", "daily_rate": "100"})
    near = maker.order(market.yes, "BUY", "20", "0.49")["orderID"]
    maker.order(market.yes, "SELL", "20", "0.51")
    far = maker.order(market.yes, "BUY", "20", "0.30")["orderID"]
    rows = maker.do("get_current_rewards")
    row = next(row for row in rows if row["condition_id"] == market.condition)
    equal((float(row["rewards_max_spread"]), float(row["rewards_min_size"])), (3.0, 10.0))
    found = maker.do("get_raw_rewards_for_market", market.condition)
    equal([row["condition_id"] for row in found], [market.condition])
    assert market.condition in [row["condition_id"] for row in every_row(maker.py2.get_sampling_markets)]
    equal(maker.do("is_order_scoring", clob_types.OrderScoringParams(near)), {"scoring": True})
    equal(maker.do("are_orders_scoring", clob_types.OrdersScoringParams([near, far])), {near: True, far: False})
    # The exchange scores orders and pays nothing out: what was earned reads as nothing.
    assert isinstance(maker.do("get_reward_percentages"), dict)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert isinstance(maker.do("get_earnings_for_user_for_day", today), list)
    assert isinstance(maker.do("get_total_earnings_for_user_for_day", today), list)
    rows = maker.do("get_user_earnings_and_markets_config", today)
    assert market.condition in [row["condition_id"] for row in rows], rows

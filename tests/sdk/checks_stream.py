"""The WebSocket, judged by a client library that is not ours: handshake, commands, errors, every channel, and a gap.

Source: reference, section 15, read 2026-11-20.
"""

from decimal import Decimal

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from harness import DEADLINE_SECONDS, Stream, count, dollars, equal


class Book:
    """A book as a client keeps it: each side's levels in the prices that the stream uses."""

    def __init__(self, ticker):
        self.ticker, self.sides = ticker, None

    def snapshot(self, msg):
        self.sides = {side: {Decimal(price): Decimal(size) for price, size in msg.get(f"{side}_dollars_fp", [])} for side in ("yes", "no")}
        for levels in msg.get("yes_dollars_fp", []), msg.get("no_dollars_fp", []):
            prices = [Decimal(price) for price, _ in levels]
            equal(prices, sorted(prices))

    def delta(self, msg):
        levels, price = self.sides[msg["side"]], Decimal(msg["price_dollars"])
        size = levels.get(price, Decimal(0)) + Decimal(msg["delta_fp"])
        assert size >= 0, f"negative level: {msg}"
        levels[price] = size
        if size == 0:
            del levels[price]

    def apply(self, frame):
        if frame["type"] == "orderbook_snapshot":
            self.snapshot(frame["msg"])
        else:
            self.delta(frame["msg"])


def rest_book(trader, ticker, yes_prices):
    """The book by REST, its NO side in YES prices where the stream has it so."""
    book = trader.do("get_market_orderbook", ticker).orderbook_fp
    turn = (lambda price: 1 - price) if yes_prices else (lambda price: price)
    return {"yes": {Decimal(price): Decimal(size) for price, size in book.yes_dollars},
            "no": {turn(Decimal(price)): Decimal(size) for price, size in book.no_dollars}}


def book_frames(stream, sid):
    """Book frames of one subscription as they come."""
    while True:
        frame = stream.next()
        if frame.get("sid") == sid and frame["type"] in ("orderbook_snapshot", "orderbook_delta"):
            yield frame


def check_unsigned_upgrade(world):
    trader = world.trader()
    cases = [{}, trader.headers("GET", "/portfolio/balance")]
    for headers in cases:
        try:
            with connect(world.ws, additional_headers=headers, open_timeout=DEADLINE_SECONDS):
                pass
        except InvalidStatus as error:
            equal(error.response.status_code, 401)
        else:
            raise AssertionError(f"an upgrade with {list(headers)} should be refused")


def check_both_key_kinds_open_a_stream(world):
    for kind in ("rsa", "ed25519"):
        with world.trader(key_type=kind).stream() as stream:
            frame = stream.answer(stream.send("list_subscriptions"))
            equal((frame["type"], frame["msg"]), ("ok", []))


def check_pings_are_answered(world):
    with world.trader().stream() as stream:
        assert stream.socket.ping("still there?").wait(DEADLINE_SECONDS), "no pong"


def check_errors(world):
    ticker = world.market()
    with world.trader().stream() as stream:
        stream.socket.send("this is no JSON")
        equal(stream.until("error")["msg"]["code"], 1)
        equal(stream.error("no_such_command"), 5)
        equal(stream.error("subscribe"), 2)
        equal(stream.error("unsubscribe"), 2)
        equal(stream.error("subscribe", market_tickers=[ticker]), 3)
        equal(stream.error("subscribe", channels=["ticker_v2"]), 8)
        equal(stream.error("subscribe", channels=["orderbook_delta"]), 14)
        equal(stream.error("subscribe", channels=["orderbook_delta"], market_ticker=ticker, market_tickers=[ticker]), 11)
        equal(stream.error("unsubscribe", sids=[]), 4)
        equal(stream.error("unsubscribe", sids=[4711]), 7)
        first, second = stream.subscribe("orderbook_delta", "trade", market_tickers=[ticker])
        equal(stream.error("update_subscription", sid=4711, action="add_markets", market_tickers=[ticker]), 7)
        equal(stream.error("update_subscription", sids=[first, second], action="add_markets", market_tickers=[ticker]), 12)
        equal(stream.error("update_subscription", sid=first, action="rename_markets", market_tickers=[ticker]), 13)
        equal(stream.error("update_subscription", sid=first, market_tickers=[ticker]), 15)
        equal(stream.error("update_subscription", sid=first, action="add_markets"), 14)
        # None of this has ended the session.
        equal(stream.answer(stream.send("list_subscriptions"))["type"], "ok")


def check_subscriptions(world):
    ticker, second = world.market(), world.market()
    trader = world.trader()
    trader.order(second, "bid", "3", "0.20")
    with trader.stream() as stream:
        book, trade = stream.subscribe("orderbook_delta", "trade", market_tickers=[ticker], use_yes_price=True)
        assert book != trade, "each channel has a subscription of its own"
        listed = stream.answer(stream.send("list_subscriptions"))["msg"]
        equal(sorted((one["channel"], one["sid"]) for one in listed), [("orderbook_delta", book), ("trade", trade)])
        number = stream.send("update_subscription", sid=book, action="add_markets", market_tickers=[second])
        added = stream.answer(number)
        equal((added["type"], added["sid"], sorted(added["msg"]["market_tickers"])), ("ok", book, sorted([ticker, second])))
        seen = [frame for frame in stream.seen if frame["type"] == "orderbook_snapshot" and frame["msg"]["market_ticker"] == second]
        snapshot = seen[0] if seen else stream.until("orderbook_snapshot", market_ticker=second)
        equal(snapshot["msg"]["yes_dollars_fp"], [["0.2000", "3.00"]])
        assert "no_dollars_fp" not in snapshot["msg"], "an empty side is absent on the stream"
        number = stream.send("update_subscription", sids=[book], action="delete_markets", market_tickers=[ticker])
        equal(stream.answer(number)["msg"]["market_tickers"], [second])
        trader.order(ticker, "bid", "1", "0.30")  # Nobody listens any more,
        trader.order(second, "bid", "1", "0.30")  # here somebody does.
        equal(next(book_frames(stream, book))["msg"]["market_ticker"], second)
        # Subscribing again is no error: the same subscription gets the market too.
        again = stream.answer(stream.send("subscribe", channels=["orderbook_delta"], market_tickers=[ticker], use_yes_price=True))
        equal(again["sid"] if again["type"] == "ok" else again["msg"]["sid"], book)
        equal(stream.until("orderbook_snapshot", market_ticker=ticker)["sid"], book)
        for sid in (book, trade):
            equal(stream.until("unsubscribed", id=stream.send("unsubscribe", sids=[sid]))["sid"], sid)
        equal(stream.answer(stream.send("list_subscriptions"))["msg"], [])
        trader.order(second, "bid", "1", "0.31")
        last = stream.answer(stream.send("list_subscriptions"))
        equal((last["type"], [frame["type"] for frame in stream.seen[-2:]]), ("ok", ["ok", "ok"]))  # Nothing came between.


def check_book_in_both_price_forms(world):
    ticker, trader = world.market(), world.trader()
    trader.order(ticker, "bid", "10", "0.40")
    trader.order(ticker, "ask", "5", "0.70")
    for yes_prices, level in [(True, "0.7000"), (False, "0.3000")]:
        with trader.stream() as stream:
            (sid,) = stream.subscribe("orderbook_delta", market_tickers=[ticker], use_yes_price=yes_prices)
            frames = book_frames(stream, sid)
            book = Book(ticker)
            first = next(frames)
            equal((first["type"], first["seq"]), ("orderbook_snapshot", 1))
            assert first["msg"]["market_id"] and isinstance(first["sending_ts_ms"], int), first
            equal([price for price, _ in first["msg"]["no_dollars_fp"]], [level])
            book.apply(first)
            order = trader.order(ticker, "ask", "2.50", "0.70")
            second = next(frames)
            equal((second["type"], second["seq"], second["msg"]["side"]), ("orderbook_delta", 2, "no"))
            dollars(second["msg"]["price_dollars"], level)
            count(second["msg"]["delta_fp"], "2.50")
            equal(second["msg"]["client_order_id"], order.client_order_id)  # One's own change says so.
            book.apply(second)
            equal(book.sides, rest_book(trader, ticker, yes_prices))
            trader.do("cancel_order_v2", order.order_id, market_ticker=ticker)
            book.apply(next(frames))
            equal(book.sides, rest_book(trader, ticker, yes_prices))


def check_a_book_through_a_forced_gap(world):
    ticker, maker, taker, watcher = world.market(), world.trader(), world.trader(), world.trader()
    maker.order(ticker, "bid", "10", "0.40")
    maker.order(ticker, "ask", "10", "0.60")
    with watcher.stream() as stream:
        (sid,) = stream.subscribe("orderbook_delta", market_tickers=[ticker], use_yes_price=True)
        frames = book_frames(stream, sid)
        book, careless = Book(ticker), Book(ticker)
        first = next(frames)
        book.apply(first)
        careless.apply(first)
        maker.order(ticker, "bid", "3", "0.41")
        maker.order(ticker, "bid", "4", "0.42")
        taker.order(ticker, "ask", "4", "0.42")
        next(frames)  # Lost on purpose: 3 at 0.41.
        gap = next(frames)
        assert gap["seq"] == first["seq"] + 2, f"expected the jump to show: {first['seq']} then {gap['seq']}"
        careless.apply(gap)
        # From here nothing of this subscription is believed until a snapshot of it arrives.
        number = stream.send("update_subscription", sids=[sid], action="get_snapshot", market_tickers=[ticker])
        for frame in frames:
            if frame["type"] == "orderbook_snapshot":
                break
            careless.apply(frame)
        equal(frame.get("id"), number)
        book.apply(frame)
        expected = rest_book(watcher, ticker, True)
        equal(book.sides, expected)
        assert careless.sides != expected, "the gap should have mattered"
        seq = frame["seq"]
        maker.order(ticker, "ask", "2", "0.55")
        taker.order(ticker, "bid", "1", "0.55")
        for _ in range(2):
            frame = next(frames)
            equal(frame["seq"], seq + 1)
            seq = frame["seq"]
            assert "client_order_id" not in frame["msg"], "another's order id is not ours to see"
            book.apply(frame)
        equal(book.sides, rest_book(watcher, ticker, True))


def check_ticker(world):
    ticker, maker, taker = world.market(), world.trader(), world.trader()
    with taker.stream() as stream:
        (sid,) = stream.subscribe("ticker", market_tickers=[ticker])
        maker.order(ticker, "bid", "10", "0.41")
        maker.order(ticker, "ask", "8", "0.45")
        taker.order(ticker, "ask", "5.50", "0.41")
        frame = stream.until("ticker", volume_fp="5.50")
        equal(frame["sid"], sid)
        assert "seq" not in frame, "this channel has no sequence"
        msg = frame["msg"]
        for field, expected in [("price_dollars", "0.41"), ("yes_bid_dollars", "0.41"), ("yes_ask_dollars", "0.45")]:
            dollars(msg[field], expected)
        for field, expected in [("yes_bid_size_fp", "4.50"), ("yes_ask_size_fp", "8"), ("last_trade_size_fp", "5.50"), ("open_interest_fp", "5.50")]:
            count(msg[field], expected)
        for field in ("dollar_volume", "dollar_open_interest", "ts", "ts_ms"):
            assert isinstance(msg[field], int), (field, msg)
        assert msg["market_id"] and msg["time"], msg


def check_trade(world):
    ticker, maker, taker = world.market(), world.trader(), world.trader()
    with world.trader().stream() as stream:
        (sid,) = stream.subscribe("trade", market_tickers=[ticker])
        maker.order(ticker, "bid", "10", "0.41")
        for number, size in enumerate(["5.50", "1.25"], start=1):
            taker.order(ticker, "ask", size, "0.41")
            frame = stream.until("trade", market_ticker=ticker)
            equal((frame["sid"], frame["seq"]), (sid, number))
            msg = frame["msg"]
            count(msg["count_fp"], size)
            dollars(msg["yes_price_dollars"], "0.41")
            dollars(msg["no_price_dollars"], "0.59")
            equal((msg["taker_side"], msg["taker_outcome_side"], msg["taker_book_side"], msg["is_block_trade"]), ("no", "no", "ask", False))
        newest = taker.do("get_trades", ticker=ticker).trades[0]
        equal(newest.trade_id, msg["trade_id"])


def check_private_channels(world):
    ticker, maker, taker = world.market(), world.trader(), world.trader()
    with maker.stream() as stream, taker.stream() as others:
        fill_sid, orders_sid, positions_sid = stream.subscribe("fill", "user_orders", "market_positions", market_tickers=[ticker])
        others.subscribe("user_orders")
        order = maker.order(ticker, "bid", "10", "0.41")
        created = stream.until("user_order", status="resting")
        equal((created["sid"], created["msg"]["ticker"], created["msg"]["order_id"]), (orders_sid, ticker, order.order_id))
        equal(created["msg"]["user_id"], maker.user)
        count(created["msg"]["remaining_count_fp"], "10")
        dollars(created["msg"]["maker_fill_cost_dollars"], "0", places=6)
        taker.order(ticker, "ask", "5.50", "0.41")
        frames = {}
        while not {"fill", "user_order", "market_position"} <= set(frames):
            frame = stream.next()
            frames[frame["type"]] = frame
        assert all("seq" not in frame for frame in frames.values()), "private channels have no sequence"
        fill = frames["fill"]["msg"]
        equal((frames["fill"]["sid"], fill["order_id"], fill["client_order_id"]), (fill_sid, order.order_id, order.client_order_id))
        equal((fill["is_taker"], fill["outcome_side"], fill["book_side"], fill["purchased_side"]), (False, "yes", "bid", "yes"))
        count(fill["count_fp"], "5.50")
        count(fill["post_position_fp"], "5.50")
        dollars(fill["fee_cost"], "0")
        filled = frames["user_order"]["msg"]
        equal((filled["status"], filled["last_update_reason"]), ("resting", "Trade"))
        count(filled["fill_count_fp"], "5.50")
        dollars(filled["maker_fill_cost_dollars"], "2.255", places=6)
        position = frames["market_position"]
        equal((position["sid"], position["msg"]["market_ticker"]), (positions_sid, ticker))
        count(position["msg"]["position_fp"], "5.50")
        dollars(position["msg"]["position_cost_dollars"], "2.255")
        maker.do("cancel_order_v2", order.order_id, market_ticker=ticker)
        count(stream.until("user_order", status="canceled")["msg"]["remaining_count_fp"], "0")
        # The taker's own order came to the taker, and nothing of the maker's.
        others.until("user_order", status="executed")
        owners = {frame["msg"]["user_id"] for frame in others.seen if frame["type"] == "user_order"}
        equal(owners, {taker.user})


def check_reasons_of_order_changes(world):
    ticker, trader = world.market(), world.trader()
    with trader.stream() as stream:
        stream.subscribe("user_orders", market_tickers=[ticker])
        order = trader.order(ticker, "bid", "10", "0.40").order_id
        trader.do("decrease_order_v2", order, reduce_by="1", market_ticker=ticker)
        count(stream.until("user_order", last_update_reason="Decrease")["msg"]["remaining_count_fp"], "9")
        trader.do("amend_order_v2", order, ticker=ticker, side="bid", price="0.4100", count="8")
        dollars(stream.until("user_order", last_update_reason="Amend")["msg"]["yes_price_dollars"], "0.41")
        trader.order(ticker, "ask", "1", "0.41", self_trade_prevention_type="maker")
        equal(stream.until("user_order", last_update_reason="SelfTradeCancel")["msg"]["order_id"], order)
        expiring = trader.order(ticker, "bid", "1", "0.30", expiration_time=int(world.now().timestamp()) + 60).order_id
        world.step(61)
        equal(stream.until("user_order", last_update_reason="ExpiryCancel")["msg"]["order_id"], expiring)
        closing = trader.order(ticker, "bid", "1", "0.30").order_id
        world.post(f"/markets/{ticker}/close")
        equal(stream.until("user_order", last_update_reason="CloseCancel", order_id=closing)["msg"]["status"], "canceled")


def check_market_lifecycle(world):
    watcher = world.trader()
    with watcher.stream() as stream:
        (sid,) = stream.subscribe("market_lifecycle_v2")
        ticker = world.market()
        created = stream.until("market_lifecycle_v2", event_type="created", market_ticker=ticker)
        equal(created["sid"], sid)
        for field in ("open_ts", "close_ts"):
            assert isinstance(created["msg"][field], int), created
        assert created["msg"]["price_ranges"] and created["msg"]["additional_metadata"]["event_ticker"], created
        world.post(f"/markets/{ticker}/pause")
        stream.until("market_lifecycle_v2", event_type="deactivated", market_ticker=ticker)
        world.post(f"/markets/{ticker}/resume")
        stream.until("market_lifecycle_v2", event_type="activated", market_ticker=ticker)
        world.post(f"/markets/{ticker}/close")
        world.post(f"/markets/{ticker}/determine", result="yes")
        determined = stream.until("market_lifecycle_v2", event_type="determined", market_ticker=ticker)["msg"]
        equal(determined["result"], "yes")
        dollars(determined["settlement_value"], "1")
        assert isinstance(determined["determination_ts"], int), determined
        world.post(f"/markets/{ticker}/settle")
        settled = stream.until("market_lifecycle_v2", event_type="settled", market_ticker=ticker)
        assert isinstance(settled["msg"]["settled_ts"], int), settled
        sequence = [frame["seq"] for frame in stream.seen if frame.get("sid") == sid and "seq" in frame]
        equal(sequence, list(range(sequence[0], sequence[0] + len(sequence))))


def check_two_streams_are_independent(world):
    ticker, trader = world.market(), world.trader()
    with trader.stream() as first, Stream(trader) as second:
        first.subscribe("trade", market_tickers=[ticker])
        (book,) = second.subscribe("orderbook_delta", market_tickers=[ticker], use_yes_price=True)
        equal(next(book_frames(second, book))["seq"], 1)
        first.socket.close()
        trader.order(ticker, "bid", "1", "0.40")
        equal(next(book_frames(second, book))["seq"], 2)

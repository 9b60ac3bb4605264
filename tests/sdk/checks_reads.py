"""Every read of the trading path, parsed by the official SDK from answers that are not empty.

Source: reference, sections 6, 9, 13 and 14, read 2026-11-20.
"""

from datetime import timedelta
from decimal import Decimal

import kalshi_python_sync as kalshi

from harness import count, dollars, equal, refused


def traded_market(world):
    """A market with a trade of 4 at 0.40 and both sides of a book. Returns ticker, maker and taker."""
    ticker, maker, taker = world.market(), world.trader(), world.trader()
    maker.order(ticker, "bid", "10.00", "0.4000")
    maker.order(ticker, "ask", "5.00", "0.6000")
    taker.order(ticker, "ask", "4.00", "0.4000", time_in_force="immediate_or_cancel")
    return ticker, maker, taker


def event_of(ticker):
    return ticker.rsplit("-", 1)[0]


def series_of(ticker):
    return ticker.split("-", 1)[0]


def pages(trader, operation, rows, **filters):
    """All rows of a list, one to a page: every cursor but the last leads on, and the last is the empty string."""
    found, cursor = [], None
    while cursor != "":
        more = {} if cursor is None else {"cursor": cursor}
        page = trader.do(operation, limit=1, **filters, **more)
        found += getattr(page, rows)
        cursor = page.cursor
        assert isinstance(cursor, str) and len(found) < 50, f"{operation}: the pages have no end"
    return found


def check_exchange_status(world):
    status = world.trader().do("get_exchange_status")
    equal((status.exchange_active, status.trading_active), (True, True))
    equal(status.exchange_index_statuses[0].exchange_index, 0)


def check_user_data_timestamp(world):
    _, maker, _ = traded_market(world)
    as_of = maker.do("get_user_data_timestamp").as_of_time
    assert as_of <= world.now() + timedelta(seconds=1), f"portfolio data from the future: {as_of}"
    assert world.now() - timedelta(seconds=60) <= as_of, f"portfolio data are stale: {as_of}"


def check_public_reads_need_no_key(world):
    ticker, _, _ = traded_market(world)
    client = kalshi.KalshiClient(kalshi.Configuration(host=world.rest, retries=0))
    equal(client.get_market(ticker).market.ticker, ticker)
    count(client.get_market_orderbook(ticker).orderbook_fp.yes_dollars[0][1], "6.00")


def check_series(world):
    ticker, maker, _ = traded_market(world)
    listed = [series.ticker for series in maker.do("get_series_list").series]
    assert series_of(ticker) in listed, listed
    assert series_of(ticker) in [one.ticker for one in maker.do("get_series_list", category="Economics").series]
    equal(maker.do("get_series_list", category="No such category").series, [])
    series = maker.do("get_series", series_of(ticker)).series
    equal((series.fee_type, series.fee_multiplier, series.category), ("quadratic", 1, "Economics"))


def check_events(world):
    ticker, maker, _ = traded_market(world)
    event = maker.do("get_event", event_of(ticker))
    equal((event.event.event_ticker, event.event.series_ticker), (event_of(ticker), series_of(ticker)))
    equal([market.ticker for market in event.markets], [ticker])
    nested = maker.do("get_event", event_of(ticker), with_nested_markets=True).event
    equal([market.ticker for market in nested.markets], [ticker])
    found = maker.do("get_events", series_ticker=series_of(ticker), status="open", with_nested_markets=True)
    equal([one.event_ticker for one in found.events], [event_of(ticker)])
    equal(found.cursor, "")
    equal(maker.do("get_events", series_ticker=series_of(ticker), status="settled").events, [])


def check_markets(world):
    ticker, maker, _ = traded_market(world)
    market = maker.do("get_market", ticker).market
    equal((market.status, market.market_type, market.result), ("active", "binary", ""))
    for text, expected in [(market.yes_bid_dollars, "0.40"), (market.yes_ask_dollars, "0.60"), (market.no_bid_dollars, "0.40"),
                           (market.no_ask_dollars, "0.60"), (market.last_price_dollars, "0.40")]:
        dollars(text, expected)
    for text, expected in [(market.yes_bid_size_fp, "6"), (market.yes_ask_size_fp, "5"), (market.volume_fp, "4"),
                           (market.volume_24h_fp, "4"), (market.open_interest_fp, "4")]:
        count(text, expected)
    equal(market.price_level_structure, "linear_cent")
    assert market.price_ranges and Decimal(market.price_ranges[0].step) == Decimal("0.01"), market.price_ranges
    second = world.another_market(event_of(ticker), "T2")
    third = world.another_market(event_of(ticker), "T3")
    listed = pages(maker, "get_markets", "markets", event_ticker=event_of(ticker))
    equal(sorted(one.ticker for one in listed), [ticker, second, third])
    named = maker.do("get_markets", tickers=f"{ticker},{third}").markets
    equal(sorted(one.ticker for one in named), [ticker, third])
    equal(len(maker.do("get_markets", series_ticker=series_of(ticker), status="open").markets), 3)
    equal(maker.do("get_markets", series_ticker=series_of(ticker), status="settled").markets, [])


def check_finer_price_grids(world):
    ticker = world.market(price_level_structure="tapered_deci_cent")
    trader = world.trader()
    steps = [(Decimal(one.start), Decimal(one.end), Decimal(one.step)) for one in trader.do("get_market", ticker).market.price_ranges]
    expected = [("0", "0.10", "0.001"), ("0.10", "0.90", "0.01"), ("0.90", "1", "0.001")]
    equal(steps, [tuple(map(Decimal, band)) for band in expected])
    trader.order(ticker, "bid", "1", "0.0550", post_only=True)
    refused(400, "invalid_price", lambda: trader.order(ticker, "bid", "1", "0.4550"))


def check_order_books(world):
    ticker, maker, _ = traded_market(world)
    maker.order(ticker, "bid", "2.50", "0.3900")
    book = maker.do("get_market_orderbook", ticker).orderbook_fp
    equal(book.yes_dollars, [["0.3900", "2.50"], ["0.4000", "6.00"]])
    equal(book.no_dollars, [["0.4000", "5.00"]])
    equal(maker.do("get_market_orderbook", ticker, depth=1).orderbook_fp.yes_dollars, [["0.4000", "6.00"]])
    empty = world.market()
    books = maker.do("get_market_orderbooks", tickers=[ticker, empty]).orderbooks
    equal({one.ticker: len(one.orderbook_fp.yes_dollars) for one in books}, {ticker: 2, empty: 0})
    raw = maker.raw("GET", f"/markets/{empty}/orderbook").json
    equal(raw, {"orderbook_fp": {"yes_dollars": [], "no_dollars": []}})


def check_trades(world):
    ticker, _, taker = traded_market(world)
    taker.order(ticker, "ask", "1.25", "0.4000", time_in_force="immediate_or_cancel")
    trades = pages(taker, "get_trades", "trades", ticker=ticker)
    equal([trade.count_fp for trade in trades], ["1.25", "4.00"])  # Newest first.
    trade = trades[1]
    dollars(trade.yes_price_dollars, "0.40")
    dollars(trade.no_price_dollars, "0.60")
    equal((trade.taker_outcome_side, trade.taker_book_side, trade.is_block_trade), ("no", "ask", False))


def check_candlesticks(world):
    ticker, maker, taker = traded_market(world)
    maker.order(ticker, "bid", "2", "0.4500")
    taker.order(ticker, "ask", "2", "0.4500", time_in_force="immediate_or_cancel")
    now = int(world.now().timestamp())
    world.step(7200)  # The minute and the hour of the trades are over.
    span = {"start_ts": now - 3600, "end_ts": now + 3600, "period_interval": 1}
    single = maker.do("get_market_candlesticks", series_of(ticker), ticker, **span)
    equal(single.ticker, ticker)
    with_trades = [candle for candle in single.candlesticks if Decimal(candle.volume_fp) > 0]
    equal(len(with_trades), 1)
    candle = with_trades[0]
    assert candle.end_period_ts % 60 == 0 and now <= candle.end_period_ts <= now + 60, candle.end_period_ts
    count(candle.volume_fp, "6.00")
    count(candle.open_interest_fp, "6.00")
    price = candle.price
    found = [Decimal(one) for one in (price.open_dollars, price.low_dollars, price.high_dollars, price.close_dollars)]
    equal(found, [Decimal(one) for one in ("0.40", "0.40", "0.45", "0.45")])
    batch = maker.do("batch_get_market_candlesticks", market_tickers=ticker, **span)
    equal([(one.market_ticker, len(one.candlesticks)) for one in batch.markets], [(ticker, len(single.candlesticks))])
    hours = maker.do("get_market_candlesticks", series_of(ticker), ticker, start_ts=now - 86400, end_ts=now + 86400, period_interval=60)
    equal([one.volume_fp for one in hours.candlesticks if Decimal(one.volume_fp) > 0], ["6.00"])


def check_balance_and_positions(world):
    ticker, maker, taker = traded_market(world)
    # The taker sold 4 at 0.40: 0.60 each is held against $1, and the fee is 0.07 x 4 x 0.40 x 0.60.
    balance = taker.do("get_balance")
    dollars(balance.balance_dollars, "997.5328")
    equal((balance.balance, type(balance.portfolio_value)), (99753, int))
    equal(balance.balance_breakdown[0].exchange_index, 0)
    positions = taker.do("get_positions", ticker=ticker)
    position = positions.market_positions[0]
    count(position.position_fp, "-4.00")
    dollars(position.market_exposure_dollars, "2.40")
    dollars(position.fees_paid_dollars, "0.0672")
    dollars(position.realized_pnl_dollars, "0")
    equal(positions.event_positions[0].event_ticker, event_of(ticker))
    count(maker.do("get_positions", event_ticker=event_of(ticker)).market_positions[0].position_fp, "4.00")
    equal(maker.do("get_positions", settlement_status="settled").market_positions, [])


def check_fills(world):
    ticker, maker, taker = traded_market(world)
    fill = taker.do("get_fills", ticker=ticker).fills[0]
    equal((fill.is_taker, fill.outcome_side, fill.book_side, fill.market_ticker), (True, "no", "ask", ticker))
    count(fill.count_fp, "4.00")
    dollars(fill.yes_price_dollars, "0.40")
    dollars(fill.fee_cost, "0.0672")
    equal(fill.fill_id, fill.trade_id)
    mine = maker.do("get_fills", order_id=maker.do("get_fills", ticker=ticker).fills[0].order_id).fills[0]
    equal((mine.is_taker, mine.trade_id), (False, fill.trade_id))
    dollars(mine.fee_cost, "0")
    taker.order(ticker, "ask", "1", "0.4000", time_in_force="immediate_or_cancel")
    equal([one.count_fp for one in pages(taker, "get_fills", "fills", ticker=ticker)], ["1.00", "4.00"])


def check_order_lists(world):
    ticker, maker, taker = traded_market(world)
    resting = maker.do("get_orders", ticker=ticker, status="resting")
    equal((len(resting.orders), resting.cursor), (2, ""))
    bid = next(order for order in resting.orders if order.book_side == "bid")
    equal((bid.status, bid.type, bid.outcome_side, bid.user_id), ("resting", "limit", "yes", maker.user))
    for text, expected in [(bid.initial_count_fp, "10"), (bid.fill_count_fp, "4"), (bid.remaining_count_fp, "6")]:
        count(text, expected)
    dollars(bid.yes_price_dollars, "0.40")
    dollars(bid.no_price_dollars, "0.60")
    dollars(bid.maker_fill_cost_dollars, "1.60", places=6)
    dollars(bid.taker_fill_cost_dollars, "0", places=6)
    same = maker.read(bid.order_id)
    equal(same.to_dict(), bid.to_dict())
    done = taker.do("get_orders", event_ticker=event_of(ticker), status="executed").orders
    equal([(one.book_side, one.fill_count_fp) for one in done], [("ask", "4.00")])
    dollars(done[0].taker_fees_dollars, "0.0672")
    equal(len(pages(maker, "get_orders", "orders", ticker=ticker)), 2)
    refused(404, "not_found", lambda: taker.read(bid.order_id))


def check_queue_positions(world):
    ticker, maker, other = world.market(), world.trader(), world.trader()
    first = maker.order(ticker, "bid", "7.50", "0.4000").order_id
    second = other.order(ticker, "bid", "3.00", "0.4000").order_id
    better = other.order(ticker, "bid", "1.00", "0.4100").order_id
    count(maker.do("get_order_queue_position", first).queue_position_fp, "1.00")
    count(other.do("get_order_queue_position", second).queue_position_fp, "8.50")
    listed = other.do("get_order_queue_positions", market_tickers=ticker).queue_positions
    equal({one.order_id: (one.market_ticker, one.queue_position_fp) for one in listed},
          {second: (ticker, "8.50"), better: (ticker, "0.00")})


def check_account_limits(world):
    trader = world.trader()
    world.post("/limits", user_id=trader.user, tier="advanced")
    limits = trader.do("get_account_api_limits")
    equal(limits.usage_tier, "advanced")
    equal((limits.read.refill_rate, limits.read.bucket_capacity), (300, 900))
    equal((limits.write.refill_rate, limits.write.bucket_capacity), (300, 900))


def check_endpoint_costs(world):
    costs = world.trader().do("get_account_endpoint_costs")
    equal(costs.default_cost, 10)
    cancel = [one for one in costs.endpoint_costs if one.method == "DELETE" and one.path.startswith("/trade-api/v2/portfolio/events/orders/:")]
    equal([one.cost for one in cancel], [2])


def check_settlements(world):
    ticker, maker, taker = traded_market(world)
    before = maker.cash()
    for act, body in [("close", {}), ("determine", {"result": "yes"}), ("settle", {})]:
        world.post(f"/markets/{ticker}/{act}", **body)
    settled = maker.do("get_settlements", ticker=ticker).settlements[0]
    equal((settled.market_result, settled.event_ticker, settled.revenue, settled.value), ("yes", event_of(ticker), 400, 100))
    count(settled.yes_count_fp, "4.00")
    count(settled.no_count_fp, "0.00")
    dollars(settled.yes_total_cost_dollars, "1.60")
    dollars(settled.fee_cost, "0")
    lost = taker.do("get_settlements", event_ticker=event_of(ticker)).settlements[0]
    equal((lost.revenue, lost.no_count_fp), (0, "4.00"))
    # Paid 4, and the resting bid (6 at 0.40) and ask (5, of which 4 closed the position and 1 held 0.40) came free.
    assert maker.cash() >= before + 4, f"{before} before, {maker.cash()} after"
    equal(maker.cash(), Decimal("1002.40"))
    equal(maker.do("get_positions", ticker=ticker).market_positions, [])
    equal(maker.do("get_positions", ticker=ticker, settlement_status="settled").market_positions[0].ticker, ticker)
    market = maker.do("get_market", ticker).market
    equal((market.status, market.result), ("finalized", "yes"))
    dollars(market.settlement_value_dollars, "1")
    equal(world.ledger_difference(), 0)

"""The life of a market and of the exchange: opening, pauses, closing, results of each kind, and the ledger throughout.

Source: reference, sections 7, 10 and 11, read 2026-11-20.
"""

from datetime import timedelta
from decimal import Decimal

from harness import count, dollars, equal, refused, rfc3339


def pair_with_positions(world, price="0.40", size="10"):
    """A market in which one trader is long and the other short."""
    ticker, long, short = world.market(), world.trader(), world.trader()
    long.order(ticker, "bid", size, price)
    short.order(ticker, "ask", size, price)
    return ticker, long, short


def finish(world, ticker, **result):
    world.post(f"/markets/{ticker}/close")
    world.post(f"/markets/{ticker}/determine", **result)
    world.post(f"/markets/{ticker}/settle")


def check_not_open_yet(world):
    ticker, trader = world.market(opened=False, open_time=rfc3339(world.now() + timedelta(hours=1))), world.trader()
    equal(trader.do("get_market", ticker).market.status, "initialized")
    equal([one.ticker for one in trader.do("get_markets", tickers=ticker, status="unopened").markets], [ticker])
    refused(None, None, lambda: trader.order(ticker, "bid", "1", "0.40"))
    world.post(f"/markets/{ticker}/open")
    trader.order(ticker, "bid", "1", "0.40")


def check_market_pause(world):
    ticker, trader = world.market(), world.trader()
    resting = trader.order(ticker, "bid", "1", "0.40").order_id
    world.post(f"/markets/{ticker}/pause")
    equal(trader.do("get_market", ticker).market.status, "inactive")
    equal(trader.read(resting).status, "resting")
    refused(None, None, lambda: trader.order(ticker, "bid", "1", "0.40"))
    world.post(f"/markets/{ticker}/resume")
    equal(trader.do("get_market", ticker).market.status, "active")
    equal(trader.read(resting).status, "canceled")  # Reactivation cancels what rested.


def check_trading_pause(world):
    ticker, trader = world.market(), world.trader()
    first, second = (trader.order(ticker, "bid", "1", price).order_id for price in ("0.40", "0.41"))
    on_pause = trader.order(ticker, "bid", "1", "0.39", cancel_order_on_pause=True).order_id
    world.post("/trading", exchange_active=True, trading_active=False)
    try:
        equal(trader.do("get_exchange_status").trading_active, False)
        refused(None, None, lambda: trader.order(ticker, "bid", "1", "0.40"))
        refused(None, None, lambda: trader.do("amend_order_v2", first, ticker=ticker, side="bid", price="0.3900", count="1"))
        trader.do("cancel_order_v2", first, market_ticker=ticker)
        equal((trader.read(second).status, trader.read(on_pause).status), ("resting", "canceled"))
    finally:
        world.post("/trading", exchange_active=True, trading_active=True)
    trader.order(ticker, "bid", "1", "0.40")


def check_exchange_pause(world):
    ticker, trader = world.market(), world.trader()
    mine = trader.order(ticker, "bid", "1", "0.40").order_id
    world.post("/trading", exchange_active=False, trading_active=False)
    try:
        equal(trader.do("get_exchange_status").exchange_active, False)
        refused(None, None, lambda: trader.do("cancel_order_v2", mine, market_ticker=ticker))
    finally:
        world.post("/trading", exchange_active=True, trading_active=True)
    trader.do("cancel_order_v2", mine, market_ticker=ticker)


def check_closing(world):
    ticker, trader = world.market(), world.trader()
    mine = trader.order(ticker, "bid", "1", "0.40").order_id
    world.post(f"/markets/{ticker}/close")
    equal(trader.do("get_market", ticker).market.status, "closed")
    equal(trader.read(mine).status, "canceled")
    refused(None, None, lambda: trader.order(ticker, "bid", "1", "0.40"))
    equal(trader.cash(), Decimal(1000))


def check_the_clock_closes(world):
    ticker, trader = world.market(close_time=rfc3339(world.now() + timedelta(hours=1))), world.trader()
    mine = trader.order(ticker, "bid", "1", "0.40").order_id
    world.step(3601)
    equal(trader.do("get_market", ticker).market.status, "closed")
    equal(trader.read(mine).status, "canceled")


def check_result_no(world):
    ticker, long, short = pair_with_positions(world)
    finish(world, ticker, result="no")
    equal(long.cash(), Decimal(996))
    equal(short.cash(), Decimal("1004") - Decimal("0.168"))  # 0.07 x 10 x 0.40 x 0.60.
    equal(long.do("get_settlements", ticker=ticker).settlements[0].market_result, "no")
    equal(short.do("get_settlements", ticker=ticker).settlements[0].revenue, 1000)
    equal(world.ledger_difference(), 0)


def check_result_scalar(world):
    ticker, long, short = pair_with_positions(world)
    finish(world, ticker, result="scalar", settlement_value_dollars="0.2500")
    settled = long.do("get_settlements", ticker=ticker).settlements[0]
    equal((settled.market_result, settled.value, settled.revenue), ("scalar", 25, 250))
    equal(long.cash(), Decimal("998.50"))
    equal(short.cash(), Decimal("1001.50") - Decimal("0.168"))
    market = long.do("get_market", ticker).market
    equal(market.result, "scalar")
    dollars(market.settlement_value_dollars, "0.25")
    equal(world.ledger_difference(), 0)


def check_fractional_contracts(world):
    ticker, maker, taker = world.market(), world.trader(), world.trader()
    maker.order(ticker, "bid", "0.03", "0.33")
    taken = taker.order(ticker, "ask", "0.03", "0.33")
    count(taken.fill_count, "0.03")
    # 0.07 x 0.03 x 0.33 x 0.67 = 0.00046431, up to 0.0005; then the balance is rounded down to 0.0001.
    fill = taker.do("get_fills", ticker=ticker).fills[0]
    assert Decimal("0.0005") <= Decimal(fill.fee_cost) < Decimal("0.0006"), fill.fee_cost
    for trader in (maker, taker):
        assert trader.cash() * 10_000 % 1 == 0, trader.cash()
    equal(world.ledger_difference(), 0)

"""The unified Python client: orders, account, market data, discovery over Gamma, and the portfolio over the Data API.

Source: reference, sections 7, 8, 12, 13 and 19, read 2026-11-20.
"""

import time
from decimal import Decimal

from polymarket import PriceRequest
from polymarket.errors import OrderHeartbeatMismatchError, UserInputError

from process import equal, http_call
from scenes import pair, stage
from venue import DEPOSIT, EOA, PROXY, SAFE, bare, until


def check_limit_orders(world):
    for kind in (EOA, PROXY, SAFE, DEPOSIT):
        market, seller, _ = pair(world)
        trader = world.trader(kind)
        placed = trader.ask("place_limit_order", token_id=market.yes, price="0.4", size="10", side="BUY")
        equal((placed.ok, placed.status, placed.making_amount, placed.trade_ids), (True, "live", Decimal(0), ()))
        order = trader.ask("get_order", order_id=placed.order_id)
        equal(trader.ask("list_open_orders"), [order])
        equal((order.id, bare(order.status), order.condition_id, order.asset_id, order.side, order.outcome), (placed.order_id, "LIVE", market.condition, market.yes, "BUY", "Yes"))
        equal((order.price, order.original_size, order.size_matched, order.expires_at), (Decimal("0.4"), Decimal(10), Decimal(0), None))
        equal(order.maker_address.lower(), trader.wallet.lower())
        # Both Python clients speak for the same account.
        equal(trader.open_ids(), {placed.order_id})
        sold = seller.ask("place_limit_order", token_id=market.yes, price="0.4", size="6", side="SELL")
        equal((sold.ok, sold.status, sold.making_amount, sold.taking_amount), (True, "matched", Decimal(6), Decimal("2.4")))
        (hash_,) = seller.ask("wait_for_order_fill_settlement", sold)
        equal(len(hash_), 66)
        equal(trader.ask("get_order", order_id=placed.order_id).size_matched, Decimal(6))


def check_market_orders(world):
    set_up, taker = stage(world), world.trader(DEPOSIT)
    market = set_up.market
    equal(taker.ask("estimate_market_price", token_id=market.yes, side="BUY", amount=6), Decimal("0.6"))
    bought = taker.ask("place_market_order", token_id=market.yes, side="BUY", amount="6", max_price="0.6", order_type="FOK")
    equal((bought.ok, bought.status, bought.making_amount, bought.taking_amount), (True, "matched", Decimal(6), Decimal(10)))
    taker.ask("wait_for_order_fill_settlement", bought)
    sold = taker.ask("place_market_order", token_id=market.yes, side="SELL", shares="10")
    equal((sold.status, sold.making_amount, sold.taking_amount), ("matched", Decimal(10), Decimal(4)))


def check_refusals(world):
    set_up, trader = stage(world), world.trader()
    market = set_up.market

    def refused(text, **order):
        try:
            found = trader.uni.place_limit_order(**({"token_id": market.yes, "price": "0.4", "size": "10", "side": "BUY"} | order))
        except Exception as error:
            assert text in str(error), f"expected `{text}`, found {error!r}"
        else:
            assert not found.ok and text in found.message, found

    refused("invalid post-only order: order crosses book", price="0.6", post_only=True)
    refused("lower than the minimum", size="4")
    refused("not enough balance / allowance", size="10000")
    refused("tick", price="0.405")


def check_batches_and_cancels(world):
    market, trader = world.market(), world.trader()
    orders = [trader.ask("create_limit_order", token_id=market.yes, price=price, size="5", side="BUY") for price in ("0.10", "0.11", "0.12", "0.13")]
    placed = trader.ask("post_orders", orders)
    equal([(reply.ok, reply.status) for reply in placed], [(True, "live")] * 4)
    one, two, three, four = [reply.order_id for reply in placed]
    equal(trader.ask("cancel_order", order_id=one).canceled, (one,))
    equal(sorted(trader.ask("cancel_orders", order_ids=[two, three]).canceled), sorted([two, three]))
    equal(trader.ask("cancel_market_orders", market=market.condition).canceled, (four,))
    last = trader.ask("post_order", trader.uni.create_limit_order(token_id=market.no, price="0.2", size="5", side="BUY"))
    equal(trader.ask("cancel_all").canceled, (last.order_id,))


def check_good_till_date(world):
    market, trader = world.market(), world.trader()
    end = int(time.time()) + 600
    placed = trader.ask("place_limit_order", token_id=market.yes, price="0.4", size="5", side="BUY", expiration=end)
    order = trader.ask("get_order", order_id=placed.order_id)
    equal((order.order_type, int(order.expires_at.timestamp())), ("GTD", end))


def check_account(world):
    market, seller, buyer = pair(world)
    equal(buyer.ask("fetch_api_keys"), (buyer.creds.api_key,))
    equal(buyer.ask("get_closed_only_mode"), False)
    found = buyer.ask("get_balance_allowance", asset_type="COLLATERAL")
    equal(found.balance, 1_000_000_000)
    assert len(found.allowances) >= 2, found
    equal(seller.ask("get_balance_allowance", asset_type="CONDITIONAL", token_id=market.no).balance, 100_000_000)
    placed = buyer.ask("place_limit_order", token_id=market.yes, price="0.4", size="10", side="BUY")
    sold = seller.ask("place_limit_order", token_id=market.yes, price="0.4", size="10", side="SELL")
    seller.ask("wait_for_order_fill_settlement", sold)
    (trade,) = buyer.ask("list_account_trades", market=market.condition)
    equal((trade.id, trade.status, trade.trader_side, trade.side, trade.size, trade.price), (sold.trade_ids[0], "CONFIRMED", "MAKER", "SELL", Decimal(10), Decimal("0.4")))
    equal([(made.order_id, made.side, made.outcome) for made in trade.maker_orders], [(placed.order_id, "BUY", "Yes")])
    notifications = until(lambda: buyer.ask("get_notifications"), "a notification")
    buyer.ask("drop_notifications", ids=[entry.id for entry in notifications])
    equal(buyer.uni.get_notifications(), ())


def check_heartbeats(world):
    trader = world.trader()
    first = trader.ask("send_order_heartbeat")
    second = trader.ask("send_order_heartbeat", heartbeat_id=first.heartbeat_id)
    try:
        trader.uni.send_order_heartbeat(heartbeat_id=first.heartbeat_id)
    except OrderHeartbeatMismatchError as error:
        equal(error.heartbeat_id, second.heartbeat_id)
    else:
        raise AssertionError("an old heartbeat id was taken")


def check_market_data(world):
    set_up, reader = stage(world), world.trader()
    market = set_up.market
    book = reader.ask("get_order_book", token_id=market.yes)
    equal((book.condition_id, book.bids[-1].price, book.asks[-1].price, book.tick_size, book.neg_risk), (market.condition, Decimal("0.40"), Decimal("0.60"), Decimal("0.01"), False))
    equal([book.asset_id for book in reader.ask("get_order_books", token_ids=[market.yes, market.no])], [market.yes, market.no])
    equal(reader.ask("get_midpoint", token_id=market.yes), Decimal("0.5"))
    equal(reader.ask("get_midpoints", token_ids=[market.yes, market.no]), {market.yes: Decimal("0.5"), market.no: Decimal("0.5")})
    equal(reader.ask("get_price", token_id=market.yes, side="BUY"), Decimal("0.40"))
    equal(reader.ask("get_spread", token_id=market.yes), Decimal("0.2"))
    equal(reader.ask("get_spreads", token_ids=[market.yes]), {market.yes: Decimal("0.2")})
    equal(reader.ask("get_last_trade_price", token_id=market.yes), None)
    reader.order(market.yes, "BUY", "10", "0.60")
    last = reader.ask("get_last_trade_price", token_id=market.yes)
    equal((last.price, last.side), (Decimal("0.60"), "BUY"))
    equal([(entry.asset_id, entry.price) for entry in reader.ask("get_last_trade_prices", token_ids=[market.yes])], [(market.yes, Decimal("0.60"))])
    try:
        reader.uni.get_builder_fee_rates("0x" + "12" * 32)
    except UserInputError as error:
        assert "Unknown builder code" in str(error), error
    else:
        raise AssertionError("an unknown builder has fees")


def check_prices_of_several_tokens(world):
    set_up, reader = stage(world), world.trader()
    market = set_up.market
    found = reader.ask("get_prices", requests=[PriceRequest(token_id=market.yes, side="BUY"), PriceRequest(token_id=market.no, side="SELL")])
    equal(found, {market.yes: {"BUY": Decimal("0.40")}, market.no: {"SELL": Decimal("0.60")}})


def check_rewards(world):
    market, maker, _ = pair(world, rewards={"min_size": "10", "max_spread": "0.03", "daily_rate": "100"})
    near = maker.order(market.yes, "BUY", "20", "0.49")["orderID"]
    maker.order(market.yes, "SELL", "20", "0.51")
    equal(maker.ask("get_order_scoring", order_id=near), True)
    equal(maker.ask("get_orders_scoring", order_ids=[near]), {near: True})
    terms = next(row for row in maker.ask("list_current_rewards") if row.condition_id == market.condition)
    equal((terms.rewards_max_spread, terms.rewards_min_size), (3.0, Decimal(10)))
    equal([row.condition_id for row in maker.ask("list_market_rewards", condition_id=market.condition)], [market.condition])
    row = next(row for row in maker.ask("list_reward_markets") if row.condition_id == market.condition)
    equal((row.question, row.spread), (market.question, Decimal("0.02")))
    today = time.strftime("%Y-%m-%d", time.gmtime())
    own = next(row for row in maker.ask("list_user_earnings_and_markets_config", date=today) if row.condition_id == market.condition)
    equal(own.maker_address.lower(), maker.address.lower())
    # Nothing is paid out here.
    equal(maker.ask("list_user_earnings_for_day", date=today), [])
    equal(maker.ask("get_total_earnings_for_user_for_day", date=today), ())
    equal(maker.ask("get_current_rebates", date=today, maker_address=maker.wallet), ())


def check_splits_without_gas(world):
    for kind in (PROXY, SAFE, DEPOSIT):
        market, trader = world.market(), world.trader(kind)
        client = trader.gasless()
        equal(client.is_gasless_ready(), True)
        done = client.split_position(condition_id=market.condition, amount=10_000_000).wait()
        equal(len(done.transaction_hash), 66)
        equal((trader.dollars(), trader.shares(market.yes), trader.shares(market.no)), (Decimal(990), Decimal(10), Decimal(10)))
    world.books_balance()
    world.parsed.update({"uni is_gasless_ready", "uni split_position"})


def check_discovery(world):
    market, reader = world.market(fee_rate="0.05"), world.trader()
    (found,) = reader.ask("list_markets", condition_ids=[market.condition])
    equal((found.condition_id, found.question, found.state.active, found.state.closed, found.state.accepting_orders), (market.condition, market.question, True, False, True))
    equal((found.outcomes.yes.token_id, found.outcomes.no.token_id, found.outcomes.yes.label), (market.yes, market.no, "Yes"))
    equal((found.trading.minimum_tick_size, found.trading.minimum_order_size, found.trading.fee_schedule.rate), (Decimal("0.01"), Decimal(5), Decimal("0.05")))
    equal(reader.ask("get_market", id=found.id), found)
    equal(reader.ask("get_market", slug=found.slug).id, found.id)
    equal([row.id for row in reader.ask("list_markets", clob_token_ids=[market.no])], [found.id])
    event_id = found.events[0].id
    event = reader.ask("get_event", id=event_id)
    equal((event.id, [row.condition_id for row in event.markets]), (event_id, [market.condition]))
    equal(reader.ask("get_event", slug=event.slug).id, event_id)
    assert event_id in [row.id for row in reader.ask("list_events", page_size=100)], "the event is on no page"
    assert event_id in [row.id for row in next(iter(reader.uni.search(q=market.question))).items[0].events], "the search does not find it"
    reader.world.parsed.add("uni search")


def check_pages_of_markets(world):
    made = {world.market().condition for _ in range(7)}
    listed = [row.condition_id for row in world.trader().ask("list_markets", page_size=3)]
    equal(len(listed), len(set(listed)))
    assert made <= set(listed), "a market is on no page"


def check_portfolio(world):
    market, seller, buyer = pair(world, fee_rate="0.05")
    seller.order(market.yes, "SELL", "20", "0.50")
    buyer.trade_at(buyer.order(market.yes, "BUY", "20", "0.50")["tradeIDs"][0], "CONFIRMED")
    (position,) = until(lambda: buyer.ask("list_positions"), "the position")
    equal((position.condition_id, position.asset_id, position.outcome, position.outcome_index, position.opposite_asset_id), (market.condition, market.yes, "Yes", 0, market.no))
    equal((position.current_size, position.avg_price, position.negative_risk), (Decimal(20), Decimal("0.5"), False))
    equal(position.entry_fees_usdc, Decimal("0.25"))
    equal(position.wallet.lower(), buyer.wallet.lower())
    (trade,) = buyer.ask("list_trades")
    equal((trade.condition_id, trade.asset_id, trade.side, trade.size, trade.price), (market.condition, market.yes, "BUY", Decimal(20), Decimal("0.5")))
    activity = buyer.ask("list_activity")
    equal([(str(row.type), row.shares, row.amount) for row in activity if str(row.type).endswith("TRADE")], [("TRADE", Decimal(20), Decimal(10))])
    value = buyer.ask("get_portfolio_value")
    assert value.value > 0, value
    holders = seller.ask("list_market_holders", condition_ids=[market.condition])
    equal({group.asset_id: {holder.wallet.lower(): holder.amount for holder in group.holders} for group in holders},
          {market.yes: {seller.wallet.lower(): Decimal(80), buyer.wallet.lower(): Decimal(20)}, market.no: {seller.wallet.lower(): Decimal(100)}})
    (interest,) = buyer.ask("get_open_interests", condition_ids=[market.condition])
    equal((interest.condition_id, interest.value), (market.condition, Decimal(100)))
    (point, *_) = buyer.ask("list_price_history", asset_id=market.yes, interval="1h")
    equal(point.price, Decimal("0.5"))
    volume = buyer.ask("get_user_volume")
    equal((volume.volume, volume.volume_usdc, volume.trade_count), (Decimal(20), Decimal(10), 1))
    equal(buyer.ask("get_user_stats").traded_market_count, 1)
    (listed,) = buyer.ask("list_markets", condition_ids=[market.condition])
    equal(buyer.ask("get_event_live_volume", event_ids=[int(listed.events[0].id)]).taker_volume_total, Decimal(20))
    assert seller.wallet.lower() in [row.wallet.lower() for row in buyer.ask("list_trader_leaderboard")]
    references = buyer.ask("get_token_references", asset_ids=[market.yes, market.no])
    equal([(row.asset_id, row.condition_id, row.outcome_index) for row in references], [(market.yes, market.condition, 0), (market.no, market.condition, 1)])


def check_resolution(world):
    market, seller, buyer = pair(world)
    seller.order(market.yes, "SELL", "20", "0.50")
    buyer.trade_at(buyer.order(market.yes, "BUY", "20", "0.50")["tradeIDs"][0], "CONFIRMED")
    world.resolve(market, "Yes")
    (found,) = buyer.ask("list_markets", condition_ids=[market.condition], closed=True)
    equal((found.state.closed, found.outcomes.yes.price, found.outcomes.no.price), (True, Decimal(1), Decimal(0)))
    (position,) = buyer.ask("list_positions", status="REDEEMABLE")
    equal((position.redeemable, position.current_price, position.current_value), (True, Decimal(1), Decimal(20)))
    (resolution,) = buyer.ask("get_resolutions", condition_ids=[market.condition])
    equal(resolution.condition_id, market.condition)


def check_first_version_of_the_data_api(world):
    """The camelCase paths that most public tools read; no official client of today does."""
    market, seller, buyer = pair(world)
    seller.order(market.yes, "SELL", "20", "0.50")
    buyer.trade_at(buyer.order(market.yes, "BUY", "20", "0.50")["tradeIDs"][0], "CONFIRMED")
    (position,) = until(lambda: world.get(f"/positions?user={buyer.wallet}", world.data), "the position")
    equal((position["asset"], position["conditionId"], position["size"], position["avgPrice"], position["outcome"]), (market.yes, market.condition, 20, 0.5, "Yes"))
    (trade,) = world.get(f"/trades?user={buyer.wallet}", world.data)
    equal((trade["side"], trade["asset"], trade["size"], trade["price"], len(trade["transactionHash"])), ("BUY", market.yes, 20, 0.5, 66))
    (value,) = world.get(f"/value?user={buyer.wallet}", world.data)
    equal(value["user"].lower(), buyer.wallet.lower())
    equal(http_call(world.data, "GET", "/positions").status, 400)

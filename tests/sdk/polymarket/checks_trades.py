"""Trades: every way two orders can meet, fees, the life of a trade to its end or its failure, resolution.

Source: reference, sections 7.2, 7.4, 8.5, 15.1 and 16.4, read 2026-11-20.
"""

import time
from decimal import Decimal

from process import equal
from scenes import pair
from venue import DEPOSIT, EOA, amount, bare, refused, until


def holdings(trader, market):
    return trader.dollars(), trader.shares(market.yes), trader.shares(market.no)


def check_both_views_of_a_trade(world):
    market, seller, buyer = pair(world)
    resting = buyer.order(market.yes, "BUY", "10", "0.40")["orderID"]
    reply = seller.order(market.yes, "SELL", "10", "0.40")
    (trade_id,) = reply["tradeIDs"]
    taken = seller.trade_at(trade_id, "CONFIRMED")
    equal((taken["id"], taken["trader_side"], taken["side"], taken["asset_id"], taken["outcome"]), (trade_id, "TAKER", "SELL", market.yes, "Yes"))
    equal((taken["taker_order_id"], taken["market"], taken["owner"]), (reply["orderID"], market.condition, seller.creds.api_key))
    amount(taken["size"], "10")
    amount(taken["price"], "0.4")
    equal((taken["fee_rate_bps"], taken["bucket_index"]), ("0", 0))
    assert len(taken["transaction_hash"]) == 66, taken["transaction_hash"]
    assert abs(int(taken["match_time"]) - time.time()) < 60 and int(taken["last_update"]) >= int(taken["match_time"])
    (made,) = taken["maker_orders"]
    equal((made["order_id"], made["owner"], made["asset_id"], made["outcome"], made["side"]), (resting, buyer.creds.api_key, market.yes, "Yes", "BUY"))
    amount(made["matched_amount"], "10")
    amount(made["price"], "0.4")
    (seen,) = buyer.trades(id=trade_id)
    equal((seen["trader_side"], seen["side"], seen["maker_orders"]), ("MAKER", "SELL", taken["maker_orders"]))
    equal([trade["id"] for trade in buyer.trades(market=market.condition)], [trade_id])
    equal(buyer.trades(market=world.market().condition), [])
    page = seller.do("get_trades_paginated")
    equal(([trade["id"] for trade in page["trades"]], page["next_cursor"]), ([trade_id], "LTE="))
    equal(holdings(seller, market), (Decimal(904), Decimal(90), Decimal(100)))
    equal(holdings(buyer, market), (Decimal(996), Decimal(10), Decimal(0)))
    world.books_balance()


def check_mint(world):
    market, first, second = world.market(), world.trader(), world.trader()
    resting = first.order(market.no, "BUY", "10", "0.40")["orderID"]
    reply = second.order(market.yes, "BUY", "10", "0.60")
    equal(reply["status"], "matched")
    amount(reply["makingAmount"], "6")
    amount(reply["takingAmount"], "10")
    trade = second.trade_at(reply["tradeIDs"][0], "CONFIRMED")
    equal((trade["asset_id"], trade["side"], trade["outcome"], Decimal(trade["price"])), (market.yes, "BUY", "Yes", Decimal("0.6")))
    (made,) = trade["maker_orders"]
    equal((made["order_id"], made["asset_id"], made["side"], made["outcome"], Decimal(made["price"])), (resting, market.no, "BUY", "No", Decimal("0.4")))
    equal(holdings(first, market), (Decimal(996), Decimal(0), Decimal(10)))
    equal(holdings(second, market), (Decimal(994), Decimal(10), Decimal(0)))
    world.books_balance()


def check_merge(world):
    market, first, second = world.market(), world.trader(), world.trader()
    for trader in (first, second):
        world.split(trader.wallet, market, "50")
    first.order(market.no, "SELL", "10", "0.40")
    reply = second.order(market.yes, "SELL", "10", "0.60")
    equal(reply["status"], "matched")
    second.trade_at(reply["tradeIDs"][0], "CONFIRMED")
    equal(holdings(first, market), (Decimal(954), Decimal(50), Decimal(40)))
    equal(holdings(second, market), (Decimal(956), Decimal(40), Decimal(50)))
    world.books_balance()


def check_improvement_goes_to_the_taker(world):
    market, first, second = world.market(), world.trader(), world.trader()
    first.order(market.no, "BUY", "10", "0.45")
    reply = second.order(market.yes, "BUY", "10", "0.70")
    amount(reply["makingAmount"], "5.5")
    second.trade_at(reply["tradeIDs"][0], "CONFIRMED")
    equal((first.dollars(), second.dollars()), (Decimal("995.5"), Decimal("994.5")))


def check_price_then_time(world):
    market, seller, taker = pair(world)
    early, late = world.trader(), world.trader()
    world.split(early.wallet, market, "50")
    world.split(late.wallet, market, "50")
    first = early.order(market.yes, "SELL", "10", "0.60")["orderID"]
    second = late.order(market.no, "BUY", "10", "0.40")["orderID"]  # The same level, seen from the other outcome.
    better = seller.order(market.yes, "SELL", "5", "0.59")["orderID"]
    taker.order(market.yes, "BUY", "12", "0.60")
    matched = [Decimal(trader.do("get_order", order)["size_matched"]) for trader, order in [(early, first), (late, second), (seller, better)]]
    equal(matched, [Decimal(7), Decimal(0), Decimal(5)])


def check_taker_fee(world):
    market, seller, buyer = pair(world, fee_rate="0.05")
    seller.order(market.yes, "SELL", "100", "0.50")
    reply = buyer.order(market.yes, "BUY", "100", "0.50")
    trade = buyer.trade_at(reply["tradeIDs"][0], "CONFIRMED")
    equal(trade["fee_rate_bps"], "0")
    # 100 x 0.05 x 0.5 x 0.5 = 1.25, in dollars and from the taker alone; the shares are whole.
    equal(holdings(buyer, market), (Decimal("948.75"), Decimal(100), Decimal(0)))
    equal(holdings(seller, market), (Decimal(950), Decimal(0), Decimal(100)))
    # A seller who takes pays from what he gets: 10 x 0.05 x 0.3 x 0.7 = 0.105.
    seller.order(market.yes, "BUY", "10", "0.30")
    sold = buyer.order(market.yes, "SELL", "10", "0.30")
    buyer.trade_at(sold["tradeIDs"][0], "CONFIRMED")
    equal(buyer.dollars(), Decimal("951.645"))
    world.books_balance()


def check_the_fee_is_part_of_what_must_be_there(world):
    market, seller, _ = pair(world, fee_rate="0.05")
    seller.order(market.yes, "SELL", "100", "0.50")
    poor = world.trader(usd="50")
    refused(400, "not enough balance / allowance", lambda: poor.order(market.yes, "BUY", "100", "0.50"))
    equal(world.trader(usd="51.25").order(market.yes, "BUY", "100", "0.50")["status"], "matched")


def check_a_trade_lives_step_by_step(world):
    market, seller, buyer = pair(world)
    buyer.order(market.yes, "BUY", "10", "0.40")
    with world.settling_by_hand():
        trade = seller.post_at_once(market.yes, "SELL", "10", "0.40")["tradeIDs"][0]
        equal(bare(seller.trades(id=trade)[0]["status"]), "MATCHED")
        world.advance(trade, "mine")
        mined = seller.trades(id=trade)[0]
        equal((bare(mined["status"]), len(mined["transaction_hash"])), ("MINED", 66))
        world.advance(trade, "confirm")
        equal(bare(buyer.trades(id=trade)[0]["status"]), "CONFIRMED")


def check_a_trade_that_is_retried(world):
    market, seller, buyer = pair(world)
    buyer.order(market.yes, "BUY", "10", "0.40")
    with world.settling_by_hand():
        trade = seller.post_at_once(market.yes, "SELL", "10", "0.40")["tradeIDs"][0]
        world.advance(trade, "retry")
        equal(bare(seller.trades(id=trade)[0]["status"]), "RETRYING")
        world.advance(trade, "mine")
        world.advance(trade, "confirm")
        equal(bare(seller.trades(id=trade)[0]["status"]), "CONFIRMED")
    equal(buyer.shares(market.yes), Decimal(10))


def check_a_trade_that_fails_is_undone(world):
    for way in ("complementary", "mint", "merge"):
        for kind in (EOA, DEPOSIT):
            market, first, second = world.market(fee_rate="0.05"), world.trader(kind), world.trader(kind)
            for trader in (first, second):
                world.split(trader.wallet, market, "100")
            before = [holdings(trader, market) for trader in (first, second)]
            rests, takes = {"complementary": (("BUY", market.yes, "0.40"), ("SELL", market.yes, "0.40")),
                            "mint": (("BUY", market.no, "0.40"), ("BUY", market.yes, "0.60")),
                            "merge": (("SELL", market.no, "0.40"), ("SELL", market.yes, "0.60"))}[way]
            with world.settling_by_hand():
                side, token, price = rests
                first.order(token, side, "10", price)
                side, token, price = takes
                trade = second.post_at_once(token, side, "10", price)["tradeIDs"][0]
                world.advance(trade, "fail")
                equal([bare(trader.trades(id=trade)[0]["status"]) for trader in (first, second)], ["FAILED", "FAILED"])
            equal((way, [holdings(trader, market) for trader in (first, second)]), (way, before))
            # What was promised is free again: all of it can be sold.
            first.do("cancel_all")
            equal(first.order(market.yes, "SELL", "100", "0.90")["status"], "live")
            world.books_balance()


def check_one_order_meets_several(world):
    market, seller, buyer = pair(world)
    for price in ("0.50", "0.51", "0.52"):
        seller.order(market.yes, "SELL", "10", price)
    reply = buyer.order(market.yes, "BUY", "30", "0.55")
    amount(reply["makingAmount"], "15.3")
    amount(reply["takingAmount"], "30")
    sizes = [Decimal(made["matched_amount"]) for trade in buyer.trades(market=market.condition) for made in trade["maker_orders"]]
    equal(sum(sizes), Decimal(30))
    equal(until(lambda: buyer.shares(market.yes) == 30, "all the shares"), True)


def check_resolution(world):
    market, seller, buyer = pair(world)
    seller.order(market.yes, "SELL", "10", "0.60")
    bought = buyer.order(market.yes, "BUY", "10", "0.60")
    buyer.trade_at(bought["tradeIDs"][0], "CONFIRMED")
    resting = buyer.order(market.yes, "BUY", "10", "0.30")["orderID"]
    world.resolve(market, "Yes")
    found = buyer.do("get_market", market.condition)
    equal((found["closed"], found["accepting_orders"]), (True, False))
    equal([(token["outcome"], token["winner"]) for token in found["tokens"]], [("Yes", True), ("No", False)])
    equal(bare(buyer.do("get_order", resting)["status"]), "CANCELED_MARKET_RESOLVED")
    equal(buyer.open_ids(), set())
    refused(400, "", lambda: buyer.order(market.yes, "BUY", "10", "0.30"))
    world.books_balance()

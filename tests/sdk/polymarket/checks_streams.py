"""The market and user channels: raw, because the TypeScript and the first Python client bring none, and as the unified client follows them.

Source: reference, sections 8.2 and 10, read 2026-11-20.
"""

import asyncio
import contextlib
from decimal import Decimal

from polymarket.streams import MarketSpec, UserSpec
from py_clob_client_v2 import clob_types
from websockets.exceptions import ConnectionClosed

from process import DEADLINE_SECONDS, equal
from scenes import pair, stage
from venue import Socket, amount, bare, market_socket, user_message


def changes(event):
    return {change["asset_id"]: change for change in event["price_changes"]}


@contextlib.contextmanager
def follow(world, market, **more):
    """A subscribed socket, and the two snapshots with which it began."""
    with market_socket(world, market.yes, market.no, **more) as socket:
        socket.send(socket.first)
        snapshots = {event["asset_id"]: event for event in (socket.until("book"), socket.until("book"))}
        yield socket, snapshots


def check_snapshots(world):
    set_up = stage(world)
    market = set_up.market
    with follow(world, market) as (socket, snapshots):
        equal(set(snapshots), {market.yes, market.no})
        for token, snapshot in snapshots.items():
            book = world.get(f"/book?token_id={token}")
            equal((snapshot["bids"], snapshot["asks"]), (book["bids"], book["asks"]))
            equal((snapshot["market"], len(snapshot["hash"])), (market.condition, 40))
            assert snapshot["timestamp"].isdigit(), snapshot["timestamp"]


def check_no_snapshot_when_none_is_wanted(world):
    set_up = stage(world)
    with market_socket(world, set_up.market.yes) as socket:
        socket.send(socket.first | {"initial_dump": False})
        socket.send("PING")
        equal(socket.text(), "PONG")
        set_up.maker.order(set_up.market.yes, "BUY", "10", "0.41")
        equal(socket.next()["event_type"], "price_change")


def check_one_order_changes_both_books(world):
    set_up = stage(world)
    market = set_up.market
    with follow(world, market) as (socket, _):
        mine = set_up.maker.order(market.yes, "BUY", "10", "0.41")["orderID"]
        event = socket.until("price_change")
        equal((event["market"], set(changes(event))), (market.condition, {market.yes, market.no}))
        yes, no = changes(event)[market.yes], changes(event)[market.no]
        equal((yes["side"], no["side"]), ("BUY", "SELL"))
        for change, wanted in [(yes, ("0.41", "10", "0.41", "0.60")), (no, ("0.59", "10", "0.40", "0.59"))]:
            for name, value in zip(("price", "size", "best_bid", "best_ask"), wanted):
                amount(change[name], value)
            book = world.get(f"/book?token_id={change['asset_id']}")
            equal(change["hash"], book["hash"])
        # A second order at the level: the size is the level's new total. Then less, then none.
        second = set_up.maker.order(market.yes, "BUY", "7", "0.41")["orderID"]
        amount(changes(socket.until("price_change"))[market.yes]["size"], "17")
        set_up.maker.do("cancel_order", clob_types.OrderPayload(mine))
        amount(changes(socket.until("price_change"))[market.yes]["size"], "7")
        set_up.maker.do("cancel_order", clob_types.OrderPayload(second))
        gone = changes(socket.until("price_change"))[market.yes]
        amount(gone["size"], "0")
        amount(gone["best_bid"], "0.40")


def check_a_trade_on_the_market_channel(world):
    set_up, taker = stage(world), world.trader()
    market = set_up.market
    with follow(world, market) as (socket, _):
        taker.order(market.yes, "BUY", "20", "0.60")
        event = socket.until("last_trade_price", asset_id=market.yes)
        equal((event["market"], event["side"], event["fee_rate_bps"]), (market.condition, "BUY", "0"))
        amount(event["price"], "0.6")
        amount(event["size"], "20")
        # After the trade the book comes whole, before or after the price.
        books = [event for event in socket.seen[2:] if event["event_type"] == "book" and event["asset_id"] == market.yes]
        book = books[-1] if books else socket.until("book", asset_id=market.yes)
        amount(book["asks"][-1]["size"], "30")


def check_mint_on_the_market_channel(world):
    market, first, second = world.market(), world.trader(), world.trader()
    first.order(market.no, "BUY", "10", "0.40")
    with follow(world, market) as (socket, snapshots):
        # Buying NO at 0.40 is offering YES at 0.60.
        amount(snapshots[market.yes]["asks"][-1]["price"], "0.6")
        second.order(market.yes, "BUY", "10", "0.60")
        event = socket.until("last_trade_price", asset_id=market.yes)
        amount(event["price"], "0.6")


def check_subscriptions_grow_and_shrink(world):
    first, second = stage(world), stage(world)
    with market_socket(world, first.market.yes) as socket:
        socket.send(socket.first)
        equal(socket.until("book")["asset_id"], first.market.yes)
        socket.send({"operation": "subscribe", "assets_ids": [second.market.yes]})
        equal(socket.until("book")["asset_id"], second.market.yes)
        second.maker.order(second.market.yes, "BUY", "10", "0.41")
        socket.until("price_change", market=second.market.condition)
        socket.send({"operation": "unsubscribe", "assets_ids": [second.market.yes]})
        socket.send("PING")
        equal(socket.text(), "PONG")
        second.maker.order(second.market.yes, "BUY", "10", "0.42")
        first.maker.order(first.market.yes, "BUY", "10", "0.41")
        equal(socket.next()["market"], first.market.condition)


def check_connection_rules(world):
    set_up = stage(world)
    with Socket(world, "/ws/market") as socket:
        socket.send("PING")
        try:
            found = socket.socket.recv(timeout=DEADLINE_SECONDS)
            raise AssertionError(f"a PING before the subscription was answered: {found}")
        except ConnectionClosed as closed:
            equal((closed.rcvd.code, closed.rcvd.reason), (1008, "invalid subscription payload"))
    with market_socket(world, set_up.market.yes) as socket:
        socket.send(socket.first)
        socket.until("book")
        socket.send(socket.first)
        equal(socket.text(), "INVALID OPERATION")
    # The form of the Rust client's first frame.
    with Socket(world, "/ws/market") as socket:
        socket.send({"type": "market", "operation": "subscribe", "markets": [], "assets_ids": [set_up.market.no], "initial_dump": True})
        equal(socket.until("book")["asset_id"], set_up.market.no)


def check_custom_features(world):
    market, maker, _ = pair(world)
    with follow(world, market, custom_feature_enabled=True) as (socket, _), follow(world, market) as (plain, _):
        maker.order(market.yes, "BUY", "10", "0.40")
        maker.order(market.yes, "SELL", "10", "0.45")
        best = socket.until("best_bid_ask", asset_id=market.yes)
        while Decimal(best["best_ask"] or 0) != Decimal("0.45"):
            best = socket.until("best_bid_ask", asset_id=market.yes)
        amount(best["best_bid"], "0.40")
        amount(best["spread"], "0.05")
        listed = world.market()
        new = socket.until("new_market", condition_id=listed.condition)
        equal((new["question"], new["outcomes"], sorted(new["clob_token_ids"])), (listed.question, ["Yes", "No"], sorted([listed.yes, listed.no])))
        world.resolve(market, "No")
        resolved = socket.until("market_resolved", market=market.condition)
        equal((resolved["winning_asset_id"], resolved["winning_outcome"]), (market.no, "No"))
        plain.send("PING")
        while plain.text() != "PONG":
            pass
        assert not {"best_bid_ask", "new_market", "market_resolved"} & {event["event_type"] for event in plain.seen}


def check_tick_size_change(world):
    market, maker, _ = pair(world)
    with follow(world, market) as (socket, _):
        world.change_tick(market, "0.001")
        for token in (market.yes, market.no):
            event = socket.until("tick_size_change", asset_id=token)
            equal((Decimal(event["old_tick_size"]), Decimal(event["new_tick_size"])), (Decimal("0.01"), Decimal("0.001")))
    fresh = world.trader()
    equal(fresh.do("get_tick_size", market.yes), "0.001")
    equal(fresh.order(market.yes, "BUY", "10", "0.123")["status"], "live")


@contextlib.contextmanager
def user_socket(world, trader, *conditions):
    """A user socket that is known to listen: its first PING has been answered."""
    with Socket(world, "/ws/user") as socket:
        socket.send(user_message(trader, *conditions))
        socket.send("PING")
        equal(socket.text(), "PONG")
        yield socket


def check_orders_on_the_user_channel(world):
    market, seller, buyer = pair(world)
    with user_socket(world, buyer, market.condition) as socket:
        reply = buyer.order(market.yes, "BUY", "10", "0.40")
        placed = socket.until("order", type="PLACEMENT", id=reply["orderID"])
        equal((placed["status"], placed["owner"], placed["asset_id"], placed["side"], placed["outcome"], placed["order_type"]),
              ("LIVE", buyer.creds.api_key, market.yes, "BUY", "Yes", "GTC"))
        amount(placed["original_size"], "10")
        amount(placed["size_matched"], "0")
        seller.order(market.yes, "SELL", "5", "0.40")
        updated = socket.until("order", type="UPDATE", id=reply["orderID"])
        amount(updated["size_matched"], "5")
        buyer.do("cancel_order", clob_types.OrderPayload(reply["orderID"]))
        canceled = socket.until("order", type="CANCELLATION", id=reply["orderID"])
        amount(canceled["size_matched"], "5")
        assert canceled["status"].startswith("CANCELED"), canceled["status"]


def check_a_killed_order_on_the_user_channel(world):
    market, trader = world.market(), world.trader()
    with user_socket(world, trader) as socket:
        try:
            trader.order(market.yes, "BUY", "10", "0.40", "FOK")
        except Exception:
            pass  # The refusal itself is another check's matter.
        killed = socket.until("order", type="CANCELLATION")
        equal(killed["status"], "CANCELED_order couldn't be fully filled. FOK orders are fully filled or killed.")


def check_trades_on_the_user_channel(world):
    market, seller, buyer = pair(world)
    with user_socket(world, buyer) as makers, user_socket(world, seller) as takers, world.settling_by_hand():
        resting = buyer.order(market.yes, "BUY", "10", "0.40")["orderID"]
        reply = seller.post_at_once(market.yes, "SELL", "10", "0.40")
        trade = reply["tradeIDs"][0]
        for step, status in [(None, "MATCHED"), ("mine", "MINED"), ("confirm", "CONFIRMED")]:
            if step:
                world.advance(trade, step)
            taken = takers.until("trade", id=trade, status=status)
            equal((taken["type"], taken["trader_side"], taken["owner"], taken["taker_order_id"]), ("TRADE", "TAKER", seller.creds.api_key, reply["orderID"]))
            made = makers.until("trade", id=trade, status=status)
            equal((made["trader_side"], made["side"], made["asset_id"]), ("MAKER", "SELL", market.yes))
            (own,) = [order for order in made["maker_orders"] if order["owner"] == buyer.creds.api_key]
            equal((own["order_id"], own["side"], own["outcome"]), (resting, "BUY", "Yes"))
            amount(own["matched_amount"], "10")
        assert len(takers.seen[-1]["transaction_hash"]) == 66


def check_failure_on_the_user_channel(world):
    market, seller, buyer = pair(world)
    with user_socket(world, buyer) as socket, world.settling_by_hand():
        buyer.order(market.yes, "BUY", "10", "0.40")
        trade = seller.post_at_once(market.yes, "SELL", "10", "0.40")["tradeIDs"][0]
        world.advance(trade, "retry")
        world.advance(trade, "fail")
        for status in ("MATCHED", "RETRYING", "FAILED"):
            socket.until("trade", id=trade, status=status)


def check_mint_on_the_user_channel(world):
    market, first, second = world.market(), world.trader(), world.trader()
    with user_socket(world, first) as socket:
        first.order(market.no, "BUY", "10", "0.40")
        second.order(market.yes, "BUY", "10", "0.60")
        trade = socket.until("trade", status="MATCHED")
        equal((trade["asset_id"], trade["side"]), (market.yes, "BUY"))
        (own,) = trade["maker_orders"]
        equal((own["asset_id"], own["side"], own["outcome"]), (market.no, "BUY", "No"))
        amount(own["price"], "0.4")


def check_the_user_channel_is_private(world):
    market, trader, stranger = world.market(), world.trader(), world.trader()
    with Socket(world, "/ws/user") as socket:
        message = user_message(trader)
        message["auth"]["secret"] = stranger.creds.api_secret
        socket.send(message)
        try:
            while True:
                found = socket.socket.recv(timeout=DEADLINE_SECONDS)
                assert "PLACEMENT" not in str(found), found
        except ConnectionClosed:
            pass
    with user_socket(world, stranger) as socket:
        trader.order(market.yes, "BUY", "10", "0.40")
        stranger.order(market.yes, "BUY", "10", "0.41")
        equal(socket.next()["owner"], stranger.creds.api_key)


def check_conditions_filter_the_user_channel(world):
    first, second, trader = world.market(), world.market(), world.trader()
    with user_socket(world, trader, second.condition) as socket:
        trader.order(first.yes, "BUY", "10", "0.40")
        trader.order(second.yes, "BUY", "10", "0.40")
        equal(socket.next()["market"], second.condition)


async def first_where(events, wanted):
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for event in events:
            if wanted(event):
                return event
    raise AssertionError("the stream ended")


def check_the_unified_client_follows_both_channels(world):
    market, seller, buyer = pair(world)

    async def follow_both():
        client = await buyer.async_uni()
        try:
            books = await client.subscribe(MarketSpec(asset_ids=[market.yes, market.no]))
            own = await client.subscribe(UserSpec(markets=[market.condition]))
            async with books, own:
                snapshot = await first_where(books, lambda event: event.type == "book" and event.payload.asset_id == market.yes)
                equal(snapshot.payload.condition_id, market.condition)
                placed = await asyncio.to_thread(buyer.order, market.yes, "BUY", "10", "0.40")
                change = await first_where(books, lambda event: event.type == "price_change")
                equal({(entry.asset_id, entry.side, entry.price, entry.size) for entry in change.payload.price_changes},
                      {(market.yes, "BUY", Decimal("0.40"), Decimal(10)), (market.no, "SELL", Decimal("0.60"), Decimal(10))})
                order = await first_where(own, lambda event: event.type == "order" and event.payload.order_event_type == "PLACEMENT")
                equal((order.payload.id, order.payload.status), (placed["orderID"], "LIVE"))
                await asyncio.to_thread(seller.order, market.yes, "SELL", "10", "0.40")
                trade = await first_where(books, lambda event: event.type == "last_trade_price")
                equal((trade.payload.price, trade.payload.size, trade.payload.side), (Decimal("0.40"), Decimal(10), "SELL"))
                done = await first_where(own, lambda event: event.type == "trade" and bare(event.payload.status) == "CONFIRMED")
                equal([made.order_id for made in done.payload.maker_orders], [placed["orderID"]])
        finally:
            await client.close()

    asyncio.run(follow_both())
    world.parsed.update({"uni market stream", "uni user stream"})

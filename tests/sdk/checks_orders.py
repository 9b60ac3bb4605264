"""Writes and their rules: create, amend, decrease, cancel, batches, time in force, self-trade prevention, groups.

Source: reference, sections 8 and 12.1, read 2026-11-20.
"""

from decimal import Decimal

import kalshi_python_sync as kalshi
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from harness import Trader, count, dollars, equal, refused


def private_pem(key):
    # The forms the venue hands out: PKCS#1 for RSA, PKCS#8 for Ed25519.
    form = serialization.PrivateFormat.TraditionalOpenSSL if isinstance(key, rsa.RSAPrivateKey) else serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def public_pem(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def whole_life(trader, other, ticker):
    """Create, partial fill, amend, decrease and cancel one order."""
    created = trader.order(ticker, "bid", "10.00", "0.4000")
    count(created.fill_count, "0.00")
    count(created.remaining_count, "10.00")
    equal(created.average_fill_price, None)
    other.order(ticker, "ask", "4", "0.40", time_in_force="immediate_or_cancel")
    equal(trader.read(created.order_id).remaining_count_fp, "6.00")
    amended = trader.do("amend_order_v2", created.order_id, ticker=ticker, side="bid", price="0.3900", count="9.00")
    count(amended.remaining_count, "5.00")
    decreased = trader.do("decrease_order_v2", created.order_id, reduce_by="2.00", market_ticker=ticker)
    count(decreased.remaining_count, "3.00")
    canceled = trader.do("cancel_order_v2", created.order_id, market_ticker=ticker)
    count(canceled.reduced_by, "3.00")
    read = trader.read(created.order_id)
    equal((read.status, read.fill_count_fp, read.remaining_count_fp), ("canceled", "4.00", "0.00"))
    equal(trader.position(ticker), Decimal(4))


def check_both_key_kinds(world):
    for kind in ("rsa", "ed25519"):
        whole_life(world.trader(key_type=kind), world.trader(key_type=kind), world.market())


def check_own_public_keys(world):
    for kind, key in [("rsa", rsa.generate_private_key(65537, 2048)), ("ed25519", ed25519.Ed25519PrivateKey.generate())]:
        trader = world.trader(key_type=kind, public_key_pem=public_pem(key))
        trader.use_key(private_pem(key))
        whole_life(trader, world.trader(), world.market())


def check_operator_key(world):
    operator = Trader(world, None, *world.operator)
    assert isinstance(operator.do("get_balance").balance, int)


def check_create_answers(world):
    ticker, maker, taker = world.market(), world.trader(), world.trader()
    maker.order(ticker, "ask", "4.00", "0.4100")
    taken = taker.order(ticker, "bid", "10.00", "0.4200", client_order_id="mine-17")
    equal(taken.client_order_id, "mine-17")
    count(taken.fill_count, "4.00")
    count(taken.remaining_count, "6.00")
    dollars(taken.average_fill_price, "0.41")  # The taker gets the resting price.
    # 0.07 x 4 x 0.41 x 0.59 = 0.067732, up to 0.0678; a contract 0.01695.
    assert Decimal("0.0169") <= Decimal(taken.average_fee_paid) <= Decimal("0.0170"), taken.average_fee_paid
    assert abs(taken.ts_ms - world.now().timestamp() * 1000) <= 1, (taken.ts_ms, world.now())
    dollars(taker.read(taken.order_id).taker_fees_dollars, "0.0678")
    without_id = taker.raw("POST", "/portfolio/events/orders", {
        "ticker": ticker, "side": "bid", "count": "1", "price": "0.10", "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "maker"})
    equal(without_id.status, 201)
    assert taker.read(without_id.json["order_id"]).client_order_id, "the exchange makes an id when none is given"


def check_price_then_time(world):
    ticker, first, second, taker = world.market(), world.trader(), world.trader(), world.trader()
    early = first.order(ticker, "bid", "5", "0.40").order_id
    late = second.order(ticker, "bid", "5", "0.40").order_id
    better = second.order(ticker, "bid", "1", "0.41").order_id
    taker.order(ticker, "ask", "4", "0.40", time_in_force="immediate_or_cancel")
    found = [first.read(early).fill_count_fp, second.read(late).fill_count_fp, second.read(better).fill_count_fp]
    equal(found, ["3.00", "0.00", "1.00"])


def check_amend(world):
    ticker, trader, other = world.market(), world.trader(), world.trader()
    mine = trader.order(ticker, "bid", "10", "0.40").order_id
    other.order(ticker, "bid", "5", "0.40")

    def ahead():
        return Decimal(trader.do("get_order_queue_position", mine).queue_position_fp)

    def amend(price, total, **more):
        return trader.do("amend_order_v2", mine, ticker=ticker, side="bid", price=price, count=total, **more)

    amend("0.4000", "8.00")
    equal(ahead(), 0)  # A smaller count keeps the place,
    amend("0.4000", "8.00", expiration_time=int(world.now().timestamp()) + 3600)
    equal(ahead(), 0)  # so does a new expiry alone,
    amend("0.4000", "12.00")
    equal(ahead(), 5)  # a larger count loses it.
    other.order(ticker, "ask", "6", "0.40", time_in_force="immediate_or_cancel", self_trade_prevention_type="maker")
    read = trader.read(mine)
    equal((read.fill_count_fp, read.remaining_count_fp), ("6.00", "6.00"))  # The other's own 5 were taken out of the way.
    total = amend("0.4000", "7.00", updated_client_order_id="renamed-1")  # The count is the total: 6 filled and 1 to go.
    count(total.remaining_count, "1.00")
    equal(trader.read(mine).client_order_id, "renamed-1")
    other.order(ticker, "ask", "3", "0.45")
    crossed = amend("0.4500", "9.00")  # 3 wanted at a price that crosses: an amend can fill at once.
    count(crossed.remaining_count, "0.00")
    read = trader.read(mine)
    equal((read.status, read.fill_count_fp), ("executed", "9.00"))
    refused(404, "not_found", lambda: amend("0.4000", "9.00"))


def check_amend_to_another_price_loses_the_place(world):
    ticker, trader, other = world.market(), world.trader(), world.trader()
    mine = trader.order(ticker, "ask", "10", "0.60").order_id
    other.order(ticker, "ask", "5", "0.61")
    trader.do("amend_order_v2", mine, ticker=ticker, side="ask", price="0.6100", count="10")
    count(trader.do("get_order_queue_position", mine).queue_position_fp, "5.00")
    dollars(trader.read(mine).yes_price_dollars, "0.61")


def check_amend_must_match_the_order(world):
    ticker, trader = world.market(), world.trader()
    mine = trader.order(ticker, "bid", "10", "0.40").order_id
    cases = [("order_side_mismatch", {"ticker": ticker, "side": "ask"}),
             ("order_ticker_mismatch", {"ticker": world.market(), "side": "bid"}),
             ("order_id_and_client_order_id_mismatch", {"ticker": ticker, "side": "bid", "client_order_id": "not-mine"})]
    for code, body in cases:
        refused(400, code, lambda body=body: trader.do("amend_order_v2", mine, price="0.4000", count="10", **body))
    equal(trader.read(mine).remaining_count_fp, "10.00")


def check_decrease(world):
    ticker, trader, other = world.market(), world.trader(), world.trader()
    mine = trader.order(ticker, "bid", "10", "0.40").order_id
    other.order(ticker, "bid", "5", "0.40")
    count(trader.do("decrease_order_v2", mine, reduce_by="3.50", market_ticker=ticker).remaining_count, "6.50")
    count(trader.do("decrease_order_v2", mine, reduce_to="2.00", market_ticker=ticker).remaining_count, "2.00")
    count(trader.do("get_order_queue_position", mine).queue_position_fp, "0.00")
    for body in ({"reduce_by": "1", "reduce_to": "1"}, {}):
        equal(trader.raw("POST", f"/portfolio/events/orders/{mine}/decrease", body | {"market_ticker": ticker}).status, 400)
    count(trader.do("decrease_order_v2", mine, reduce_to="0", market_ticker=ticker).remaining_count, "0.00")
    equal(trader.read(mine).status, "canceled")


def check_cancel(world):
    ticker, trader, other = world.market(), world.trader(), world.trader()
    before = trader.cash()
    mine = trader.order(ticker, "bid", "10", "0.40", client_order_id="to-cancel").order_id
    assert trader.cash() <= before - 4, "a resting bid holds its price"
    refused(404, "not_found", lambda: other.do("cancel_order_v2", mine, market_ticker=ticker))
    canceled = trader.do("cancel_order_v2", mine, market_ticker=ticker)
    equal((canceled.order_id, canceled.client_order_id, canceled.reduced_by), (mine, "to-cancel", "10.00"))
    equal(trader.cash(), before)
    refused(404, "not_found", lambda: trader.do("cancel_order_v2", mine, market_ticker=ticker))
    refused(404, "not_found", lambda: trader.do("cancel_order_v2", "00000000-0000-4000-8000-000000000000", market_ticker=ticker))


def check_batches(world):
    ticker, trader = world.market(), world.trader()
    base = {"ticker": ticker, "side": "bid", "count": "2.00", "time_in_force": "good_till_canceled", "self_trade_prevention_type": "maker"}
    prices = [("batch-a", "0.1000"), ("batch-b", "0.1050"), ("batch-c", "0.1200")]
    created = trader.do("batch_create_orders_v2", orders=[base | {"client_order_id": name, "price": price} for name, price in prices]).orders
    equal([one.client_order_id for one in created], ["batch-a", "batch-b", "batch-c"])
    equal([one.error and one.error.code for one in created], [None, "invalid_price", None])
    count(created[2].remaining_count, "2.00")
    unknown = "00000000-0000-4000-8000-000000000000"
    orders = [{"order_id": order_id, "market_ticker": ticker} for order_id in (created[0].order_id, unknown, created[2].order_id)]
    canceled = trader.do("batch_cancel_orders_v2", orders=orders).orders
    equal([one.order_id for one in canceled], [one["order_id"] for one in orders])
    equal([(one.reduced_by, one.error and one.error.code) for one in canceled], [("2.00", None), ("0.00", "not_found"), ("2.00", None)])
    equal(trader.do("get_orders", ticker=ticker, status="resting").orders, [])


def check_cancel_all(world):
    first, second, trader, other = world.market(), world.market(), world.trader(), world.trader()
    for ticker in (first, second):
        trader.order(ticker, "bid", "1", "0.10")
        other.order(ticker, "bid", "1", "0.10")
    trader.do("cancel_all_orders")
    equal(trader.do("get_orders", status="resting").orders, [])
    equal(len(other.do("get_orders", status="resting").orders), 2)
    answer = trader.raw("DELETE", "/portfolio/events/orders")
    equal((answer.status, answer.text), (204, ""))


def check_fill_or_kill(world):
    ticker, maker, taker = world.market(), world.trader(), world.trader()
    maker.order(ticker, "ask", "5", "0.50")
    fok = {"time_in_force": "fill_or_kill"}
    refused(409, "fill_or_kill_insufficient_resting_volume", lambda: taker.order(ticker, "bid", "6", "0.50", client_order_id="killed-1", **fok))
    equal(taker.position(ticker), 0)
    refused(409, "order_already_exists", lambda: taker.order(ticker, "bid", "1", "0.50", client_order_id="killed-1"))  # The id is spent.
    done = taker.order(ticker, "bid", "5", "0.50", **fok)
    equal((done.fill_count, done.remaining_count), ("5.00", "0.00"))
    equal(taker.position(ticker), 5)


def check_immediate_or_cancel(world):
    ticker, maker, taker = world.market(), world.trader(), world.trader()
    maker.order(ticker, "ask", "2", "0.50")
    part = taker.order(ticker, "bid", "6", "0.50", time_in_force="immediate_or_cancel")
    equal((part.fill_count, part.remaining_count), ("2.00", "0.00"))
    equal(taker.read(part.order_id).status, "canceled")
    # With nothing to hit both answers are reported of the venue: 201 with zeros, and 409.
    try:
        nothing = taker.order(ticker, "bid", "6", "0.50", time_in_force="immediate_or_cancel")
        equal((nothing.fill_count, nothing.remaining_count), ("0.00", "0.00"))
    except kalshi.exceptions.ConflictException as error:
        assert "immediate_or_cancel_insufficient_resting_volume" in error.body, error.body
    equal(taker.do("get_orders", ticker=ticker, status="resting").orders, [])


def check_post_only(world):
    ticker, maker, taker = world.market(), world.trader(), world.trader()
    maker.order(ticker, "ask", "2", "0.50")
    body = refused(400, "invalid_order", lambda: taker.order(ticker, "bid", "1", "0.50", post_only=True))
    equal(body["error"]["details"], "post only cross")
    count(taker.order(ticker, "bid", "1", "0.49", post_only=True).remaining_count, "1.00")
    equal(taker.position(ticker), 0)


def check_reduce_only(world):
    ticker, maker, taker = world.market(), world.trader(), world.trader()
    maker.order(ticker, "ask", "4", "0.50")
    taker.order(ticker, "bid", "4", "0.50")
    maker.order(ticker, "bid", "10", "0.45", self_trade_prevention_type="maker")
    reduce = {"reduce_only": True, "time_in_force": "immediate_or_cancel"}
    refused(400, None, lambda: taker.order(ticker, "ask", "1", "0.45", reduce_only=True))
    count(taker.order(ticker, "ask", "10", "0.45", **reduce).fill_count, "4.00")  # Capped at the position.
    equal(taker.position(ticker), 0)
    none = taker.order(ticker, "ask", "10", "0.45", **reduce)  # Without a position: accepted, and canceled at once.
    equal((none.fill_count, none.remaining_count), ("0.00", "0.00"))


def check_one_signed_position(world):
    ticker, trader, other = world.market(), world.trader(), world.trader()
    other.order(ticker, "ask", "10", "0.50")
    trader.order(ticker, "bid", "10", "0.50")
    other.order(ticker, "bid", "15", "0.60")
    trader.order(ticker, "ask", "15", "0.60")  # Closes 10 and opens 5 of NO: one number, never two positions.
    equal(trader.position(ticker), -5)
    found = trader.do("get_positions", ticker=ticker).market_positions
    equal(len(found), 1)
    dollars(found[0].realized_pnl_dollars, "1.00")
    equal(world.ledger_difference(), 0)


def check_self_trade_taker_at_cross(world):
    ticker, trader, other = world.market(), world.trader(), world.trader()
    own = trader.order(ticker, "bid", "10", "0.40").order_id
    other.order(ticker, "bid", "3", "0.41")
    taker = trader.order(ticker, "ask", "5", "0.40", self_trade_prevention_type="taker_at_cross")
    equal((taker.fill_count, taker.remaining_count), ("3.00", "0.00"))  # What filled before the cross stands.
    equal(trader.read(taker.order_id).status, "canceled")
    equal(trader.read(own).remaining_count_fp, "10.00")


def check_self_trade_maker(world):
    ticker, trader, other = world.market(), world.trader(), world.trader()
    own = trader.order(ticker, "bid", "10", "0.40").order_id
    other.order(ticker, "bid", "3", "0.40")
    taker = trader.order(ticker, "ask", "5", "0.40", self_trade_prevention_type="maker")
    equal((taker.fill_count, taker.remaining_count), ("3.00", "2.00"))  # Past its own canceled order, and on.
    equal(trader.read(own).status, "canceled")


def check_duplicate_client_order_id(world):
    ticker, trader = world.market(), world.trader()
    first = trader.order(ticker, "bid", "1", "0.40", client_order_id="once").order_id
    refused(409, "order_already_exists", lambda: trader.order(ticker, "bid", "2", "0.30", client_order_id="once"))
    equal(len(trader.do("get_orders", ticker=ticker).orders), 1)
    trader.do("cancel_order_v2", first, market_ticker=ticker)
    refused(409, "order_already_exists", lambda: trader.order(ticker, "bid", "1", "0.40", client_order_id="once"))
    world.trader().order(ticker, "bid", "1", "0.40", client_order_id="once")  # Another account's ids are its own.


def check_expiration(world):
    ticker, trader = world.market(), world.trader()
    now = int(world.now().timestamp())
    mine = trader.order(ticker, "bid", "1", "0.40", expiration_time=now + 60).order_id
    equal(int(trader.read(mine).expiration_time.timestamp()), now + 60)
    world.step(59)
    equal(trader.read(mine).status, "resting")
    world.step(2)
    equal(trader.read(mine).status, "canceled")
    refused(400, None, lambda: trader.order(ticker, "bid", "1", "0.40", expiration_time=now))
    later = now + 3600
    refused(400, None, lambda: trader.order(ticker, "bid", "1", "0.40", expiration_time=later, time_in_force="immediate_or_cancel"))


def check_order_groups(world):
    ticker, trader, other = world.market(), world.trader(), world.trader()
    group = trader.do("create_order_group", contracts_limit_fp="500.00").order_group_id
    mine = trader.order(ticker, "bid", "10", "0.40", order_group_id=group).order_id
    equal(trader.read(mine).order_group_id, group)
    read = trader.do("get_order_group", group)
    equal((read.orders, Decimal(read.contracts_limit_fp)), ([mine], 500))
    assert group in [one.id for one in trader.do("get_order_groups").order_groups]
    trader.do("trigger_order_group", group)
    equal(trader.read(mine).status, "canceled")
    refused(None, None, lambda: trader.order(ticker, "bid", "1", "0.40", order_group_id=group))
    trader.do("reset_order_group", group)
    again = trader.order(ticker, "bid", "10", "0.40", order_group_id=group).order_id
    other.order(ticker, "ask", "4", "0.40")
    trader.do("update_order_group_limit", group, contracts_limit_fp="3.00")  # Below the sum filled: triggers.
    equal(trader.read(again).status, "canceled")
    trader.do("reset_order_group", group)
    last = trader.order(ticker, "bid", "1", "0.40", order_group_id=group).order_id
    trader.do("delete_order_group", group)
    equal(trader.read(last).status, "canceled")
    refused(404, "not_found", lambda: trader.do("get_order_group", group))
    refused(404, "not_found", lambda: other.do("trigger_order_group", group))


def check_order_group_over_its_limit(world):
    ticker, trader, other = world.market(), world.trader(), world.trader()
    group = trader.do("create_order_group", contracts_limit_fp="5.00").order_group_id
    filled = trader.order(ticker, "bid", "4", "0.41", order_group_id=group).order_id
    waiting = trader.order(ticker, "bid", "10", "0.40", order_group_id=group).order_id
    other.order(ticker, "ask", "4", "0.41", time_in_force="immediate_or_cancel")
    equal((trader.read(filled).status, trader.read(waiting).status), ("executed", "resting"))
    other.order(ticker, "ask", "2", "0.40", time_in_force="immediate_or_cancel")
    equal(trader.read(waiting).status, "canceled")  # 6 in 15 seconds are over 5.
    world.step(16)
    trader.do("reset_order_group", group)
    equal(trader.order(ticker, "bid", "5", "0.40", order_group_id=group).remaining_count, "5.00")

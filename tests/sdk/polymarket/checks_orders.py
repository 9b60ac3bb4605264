"""Orders and cancels of py-clob-client-v2: what rests, what is refused and how it is said, batches, heartbeats.

Source: reference, sections 6.3, 7 and 9, read 2026-11-20.
"""

import json
import time
import uuid
from decimal import Decimal

from py_clob_client_v2 import clob_types

from process import equal
from scenes import another_key, order_hash, pair, sign_amounts, stage
from venue import DEPOSIT, EOA, PROXY, SAFE, amount, bare, refused, refused_raw, until

REPLY_KEYS = {"success", "errorMsg", "orderID", "status", "makingAmount", "takingAmount"}


def check_a_limit_order_rests(world):
    market, trader = world.market(), world.trader()
    signed = trader.signed(market.yes, "BUY", "10", "0.52")
    reply = trader.do("post_order", signed)
    assert REPLY_KEYS <= set(reply), f"keys are missing in {reply}"
    equal((reply["success"], reply["errorMsg"], reply["status"], reply["makingAmount"], reply["takingAmount"]), (True, "", "live", "", ""))
    equal(reply["orderID"], order_hash(trader, market, signed))
    order = trader.do("get_order", reply["orderID"])
    equal(trader.do("get_open_orders"), [order])
    equal((order["id"], bare(order["status"]), order["owner"], order["maker_address"].lower()),
          (reply["orderID"], "LIVE", trader.creds.api_key, trader.wallet.lower()))
    equal((order["market"], order["asset_id"], order["outcome"], order["side"], order["order_type"], order["expiration"]),
          (market.condition, market.yes, "Yes", "BUY", "GTC", "0"))
    amount(order["original_size"], "10")
    amount(order["size_matched"], "0")
    amount(order["price"], "0.52")
    assert isinstance(order["created_at"], int) and abs(order["created_at"] - time.time()) < 5, order["created_at"]


def check_open_orders_by_market_token_and_id(world):
    first, second, trader = world.market(), world.market(), world.trader()
    ids = [trader.order(token, "BUY", "5", "0.10")["orderID"] for token in (first.yes, first.no, second.yes)]

    def found(**filters):
        return [order["id"] for order in trader.do("get_open_orders", clob_types.OpenOrderParams(**filters))]

    equal(set(found()), set(ids))
    equal(set(found(market=first.condition)), set(ids[:2]))
    equal(found(asset_id=first.no), [ids[1]])
    equal(found(id=ids[2]), [ids[2]])
    equal(world.trader().open_ids(), set())


def check_every_signature_type_trades(world):
    market, seller, _ = pair(world)
    for kind in (EOA, PROXY, SAFE, DEPOSIT):
        trader = world.trader(kind)
        signed = trader.signed(market.yes, "BUY", "10", "0.50")
        equal(len(signed.signature), 2 + 2 * (317 if kind == DEPOSIT else 65))
        reply = trader.do("post_order", signed)
        equal((reply["status"], reply["orderID"]), ("live", order_hash(trader, market, signed)))
        equal(seller.order(market.yes, "SELL", "10", "0.50")["status"], "matched")
        equal(until(lambda trader=trader: trader.shares(market.yes), "the shares"), Decimal(10))
        equal(trader.dollars(), Decimal(995))
        # And as a taker, on a negative-risk market, which has another contract.
        risky, other, _ = pair(world, neg_risk=True)
        other.order(risky.no, "SELL", "10", "0.30")
        equal(trader.order(risky.no, "BUY", "10", "0.30")["status"], "matched")
    world.books_balance()


def check_bad_signatures(world):
    market, other = world.market(), world.market(neg_risk=True)
    for kind in (EOA, PROXY, SAFE, DEPOSIT):
        trader = world.trader(kind)

        def post(made, trader=trader, **bent):
            body = trader.body(made)
            body["order"] |= bent
            return trader.raw("POST", "/order", body)

        signed = trader.signed(market.yes, "BUY", "10", "0.50")
        flipped = signed.signature[:10] + ("0" if signed.signature[10] != "0" else "1") + signed.signature[11:]
        refused_raw(post(signed, signature=flipped), 400, "invalid signature")
        refused_raw(post(signed, takerAmount="20000000"), 400, "invalid signature")
        refused_raw(post(signed, salt=int(signed.salt) + 1), 400, "invalid signature")
        # Signed for the other exchange contract.
        refused_raw(post(sign_amounts(trader, other, market.yes, "BUY", 5_000_000, 10_000_000)), 400, "")
        # Another's wallet as maker.
        stranger = world.trader(kind)
        bent = {"maker": stranger.wallet} | ({"signer": stranger.wallet} if kind == DEPOSIT else {})
        answer = post(sign_amounts(trader, market, market.yes, "BUY", 5_000_000, 10_000_000, **bent))
        equal(answer.status, 400)
        equal(post(signed).json["status"], "live")
        equal(stranger.open_ids(), set())


def check_owner_and_signer_belong_to_the_key(world):
    market, trader, other = world.market(), world.trader(), world.trader()
    body = trader.body(trader.signed(market.yes, "BUY", "10", "0.50"))
    refused_raw(trader.raw("POST", "/order", body | {"owner": other.creds.api_key}), 400, "the order owner has to be the owner of the API KEY")
    foreign = other.body(other.signed(market.yes, "BUY", "10", "0.50")) | {"owner": trader.creds.api_key}
    refused_raw(trader.raw("POST", "/order", foreign), 400, "the order signer address has to be the address of the API KEY")
    refused_raw(trader.raw("POST", "/order", "{}"), 400, "Invalid order payload")
    refused_raw(trader.raw("POST", "/order", "no json"), 400, "Invalid order payload")


def check_first_version_orders_are_refused(world):
    market, trader = world.market(), world.trader()
    options = clob_types.CreateOrderOptions(tick_size="0.01", neg_risk=False)
    old = trader.py2.builder.build_order(clob_types.OrderArgsV1(market.yes, 0.5, 10, "BUY"), options, version=1)
    refused(400, "order_version_mismatch", lambda: trader.py2.post_order(old))


def check_partial_fill(world):
    market, seller, buyer = pair(world)
    mine = buyer.order(market.yes, "BUY", "10", "0.40")["orderID"]
    reply = seller.order(market.yes, "SELL", "5", "0.40")
    equal(reply["status"], "matched")
    amount(reply["makingAmount"], "5")  # Shares given,
    amount(reply["takingAmount"], "2")  # dollars taken.
    order = buyer.do("get_order", mine)
    amount(order["size_matched"], "5")
    equal((bare(order["status"]), len(order["associate_trades"])), ("LIVE", 1))
    equal(order["associate_trades"], reply["tradeIDs"])


def check_market_orders(world):
    set_up, taker = stage(world), world.trader()
    market = set_up.market
    bought = taker.market_order(market.yes, "BUY", "6", "FOK")
    equal(bought["status"], "matched")
    amount(bought["makingAmount"], "6")
    amount(bought["takingAmount"], "10")
    # 32 dollars need both levels: 40 shares at 0.60 are left, and 10 at 0.65.
    deep = taker.market_order(market.yes, "BUY", "29", "FAK")
    equal(deep["status"], "matched")
    equal(until(lambda: taker.shares(market.yes) > 50 and taker.shares(market.yes), "shares of two levels"), Decimal("10") + Decimal(deep["takingAmount"]))
    sold = taker.market_order(market.yes, "SELL", "20", "FOK")
    amount(sold["makingAmount"], "20")
    amount(sold["takingAmount"], "8")


def check_fill_or_kill(world):
    set_up, taker = stage(world), world.trader()
    market = set_up.market
    text = "order couldn't be fully filled. FOK orders are fully filled or killed."
    refused(400, text, lambda: taker.order(market.yes, "BUY", "100", "0.60", "FOK"))
    equal((taker.trades(), taker.open_ids(), taker.dollars()), ([], set(), Decimal(1000)))
    reply = taker.order(market.yes, "BUY", "50", "0.60", "FOK")
    equal(reply["status"], "matched")
    amount(reply["takingAmount"], "50")


def check_fill_and_kill(world):
    set_up, taker = stage(world), world.trader()
    market = set_up.market
    reply = taker.order(market.yes, "BUY", "80", "0.60", "FAK")
    equal(reply["status"], "matched")
    amount(reply["takingAmount"], "50")
    equal(taker.open_ids(), set())
    text = "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found."
    refused(400, text, lambda: taker.order(market.yes, "BUY", "80", "0.60", "FAK"))


def check_post_only(world):
    set_up, trader = stage(world), world.trader()
    market = set_up.market
    text = "invalid post-only order: order crosses book"
    refused(400, text, lambda: trader.order(market.yes, "BUY", "10", "0.60", post_only=True))
    # It would meet the other outcome's orders, too: buying NO at 0.60 is selling YES at 0.40.
    refused(400, text, lambda: trader.order(market.no, "BUY", "10", "0.60", post_only=True))
    equal(trader.order(market.yes, "BUY", "10", "0.59", post_only=True)["status"], "live")
    body = trader.body(trader.signed(market.yes, "BUY", "10", "0.60"), "FOK", post_only=True)
    equal(trader.raw("POST", "/order", body).status, 400)


def check_expiration(world):
    market, trader = world.market(), world.trader()
    end = int(time.time()) + 600
    mine = trader.order(market.yes, "BUY", "10", "0.40", "GTD", expiration=end)["orderID"]
    order = trader.do("get_order", mine)
    equal((order["expiration"], order["order_type"]), (str(end), "GTD"))
    refused(400, "invalid expiration", lambda: trader.order(market.yes, "BUY", "10", "0.40", "GTD", expiration=int(time.time()) + 10))
    refused(400, "invalid expiration", lambda: trader.order(market.yes, "BUY", "10", "0.40", "GTD"))
    refused(400, "invalid expiration", lambda: trader.order(market.yes, "BUY", "10", "0.40", expiration=end))


def check_the_same_order_twice(world):
    market, trader = world.market(), world.trader()
    signed = trader.signed(market.yes, "BUY", "10", "0.40")
    first = trader.do("post_order", signed)["orderID"]
    refused(400, f"order {first} is invalid. Duplicated.", lambda: trader.py2.post_order(signed))
    trader.do("cancel_order", clob_types.OrderPayload(first))
    refused(400, f"order {first} is invalid. Duplicated.", lambda: trader.py2.post_order(signed))


def check_price_and_size_rules(world):
    market, trader = world.market(), world.trader()

    def post(side, maker_amount, taker_amount, kind="GTC"):
        return trader.raw("POST", "/order", trader.body(sign_amounts(trader, market, market.yes, side, maker_amount, taker_amount), kind))

    refused_raw(post("BUY", 4_050_000, 10_000_000), 400, "breaks minimum tick size rule: 0.01")
    refused_raw(post("BUY", 10_000_000, 10_000_000), 400, "breaks minimum tick size rule: 0.01")
    refused(400, "Size (4) lower than the minimum: 5", lambda: trader.order(market.yes, "BUY", "4", "0.40"))
    buy = "invalid amounts, the buy orders maker amount supports a max accuracy of 4 decimals, taker amount a max of 2 decimals"
    refused_raw(post("BUY", 4_000_400, 10_001_000), 400, buy)
    sell = "invalid amounts, the sell orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4 decimals"
    refused_raw(post("SELL", 10_001_000, 4_000_400), 400, sell)


def check_market_order_amounts(world):
    set_up, taker = stage(world), world.trader()
    market = set_up.market
    # 1.74 shares at 0.58 are 1.0092 dollars: too many decimals for an order that is to fill at once, fine for one that rests.
    text = "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4 decimals"
    for kind in ("FOK", "FAK"):
        body = taker.body(sign_amounts(taker, market, market.yes, "BUY", 6_009_200, 10_010_000), kind)
        refused_raw(taker.raw("POST", "/order", body), 400, text)
    refused(400, "min size: $1", lambda: taker.market_order(market.yes, "BUY", "0.99", "FAK"))
    fine = stage(world, tick="0.001")
    # The clients keep five decimals of the shares on fine ticks, which the venue has refused.
    refused(400, text, lambda: taker.market_order(fine.market.yes, "BUY", "10.01", "FAK"))


def check_balance(world):
    market, trader = world.market(), world.trader(usd="10")
    text = "not enough balance / allowance"
    refused(400, text, lambda: trader.order(market.yes, "BUY", "100", "0.40"))
    trader.order(market.yes, "BUY", "20", "0.40")
    refused(400, text, lambda: trader.order(market.yes, "BUY", "10", "0.40"))  # Eight of the ten are promised.
    refused(400, text, lambda: trader.order(market.yes, "SELL", "10", "0.60"))  # And no shares are there.
    trader.do("cancel_all")
    equal(trader.order(market.yes, "BUY", "25", "0.40")["status"], "live")


def check_balances_and_allowances(world):
    market, trader = world.market(), world.trader(usd="123.456789")
    world.split(trader.wallet, market, "23")
    asked = clob_types.BalanceAllowanceParams("COLLATERAL")
    trader.do("update_balance_allowance", asked)
    found = trader.do("get_balance_allowance", asked)
    equal(found["balance"], "100456789")
    spenders = {spender.lower(): int(allowed) for spender, allowed in found["allowances"].items()}
    for exchange in ("0xE111180000d2663C0091e4f400237545B87B996B", "0xe2222d279d744050d28e00520010520000310F59"):
        assert spenders[exchange.lower()] > 10**12, spenders
    for token in (market.yes, market.no):
        equal(trader.shares(token), Decimal(23))
    equal(world.trader(usd="0").dollars(), Decimal(0))


def check_cancels(world):
    first, second, trader = world.market(), world.market(), world.trader()

    def place(count, token):
        return [trader.order(token, "BUY", "5", f"0.1{digit}")["orderID"] for digit in range(count)]

    one, *rest = place(6, first.yes)
    equal(trader.do("cancel_order", clob_types.OrderPayload(one)), {"canceled": [one], "not_canceled": {}})
    again = trader.do("cancel_order", clob_types.OrderPayload(one))
    equal((again["canceled"], list(again["not_canceled"])), ([], [one]))
    unknown = "0x" + "12" * 32
    found = trader.do("cancel_orders", [rest[0], rest[1], unknown, rest[1]])
    equal((sorted(found["canceled"]), list(found["not_canceled"])), (sorted(rest[:2]), [unknown]))
    other_side, elsewhere = place(1, first.no), place(2, second.yes)
    found = trader.do("cancel_market_orders", clob_types.OrderMarketCancelParams(first.condition, first.yes))
    equal(sorted(found["canceled"]), sorted(rest[2:]))
    found = trader.do("cancel_market_orders", clob_types.OrderMarketCancelParams(first.condition))
    equal(found["canceled"], other_side)
    equal(trader.open_ids(), set(elsewhere))
    stranger = world.trader()
    equal(stranger.do("cancel_orders", elsewhere)["canceled"], [])
    equal(sorted(trader.do("cancel_all")["canceled"]), sorted(elsewhere))
    equal((trader.open_ids(), trader.do("cancel_all")), (set(), {"canceled": [], "not_canceled": {}}))
    answer = trader.raw("DELETE", "/cancel-market-orders", {"market": second.condition, "asset_id": ""})
    equal(answer.status, 200)
    equal(bare(trader.do("get_order", one)["status"]), "CANCELED")


def check_a_filled_order_cannot_be_canceled(world):
    market, seller, buyer = pair(world)
    mine = buyer.order(market.yes, "BUY", "10", "0.40")["orderID"]
    seller.order(market.yes, "SELL", "10", "0.40")
    found = buyer.do("cancel_order", clob_types.OrderPayload(mine))
    equal((found["canceled"], list(found["not_canceled"])), ([], [mine]))


def check_batches(world):
    market, trader = world.market(), world.trader()

    def entry(size, price):
        return clob_types.PostOrdersV2Args(trader.signed(market.yes, "BUY", size, price), "GTC")

    replies = trader.do("post_orders", [entry("10", "0.40"), entry("1", "0.40"), entry("20", "0.41")])
    equal([bool(reply["orderID"]) for reply in replies], [True, False, True])
    equal([reply["errorMsg"] == "" for reply in replies], [True, False, True])
    assert "lower than the minimum" in replies[1]["errorMsg"], replies[1]
    equal(trader.open_ids(), {replies[0]["orderID"], replies[2]["orderID"]})
    many = [trader.body(trader.signed(market.yes, "BUY", "5", "0.05")) for _ in range(16)]
    refused_raw(trader.raw("POST", "/orders", many), 400, "Too many orders in payload: 16, max allowed: 15")
    answer = trader.raw("POST", "/orders", many[:15])
    equal(([reply["status"] for reply in answer.json], len(trader.open_ids())), (["live"] * 15, 17))


def check_heartbeats(world):
    market, trader = world.market(), world.trader()
    first = trader.do("post_heartbeat", "")["heartbeat_id"]
    second = trader.do("post_heartbeat", first)["heartbeat_id"]
    assert uuid.UUID(first) and uuid.UUID(second)
    answer = trader.raw("POST", "/v1/heartbeats", {"heartbeat_id": str(uuid.uuid4())})
    equal((answer.status, answer.json["error"], answer.json["error_msg"], answer.json["heartbeat_id"]), (400, "Invalid Heartbeat ID", "Invalid Heartbeat ID", second))
    kept = world.trader()
    other = kept.order(market.yes, "BUY", "10", "0.40")["orderID"]
    trader.order(market.yes, "BUY", "10", "0.41")
    # Ten seconds without a beat, looked at every five.
    deadline = time.monotonic() + 20
    while trader.open_ids() and time.monotonic() < deadline:
        time.sleep(0.2)
    equal((trader.open_ids(), kept.open_ids()), (set(), {other}))


def check_a_heart_that_beats_keeps_its_orders(world):
    market, trader = world.market(), world.trader()
    mine = trader.order(market.yes, "BUY", "10", "0.40")["orderID"]
    beat, end = "", time.monotonic() + 16
    while time.monotonic() < end:
        beat = trader.do("post_heartbeat", beat)["heartbeat_id"]
        time.sleep(2)
    equal(trader.open_ids(), {mine})


def check_notifications(world):
    market, seller, buyer = pair(world)
    mine = buyer.order(market.yes, "BUY", "10", "0.40")["orderID"]
    seller.order(market.yes, "SELL", "10", "0.40")
    found = until(lambda: buyer.do("get_notifications"), "a notification")
    fill = next(entry for entry in found if entry["type"] == 2)
    equal(fill["owner"], buyer.creds.api_key)
    assert mine in str(fill["payload"]), fill
    buyer.do("drop_notifications", clob_types.DropNotificationParams([str(entry["id"]) for entry in found]))
    equal(buyer.do("get_notifications"), [])


def check_requests_may_come_spaced_and_in_any_order(world):
    market, trader = world.market(), world.trader()
    body = trader.body(trader.signed(market.yes, "BUY", "10", "0.40"))
    shuffled = {"owner": body["owner"], "order": dict(reversed(body["order"].items())), "orderType": "GTC"}
    shuffled["order"]["maker"] = shuffled["order"]["maker"].lower()
    shuffled["order"]["signature"] = "0x" + shuffled["order"]["signature"][2:].upper()
    equal(trader.raw("POST", "/order", json.dumps(shuffled, indent=2)).json["status"], "live")


def check_another_chain_and_key(world):
    market, trader = world.market(), world.trader()
    signed = trader.signed(market.yes, "BUY", "10", "0.40")
    trader.py2.signer.private_key = another_key()
    forged = trader.py2.builder.build_order(clob_types.OrderArgsV2(market.yes, 0.4, 10, "BUY"), clob_types.CreateOrderOptions("0.01", False))
    body = trader.body(forged)
    refused_raw(trader.raw("POST", "/order", body), 400, "invalid signature")
    equal(trader.raw("POST", "/order", trader.body(signed)).json["status"], "live")


def check_engine_states(world):
    market, trader = world.market(), world.trader()
    resting = trader.order(market.yes, "BUY", "10", "0.40")["orderID"]
    body = trader.body(trader.signed(market.yes, "BUY", "10", "0.41"))
    with world.engine("post_only"):
        answer = trader.raw("POST", "/order", body)
        refused_raw(answer, 503, "post-only mode: only post-only orders and cancels are allowed")
        equal((answer.json["code"], int(answer.headers["Retry-After"]) > 0), ("post_only_mode", True))
        equal(trader.order(market.yes, "BUY", "10", "0.39", post_only=True)["status"], "live")
    with world.engine("cancel_only"):
        refused_raw(trader.raw("POST", "/order", body), 503, "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.")
        equal(trader.do("cancel_order", clob_types.OrderPayload(resting))["canceled"], [resting])
    with world.engine("disabled"):
        refused_raw(trader.raw("POST", "/order", body), 503, "Trading is currently disabled. Check polymarket.com for updates")
        equal(trader.raw("DELETE", "/cancel-all").status, 503)
    with world.engine("restarting"):
        equal((trader.raw("POST", "/order", body).status, trader.raw("DELETE", "/cancel-all").status), (425, 425))
    equal(trader.raw("POST", "/order", body).json["status"], "live")


def check_a_client_that_believes_in_the_first_version(world):
    market = world.market()
    with world.order_version(1):
        trader = world.trader()
        equal(trader.do("get_version"), 1)
        # The client signs the old struct, and the old exchange is dead.
        refused(400, "order_version_mismatch", lambda: trader.order(market.yes, "BUY", "10", "0.40"))

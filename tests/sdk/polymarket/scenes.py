"""Situations that several checks start from."""

import dataclasses

from eth_account import Account
from py_clob_client_v2.config import get_contract_config
from py_clob_client_v2.order_utils import ExchangeOrderBuilderV2, Side, SignatureTypeV2
from py_clob_client_v2.order_utils.model.order_data_v2 import OrderDataV2

from venue import CHAIN, DEPOSIT


@dataclasses.dataclass
class Stage:
    """A market with two levels of asks and one of bids, all of one maker's."""

    market: object
    maker: object
    bid: str
    ask: str
    far_ask: str


def stage(world, **more):
    """YES: 100 bid at 0.40; 50 offered at 0.60 and 10 at 0.65."""
    market, maker = world.market(**more), world.trader()
    world.split(maker.wallet, market, "100")
    bid = maker.order(market.yes, "BUY", "100", "0.40")["orderID"]
    ask = maker.order(market.yes, "SELL", "50", "0.60")["orderID"]
    far_ask = maker.order(market.yes, "SELL", "10", "0.65")["orderID"]
    return Stage(market, maker, bid, ask, far_ask)


def pair(world, **more):
    """A market and two traders; the first has 100 shares of both outcomes."""
    market, seller, buyer = world.market(**more), world.trader(), world.trader()
    world.split(seller.wallet, market, "100")
    return market, seller, buyer


def exchange_builder(trader, neg_risk, salt=None):
    """The client's own builder under its `create_order`: for hashes, and for amounts that `create_order` would not sign."""
    config = get_contract_config(CHAIN)
    contract = config.neg_risk_exchange_v2 if neg_risk else config.exchange_v2
    more = {} if salt is None else {"generate_salt": lambda: str(salt)}
    return ExchangeOrderBuilderV2(contract, CHAIN, trader.py2.signer, **more)


def order_hash(trader, market, signed):
    """The order's hash as the client computes it."""
    builder = exchange_builder(trader, market.neg_risk)
    return builder.build_order_hash(builder.build_order_typed_data(signed))


def sign_amounts(trader, market, token, side, maker_amount, taker_amount, **more):
    """Signs any two amounts, in base units."""
    signer = trader.wallet if trader.kind == DEPOSIT else trader.address
    fields = {"maker": trader.wallet, "signer": signer, "tokenId": token, "makerAmount": str(maker_amount),
              "takerAmount": str(taker_amount), "side": Side.BUY if side == "BUY" else Side.SELL,
              "signatureType": SignatureTypeV2(trader.kind)}
    return exchange_builder(trader, market.neg_risk).build_signed_order(OrderDataV2(**(fields | more)))


def another_key():
    return "0x" + Account.create().key.hex().removeprefix("0x")

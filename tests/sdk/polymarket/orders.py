"""What the official Python clients make of an order: one case a line in, one answer a line out, nothing judged here.

    orders.py py2|uni < cases.ndjson > answers.ndjson

A case fixes all that a client would draw or read itself: key, salt, time, tick size, contract. An answer holds
  amounts      what the client's own rounding makes of the price and size a user typed;
  signature    the client's signature over the order with those amounts, as it would post it;
  over_ours    the client's signature over the order with Brier's amounts, and `order_hash`, its hash of that order;
  l1, l2       the client's authentication headers;
  wallets      the contract wallets that the client derives from the key, where it derives any.

Source: reference, sections 3 to 6, read 2026-11-20.
"""

import functools
import json
import sys
from decimal import Decimal
from types import SimpleNamespace


def main():
    answer = {"py2": py2, "uni": uni}[sys.argv[1]]()
    for line in sys.stdin:
        case = json.loads(line)
        try:
            result = answer(case)
        except Exception as error:  # A refusal is an answer too; the judge decides whether it may be one.
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"id": case["id"]} | result), flush=True)


def py2():
    """py-clob-client-v2."""
    from py_clob_client_v2 import clob_types
    from py_clob_client_v2.headers.headers import create_level_1_headers, create_level_2_headers
    from py_clob_client_v2.order_builder import builder as module
    from py_clob_client_v2.order_utils import ExchangeOrderBuilderV2, Side, SignatureTypeV2
    from py_clob_client_v2.order_utils.model.order_data_v2 import OrderDataV2
    from py_clob_client_v2.signer import Signer
    from py_clob_client_v2.config import get_contract_config

    def answer(case):
        signer = Signer(case["key"], case["chain_id"])
        salt = functools.partial(str, case["salt"])
        module.ExchangeOrderBuilderV2 = functools.partial(ExchangeOrderBuilderV2, generate_salt=salt)
        module.time = SimpleNamespace(time_ns=lambda: case["timestamp_ms"] * 1_000_000)
        builder = module.OrderBuilder(signer, SignatureTypeV2(case["signature_type"]), case["funder"])
        asset = {"position_id": case["token"]} if case["version"] == 3 else {"token_id": case["token"]}
        more = asset | {"price": float(case["price"]), "side": case["side"], "builder_code": case["builder"], "metadata": case["metadata"]}
        options = clob_types.CreateOrderOptions(tick_size=case["tick"], neg_risk=case["neg_risk"])
        if case["market"]:
            made = builder.build_market_order(clob_types.MarketOrderArgsV2(amount=float(case["size"]), **more), options)
        else:
            arguments = clob_types.OrderArgsV2(size=float(case["size"]), expiration=case["expiration"], **more)
            made = builder.build_order(arguments, options)

        config = get_contract_config(case["chain_id"])
        contract = config.exchange_v3 if case["version"] == 3 else config.neg_risk_exchange_v2 if case["neg_risk"] else config.exchange_v2
        exchange = ExchangeOrderBuilderV2(contract, case["chain_id"], signer, salt, str(case["version"]))
        data = OrderDataV2(
            maker=case["maker"], signer=case["signer"], tokenId=case["token"], makerAmount=case["ours"]["maker_amount"],
            takerAmount=case["ours"]["taker_amount"], side=Side.BUY if case["side"] == "BUY" else Side.SELL,
            signatureType=SignatureTypeV2(case["signature_type"]), timestamp=str(case["timestamp_ms"]),
            metadata=case["metadata"], builder=case["builder"])
        typed = exchange.build_order_typed_data(exchange.build_order(data))

        creds = clob_types.ApiCreds(case["l2"]["api_key"], case["l2"]["secret"], case["l2"]["passphrase"])
        request = clob_types.RequestArgs(case["l2"]["method"], case["l2"]["path"], serialized_body=case["l2"]["body"])
        return {
            "maker_amount": str(made.makerAmount), "taker_amount": str(made.takerAmount), "signature": made.signature,
            "over_ours": exchange.build_order_signature(typed), "order_hash": exchange.build_order_hash(typed),
            "l1": create_level_1_headers(signer, case["l1"]["nonce"], case["l1"]["timestamp"]),
            "l2": create_level_2_headers(signer, creds, request, case["l2"]["timestamp"]),
        }

    return answer


def uni():
    """polymarket-client. Its orders carry no metadata, so that only its signing takes the case's."""
    from eth_account import Account
    from polymarket._internal import l1_auth, wallet
    from polymarket._internal.actions.orders import limit, market, typed_data
    from polymarket._internal.actions.orders.context import resolve_order_exchange_address
    from polymarket._internal.actions.orders.types import UnsignedOrder
    from polymarket._internal.environment import PRODUCTION_CONFIG
    from polymarket._internal.hmac import build_hmac_signature

    def amounts(case):
        tick, price, size = Decimal(case["tick"]), Decimal(case["price"]), Decimal(case["size"])
        if case["market"]:
            return market._compute_market_order_amounts(amount=size, price=price, side=case["side"], tick_size=tick)
        limit.validate_price_on_tick_grid(price, tick, "price")
        return limit._compute_limit_order_amounts(price=price, size=size, side=case["side"], tick_size=tick)

    def sign(case, account, maker_amount, taker_amount):
        exchange = resolve_order_exchange_address(PRODUCTION_CONFIG, asset_id=case["token"], neg_risk=case["neg_risk"])
        order = UnsignedOrder(
            chain_id=case["chain_id"], builder=case["builder"], exchange_address=exchange, expiration=case["expiration"],
            maker=case["maker"], maker_amount=maker_amount, metadata=case["metadata"], order_type=case["order_type"],
            salt=case["salt"], side=case["side"], signature_type=case["signature_type"], signer=case["signer"],
            taker_amount=taker_amount, timestamp=case["timestamp_ms"], token_id=case["token"], protocol_version=str(case["version"]))
        signed = account.sign_typed_data(full_message=typed_data.build_order_typed_data(order))
        return typed_data.build_order_signature(order, "0x" + signed.signature.hex())

    def answer(case):
        if case["chain_id"] != PRODUCTION_CONFIG.chain_id:
            return {"skipped": "this client knows one chain only"}
        account = Account.from_key(case["key"])
        maker_amount, taker_amount = amounts(case)
        ours = case["ours"]
        auth = l1_auth.sign_api_key_auth(account, chain_id=case["chain_id"], timestamp=case["l1"]["timestamp"], nonce=case["l1"]["nonce"])
        l2, derivation = case["l2"], PRODUCTION_CONFIG.wallet_derivation
        hmac = build_hmac_signature(secret=l2["secret"], timestamp=l2["timestamp"], method=l2["method"], path=l2["path"], body=l2["body"])
        return {
            "maker_amount": str(maker_amount), "taker_amount": str(taker_amount),
            "signature": sign(case, account, maker_amount, taker_amount),
            "over_ours": sign(case, account, int(ours["maker_amount"]), int(ours["taker_amount"])),
            "l1": {"POLY_ADDRESS": auth.address, "POLY_SIGNATURE": auth.signature, "POLY_TIMESTAMP": str(auth.timestamp), "POLY_NONCE": str(auth.nonce)},
            "l2": {"POLY_SIGNATURE": hmac},
            "wallets": {
                "proxy": wallet.derive_proxy_wallet_address(account.address, derivation),
                "safe": wallet.derive_safe_wallet_address(account.address, derivation),
                "deposit_uups": wallet.derive_uups_deposit_wallet_address(account.address, derivation),
                "deposit_beacon": wallet.derive_beacon_deposit_wallet_address(account.address, derivation),
            },
        }

    return answer


if __name__ == "__main__":
    main()

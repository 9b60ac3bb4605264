"""Credentials: created, derived, listed, deleted, and refused.

Source: reference, sections 3 and 9, read 2026-11-20.
"""

import time
import uuid

from py_clob_client_v2 import clob_types
from py_clob_client_v2.client import ClobClient
from py_clob_client_v2.headers.headers import create_level_1_headers

from process import equal, http_call
from scenes import another_key
from venue import CHAIN, DEPOSIT, EOA, refused, refused_raw


def check_keys_are_created_once_and_derived_ever_after(world):
    client = ClobClient(world.clob, CHAIN, another_key())
    refused(400, "Could not derive api key!", client.derive_api_key)
    created = client.create_api_key()
    equal(str(uuid.UUID(created.api_key)), created.api_key)
    refused(400, "Could not create api key", client.create_api_key)
    equal(client.derive_api_key(), created)
    equal(client.create_or_derive_api_key(), created)
    world.parsed.update({"py2 create_api_key", "py2 derive_api_key"})


def check_each_nonce_names_other_keys(world):
    trader = world.trader()
    second = trader.py2.create_api_key(nonce=7)
    assert second.api_key != trader.creds.api_key and second.api_secret != trader.creds.api_secret
    equal(trader.py2.derive_api_key(nonce=7), second)
    equal(trader.py2.derive_api_key(), trader.creds)
    found = trader.do("get_api_keys")["apiKeys"]
    equal(sorted(found), sorted([trader.creds.api_key, second.api_key]))


def check_a_deleted_key_opens_nothing(world):
    trader = world.trader()
    equal(trader.do("delete_api_key"), "OK")
    refused(401, "Unauthorized/Invalid api key", lambda: trader.py2.get_api_keys())


def check_readonly_keys(world):
    trader = world.trader()
    made = trader.do("create_readonly_api_key")["apiKey"]
    equal(trader.do("get_readonly_api_keys"), {"readonlyApiKeys": [made]})
    equal(trader.do("delete_readonly_api_key", made), True)
    equal(trader.do("get_readonly_api_keys"), {"readonlyApiKeys": []})


def check_builder_keys(world):
    trader = world.trader()
    made = trader.do("create_builder_api_key")
    assert made["key"] and made["secret"] and made["passphrase"], made
    equal([entry["key"] for entry in trader.do("get_builder_api_keys")], [made["key"]])


def check_l1_headers_are_judged(world):
    trader = world.trader()

    def derive(**bent):
        headers = create_level_1_headers(trader.py2.signer, 0, bent.pop("timestamp", None)) | bent
        return http_call(world.clob, "GET", "/auth/derive-api-key", headers={name: value for name, value in headers.items() if value is not None})

    equal(derive().json["apiKey"], trader.creds.api_key)
    # One client sends the address in lower case.
    equal(derive(POLY_ADDRESS=trader.address.lower()).json["apiKey"], trader.creds.api_key)
    wrong = "Invalid L1 Request headers"
    refused_raw(derive(POLY_ADDRESS=world.trader().address), 401, wrong)
    refused_raw(derive(POLY_SIGNATURE="0x" + "11" * 65), 401, wrong)
    refused_raw(derive(POLY_SIGNATURE=None), 401, wrong)
    refused_raw(derive(timestamp=int(time.time()) - 3600), 401, wrong)


def check_l2_headers_are_judged(world):
    trader, other = world.trader(), world.trader()
    equal(trader.raw("GET", "/auth/api-keys").json, {"apiKeys": [trader.creds.api_key]})
    wrong = "Unauthorized/Invalid api key"
    made = trader.creds

    def bent(key=made.api_key, secret=made.api_secret, passphrase=made.api_passphrase):
        return trader.raw("GET", "/auth/api-keys", creds=clob_types.ApiCreds(key, secret, passphrase))

    refused_raw(bent(secret=other.creds.api_secret), 401, wrong)
    refused_raw(bent(passphrase="00" * 32), 401, wrong)
    refused_raw(bent(key=str(uuid.uuid4())), 401, wrong)
    refused_raw(bent(key=other.creds.api_key), 401, wrong)
    refused_raw(http_call(world.clob, "GET", "/auth/api-keys"), 401, wrong)
    # The body is signed byte for byte, spaces and all; the query is not signed.
    equal(trader.raw("DELETE", "/orders", '[ "0x' + "00" * 32 + '" ]').status, 200)
    equal(trader.raw("GET", "/data/orders?next_cursor=MA==").json["data"], [])


def check_closed_only_mode_is_off(world):
    for kind in (EOA, DEPOSIT):
        equal(world.trader(kind).do("get_closed_only_mode"), {"closed_only": False})

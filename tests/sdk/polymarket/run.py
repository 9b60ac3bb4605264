"""Runs the Polymarket conformance checks, in three languages, against a `brier exchange` that it starts itself.

    run.py --brier PROGRAM [--node NODE --node-scripts FOLDER] [--oracle PROGRAM] [WORD...]
    run.py --ready FILE ... [WORD...]

With words, only checks whose name contains one run. Each check makes its own markets and accounts, so any subset runs
alone. The last line reads `N passed, M failed`; the exit status is 0 only if nothing failed.
"""

import argparse
import contextlib
import inspect
import json
import logging
import pathlib
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(1, str(pathlib.Path(__file__).parent.parent))

import checks_keys
import checks_orders
import checks_reads
import checks_streams
import checks_trades
import checks_uni
from process import Exchange
from stagehand import StageHand
from venue import World

MODULES = [checks_keys, checks_reads, checks_orders, checks_trades, checks_streams, checks_uni]

# Every operation of both clients on the trading path; the last check demands that each was parsed from an answer.
OPERATIONS = {
    "py2": """
        get_ok get_version get_server_time get_markets get_simplified_markets get_sampling_markets
        get_sampling_simplified_markets get_market get_clob_market_info get_order_book get_order_books get_order_book_hash
        get_tick_size get_neg_risk get_fee_rate_bps get_fee_exponent get_midpoint get_midpoints get_price get_prices
        get_spread get_spreads get_last_trade_price get_last_trades_prices get_prices_history calculate_market_price
        get_current_rewards get_raw_rewards_for_market get_market_trades_events
        create_api_key derive_api_key get_api_keys delete_api_key get_closed_only_mode
        create_readonly_api_key get_readonly_api_keys delete_readonly_api_key create_builder_api_key get_builder_api_keys
        create_order create_and_post_order create_and_post_market_order post_order post_orders get_order get_open_orders
        cancel_order cancel_orders cancel_all cancel_market_orders post_heartbeat
        get_trades get_trades_paginated get_balance_allowance update_balance_allowance
        get_notifications drop_notifications is_order_scoring are_orders_scoring
        get_reward_percentages get_earnings_for_user_for_day get_total_earnings_for_user_for_day
        get_user_earnings_and_markets_config
    """,
    "uni": """
        create_limit_order place_limit_order place_market_order post_order post_orders get_order list_open_orders
        cancel_order cancel_orders cancel_all cancel_market_orders wait_for_order_fill_settlement list_account_trades
        fetch_api_keys get_closed_only_mode get_balance_allowance get_notifications drop_notifications send_order_heartbeat
        get_order_book get_order_books get_midpoint get_midpoints get_price get_spread get_spreads
        get_last_trade_price get_last_trade_prices estimate_market_price
        list_markets get_market list_events get_event search
        list_positions list_trades list_activity get_portfolio_value list_market_holders get_open_interests
        get_token_references get_resolutions get_prices list_price_history get_user_volume get_user_stats
        get_event_live_volume list_trader_leaderboard get_order_scoring get_orders_scoring list_current_rewards
        list_market_rewards list_reward_markets list_user_earnings_and_markets_config list_user_earnings_for_day
        get_total_earnings_for_user_for_day get_current_rebates is_gasless_ready split_position
    """,
}


def all_checks():
    """The functions named `check_*`, in the order they are written, with the module they are in."""
    for module in MODULES:
        functions = [pair for pair in inspect.getmembers(module, inspect.isfunction) if pair[0].startswith("check_") and pair[1].__module__ == module.__name__]
        area = module.__name__.removeprefix("checks_")
        for name, check in sorted(functions, key=lambda pair: pair[1].__code__.co_firstlineno):
            yield f"{area}: {name.removeprefix('check_')}", check


def every_operation_was_parsed(world):
    wanted = [f"{client} {name}" for client, names in OPERATIONS.items() for name in names.split()]
    missing = [name for name in wanted if name not in world.parsed]
    assert not missing, f"no answer was parsed for: {', '.join(missing)}"


def attempt(name, check, world):
    """Runs one check and says how it went."""
    started = time.monotonic()
    try:
        check(world)
    except Exception as error:  # Any failure is this check's alone; the others still run.
        where = traceback.extract_tb(error.__traceback__)
        own = [f"{pathlib.Path(frame.filename).name}:{frame.lineno}: {frame.line}" for frame in where if "site-packages" not in frame.filename]
        print(f"FAIL {name}\n     {type(error).__name__}: {str(error).strip()[:600]}\n     " + "\n     ".join(own[1:]))
        return False
    print(f"ok   {name} ({time.monotonic() - started:.2f} s)")
    return True


def other_language(command, words):
    """Runs another language's checks, which speak as these do, and counts its lines."""
    results = []
    with subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end="")
            if line.startswith(("ok ", "FAIL ")):
                results.append(line.startswith("ok "))
    if process.returncode != 0 and all(results):
        print(f"FAIL {pathlib.Path(command[0]).name} ended with status {process.returncode}")
        results.append(False)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--brier", help="the program to start the exchange with")
    source.add_argument("--ready", help="ready file of an exchange that runs already")
    parser.add_argument("--node", help="Node, to run the checks of the TypeScript client")
    parser.add_argument("--node-scripts", type=pathlib.Path, help="the folder of exchange.mjs, with the packages beside it")
    parser.add_argument("--oracle", help="the program with the checks of the Rust client")
    parser.add_argument("words", nargs="*", help="run only checks whose name contains one of these")
    options = parser.parse_args()

    logging.getLogger("py_clob_client_v2").setLevel(logging.CRITICAL)  # It logs every refusal, and refusals are wanted here.
    checks = [pair for pair in all_checks() if not options.words or any(word in pair[0] for word in options.words)]
    exchange = Exchange(options.brier, "--polymarket-listen", "127.0.0.1:0") if options.brier else None
    addresses = exchange.addresses if exchange else json.loads(pathlib.Path(options.ready).read_text())
    results, stopped = [], 0
    try:
        world = World(addresses)
        results += [attempt(name, check, world) for name, check in checks]
        if not options.words:
            results.append(attempt("every operation was parsed", every_operation_was_parsed, world))
        hand = StageHand(world)
        with contextlib.closing(hand), tempfile.NamedTemporaryFile("w", suffix=".json") as ready:
            ready.write(json.dumps(addresses | {"stage": hand.url}))
            ready.flush()
            if options.node:
                results += other_language([options.node, str(options.node_scripts / "exchange.mjs"), ready.name], options.words)
            if options.oracle:
                results += other_language([options.oracle, "exchange", "--ready", ready.name], options.words)
    finally:
        if exchange:
            stopped = exchange.stop()
    if stopped != 0:
        print(f"FAIL the exchange did not stop in peace on SIGTERM: status {stopped}\n{exchange.talk()}")
        results.append(False)
    if not results:
        raise SystemExit(f"error: no check is named like {options.words}")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

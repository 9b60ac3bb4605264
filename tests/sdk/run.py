"""Runs the conformance checks against a `brier exchange` that it starts itself.

    run.py --brier PROGRAM [WORD...]     all checks, or those whose name contains a word
    run.py --ready FILE [WORD...]        the same against an exchange that runs already, by its ready file

Each check makes its own markets and accounts, so any subset runs alone. The last line reads `N passed, M failed`; the
exit status is 0 only if nothing failed.
"""

import argparse
import inspect
import json
import pathlib
import sys
import time
import traceback

import checks_errors
import checks_market_life
import checks_orders
import checks_reads
import checks_stream
from harness import OPERATIONS, World
from process import Exchange

MODULES = [checks_reads, checks_orders, checks_errors, checks_market_life, checks_stream]


def all_checks():
    """The functions named `check_*`, in the order they are written."""
    for module in MODULES:
        functions = [pair for pair in inspect.getmembers(module, inspect.isfunction) if pair[0].startswith("check_")]
        yield from sorted(functions, key=lambda pair: pair[1].__code__.co_firstlineno)


def every_operation_was_parsed(world):
    missing = [name for name in OPERATIONS if name not in world.parsed]
    assert not missing, f"no answer was parsed for: {', '.join(missing)}"


def attempt(name, check, world):
    """Runs one check and says how it went."""
    started = time.monotonic()
    try:
        check(world)
    except Exception as error:  # Any failure is this check's alone; the others still run.
        where = traceback.extract_tb(error.__traceback__)
        own = [f"{pathlib.Path(frame.filename).name}:{frame.lineno}: {frame.line}" for frame in where if "site-packages" not in frame.filename]
        print(f"FAIL {name}\n     {type(error).__name__}: {str(error).strip()}\n     " + "\n     ".join(own[1:]))
        return False
    print(f"ok   {name} ({time.monotonic() - started:.2f} s)")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--brier", help="the program to start the exchange with")
    source.add_argument("--ready", help="ready file of an exchange that runs already")
    parser.add_argument("words", nargs="*", help="run only checks whose name contains one of these")
    options = parser.parse_args()

    checks = [pair for pair in all_checks() if not options.words or any(word in pair[0] for word in options.words)]
    if not checks:
        raise SystemExit(f"error: no check is named like {options.words}")
    exchange = Exchange(options.brier, "--clock", "simulated") if options.brier else None
    addresses = exchange.addresses if exchange else json.loads(pathlib.Path(options.ready).read_text())
    stopped = 0
    try:
        world = World(addresses)
        results = [attempt(name, check, world) for name, check in checks]
        if not options.words:
            results.append(attempt("every_operation_was_parsed", every_operation_was_parsed, world))
    finally:
        if exchange:
            stopped = exchange.stop()
    if stopped != 0:
        print(f"FAIL the exchange did not stop in peace on SIGTERM: status {stopped}\n{exchange.talk()}")
        results.append(False)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Judges answers of `brier-arbitrage` by HiGHS, through SciPy, and by a pricing of its own.

Reads instances with our answers, one JSON object a line (`cargo run -p brier-arbitrage --example instances`), and builds
everything anew from the raw books: states, costs, the linear program. Nothing is taken from the answers but what is judged.

For each instance:
- the program's objective equals HiGHS's within 1e-9 relative, and so does what is paid in the worst state (where several
  optima pay differently, ours has to lie between the least and the most of them);
- a closed form, where there is one, gives the same objective;
- the whole-lot answer is feasible: depth, cash, room, holdings, the venue's least worth; its costs, leg by leg, and its worst
  state are what integers say; and it gains no more than a program that knows neither rounding nor what we keep back for it.

How far whole lots fall short of the program is reported, and of the best whole lots (HiGHS's own integer program) on a sample.
"""

import argparse
import json
import multiprocessing
import sys
from fractions import Fraction

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

YEAR = 365 * 86_400 * 10**9
TOLERANCE = 1e-9
# The tightest that HiGHS takes.
OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


class Wrong(Exception):
    """An answer is not what it says."""


def states(markets, relations):
    """All ways to end, as rows of booleans."""
    ends = (np.arange(1 << markets)[:, None] >> np.arange(markets)) & 1 == 1
    keep = np.ones(len(ends), dtype=bool)
    for kind, *rest in relations:
        if kind in ("same", "inverse", "implies", "excludes"):
            one, two = ends[:, rest[0]], ends[:, rest[1]]
            keep &= {"same": one == two, "inverse": one != two, "implies": ~one | two, "excludes": ~(one & two)}[kind]
        elif kind == "exclusive":
            paying = ends[:, rest[0]].sum(axis=1)
            keep &= (paying == 1) if rest[1] else (paying <= 1)
        elif kind == "ladder":
            for harder, easier in zip(rest[0], rest[0][1:]):
                keep &= ~ends[:, harder] | ends[:, easier]
        else:
            raise Wrong(f"relation {kind}")
    return ends[keep]


def fill_step(market, limits):
    """The most that rounding can cost one fill, in millionths of a dollar."""
    return 100 + limits["precision"] if market["fee"]["kind"] == "kalshi" else 11


def unit_fee(market, pips):
    """A taker's fee on one contract, in dollars, exactly."""
    fee, variance = market["fee"], Fraction(pips * (10_000 - pips), 10**8)
    if fee["kind"] == "kalshi":
        return Fraction(fee["numerator"], fee["denominator"]) * variance
    return Fraction(fee["rate_ppm"], 10**6) * variance ** fee["exponent"]


def unit_cost(market, limits, outcome, pips):
    """What a contract costs all in, in dollars, before rounding."""
    paid = pips if outcome == 0 else 10_000 - pips
    cost = Fraction(paid, 10_000) + unit_fee(market, pips) + Fraction(market["surcharge"], 10**6)
    if limits["smallest_fill"] is not None:
        cost += Fraction(fill_step(market, limits), limits["smallest_fill"])
    return cost


def levels(market, limits, outcome):
    """Levels for one claim, own orders left out, as far as whole lots of room and of holdings to sell go.

    Each is (YES pips, millionths of a contract, cost of one)."""
    out, room, lot = [], market["room"][outcome], limits["lot"]
    room = None if room is None else (room // lot + market["held"][1 - outcome] // lot) * lot
    others = [(pips, qty - own) for pips, qty, own in market["asks" if outcome == 0 else "bids"] if qty > own]
    for pips, qty in others[: limits["levels"]]:
        cost = unit_cost(market, limits, outcome, pips)
        qty = qty if room is None else min(qty, room)
        if cost >= 1 or qty == 0:
            break
        room = None if room is None else room - qty
        out.append((pips, qty, cost))
    return out


def stretches(found, lot):
    """Whole lots and their cost as floats hold it, lots across levels among them."""
    out, part, part_cost = [], 0, Fraction(0)
    for _, qty, cost in found:
        while qty > 0:
            if part == 0 and qty >= lot:
                out.append((qty // lot, float(cost)))
                qty %= lot
                continue
            piece = min(qty, lot - part)
            part, qty, part_cost = part + piece, qty - piece, part_cost + cost * piece
            if part == lot:
                out.append((1, float(part_cost / lot)))
                part, part_cost = 0, Fraction(0)
    return out


class Program:
    """max c·z, with rows ≤ bounds and 0 ≤ z ≤ upper."""

    def __init__(self):
        self.gain, self.upper, self.rows, self.bounds = [], [], [], []

    def column(self, gain, upper=None):
        self.gain.append(float(gain))
        self.upper.append(np.inf if upper is None else float(upper))
        return len(self.gain) - 1

    def row(self, entries, bound):
        self.rows.append(entries)
        self.bounds.append(float(bound))

    def matrix(self):
        matrix = np.zeros((len(self.rows), len(self.gain)))
        for at, entries in enumerate(self.rows):
            for column, value in entries:
                matrix[at, column] += value
        return matrix

    def solve(self, extra=None):
        """The largest gain, or with `extra` (a cost vector and a least gain) the smallest cost among optima."""
        gain, matrix, bounds = np.array(self.gain), self.matrix(), np.array(self.bounds)
        cost = -gain
        if extra is not None:
            cost, least = extra
            matrix, bounds = np.vstack([matrix, -gain]), np.append(bounds, -least)
        limits = list(zip([0.0] * len(gain), [None if np.isinf(it) else it for it in self.upper]))
        found = linprog(cost, A_ub=matrix, b_ub=bounds, bounds=limits, method="highs", options=OPTIONS)
        if found.status != 0:
            raise Wrong(f"HiGHS: {found.message}")
        return found.x, -found.fun

    def whole(self, columns):
        """The largest gain with some columns whole."""
        integral = np.zeros(len(self.gain))
        integral[columns] = 1
        rows = LinearConstraint(self.matrix(), -np.inf, np.array(self.bounds))
        found = milp(-np.array(self.gain), integrality=integral, bounds=Bounds(0, np.array(self.upper)), constraints=rows)
        return -found.fun if found.status == 0 else None


class Instance:
    def __init__(self, told):
        self.told, self.markets, self.limits = told, told["markets"], told["limits"]
        self.lot = self.limits["lot"]
        self.dollars = Fraction(self.lot, 10**6)
        payout = max(market["payout"] for market in self.markets)
        self.wait = max(payout - told["now"], 0)
        self.share = Fraction(self.limits["hurdle_ppm"], 10**6) * Fraction(self.wait, YEAR)
        # Of a group that converts nothing is sold while there is a hurdle.
        for place in (place for group in told["groups"] for place in group if self.share > 0):
            self.markets[place]["held"] = [0, 0]
        self.ends = states(len(self.markets), told["relations"])
        self.claims = [(slot, outcome) for slot in range(len(self.markets)) for outcome in (0, 1)]
        self.levels = {claim: levels(self.markets[claim[0]], self.limits, claim[1]) for claim in self.claims}
        self.stretches = {claim: stretches(self.levels[claim], self.lot) for claim in self.claims}

    def pays(self, claim):
        return self.ends[:, claim[0]] if claim[1] == 0 else ~self.ends[:, claim[0]]

    def held(self, claim):
        """Lots of the opposite that may be sold instead of buying this."""
        return self.markets[claim[0]]["held"][1 - claim[1]] // self.lot

    def purse(self, claim):
        market = self.markets[claim[0]]
        return [market["venue"], market["shard"]]

    def program(self, relaxed=False):
        """The program as documented; `relaxed` knows no reserve for rounding and sells whichever level suits it."""
        program, waits = Program(), float(1 + self.share)
        payoff = program.column(1)
        bought, sold, sold_at = {}, {}, {}
        for claim in self.claims:
            bought[claim] = [program.column(-waits * cost, lots) for lots, cost in self.stretches[claim]]
        bounded = any(cash is not None for _, _, cash in self.told["cash"])
        for claim in self.claims:
            if self.held(claim) > 0 and (self.share > 0 or bounded) and bought[claim]:
                sold[claim] = program.column(waits, self.held(claim))
                if relaxed:
                    sold_at[claim] = [program.column(0, lots) for lots, _ in self.stretches[claim]]
        convert, join = {}, {}
        if self.share > 0:
            for place in (place for group in self.told["groups"] for place in group):
                convert[place], join[place] = program.column(0), program.column(waits)
        for state in range(len(self.ends)):
            row = [(payoff, 1)]
            for claim in self.claims:
                if self.pays(claim)[state]:
                    row += [(column, -1) for column in bought[claim]]
            row += [(column, 1) for column in sold.values()] + [(column, 1) for column in join.values()]
            for group in self.told["groups"]:
                if not any(self.ends[state, place] for place in group):
                    row += [(convert[place], 1) for place in group if place in convert]
            program.row(row, 0)
        for venue, shard, cash in self.told["cash"]:
            if cash is None:
                continue
            row, reserve = [], 0
            for claim in (claim for claim in self.claims if self.purse(claim) == [venue, shard]):
                row += [(column, cost) for column, (_, cost) in zip(bought[claim], self.stretches[claim])]
                reserve += len(self.levels[claim]) * (2 * fill_step(self.markets[claim[0]], self.limits) + 2)
                if claim in sold and not relaxed:
                    row.append((sold[claim], -self.stretches[claim][0][1]))
                elif claim in sold:
                    row += [(column, -cost) for column, (_, cost) in zip(sold_at[claim], self.stretches[claim])]
            spendable = cash if relaxed else max(cash - reserve, 0)
            program.row(row, Fraction(spendable, 10**6) / self.dollars)
        for claim, column in sold.items():
            program.row([(column, 1)] + [(it, -1) for it in bought[claim]], 0)
            if relaxed:
                program.row([(column, 1)] + [(it, -1) for it in sold_at[claim]], 0)
                program.row([(column, -1)] + [(it, 1) for it in sold_at[claim]], 0)
                for part, whole in zip(sold_at[claim], bought[claim]):
                    program.row([(part, 1), (whole, -1)], 0)
        for group in self.told["groups"] if convert else []:
            for place in group:
                no, yes = (place, 1), (place, 0)
                spent = [(convert[place], 1), (join[place], 1)] + ([(sold[no], 1)] if no in sold else [])
                program.row(spent + [(it, -1) for it in bought[no]], 0)
                spent = [(join[place], 1)] + ([(sold[yes], 1)] if yes in sold else [])
                got = [(it, -1) for it in bought[yes]] + [(convert[other], -1) for other in group if other != place]
                program.row(spent + got, 0)
        released = list(sold.values()) + list(join.values())
        return program, payoff, released, [column for columns in bought.values() for column in columns]


def near(one, two):
    return abs(one - two) <= TOLERANCE * max(1.0, abs(two))


def judge_program(instance, ours):
    """HiGHS's objective in dollars, after comparing ours with it."""
    program, payoff, released, _ = instance.program()
    dollars = float(instance.dollars)
    found, best = program.solve()
    best *= dollars
    told = instance.told["shape"]
    # Less than a billionth of a dollar a lot is nothing to either.
    if ours is None:
        if best > 1e-6 or told:
            raise Wrong(f"no gain told, HiGHS finds {best}, the closed form {told}")
        return best, False
    if isinstance(ours, str):
        raise Wrong(ours)
    if not near(ours["objective"], best):
        raise Wrong(f"objective {ours['objective']}, HiGHS {best}")
    if told is not False and (told is None or not near(told["objective"], best)):
        raise Wrong(f"closed form {told}, HiGHS {best}")
    paid = ours["payoff"] + ours["released"]
    theirs = dollars * (found[payoff] + sum(found[column] for column in released))
    if near(paid, theirs):
        return best, False
    # Several optima: the least and the most that they pay.
    weights = np.zeros(len(program.gain))
    weights[[payoff, *released]] = 1
    slack = best / dollars - TOLERANCE * max(1.0, abs(best))
    least = -dollars * program.solve((weights, slack))[1]
    most = dollars * program.solve((-weights, slack))[1]
    margin = 1e-6 * max(1.0, abs(most))
    if not least - margin <= paid <= most + margin:
        raise Wrong(f"worst state pays {paid}, HiGHS's optima pay {least} to {most}")
    return best, True


def ceil(exact):
    return -(-exact.numerator // exact.denominator)


class Fills:
    """Fills of one order, priced in integers: millionths of a dollar."""

    def __init__(self, instance, slot):
        self.market, self.limits, self.owed = instance.markets[slot], instance.limits, 0

    def fee(self, pips, qty, revenue):
        step = 100 if self.market["fee"]["kind"] == "kalshi" else 10
        trade = ceil(unit_fee(self.market, pips) * qty / step) * step
        smallest = self.limits["smallest_fill"]
        if smallest is not None:
            return trade + -(-qty // smallest) * fill_step(self.market, self.limits)
        if self.market["fee"]["kind"] != "kalshi":
            return trade
        precision = self.limits["precision"]
        change = revenue - trade
        rounding = change - change // precision * precision
        self.owed += rounding
        rebate = 10_000 if self.owed > 10_000 else 0
        self.owed -= rebate
        return max(trade + rounding - rebate, 0)


def price(instance, claim, skip, qty, sells):
    """What an order costs (negative for a sale) and its limit."""
    fills, total, limit = Fills(instance, claim[0]), 0, None
    surcharge = instance.markets[claim[0]]["surcharge"]
    for pips, there, _ in instance.levels[claim]:
        passed = min(skip, there)
        skip -= passed
        taken = min(qty, there - passed)
        if taken == 0:
            continue
        qty -= taken
        paid = pips if claim[1] == 0 else 10_000 - pips
        own = 10_000 - paid if sells else paid
        exact = Fraction(own * taken, 10_000)
        worth = exact.numerator // exact.denominator if sells else ceil(exact)
        revenue = worth if sells else -worth
        total += fills.fee(pips, taken, revenue) - revenue + ceil(Fraction(surcharge * taken, 10**6))
        limit = own
    if qty > 0:
        raise Wrong(f"claim {claim}: more than there is")
    return total, limit


def judge_answer(instance, answer, best):
    """The gain in dollars, after pricing everything anew."""
    markets, owned = instance.markets, {claim: 0 for claim in instance.claims}
    bought_as, spent, total = {}, {}, 0
    # Sales first: they take the first levels.
    for leg in sorted(answer["legs"], key=lambda leg: leg["action"] == "Buy"):
        slot, outcome = leg["market"], 0 if leg["outcome"] == "Yes" else 1
        sells = leg["action"] == "Sell"
        claim = (slot, 1 - outcome) if sells else (slot, outcome)
        if leg["qty"] % instance.lot or leg["qty"] == 0:
            raise Wrong(f"{leg}: no whole lots")
        cost, limit = price(instance, claim, bought_as.get(claim, 0), leg["qty"], sells)
        bought_as[claim] = bought_as.get(claim, 0) + leg["qty"]
        if (cost, limit) != (leg["cost"], leg["limit"]):
            raise Wrong(f"{leg}: costs {cost} at {limit}")
        if limit * leg["qty"] // 10_000 < markets[slot]["min_taking"]:
            raise Wrong(f"{leg}: below the venue's least worth")
        if sells:
            if leg["qty"] > markets[slot]["held"][outcome]:
                raise Wrong(f"{leg}: not held")
            owned[(slot, outcome)] -= leg["qty"]
        else:
            room = markets[slot]["room"][outcome]
            if room is not None and leg["qty"] > room:
                raise Wrong(f"{leg}: no room")
            owned[claim] += leg["qty"]
            key = tuple(instance.purse(claim))
            spent[key] = spent.get(key, 0) + cost
        total += cost
    for venue, shard, cash in instance.told["cash"]:
        if cash is not None and spent.get((venue, shard), 0) > cash:
            raise Wrong(f"{venue} {shard}: spends {spent[(venue, shard)]} of {cash}")
    released = 0
    for kind, what, qty in answer["steps"]:
        if kind == "convert":
            group = next(group for group in instance.told["groups"] if what[0] in group)
            for place in group:
                owned[(place, 1 if place in what else 0)] += -qty if place in what else qty
            released += qty * (len(what) - 1)
            short = [place for place in what if owned[(place, 1)] < 0]
        elif kind == "join":
            owned[(what, 0)] -= qty
            owned[(what, 1)] -= qty
            released += qty
            short = [what] if min(owned[(what, 0)], owned[(what, 1)]) < 0 else []
        if short:
            raise Wrong(f"{kind} {what} {qty}: not owned")
    worst = min(sum(qty for claim, qty in owned.items() if instance.pays(claim)[state]) for state in range(len(instance.ends)))
    locked = max(total - released, 0)
    hurdle = ceil(Fraction(locked * instance.limits["hurdle_ppm"] * instance.wait, 10**6 * YEAR))
    told = (answer["cost"], answer["released"], answer["payoff"], answer["hurdle"], answer["gain"])
    found = (total, released, worst, hurdle, worst + released - total - hurdle)
    if told != found:
        raise Wrong(f"told {told}, found {found}")
    if found[4] <= 0:
        raise Wrong("an answer that does not gain")
    bound = best
    if any(cash is not None for _, _, cash in instance.told["cash"]):
        bound = instance.program(relaxed=True)[0].solve()[1] * float(instance.dollars)
    # Conversions that a program without a hurdle does not see are worth nothing to it.
    if found[4] / 1e6 > bound + 1e-6:
        raise Wrong(f"gains {found[4] / 1e6}, above the bound {bound}")
    return found[4] / 1e6


def judge(line):
    told = json.loads(line)
    try:
        instance = Instance(told)
        best, tied = judge_program(instance, told["program"])
        if isinstance(told["answer"], str):
            raise Wrong(told["answer"])
        gain = 0.0 if told["answer"] is None else judge_answer(instance, told["answer"], best)
    except Wrong as wrong:
        return {"seed": told["seed"], "wrong": str(wrong)}
    result = {"best": max(best, 0.0), "gain": gain, "tied": tied, "closed": told["shape"] is not False}
    result["told"] = told["program"] is not None
    # A sample against the best whole lots that there are, by the same costs.
    if result["told"] and told["seed"] % 16 == 0:
        program, _, _, bought = instance.program()
        whole = program.whole(bought)
        result["whole"] = None if whole is None else whole * float(instance.dollars)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("instances", nargs="?", help="a file; standard input without one")
    source = parser.parse_args().instances
    with open(source, encoding="utf-8") if source else sys.stdin as lines, multiprocessing.Pool() as pool:
        results = pool.map(judge, lines, chunksize=50)
    wrong = [result for result in results if "wrong" in result]
    for result in wrong[:20]:
        print(f"   seed {result['seed']}: {result['wrong']}")
    right = [result for result in results if "wrong" not in result]
    gains = [result for result in right if result["told"]]
    answered = [result for result in gains if result["gain"] > 0]
    print(f"   {len(results)} instances: {len(right)} as HiGHS says, {len(wrong)} not")
    print(f"   {len(gains)} gain by the program, {sum(it['closed'] for it in right)} have a closed form, {sum(it['tied'] for it in gains)} several optima")
    best, gain = sum(it["best"] for it in gains), sum(it["gain"] for it in gains)
    print(f"   {len(answered)} have a whole-lot answer that still gains: ${gain:.2f} of the program's ${best:.2f} ({gain / max(best, 1e-9):.2%})")
    short = sorted(it["best"] - it["gain"] for it in answered)
    if short:
        at = lambda share: short[min(int(len(short) * share), len(short) - 1)]
        print(f"   they fall short of it by ${at(0.5):.4f} in the middle, ${at(0.9):.4f} at nine in ten, ${short[-1]:.4f} at most")
    sample = [it for it in gains if it.get("whole") is not None]
    if sample:
        theirs, ours = sum(it["whole"] for it in sample), sum(it["gain"] for it in sample)
        print(f"   on {len(sample)} of them HiGHS's best whole lots, without rounding and least worths: ${theirs:.2f}, ours ${ours:.2f}")
    if wrong:
        print(f"error: {len(wrong)} of {len(results)} answers are not what HiGHS says", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

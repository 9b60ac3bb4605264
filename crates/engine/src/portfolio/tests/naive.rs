//! A second portfolio without memory of any sum: it keeps what happened, and works everything out anew from the first day.
//! What a failed fill did is left out from the start, which is what "as if it had never been" means.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const MARKETS: usize = 4;
const PLACES: [(Venue, u16); 3] = [(Venue::Kalshi, 0), (Venue::Kalshi, 1), (Venue::Polymarket, 0)];

/// Markets 0 and 1 are netted, on two shards; 2 and 3 have tokens.
const fn home(market: usize) -> (usize, Custody) {
    match market {
        0 => (0, Custody::Netted),
        1 => (1, Custody::Netted),
        _ => (2, Custody::Tokens),
    }
}

#[derive(Clone, Debug)]
enum Op {
    Book { market: usize, strategy: u16, bid: bool, held: bool, pips: u16, size: u64, fee: i64, status: FillStatus },
    Again { number: usize, other_price: bool },
    Status { number: usize, status: FillStatus },
    Settle { market: usize, pips: u16 },
    Cash { place: usize, total: i64 },
    Have { market: usize, yes: u64, no: u64, pips: u16 },
}

#[derive(Clone, Debug)]
enum Happened {
    Fill(usize),
    Paid(usize, i128),
    /// Contracts that had been sold and were never bought, when the market paid.
    Found(usize, [i128; 2]),
    Cash(usize, i128),
    Have(usize, [i128; 2], i128),
}

/// What somebody has of one market: contracts by outcome, less than none where too many were sold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Has {
    contracts: [i128; 2],
    fixed: [i128; 2],
    cost: [i128; 2],
    realized: i128,
    fees: i128,
    flow: i128,
}

impl Has {
    fn buy(&mut self, outcome: usize, qty: i128, paid: i128, is_final: bool) {
        let owed = (-self.contracts[outcome]).max(0);
        let covers = owed.min(qty);
        let lost = if covers == qty { paid } else { paid * covers / qty };
        self.contracts[outcome] += qty;
        self.cost[outcome] += paid - lost;
        self.realized -= lost;
        self.fixed[outcome] += if is_final { qty - covers } else { 0 };
    }

    /// Gives contracts away for `got`.
    fn give(&mut self, outcome: usize, qty: i128, got: i128) {
        let held = self.contracts[outcome].max(0);
        let basis = if qty >= held { self.cost[outcome] } else { self.cost[outcome] * qty / held };
        self.contracts[outcome] -= qty;
        self.cost[outcome] -= basis;
        self.realized += got - basis;
        self.fixed[outcome] = (self.fixed[outcome] - qty).max(0);
    }

    fn fill(&mut self, fill: &OwnFill) {
        let (price, qty) = (i128::from(fill.price.pips()), i128::from(fill.qty.micros()));
        let (wanted, given, paid) = match fill.side {
            BookSide::Bid => (0, 1, price),
            BookSide::Ask => (1, 0, 10_000 - price),
        };
        let closing = match (fill.custody, fill.funding) {
            (Custody::Netted, _) => qty.min(self.contracts[given]),
            (Custody::Tokens, Funding::Holdings) => qty,
            (Custody::Tokens, Funding::Cash) => 0,
        };
        let got = closing * (10_000 - paid) / 10_000;
        let spent = ((qty - closing) * paid + 9_999) / 10_000;
        if closing > 0 {
            self.give(given, closing, got);
        }
        if qty > closing {
            self.buy(
                wanted,
                qty - closing,
                spent,
                fill.custody == Custody::Netted || fill.status == FillStatus::Confirmed,
            );
        }
        self.fees += i128::from(fill.fee.micros());
        self.flow += got - spent - i128::from(fill.fee.micros());
    }

    fn pay(&mut self, pips: i128) {
        for (outcome, value) in [pips, 10_000 - pips].into_iter().enumerate() {
            // Rounded down, whatever the sign: a debt is rounded up.
            let worth = (self.contracts[outcome] * value).div_euclid(10_000);
            self.realized += worth - self.cost[outcome];
            self.flow += worth;
            (self.contracts[outcome], self.cost[outcome], self.fixed[outcome]) = (0, 0, 0);
        }
    }

    fn late(&mut self, fill: &OwnFill, pips: i128) {
        let mut alone = Self::default();
        alone.fill(fill);
        alone.pay(pips);
        self.realized += alone.realized;
        self.fees += alone.fees;
        self.flow += alone.flow;
    }

    /// Holds these contracts from now on, by the venue's word.
    fn have(&mut self, contracts: [i128; 2], pips: i128) {
        for (outcome, value) in [pips, 10_000 - pips].into_iter().enumerate() {
            let held = self.contracts[outcome].max(0);
            let (less, more) = ((held - contracts[outcome]).max(0), (contracts[outcome] - held).max(0));
            if less > 0 {
                self.cost[outcome] -= if less == held { self.cost[outcome] } else { self.cost[outcome] * less / held };
            }
            self.cost[outcome] += (more * value + 9_999) / 10_000;
            (self.contracts[outcome], self.fixed[outcome]) = (contracts[outcome], contracts[outcome]);
        }
    }

    fn of(position: &Position) -> Self {
        let both = [position.yes, position.no];
        Self {
            contracts: both.map(|held| i128::from(held.qty.micros()) - i128::from(held.oversold.micros())),
            fixed: [Outcome::Yes, Outcome::No].map(|outcome| i128::from(position.sellable(outcome).micros())),
            cost: both.map(|held| i128::from(held.cost.micros())),
            realized: i128::from(position.realized.micros()),
            fees: i128::from(position.fees.micros()),
            flow: i128::from(position.flow.micros()),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Naive {
    fills: BTreeMap<usize, OwnFill>,
    words: BTreeMap<usize, FillStatus>,
    happened: Vec<Happened>,
}

/// Everything, worked out from the list.
#[derive(Clone, Debug, Default)]
struct All {
    account: [Has; MARKETS],
    parts: BTreeMap<(usize, StrategyId), Has>,
    cash: [i128; PLACES.len()],
    paid: [Option<i128>; MARKETS],
    provisional: Vec<usize>,
    /// Markets in which the operator's part follows from the venue's word, and so from when it was told.
    adopted: [bool; MARKETS],
}

impl All {
    fn pay(&mut self, market: usize, pips: i128) {
        self.account[market].pay(pips);
        for (_, has) in self.parts.iter_mut().filter(|((place, _), _)| *place == market) {
            has.pay(pips);
        }
    }
}

impl Naive {
    fn status(&self, number: usize) -> FillStatus {
        self.words[&number]
    }

    fn hear(&mut self, number: usize, status: FillStatus) {
        let known = *self.words.entry(number).or_insert(status);
        if !matches!(known, FillStatus::Confirmed | FillStatus::Failed) && status > known {
            self.words.insert(number, status);
        }
    }

    fn work_out(&self) -> All {
        let mut all = All::default();
        for happened in &self.happened {
            let mut moved = None;
            let before = all.account;
            match happened {
                Happened::Fill(number) => {
                    let status = self.status(*number);
                    if status == FillStatus::Failed {
                        continue;
                    }
                    let fill = OwnFill { status, ..self.fills[number].clone() };
                    let market = fill.market.index();
                    let part = all.parts.entry((market, fill.strategy)).or_default();
                    for has in [&mut all.account[market], part] {
                        match all.paid[market] {
                            Some(pips) => has.late(&fill, pips),
                            None => has.fill(&fill),
                        }
                    }
                    if all.paid[market].is_none() && status != FillStatus::Confirmed {
                        all.provisional.push(*number);
                    }
                    moved = Some(market);
                }
                Happened::Paid(market, pips) => {
                    all.paid[*market] = Some(*pips);
                    all.pay(*market, *pips);
                    all.provisional.retain(|number| self.fills[number].market.index() != *market);
                    moved = Some(*market);
                }
                Happened::Found(market, contracts) => {
                    for outcome in [0, 1] {
                        let operator = all.parts.entry((*market, StrategyId::OPERATOR)).or_default();
                        if contracts[outcome] > 0 {
                            operator.buy(outcome, contracts[outcome], 0, true);
                            all.account[*market].buy(outcome, contracts[outcome], 0, true);
                        }
                    }
                }
                Happened::Cash(place, total) => all.cash[*place] = *total,
                Happened::Have(market, contracts, pips) => {
                    all.account[*market].have(*contracts, *pips);
                    all.adopted[*market] = true;
                    all.provisional.retain(|number| self.fills[number].market.index() != *market);
                }
            }
            if let Some(market) = moved {
                all.cash[home(market).0] += all.account[market].flow - before[market].flow;
            }
        }
        all
    }
}

/// Does one thing to both, and compares what they answer.
fn step(op: &Op, portfolio: &mut Portfolio, naive: &mut Naive) {
    match *op {
        Op::Book { market, strategy, bid, held, pips, size, fee, status } => {
            let number = naive.fills.len();
            let ((place, custody), side) = (home(market), if bid { BookSide::Bid } else { BookSide::Ask });
            // Kalshi's smallest step is a hundredth.
            let size = if custody == Custody::Netted { size / 10_000 * 10_000 + 10_000 } else { size };
            let strategy = if strategy == 3 { StrategyId::OPERATOR } else { StrategyId(strategy) };
            let mut fill =
                fill(number, custody, strategy, side, Qty::from_micros(size).unwrap(), Price::new(pips).unwrap());
            (fill.market, fill.shard) = (MarketId(market as u32), PLACES[place].1);
            fill.funding = if held { Funding::Holdings } else { Funding::Cash };
            fill.fee = Money::from_micros(fee);
            fill.status = status;
            naive.hear(number, status);
            naive.fills.insert(number, fill.clone());
            let expected = if naive.status(number) == FillStatus::Failed { Booked::Duplicate } else { Booked::New };
            naive.happened.push(Happened::Fill(number));
            assert_eq!(portfolio.book(fill), Ok(expected));
        }
        Op::Again { number, other_price } => {
            let Some(fill) = naive.fills.get(&number) else { return };
            let mut fill = fill.clone();
            if other_price {
                fill.price = fill.price.complement();
            }
            let same = fill.price == naive.fills[&number].price;
            assert_eq!(portfolio.book(fill), Ok(if same { Booked::Duplicate } else { Booked::Changed }));
        }
        Op::Status { number, status } => {
            let (trade, order) = key(number);
            let news = portfolio.set_status(&trade, &order, status);
            let before = naive.words.get(&number).copied();
            naive.hear(number, status);
            let after = naive.status(number);
            match news {
                StatusNews::Unknown => assert!(!naive.fills.contains_key(&number)),
                StatusNews::Same => {
                    assert!(before == Some(after) && !(after.is_final() && status.is_final() && after != status));
                }
                StatusNews::Moved => assert!(before != Some(after) && after != FillStatus::Failed),
                StatusNews::Failed(fill) => {
                    assert!(before != Some(after) && after == FillStatus::Failed);
                    assert_eq!(fill.trade, trade);
                }
                StatusNews::Contradiction => assert!(before == Some(after) && after != status && status.is_final()),
            }
        }
        Op::Settle { market, pips } => {
            let all = naive.work_out();
            let payout = i128::from(pips);
            let result = match pips {
                10_000 => MarketResult::Yes,
                0 => MarketResult::No,
                _ => MarketResult::Scalar(Price::new(pips).unwrap()),
            };
            let (venue, shard) = PLACES[home(market).0];
            let paid = portfolio.settle(MarketId(market as u32), venue, shard, result);
            assert_eq!(paid.is_none(), all.paid[market].is_some());
            let Some(paid) = paid else { return };
            let held = all.account[market].contracts;
            if held.iter().any(|contracts| *contracts < 0) {
                naive.happened.push(Happened::Found(market, held.map(|contracts| (-contracts).max(0))));
            }
            naive.happened.push(Happened::Paid(market, payout));
            let held = held.map(|contracts| contracts.max(0));
            assert_eq!([paid.contracts.0, paid.contracts.1].map(|held| i128::from(held.micros())), held);
            let cash = held[0] * payout / 10_000 + held[1] * (10_000 - payout) / 10_000;
            assert_eq!(i128::from(paid.cash.micros()), cash);
        }
        Op::Cash { place, total } => {
            let before = naive.work_out().cash[place];
            naive.happened.push(Happened::Cash(place, total.into()));
            let (venue, shard) = PLACES[place];
            let by = portfolio.adopt_cash(venue, shard, Money::from_micros(total));
            assert_eq!(i128::from(by.micros()), i128::from(total) - before);
        }
        Op::Have { market, yes, no, pips } => {
            let (place, custody) = home(market);
            let pairs = if custody == Custody::Netted { yes.min(no) } else { 0 };
            let contracts = [yes - pairs, no - pairs].map(i128::from);
            naive.happened.push(Happened::Have(market, contracts, pips.into()));
            let (yes, no) = (Qty::from_micros(yes).unwrap(), Qty::from_micros(no).unwrap());
            let price = Price::new(pips).unwrap();
            portfolio.adopt_position(PLACES[place].0, MarketId(market as u32), custody, yes, no, price);
        }
    }
}

fn compare(portfolio: &Portfolio, naive: &Naive) {
    let all = naive.work_out();
    for market in 0..MARKETS {
        let id = MarketId(market as u32);
        assert_eq!(Has::of(portfolio.account(id)), all.account[market], "account in {id}");
        if home(market).1 == Custody::Netted {
            for (strategy, part) in portfolio.strategies_in(id) {
                let both = !part.yes.qty.is_zero() && !part.no.qty.is_zero();
                assert!(!both && !part.oversold(), "{strategy} in {id}: what is netted is on one side");
            }
        }
        for strategy in [0, 1, 2, u16::MAX].map(StrategyId) {
            if strategy == StrategyId::OPERATOR && all.adopted[market] {
                continue;
            }
            let expected = all.parts.get(&(market, strategy)).copied().unwrap_or_default();
            assert_eq!(Has::of(portfolio.strategy(strategy, id)), expected, "{strategy} in {id}");
        }
        if !all.adopted[market] {
            compare_parts(portfolio, id, home(market).1, naive.happened.len());
        }
    }
    for (place, (venue, shard)) in PLACES.into_iter().enumerate() {
        assert_eq!(i128::from(portfolio.cash(venue, shard).micros()), all.cash[place], "cash of {venue} {shard}");
    }
    let mut provisional: Vec<_> = portfolio.provisional().map(|fill| fill.trade.clone()).collect();
    let mut expected: Vec<_> = all.provisional.iter().map(|number| key(*number).0).collect();
    provisional.sort();
    expected.sort();
    assert_eq!(provisional, expected);
    let counted = naive
        .happened
        .iter()
        .filter(|it| matches!(it, Happened::Fill(number) if naive.status(*number) != FillStatus::Failed));
    assert_eq!(portfolio.fills().count(), counted.count());
}

/// Flow and worth of the parts are the account's at every price: exactly where nothing is rounded.
fn compare_parts(portfolio: &Portfolio, market: MarketId, custody: Custody, happened: usize) {
    for pips in [0, 3_333, 10_000] {
        let price = Price::new(pips).unwrap();
        let value = |position: &Position| position.flow.micros() + position.worth(price).micros();
        let parts: i64 = portfolio.strategies_in(market).map(|(_, part)| value(part)).sum();
        let apart = (parts - value(portfolio.account(market))).unsigned_abs() as usize;
        let rounded = if custody == Custody::Netted { 0 } else { 8 * (happened + 1) };
        assert!(apart <= rounded, "{market} at {price}: the parts are {apart} apart from the whole");
    }
}

fn statuses() -> impl Strategy<Value = FillStatus> {
    prop_oneof![
        3 => Just(FillStatus::Matched),
        1 => Just(FillStatus::Retrying),
        1 => Just(FillStatus::Mined),
        4 => Just(FillStatus::Confirmed),
        2 => Just(FillStatus::Failed),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    let book = (
        0..MARKETS,
        0u16..4,
        any::<bool>(),
        any::<bool>(),
        1u16..10_000,
        1u64..20_000_000,
        -50_000i64..200_000,
        statuses(),
    );
    let payouts = prop_oneof![Just(0u16), Just(10_000), 0u16..=10_000];
    prop_oneof![
        12 => book.prop_map(|(market, strategy, bid, held, pips, size, fee, status)| Op::Book { market, strategy, bid, held, pips, size, fee, status }),
        1 => (0usize..30, any::<bool>()).prop_map(|(number, other_price)| Op::Again { number, other_price }),
        8 => (0usize..30, statuses()).prop_map(|(number, status)| Op::Status { number, status }),
        1 => (0..MARKETS, payouts).prop_map(|(market, pips)| Op::Settle { market, pips }),
        1 => (0..PLACES.len(), -5_000_000i64..50_000_000).prop_map(|(place, total)| Op::Cash { place, total }),
        1 => (0..MARKETS, 0u64..20_000_000, 0u64..20_000_000, 0u16..=10_000).prop_map(|(market, yes, no, pips)| Op::Have { market, yes, no, pips }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_both_portfolios_agree(ops in prop::collection::vec(ops(), 1..60)) {
        let (mut portfolio, mut naive) = (Portfolio::new(), Naive::default());
        (0..MARKETS as u32).for_each(|market| portfolio.add_market(MarketId(market)));
        for op in &ops {
            step(op, &mut portfolio, &mut naive);
            compare(&portfolio, &naive);
            consistent(&portfolio);
        }
    }
}

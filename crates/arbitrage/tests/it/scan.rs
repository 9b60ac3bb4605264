//! The scanner against solving every set anew after every change, and what it allocates.

use std::collections::BTreeMap;

use allocation_counter::measure;
use brier_arbitrage::{
    Account, Books, Change, Claim, Held, Hurdle, Limits, Opportunity, Problem, RegisterError, Relation, Scanner, SetId,
    Unlimited,
};
use brier_book::{Book, BookView, StaleReason};
use brier_engine::MarketId;
use brier_types::{BookSide, Money, Outcome, Price, Qty, Timestamp, Venue};

use crate::bench::{NOW, contracts, kalshi, levels, money, no_asks, plain, polymarket, set};
use crate::random::{Instance, Numbers, Wishes};

struct Shelf(Vec<Book>);

impl Books for Shelf {
    fn book(&self, market: MarketId) -> Option<BookView<'_>> {
        self.0[market.index()].view().ok()
    }
}

fn load(book: &mut Book, bids: &[brier_book::Level], asks: &[brier_book::Level]) {
    let of = |side: BookSide, levels: &[brier_book::Level]| {
        levels.iter().map(|level| (side, level.price, level.qty)).collect::<Vec<_>>()
    };
    book.load(of(BookSide::Bid, bids).into_iter().chain(of(BookSide::Ask, asks))).unwrap();
}

/// Holdings of some, no bound on anything.
struct Holdings(BTreeMap<MarketId, Held>);

impl Account for Holdings {
    fn cash(&self, _venue: Venue, _shard: u16) -> Money {
        Money::MAX
    }

    fn held(&self, market: MarketId) -> Held {
        self.0.get(&market).copied().unwrap_or_default()
    }

    fn room(&self, _market: MarketId, _outcome: Outcome) -> Qty {
        Qty::MAX
    }

    fn own(&self, _market: MarketId, _side: BookSide, _price: Price) -> Qty {
        Qty::ZERO
    }
}

fn anew(scanner: &Scanner, id: SetId, shelf: &Shelf, account: &impl Account, now: Timestamp) -> Option<Opportunity> {
    let set = scanner.set(id)?;
    let mut problem = Problem::new(set, *scanner.limits(), account, now)?;
    for (slot, member) in set.members().iter().enumerate() {
        problem.offer_book(slot, &shelf.book(member.market)?, account);
    }
    problem.solve().unwrap()
}

/// Random sets under random changes: after each, what the scanner knows is what solving everything anew finds.
fn run(seed: u64, hurdle: u32, holdings: bool) -> (u64, usize, u64) {
    let wishes = Wishes { levels: 3, contracts: 20, bounds: false, noise: 0.04 };
    let limits = Limits { hurdle: Hurdle::from_micros(hurdle).unwrap(), ..Limits::default() };
    let mut numbers = Numbers::new(seed);
    let mut scanner = Scanner::new(limits);
    let mut shelf = Shelf(Vec::new());
    let mut held = BTreeMap::new();
    let mut ids = Vec::new();
    for draw in 0..12 {
        let first = shelf.0.len() as u32;
        let instance = Instance::new(seed * 1_000 + draw, first, &wishes);
        for (member, (bids, asks)) in instance.set.members().iter().zip(&instance.books) {
            let mut book = Book::new();
            load(&mut book, bids, asks);
            shelf.0.push(book);
            if holdings && numbers.chance(20) {
                held.insert(member.market, Held { yes: contracts(numbers.below(15)), no: Qty::ZERO });
            }
        }
        ids.push(scanner.register(instance.set).unwrap());
    }
    let account = Holdings(held);
    let mut known: BTreeMap<SetId, Opportunity> = BTreeMap::new();
    let mut changes = Vec::new();
    let (mut found, mut updates) = (0, 0);
    let mut now = NOW;
    let order: Vec<u32> = (0..shelf.0.len() as u32).collect();
    for step in 0..order.len() + 500 {
        let market = order.get(step).copied().unwrap_or_else(|| numbers.below(order.len() as u64) as u32);
        now = now.plus(std::time::Duration::from_secs(numbers.below(20_000)));
        if step >= order.len() {
            let book = &mut shelf.0[market as usize];
            if numbers.chance(4) {
                book.mark_stale(StaleReason::Disconnected);
            } else {
                let middle = 300 + numbers.below(9_400) as u16;
                let price = |pips| Price::new(pips).unwrap();
                let qty = contracts(1 + numbers.below(20));
                if book.view().is_err() || numbers.chance(30) {
                    book.load([(BookSide::Bid, price(middle - 100), qty), (BookSide::Ask, price(middle + 100), qty)])
                        .unwrap();
                } else if let Some(best) = book.view().unwrap().best_ask() {
                    let better = Price::new(best.price.pips() - 20).filter(|price| price.is_tradable());
                    book.set_level(BookSide::Ask, better.unwrap_or(best.price), qty).unwrap();
                }
            }
        }
        scanner.on_book(MarketId(market), &shelf, &account, now, &mut changes);
        updates += 1;
        for change in changes.drain(..) {
            match change {
                Change::Found(id, it) => {
                    found += 1;
                    known.insert(id, *it);
                }
                Change::Gone(id) => assert!(known.remove(&id).is_some(), "only what was found can go"),
                Change::Failed(id, error) => panic!("{id:?}: {error}"),
            }
        }
        let touched = ids
            .iter()
            .filter(|id| scanner.set(**id).unwrap().members().iter().any(|member| member.market == MarketId(market)));
        for id in touched {
            // Until every book came once, a set has no answer, by the scanner's own knowledge.
            let ready = scanner.set(*id).unwrap().members().iter().all(|member| (member.market.0 as usize) <= step);
            let wanted = if ready { anew(&scanner, *id, &shelf, &account, now) } else { None };
            let gain = |it: Option<&Opportunity>| it.map(Opportunity::gain);
            assert_eq!(gain(known.get(id)), gain(wanted.as_ref()), "seed {seed} step {step} set {id:?}");
        }
    }
    (updates, found, scanner.solved())
}

#[test]
fn it_knows_what_solving_all_anew_finds() {
    let (mut updates, mut found, mut solved) = (0, 0, 0);
    for seed in 0..12 {
        let (each, more, work) = run(seed, if seed % 2 == 0 { 0 } else { 80_000 }, seed % 3 == 0);
        (updates, found, solved) = (updates + each, found + more, solved + work);
    }
    assert!(found > 300, "{found}");
    // Wild books make many gains; even so the bound spares most of the work.
    assert!(solved < updates * 7 / 10, "{solved} of {updates}");
}

#[test]
fn a_change_that_cannot_gain_allocates_nothing() {
    let general = [Relation::Implies { first: 0, second: 2 }, Relation::Implies { first: 1, second: 2 }];
    let shapes: [Vec<Relation>; 4] = [
        vec![Relation::Ladder { rungs: vec![0, 1, 2] }],
        vec![Relation::Exclusive { members: vec![0, 1, 2], one_must_pay: true }],
        general.to_vec(),
        vec![Relation::Same { first: 0, second: 1 }, Relation::Implies { first: 1, second: 2 }],
    ];
    for relations in shapes {
        let mut scanner = Scanner::new(Limits::default());
        scanner.register(set((0..3).map(kalshi).collect(), &relations)).unwrap();
        let mut shelf = Shelf(Vec::new());
        for (bid, ask) in [(".28x10", ".34x10"), (".30x10", ".36x10"), (".36x10", ".42x10")] {
            let mut book = Book::new();
            load(&mut book, &levels(bid), &levels(ask));
            shelf.0.push(book);
        }
        let mut changes = Vec::new();
        (0..3).for_each(|market| scanner.on_book(MarketId(market), &shelf, &Unlimited, NOW, &mut changes));
        let counted = measure(|| {
            for step in 0..1_000_u64 {
                let market = MarketId((step % 3) as u32);
                let qty = contracts(10 + step);
                let best = shelf.0[market.index()].view().unwrap().best_bid().unwrap().price;
                shelf.0[market.index()].set_level(BookSide::Bid, best, qty).unwrap();
                scanner.on_book(market, &shelf, &Unlimited, NOW, &mut changes);
            }
        });
        assert_eq!((counted.count_total, changes.len()), (0, 0), "{relations:?}");
    }
}

#[test]
fn a_set_with_an_unreadable_book_has_no_answer() {
    let mut scanner = Scanner::new(plain());
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &[Relation::Same { first: 0, second: 1 }]);
    let id = scanner.register(pair).unwrap();
    let mut shelf = Shelf(vec![Book::new(), Book::new()]);
    let mut changes = Vec::new();
    load(&mut shelf.0[0], &[], &levels(".62x100"));
    scanner.on_book(MarketId(0), &shelf, &Unlimited, NOW, &mut changes);
    scanner.look(id, &shelf, &Unlimited, NOW, &mut changes);
    assert_eq!(changes, []);
    load(&mut shelf.0[1], &no_asks(".32x100"), &[]);
    scanner.on_book(MarketId(1), &shelf, &Unlimited, NOW, &mut changes);
    assert!(matches!(&changes[..], [Change::Found(found, it)] if *found == id && it.profit() == money("4.3508")));
    changes.clear();
    shelf.0[0].mark_stale(StaleReason::Disconnected);
    scanner.on_book(MarketId(0), &shelf, &Unlimited, NOW, &mut changes);
    assert_eq!(changes, [Change::Gone(id)]);
    changes.clear();
    // The other book moves meanwhile; nothing is said, and nothing forgotten.
    load(&mut shelf.0[1], &no_asks(".30x100"), &[]);
    scanner.on_book(MarketId(1), &shelf, &Unlimited, NOW, &mut changes);
    assert_eq!(changes, []);
    load(&mut shelf.0[0], &[], &levels(".62x100"));
    scanner.on_book(MarketId(0), &shelf, &Unlimited, NOW, &mut changes);
    assert!(matches!(&changes[..], [Change::Found(_, it)] if it.profit() == money("6.3508")));
    assert_eq!(scanner.best_cost(id, Claim::no(1)), Some(0.3));
}

#[test]
fn terms_are_one_for_all_sets_and_removal_is_whole() {
    let mut scanner = Scanner::new(plain());
    let same = [Relation::Same { first: 0, second: 1 }];
    let id = scanner.register(set(vec![kalshi(0), polymarket(1, 0)], &same)).unwrap();
    let other = scanner.register(set(vec![kalshi(0), polymarket(1, 40_000)], &same));
    assert_eq!(other, Err(RegisterError::Terms(MarketId(1))));
    assert_eq!(scanner.len(), 1);
    assert!(scanner.remove(id) && !scanner.remove(id) && scanner.is_empty());
    // Freed of the first set, the market may come on other terms.
    assert!(scanner.register(set(vec![kalshi(0), polymarket(1, 40_000)], &same)).is_ok());
    let mut odd = kalshi(9);
    odd.terms.size_step = contracts(3);
    let refused = scanner.register(set(vec![odd], &[])).unwrap_err();
    assert_eq!(refused.to_string(), "market m9: expected a size step that divides the lot of 1.00; use a larger lot");
}

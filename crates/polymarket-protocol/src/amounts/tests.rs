//! Amounts against slow exact fractions, the venue's rules and texts, market prices. Vectors hold the exact examples.

use alloy_primitives::B256;
use proptest::prelude::*;

use super::*;
use crate::ids::OrderHash;
use crate::order::OrderKind;

const ID: OrderHash = OrderHash(B256::ZERO);

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

fn amounts(maker: u64, taker: u64) -> Amounts {
    Amounts { maker, taker }
}

#[test]
fn sizes_that_floats_cut_short_are_kept() {
    for (size, micros) in
        [("8.2", 8_200_000), ("0.29", 290_000), ("1.15", 1_150_000), ("4.35", 4_350_000), ("16.4", 16_400_000)]
    {
        assert_eq!(limit(Side::Sell, price("0.5"), qty(size), TickSize::Cent).unwrap().maker, micros);
    }
}

#[test]
fn the_venue_takes_four_decimals_of_a_market_order_whatever_the_tick() {
    let spent = Money::from_micros(990_000);
    let buy = |decimals| market_buy(spent, price("0.333"), TickSize::Thousandth, decimals).unwrap();
    assert_eq!(buy(Decimals::Tick), amounts(990_000, 2_972_970));
    assert_eq!(buy(Decimals::Venue), amounts(990_000, 2_972_900));
    let sell = |decimals| market_sell(qty("33.33"), price("0.0975"), TickSize::QuarterCent, decimals).unwrap();
    assert_eq!(sell(Decimals::Tick), amounts(33_330_000, 3_249_675));
    assert_eq!(sell(Decimals::Venue), amounts(33_330_000, 3_249_600));
}

#[test]
fn shares_bought_at_once_cost_whole_cents() {
    // 1.74 shares at 0.58 cost 1.0092, which is refused: a dollar buys a little less.
    let made = market_buy_shares(qty("1.74"), price("0.58"), TickSize::Cent, Decimals::Venue).unwrap();
    assert_eq!(made, amounts(1_000_000, 1_724_100));
}

#[test]
fn what_cannot_be_wished_for_is_named() {
    let tick = TickSize::Cent;
    assert_eq!(
        limit(Side::Buy, price("0.555"), qty("1"), tick),
        Err(AmountsError::OffGrid { tick, found: price("0.555") })
    );
    assert_eq!(limit(Side::Buy, price("0.5"), qty("0.009"), tick), Err(AmountsError::TooSmall));
    assert_eq!(market_buy(Money::from_micros(9_999), price("0.5"), tick, Decimals::Venue), Err(AmountsError::TooSmall));
    assert_eq!(market_buy(Money::from_micros(-1), price("0.5"), tick, Decimals::Venue), Err(AmountsError::TooSmall));
    assert_eq!(market_buy(Money::MAX, price("0.01"), tick, Decimals::Venue), Err(AmountsError::TooLarge));
    assert!(market_buy_at(Money::DOLLAR, Price::ZERO, tick, Decimals::Venue).is_err());
}

#[test]
fn the_texts_of_the_venue() {
    let text =
        |kind, side, maker, taker, tick| check(ID, kind, side, amounts(maker, taker), tick).unwrap_err().to_string();
    let (buy, sell, cent) = (Side::Buy, Side::Sell, TickSize::Cent);
    assert_eq!(
        text(OrderKind::Gtc, buy, 1_000_010, 2_000_000, cent),
        "invalid amounts, the buy orders maker amount supports a max accuracy of 4 decimals, taker amount a max of 2 decimals"
    );
    assert_eq!(
        text(OrderKind::Gtd, sell, 1_001_000, 500_000, cent),
        "invalid amounts, the sell orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4 decimals"
    );
    // 1.74 shares at 0.58, which may rest and may not be matched at once.
    assert_eq!(check(ID, OrderKind::Gtc, buy, amounts(1_009_200, 1_740_000), cent), Ok(price("0.58")));
    assert_eq!(
        text(OrderKind::Fok, buy, 1_009_200, 1_740_000, cent),
        "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4 decimals"
    );
    assert_eq!(
        text(OrderKind::Fak, sell, 1_740_000, 1_009_210, cent),
        "invalid amounts, the sell orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4 decimals"
    );
    assert_eq!(
        text(OrderKind::Gtc, sell, 19_690_000, 4_330_000, cent),
        "invalid amounts, the taker amount for a $0.22 order of size 19.69 should be '4.3318' but the value submited is '4.33'. Please check if you are using the latest version of the 'clob-client' library"
    );
    let id = format!("0x{}", "0".repeat(64));
    assert_eq!(
        text(OrderKind::Gtc, buy, 555_000, 1_000_000, cent),
        format!("order {id} is invalid. Price (0.555) breaks minimum tick size rule: 0.01")
    );
    assert_eq!(
        text(OrderKind::Gtc, buy, 1_000_000, 1_000_000, cent),
        format!("order {id} is invalid. Price (1) breaks minimum tick size rule: 0.01")
    );
    assert_eq!(
        check_minimum(ID, buy, amounts(2_250_000, 4_500_000), qty("5")).unwrap_err().to_string(),
        format!("order {id} is invalid. Size (4.5) lower than the minimum: 5")
    );
    assert_eq!(
        check_marketable(buy, amounts(998_200, 1_740_000)).unwrap_err().to_string(),
        "invalid amount for a marketable BUY order ($0.9982), min size: $1"
    );
    assert_eq!(check_marketable(sell, amounts(1_740_000, 998_200)), Ok(()));
    assert_eq!(check(ID, OrderKind::Gtc, buy, amounts(0, 1_000_000), cent), Err(AmountError::Zero));
    assert_eq!(check(ID, OrderKind::Fok, sell, amounts(0, 1_000_000), cent), Err(AmountError::Zero));
    // Priced beyond any price: told, not taken.
    assert!(check(ID, OrderKind::Fok, buy, amounts(u64::MAX - u64::MAX % 10_000, 100), cent).is_err());
    assert!(check(ID, OrderKind::Gtc, buy, amounts(1_000_000_000, 10_000), cent).is_err());
}

#[test]
fn market_prices_walk_from_the_end() {
    let levels = [(price("0.99"), qty("400")), (price("0.55"), qty("100")), (price("0.53"), qty("50"))];
    let at = |micros, kind| market_price(Side::Buy, micros, &levels, kind).map(|price| price.to_string());
    assert_eq!(at(26_500_000, OrderKind::Fok), Ok("0.5300".to_owned()));
    assert_eq!(at(26_500_001, OrderKind::Fok), Ok("0.5500".to_owned()));
    assert_eq!(at(1_000_000_000, OrderKind::Fok), Err(MarketPriceError));
    assert_eq!(at(1_000_000_000, OrderKind::Fak), Ok("0.9900".to_owned()));
    assert_eq!(market_price(Side::Sell, 51_000_000, &levels, OrderKind::Fok), Ok(price("0.55")));
    assert_eq!(market_price(Side::Sell, 1, &[], OrderKind::Fak), Err(MarketPriceError));
}

#[test]
fn spending_leaves_room_for_fees() {
    let terms = SpendTerms {
        price: price("0.3"),
        rate_micros: 40_000,
        exponent: 1,
        builder_rate_micros: 10_000,
        slippage_micro_percent: 0,
    };
    let dollars = |text: &str| text.parse::<Money>().unwrap();
    assert_eq!(spend_within(dollars("50"), dollars("50.2"), &terms), Ok(dollars("48.3")));
    assert_eq!(spend_within(dollars("50"), dollars("100"), &terms), Ok(dollars("50")));
    assert_eq!(spend_within(dollars("50"), Money::ZERO, &terms), Ok(Money::ZERO));
    let odd = |change: fn(&mut SpendTerms)| {
        let mut terms = terms;
        change(&mut terms);
        spend_within(Money::MAX, Money::MAX, &terms)
    };
    assert_eq!(odd(|terms| terms.price = Price::ZERO), Err(SpendError::Price));
    assert_eq!(odd(|terms| terms.exponent = 5), Err(SpendError::Exponent { found: 5 }));
    assert_eq!(odd(|terms| terms.rate_micros = 1_000_001), Err(SpendError::TooLarge));
    assert_eq!(odd(|terms| terms.slippage_micro_percent = u64::MAX), Err(SpendError::TooLarge));
    assert!(odd(|terms| (terms.exponent, terms.rate_micros, terms.slippage_micro_percent) = (4, 1_000_000, 999_900_000_000)).is_ok());
}

/// Leaves so many decimals of a fraction by trying, one digit at a time.
fn cut_slowly(numerator: u128, denominator: u128, decimals: u32) -> u128 {
    let (mut digits, mut rest) = (numerator / denominator, numerator % denominator);
    for _ in 0..decimals {
        rest *= 10;
        digits = digits * 10 + rest / denominator;
        rest %= denominator;
    }
    digits * 10_u128.pow(6 - decimals)
}

fn any_tick() -> impl Strategy<Value = TickSize> {
    proptest::sample::select(TickSize::ALL.to_vec())
}

/// A tick and a price on its grid.
fn on_some_grid() -> impl Strategy<Value = (TickSize, Price)> {
    any_tick().prop_flat_map(|tick| {
        (Just(tick), (1..10_000 / tick.pips()).prop_map(move |steps| Price::new(steps * tick.pips()).unwrap()))
    })
}

fn any_side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

proptest! {
    #[test]
    fn limit_amounts_are_exact_and_accepted((tick, price) in on_some_grid(), side in any_side(), micros in 10_000_u64..1_000_000_000_000_000) {
        let made = limit(side, price, Qty::from_micros(micros).unwrap(), tick).unwrap();
        let shares = cut_slowly(u128::from(micros), 1_000_000, 2);
        prop_assert_eq!(u128::from(made.shares(side)), shares);
        prop_assert_eq!(u128::from(made.cash(side)) * 10_000, shares * u128::from(price.pips()));
        prop_assert_eq!(check(ID, OrderKind::Gtc, side, made, tick), Ok(price));
    }

    #[test]
    fn money_buys_what_long_division_says((tick, price) in on_some_grid(), micros in 10_000_i64..1_000_000_000_000_000) {
        let cash = cut_slowly(micros as u128, 1_000_000, 2);
        for decimals in [Decimals::Venue, Decimals::Tick] {
            let made = market_buy(Money::from_micros(micros), price, tick, decimals).unwrap();
            let kept = if decimals == Decimals::Venue { tick.amount_decimals().min(4) } else { tick.amount_decimals() };
            prop_assert_eq!(u128::from(made.maker), cash);
            prop_assert_eq!(u128::from(made.taker), cut_slowly(cash * 10_000, u128::from(price.pips()) * 1_000_000, kept));
        }
    }

    /// What is made for the venue is accepted by its rules, and still reaches its level unless the sum is so small that
    /// four decimals cannot tell neighboring prices apart.
    #[test]
    fn market_amounts_are_accepted((tick, price) in on_some_grid(), side in any_side(), cents in 100_u64..100_000_000) {
        let made = match side {
            Side::Buy => market_buy(Money::from_cents(cents as i64).unwrap(), price, tick, Decimals::Venue),
            Side::Sell => market_sell(Qty::from_hundredths(cents).unwrap(), price, tick, Decimals::Venue),
        };
        let made = made.unwrap();
        let stands = check(ID, OrderKind::Fak, side, made, tick).unwrap();
        match side {
            Side::Buy => prop_assert!(stands >= price),
            Side::Sell => prop_assert!(stands <= price),
        }
        if cents >= 10_000 {
            prop_assert_eq!(stands, price);
        }
    }

    #[test]
    fn shares_bought_at_once_are_at_most_those_wished_for((tick, price) in on_some_grid(), micros in 0_u64..1_000_000_000_000) {
        let size = Qty::from_micros(micros).unwrap();
        if let Ok(made) = market_buy_shares(size, price, tick, Decimals::Venue) {
            prop_assert!(made.taker <= micros);
            prop_assert!(made.maker.is_multiple_of(10_000));
        }
    }

    #[test]
    fn any_amounts_are_judged_without_panic(maker: u64, taker: u64, tick in any_tick(), side in any_side(), kind in proptest::sample::select(OrderKind::ALL.to_vec())) {
        for made in [amounts(maker, taker), amounts(maker - maker % 10_000, taker - taker % 10_000)] {
            if let Ok(price) = check(ID, kind, side, made, tick) {
                prop_assert!(tick.allows(price));
            }
        }
    }
}

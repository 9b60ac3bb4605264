//! Riskless sets among a configuration's markets as both venues show them now. Nothing is traded and no key is used.
//!
//! Which markets: those of strategies and ties, those of pairs that a person confirmed, and whatever stands in an event with one
//! of them. Which sets: see [`sets`]. Listings, rules, fees and books come over the clients that a run reads with; books are read
//! again at every look, and only sets whose books have changed are solved anew.
//!
//! Invariant: what is not proved is never among the riskless: [`Unproved`] is a type of its own, and what it may gain has to
//! pay for the chance that the rules diverge.

mod read;
pub mod sets;

use std::collections::BTreeMap;
use std::time::Duration;

use brier_arbitrage::{
    Account, Books, Change, Conditional, DivergenceRate, Held, Hurdle, Limits, Opportunity, Scanner, SetId,
};
use brier_book::{Book, BookView, Level};
use brier_connect::clock::Clock;
use brier_engine::{Instrument, MarketId};
use brier_pairing::{Contract, Decisions, TailKind};
use brier_polymarket_protocol::ids::TokenId;
use brier_types::{BookSide, MarketStatus, Money, Outcome, Price, Prob, Qty, Timestamp, Venue};

use crate::config::{Config, MarketName};
use crate::live::VenueError;
use crate::live::proof;
use read::Clients;
use sets::{Known, Sets, TiedBy, Unproved};

/// What is looked for, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What locked money must earn until the last payout.
    pub hurdle: Hurdle,
    /// From a market's close to its payout.
    pub payout_after: Duration,
    /// Dollars that each venue has for one set; what the books bear without.
    pub cash: Option<Money>,
    /// How likely the rules of an unproved pair end differently: what its edge has to pay for.
    pub divergence: DivergenceRate,
    /// What people decided about pairs, beside the files that strategies name: a veto of any of them holds.
    pub decisions: Decisions,
    /// Ends that are not ordinary and are accepted for every pair, beside those that strategies accept for theirs.
    pub accepted: std::collections::BTreeSet<TailKind>,
}

/// Where venues are that a configuration leaves to the exchange inside of a run.
#[derive(Clone, Debug, Default)]
pub struct Embedded {
    /// Kalshi's face, where a run has it up.
    pub kalshi: Option<brier_kalshi::Env>,
    /// Polymarket's, likewise.
    pub polymarket: Option<brier_polymarket::Env>,
}

/// Why nothing can be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// Nobody names a market.
    #[error(
        "no enabled strategy of the configuration names a market, and no pair is confirmed: there is nothing to look at"
    )]
    Nothing,
    /// The exchange inside of a run is needed and not up.
    #[error("{venue} is the exchange inside of a run, and no run of this configuration has it up")]
    NotUp {
        /// Whose face.
        venue: Venue,
    },
    /// A market of a venue that the configuration leaves out.
    #[error("{market} is named, and the configuration does not trade at its venue")]
    NoVenue {
        /// Which.
        market: MarketName,
    },
    /// What people decided cannot be read.
    #[error("decisions {path}: {problem}")]
    Decisions {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A venue.
    #[error(transparent)]
    Venue(#[from] VenueError),
}

impl ScanError {
    /// What to do.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Nothing => Some("name markets in a strategy's `markets`, or ties in `pairs` of the kind `arbitrage`"),
            Self::NotUp { .. } => {
                Some("start it with `brier run CONFIG`, or say where the venue is in the configuration")
            }
            Self::NoVenue { .. } => Some("add the venue's section to the configuration"),
            Self::Decisions { .. } => Some("correct the file, or name another one"),
            Self::Venue(VenueError::Unlisted { .. }) => Some("correct the strategy's `markets` or `pairs`"),
            Self::Venue(VenueError::Unreachable { .. }) => Some("`brier doctor` looks at clock and venues"),
        }
    }
}

/// A market that is looked at. Its place in the list is its [`MarketId`].
#[derive(Clone, Debug)]
pub struct Market {
    /// Its name.
    pub name: MarketName,
    /// How it is traded.
    pub instrument: Instrument,
    /// What it says; none where its texts are no bet on yes or no.
    pub contract: Option<Contract>,
    /// Polymarket's YES token.
    pub(crate) token: Option<TokenId>,
}

/// An unproved pair as it stands.
#[derive(Clone, Debug)]
pub struct Assumed<'a> {
    /// Which.
    pub pair: &'a Unproved,
    /// What it gains if its rules agree: at most, at no price for divergence.
    pub if_same: Option<Conditional>,
    /// What of it pays for the divergence as well.
    pub pays: Option<Conditional>,
}

/// What is watched, and how it stands.
#[derive(Debug)]
pub struct Watcher {
    clients: Clients,
    settings: Settings,
    markets: Vec<Market>,
    books: Vec<Option<Book>>,
    scanner: Scanner,
    /// By [`SetId`].
    known: Vec<Known>,
    unproved: Vec<Unproved>,
    notes: Vec<String>,
    live: BTreeMap<SetId, Opportunity>,
    at: Timestamp,
}

impl Watcher {
    /// Reads what the venues list and their rules, and finds the sets. No book is read yet.
    ///
    /// # Errors
    /// [`ScanError`].
    pub async fn open(config: &Config, embedded: Embedded, settings: Settings) -> Result<Self, ScanError> {
        let mut ties = Vec::new();
        for it in config.strategies.iter().filter(|it| it.enabled) {
            let decisions = match it.decisions() {
                None => Decisions::default(),
                Some(path) => proof::decisions(&path).map_err(|problem| ScanError::Decisions { path, problem })?,
            };
            // A veto holds whatever else the strategy ties.
            let (strategy, accepted) = (it.name.clone(), it.accepted_tails());
            ties.push(TiedBy { strategy, ties: it.ties(), decisions, accepted });
        }
        let wanted = read::Wanted::of(config, &ties, &settings.decisions);
        if wanted.is_empty() {
            return Err(ScanError::Nothing);
        }
        let now = Clock::local_now();
        let clients = Clients::open(config, embedded, &wanted)?;
        let mut notes = wanted.notes.clone();
        let markets = clients.markets(&wanted, now, &mut notes).await?;
        let Sets { known, unproved, left_out } = sets::find(&markets, &ties, &settings, now);
        notes.extend(left_out);
        let mut scanner = Scanner::new(Limits { hurdle: settings.hurdle, ..Limits::default() });
        let mut watched = Vec::with_capacity(known.len());
        for it in known {
            match scanner.register(it.set.clone()) {
                Ok(_next) => watched.push(it),
                Err(error) => notes.push(format!("{}: left out: {error}", it.name)),
            }
        }
        let books = vec![None; markets.len()];
        let live = BTreeMap::new();
        Ok(Self { clients, settings, markets, books, scanner, known: watched, unproved, notes, live, at: now })
    }

    /// Reads all books once more.
    ///
    /// # Errors
    /// [`ScanError::Venue`] when a venue cannot be read; what stood before is forgotten then, as nobody knows what stands now.
    pub async fn look(&mut self) -> Result<(), ScanError> {
        let now = Clock::local_now();
        let read = self.clients.books(&self.markets).await;
        let books = match read {
            Ok(books) => books,
            Err(error) => {
                self.take(vec![None; self.markets.len()], now);
                return Err(error.into());
            }
        };
        self.take(books, now);
        Ok(())
    }

    fn take(&mut self, books: Vec<Option<Book>>, now: Timestamp) {
        self.at = now;
        let before = std::mem::replace(&mut self.books, books);
        let purse = Purse { cash: self.settings.cash };
        let mut changes = Vec::new();
        let moved = before.iter().zip(&self.books).map(|(before, now)| levels(before.as_ref()) != levels(now.as_ref()));
        let moved: Vec<usize> = moved.enumerate().filter(|(_, moved)| *moved).map(|(place, _)| place).collect();
        let shown = Shown { markets: &self.markets, books: &self.books, now };
        for place in moved {
            self.scanner.on_book(MarketId(place as u32), &shown, &purse, now, &mut changes);
        }
        // What a set gains falls with time, so one that stands is solved anew; the rest only when a book moved.
        for set in self.live.keys() {
            self.scanner.look(*set, &shown, &purse, now, &mut changes);
        }
        for change in changes {
            match change {
                Change::Found(set, found) => drop(self.live.insert(set, *found)),
                Change::Gone(set) => drop(self.live.remove(&set)),
                Change::Failed(set, why) => {
                    self.live.remove(&set);
                    let name = self.known.get(set.index()).map_or("a set", |it| it.name.as_str());
                    tracing::warn!(set = name, %why, "no answer");
                }
            }
        }
    }

    /// When the books were read last.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Every market that is looked at.
    pub fn markets(&self) -> &[Market] {
        &self.markets
    }

    /// A market by its number.
    ///
    /// # Panics
    /// When the number is not of this watcher.
    pub fn market(&self, market: MarketId) -> &Market {
        &self.markets[market.index()]
    }

    /// Every set that is proved.
    pub fn sets(&self) -> &[Known] {
        &self.known
    }

    /// What could not be looked at, and why.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Markets whose books cannot be believed or traded on now.
    pub fn unread(&self) -> impl Iterator<Item = &Market> {
        let shown = Shown { markets: &self.markets, books: &self.books, now: self.at };
        let readable: Vec<bool> =
            (0..self.markets.len()).map(|place| shown.book(MarketId(place as u32)).is_some()).collect();
        self.markets.iter().zip(readable).filter(|(_, readable)| !readable).map(|(market, _)| market)
    }

    /// What gains now in every state of the world, the largest gain first.
    pub fn riskless(&self) -> Vec<(&Known, &Opportunity)> {
        let all = || self.live.iter().map(|(set, found)| (&self.known[set.index()], found));
        // What is joined says something where it gains more than each of its parts.
        let says_more = |it: &Known, found: &Opportunity| {
            let inside =
                |part: &Known| part.shape != it.shape && part.markets.iter().all(|one| it.markets.contains(one));
            it.shape != sets::JOINED || all().all(|(part, by_part)| !inside(part) || by_part.gain() < found.gain())
        };
        let mut found: Vec<_> = all().filter(|(it, found)| says_more(it, found)).collect();
        found.sort_by_key(|(_, found)| std::cmp::Reverse(found.gain()));
        found
    }

    /// Pairs that are not proved, with what they may gain and whether that pays for the risk.
    pub fn unproved(&self) -> Vec<Assumed<'_>> {
        self.unproved.iter().map(|pair| self.assume(pair)).collect()
    }

    fn assume<'a>(&self, pair: &'a Unproved) -> Assumed<'a> {
        let shown = Shown { markets: &self.markets, books: &self.books, now: self.at };
        let assess = |rate: DivergenceRate| {
            let places = pair.places?;
            let views = [shown.book(places[0])?, shown.book(places[1])?];
            let sides = views
                .each_ref()
                .map(|view| [BookSide::Bid, BookSide::Ask].map(|side| view.levels(side).collect::<Vec<Level>>()));
            let [[first_bids, first_asks], [second_bids, second_asks]] = &sides;
            let books =
                [(first_bids.as_slice(), first_asks.as_slice()), (second_bids.as_slice(), second_asks.as_slice())];
            let purse = Purse { cash: self.settings.cash };
            let assumed = pair.assumed(&self.markets, &self.settings, rate)?;
            let limits = Limits { hurdle: self.settings.hurdle, ..Limits::default() };
            match assumed.assess(limits, books, &purse, self.at) {
                Ok(found) => found,
                Err(why) => {
                    tracing::warn!(pair = pair.name, %why, "no answer");
                    None
                }
            }
        };
        let nothing = DivergenceRate::known(Prob::new(0.0).expect("nothing is a chance"));
        Assumed { pair, if_same: assess(nothing), pays: assess(self.settings.divergence) }
    }
}

/// The levels of a book, to tell whether it moved.
fn levels(book: Option<&Book>) -> Option<[Vec<Level>; 2]> {
    let view = book?.view_untrusted();
    Some([BookSide::Bid, BookSide::Ask].map(|side| view.levels(side).collect()))
}

/// The books of open markets.
#[derive(Clone, Copy)]
struct Shown<'a> {
    markets: &'a [Market],
    books: &'a [Option<Book>],
    now: Timestamp,
}

impl Books for Shown<'_> {
    fn book(&self, market: MarketId) -> Option<BookView<'_>> {
        let open = self.markets.get(market.index())?.instrument.status_at(self.now) == MarketStatus::Active;
        self.books.get(market.index())?.as_ref().filter(|_| open)?.view().ok()
    }
}

/// An account of nobody: with this much cash, and nothing else.
#[derive(Clone, Copy, Debug)]
struct Purse {
    cash: Option<Money>,
}

impl Account for Purse {
    fn cash(&self, _venue: Venue, _shard: u16) -> Money {
        self.cash.unwrap_or(Money::MAX)
    }

    fn held(&self, _market: MarketId) -> Held {
        Held::default()
    }

    fn room(&self, _market: MarketId, _outcome: Outcome) -> Qty {
        Qty::MAX
    }

    fn own(&self, _market: MarketId, _side: BookSide, _price: Price) -> Qty {
        Qty::ZERO
    }
}

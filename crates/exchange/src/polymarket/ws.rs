//! The market and user channels: what a client may say, and what its subscription hears.
//!
//! Invariants: the first frame is the whole subscription and nothing is said before it; the first books stand exactly
//! between the frames before and after them; a token followed already is not followed twice. Ids that nothing is listed
//! under are ignored, as the venue does.
//!
//! Where the reference is silent: bad credentials close with 1008 and the text of REST; a socket that has not subscribed
//! within half a minute is closed; one frame may name 2,000 ids; a client that reads too slowly is closed with 1013. An
//! empty list of markets on the user channel means all of them, also when an `unsubscribe` made it empty.
//!
//! Source: reference (Polymarket), sections 10.1 to 10.3, 2026-11-20.

pub(crate) mod session;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use alloy_primitives::{Address, B256};
use axum::Router;
use axum::extract::State as AxumState;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use axum::routing::get;
use brier_matching::MarketId;
use brier_polymarket_protocol::clob::Book;
use brier_polymarket_protocol::errors::text::UNAUTHORIZED;
use brier_polymarket_protocol::ids::{ConditionId, TokenId};
use brier_polymarket_protocol::stream::command::{
    CLOSE_POLICY, Command, CommandKind, INVALID_OPERATION, INVALID_SUBSCRIPTION, MARKET_PATH, MAX_TOKENS_WITH_BOOKS,
    Operation, PING, PONG, StreamAuth, USER_PATH,
};
use brier_types::Outcome;

use super::auth::check_plain;
use super::doors::Doors;
use super::http::App;
use super::state::place;
use super::state::say::{Audience, Said, book_event, hashed};
use crate::core::{Answered, Core, Face, Heard};
use session::{Ask, End, Session, Talk};

/// Most ids in one frame; the venue closes at several thousand.
const MAX_IDS: usize = 2_000;

pub(crate) fn routes() -> Router<App> {
    Router::new().route(MARKET_PATH, get(market)).route(USER_PATH, get(user))
}

async fn market(AxumState(app): AxumState<App>, upgrade: WebSocketUpgrade) -> Response {
    Session::upgrade(app, upgrade, market_talk())
}

async fn user(AxumState(app): AxumState<App>, upgrade: WebSocketUpgrade) -> Response {
    let talk = user_talk(app.doors.clone());
    Session::upgrade(app, upgrade, talk)
}

/// What the core found for a command, in its place among what is said.
pub(crate) enum Answer {
    /// These tokens are followed from here on; with their books if those are wanted.
    Follow(Vec<(Token, Option<Book>)>),
    /// These no longer.
    Leave(Vec<Token>),
}

type Token = (MarketId, Outcome);

/// What a market socket says and hears.
pub(crate) fn market_talk() -> impl Talk {
    Subscription::new(Follows::Tokens(Tokens::default()))
}

/// What a user socket says and hears.
pub(crate) fn user_talk(doors: Doors) -> impl Talk {
    Subscription::new(Follows::Owner(Owner { doors, ..Owner::default() }))
}

/// One socket's subscription.
#[derive(Debug)]
struct Subscription {
    follows: Follows,
    /// The first frame came.
    begun: bool,
    frames: Vec<Arc<str>>,
}

#[derive(Debug)]
enum Follows {
    Tokens(Tokens),
    Owner(Owner),
}

/// Why a command is refused.
enum Wrong {
    /// It is none, or may not be said now.
    Now,
    Credentials,
}

/// What a market socket follows.
#[derive(Debug, Default)]
struct Tokens {
    /// YES and NO of each market.
    markets: HashMap<MarketId, [bool; 2]>,
    /// How many tokens.
    count: usize,
    custom: bool,
}

/// Whom a user socket follows.
#[derive(Debug, Default)]
struct Owner {
    doors: Doors,
    /// Absent before the credentials were seen.
    address: Option<Address>,
    /// Where; everywhere if none is named.
    markets: BTreeSet<ConditionId>,
}

impl Subscription {
    const fn new(follows: Follows) -> Self {
        Self { follows, begun: false, frames: Vec::new() }
    }

    fn say(&mut self, text: &str) {
        self.frames.push(text.into());
    }

    /// What one command has to ask the core.
    fn command(&mut self, command: &Command) -> Result<Option<Ask>, Wrong> {
        if self.begun {
            // The Rust client repeats the whole form with each operation; a whole form without one is refused.
            let operation = command.operation.ok_or(Wrong::Now)?;
            return Ok(match &mut self.follows {
                Follows::Tokens(tokens) => tokens.change(operation, command),
                Follows::Owner(owner) => {
                    owner.filter(operation, &command.markets);
                    None
                }
            });
        }
        self.begun = true;
        match (&mut self.follows, command.kind()) {
            (Follows::Tokens(tokens), Some(CommandKind::Market)) => Ok(tokens.change(Operation::Subscribe, command)),
            (Follows::Owner(owner), Some(CommandKind::User)) => {
                owner.filter(Operation::Subscribe, &command.markets);
                owner.address = owner.check(command.auth.as_ref().ok_or(Wrong::Now)?);
                if owner.address.is_some() { Ok(None) } else { Err(Wrong::Credentials) }
            }
            (Follows::Tokens(_) | Follows::Owner(_), _) => Err(Wrong::Now),
        }
    }

    fn follow(&mut self, found: Vec<(Token, Option<Book>)>) {
        let Follows::Tokens(tokens) = &mut self.follows else { return };
        let mut books = Vec::new();
        for (token, book) in found {
            if tokens.set(token, true) {
                books.extend(book.map(|book| book_event(hashed(book)).to_frame()));
            }
        }
        if !books.is_empty() {
            self.frames.push(format!("[{}]", books.join(",")).into());
        }
    }
}

impl Tokens {
    fn change(&mut self, operation: Operation, command: &Command) -> Option<Ask> {
        // Also in a command that names nothing new: that is how clients turn the features on and off.
        self.custom = command.custom_feature_enabled.unwrap_or(self.custom);
        let ids: Vec<TokenId> = command.assets_ids.iter().filter_map(|token| token.parse().ok()).collect();
        if ids.is_empty() {
            return None;
        }
        if operation == Operation::Unsubscribe {
            return Some(Box::new(move |core: &mut Core| {
                let found = ids.into_iter().filter_map(|token| core.polymarket.token(token));
                Answered::Polymarket(Answer::Leave(found.collect()))
            }));
        }
        // Beyond so many tokens the venue sends no first books.
        let wanted = command.initial_dump.unwrap_or(true);
        let room = if wanted { MAX_TOKENS_WITH_BOOKS.saturating_sub(self.count) } else { 0 };
        Some(Box::new(move |core: &mut Core| {
            let state = &core.polymarket;
            let found = ids.into_iter().filter_map(|token| state.token(token)).enumerate();
            let with_book = |(at, (market, outcome))| {
                ((market, outcome), (at < room).then(|| state.unhashed_book(market, outcome)))
            };
            Answered::Polymarket(Answer::Follow(found.map(with_book).collect()))
        }))
    }

    /// Answers whether it was otherwise before.
    fn set(&mut self, (market, outcome): Token, followed: bool) -> bool {
        let both = self.markets.entry(market).or_default();
        let changed = std::mem::replace(&mut both[place(outcome)], followed) != followed;
        if *both == [false; 2] {
            self.markets.remove(&market);
        }
        match (changed, followed) {
            (true, true) => self.count += 1,
            (true, false) => self.count -= 1,
            (false, _) => {}
        }
        changed
    }

    fn hears(&self, to: Audience) -> bool {
        let either = |market| self.markets.contains_key(&market);
        let token = |market, outcome| self.markets.get(&market).is_some_and(|both| both[place(outcome)]);
        match to {
            Audience::Market(market) => either(market),
            Audience::Token(market, outcome) => token(market, outcome),
            Audience::Custom(market) => self.custom && either(market),
            Audience::CustomToken(market, outcome) => self.custom && token(market, outcome),
            Audience::CustomAll => self.custom,
            Audience::Owner(..) => false,
        }
    }
}

impl Owner {
    /// Whose credentials these are.
    fn check(&self, auth: &StreamAuth) -> Option<Address> {
        let StreamAuth { api_key, secret, passphrase } = auth;
        check_plain(&self.doors.table(), api_key, secret, passphrase).map(|key| key.record.owner)
    }

    fn filter(&mut self, operation: Operation, names: &[String]) {
        let named = names.iter().filter_map(|name| name.to_ascii_lowercase().parse::<ConditionId>().ok());
        match operation {
            Operation::Subscribe => self.markets.extend(named),
            Operation::Unsubscribe => {
                for market in named {
                    self.markets.remove(&market);
                }
            }
        }
        // A filter of nothing but nonsense lets nothing through, and not everything.
        if self.markets.is_empty() && !names.is_empty() && operation == Operation::Subscribe {
            self.markets.insert(ConditionId(B256::ZERO));
        }
    }

    fn hears(&self, to: Audience) -> bool {
        let Audience::Owner(address, market) = to else { return false };
        self.address == Some(address) && (self.markets.is_empty() || self.markets.contains(&market))
    }
}

impl Talk for Subscription {
    fn face(&self) -> Face {
        match self.follows {
            Follows::Tokens(_) => Face::PolymarketMarket,
            Follows::Owner(_) => Face::PolymarketUser,
        }
    }

    fn has_begun(&self) -> bool {
        self.begun
    }

    fn text(&mut self, text: &str) -> Result<Option<Ask>, End> {
        const NO_SUBSCRIPTION: End = End::Close(CLOSE_POLICY, INVALID_SUBSCRIPTION);
        if text == PING && self.begun {
            self.say(PONG);
            return Ok(None);
        }
        let begun = self.begun;
        let command = Command::from_frame(text).map_err(|_unreadable| Wrong::Now);
        if let Ok(command) = &command
            && command.assets_ids.len().max(command.markets.len()) > MAX_IDS
        {
            return Err(End::Close(CLOSE_POLICY, "too many ids in one frame"));
        }
        match command.and_then(|command| self.command(&command)) {
            Ok(ask) => Ok(ask),
            Err(Wrong::Credentials) => Err(End::Close(CLOSE_POLICY, UNAUTHORIZED)),
            Err(Wrong::Now) if begun => {
                self.say(INVALID_OPERATION);
                Ok(None)
            }
            Err(Wrong::Now) => Err(NO_SUBSCRIPTION),
        }
    }

    fn hear(&mut self, heard: &Heard) {
        let Heard::Polymarket(Said { to, frame }) = heard else { return };
        let hears = match &self.follows {
            Follows::Tokens(tokens) => tokens.hears(*to),
            Follows::Owner(owner) => owner.hears(*to),
        };
        if hears {
            self.frames.push(frame.clone());
        }
    }

    fn answer(&mut self, answered: Answered) -> Result<(), End> {
        let Answered::Polymarket(answer) = answered else { return Ok(()) };
        match (answer, &mut self.follows) {
            (Answer::Follow(found), _) => self.follow(found),
            (Answer::Leave(tokens), Follows::Tokens(followed)) => {
                for token in tokens {
                    followed.set(token, false);
                }
            }
            (Answer::Leave(_), Follows::Owner(_)) => {}
        }
        Ok(())
    }

    fn drain(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.frames)
    }
}

//! Which sets there are among markets, and what proves each: pure.
//!
//! Pairs: the ties of strategies, and what else the texts of both venues prove of the markets at hand, with what people decided.
//! Within a venue: groups of which at most one pays, by the venue's word; ladders, proved rung by rung; both sides of one book. And
//! what hangs together by several of these, as one set: each outcome of an event where it is cheapest.

use std::collections::BTreeSet;

use brier_arbitrage::{AssumedPair, DivergenceRate, Member, Relation, Set, Terms};
use brier_engine::{Custody, MarketId};
use brier_pairing::decisions::Choice;
use brier_pairing::relations::{self, relations};
use brier_pairing::standing::{Grounds, Judged, Link, Name, Need, PairName, Standing, standing};
use brier_pairing::verdict::tails_of;
use brier_pairing::{Contract, Decisions, Index, Listing, Said, TailKind};
use brier_strategies::Tie;
use brier_types::{MarketStatus, Money, Outcome, Timestamp, Venue};

use super::{Market, Settings};
use crate::config::{MarketName, TieName};
use crate::live::proof;

/// The ties of a strategy.
#[derive(Clone, Debug)]
pub(super) struct TiedBy {
    pub(super) strategy: String,
    pub(super) ties: Vec<TieName>,
    pub(super) decisions: Decisions,
    pub(super) accepted: BTreeSet<TailKind>,
}

/// A set that is proved.
#[derive(Clone, Debug)]
pub struct Known {
    /// What it is about.
    pub name: String,
    /// How its markets hang together, in a word or two.
    pub shape: &'static str,
    /// Its markets.
    pub markets: Vec<MarketName>,
    /// What proves it.
    pub proof: String,
    /// The commands that show the proof, where there are any.
    pub see: Vec<String>,
    /// The set.
    pub set: Set,
}

/// Two markets that seem tied and are not proved to be.
#[derive(Clone, Debug)]
pub struct Unproved {
    /// What it is about.
    pub name: String,
    /// How they seem tied.
    pub tie: Tie,
    /// Both markets.
    pub markets: [MarketName; 2],
    /// What is missing, or stands against it.
    pub why: String,
    /// The command that shows what was read.
    pub see: String,
    /// Where both are, if what they would gain may be shown: never for a pair that is vetoed or contradicted.
    pub(super) places: Option<[MarketId; 2]>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets {
    pub(super) known: Vec<Known>,
    pub(super) unproved: Vec<Unproved>,
    /// What is no set, and why.
    pub(super) left_out: Vec<String>,
}

impl Unproved {
    /// The pair for whoever reckons with a chance that its rules diverge.
    pub(super) fn assumed(&self, markets: &[Market], settings: &Settings, rate: DivergenceRate) -> Option<AssumedPair> {
        let [first, second] = self.places?.map(|place| member(markets, place, settings));
        let inverse = match self.tie {
            Tie::Same => false,
            Tie::Inverse => true,
            Tie::Implies | Tie::Excludes => return None,
        };
        AssumedPair::new(first, second, inverse, rate).ok()
    }
}

fn member(markets: &[Market], market: MarketId, settings: &Settings) -> Member {
    let instrument = &markets[market.index()].instrument;
    let terms = Terms::of(instrument, instrument.market.close_time.plus(settings.payout_after));
    Member { market, terms: Terms { surcharge: Money::ZERO, ..terms } }
}

/// Finds them.
pub(super) fn find(markets: &[Market], ties: &[TiedBy], settings: &Settings, now: Timestamp) -> Sets {
    let decided: Vec<Decisions> =
        [&settings.decisions].into_iter().chain(ties.iter().map(|it| &it.decisions)).cloned().collect();
    let (paired, parts) = (BTreeSet::new(), Vec::new());
    let mut found = Finder { markets, settings, now, decided: &decided, sets: Sets::default(), paired, parts };
    for it in ties {
        for tie in &it.ties {
            found.tie(it, tie);
        }
    }
    found.confirmed();
    found.pairs();
    for venue in [Venue::Kalshi, Venue::Polymarket] {
        found.within(venue);
    }
    found.joined();
    found.books();
    found.sets
}

struct Finder<'a> {
    markets: &'a [Market],
    settings: &'a Settings,
    now: Timestamp,
    /// Every file of decisions: the one that was named for this look, then those of strategies.
    decided: &'a [Decisions],
    sets: Sets,
    paired: BTreeSet<PairName>,
    parts: Vec<Part>,
}

/// What a set that was found is made of.
struct Part {
    /// Its markets.
    places: Vec<usize>,
    /// By its markets' places in the set.
    relations: Vec<Relation>,
    groups: Vec<Vec<usize>>,
    proof: String,
    see: Vec<String>,
}

/// A relation with other places.
fn moved(relation: &Relation, to: impl Fn(usize) -> usize) -> Relation {
    let all = |places: &[usize]| places.iter().map(|place| to(*place)).collect();
    match relation {
        Relation::Same { first, second } => Relation::Same { first: to(*first), second: to(*second) },
        Relation::Inverse { first, second } => Relation::Inverse { first: to(*first), second: to(*second) },
        Relation::Implies { first, second } => Relation::Implies { first: to(*first), second: to(*second) },
        Relation::Excludes { first, second } => Relation::Excludes { first: to(*first), second: to(*second) },
        Relation::Exclusive { members, one_must_pay } => {
            Relation::Exclusive { members: all(members), one_must_pay: *one_must_pay }
        }
        Relation::Ladder { rungs } => Relation::Ladder { rungs: all(rungs) },
    }
}

/// What stands of a relation of one venue.
struct Held {
    relation: relations::Relation,
    /// Not by the rules alone.
    by_a_person: bool,
    /// Ends that are not ordinary, which its rules name and somebody accepted.
    accepted: BTreeSet<TailKind>,
}

impl Held {
    /// A ladder of the same kind with these rungs.
    fn rungs(like: &relations::Relation, rungs: Vec<usize>) -> Self {
        let relation = match like {
            relations::Relation::Deadlines { .. } => relations::Relation::Deadlines { rungs },
            relations::Relation::Thresholds { .. } | relations::Relation::Exclusive { .. } => {
                relations::Relation::Thresholds { rungs }
            }
        };
        Self { relation, by_a_person: false, accepted: BTreeSet::new() }
    }

    /// Its members.
    fn places(&self) -> &[usize] {
        match &self.relation {
            relations::Relation::Exclusive { members: places, .. }
            | relations::Relation::Thresholds { rungs: places }
            | relations::Relation::Deadlines { rungs: places } => places,
        }
    }
}

impl Finder<'_> {
    fn place(&self, name: &MarketName) -> Option<usize> {
        self.markets.iter().position(|market| market.name == *name)
    }

    /// Pairs that a person confirmed, whatever their words have in common.
    fn confirmed(&mut self) {
        let at = |name: &Name| {
            let same = |it: &Market| it.name.venue == name.venue && it.name.market.as_str() == name.id;
            self.markets.iter().position(same)
        };
        let confirmed =
            self.decided.iter().flat_map(Decisions::iter).filter(|it| matches!(it.choice, Choice::Confirm(_)));
        let places: Vec<_> = confirmed.filter_map(|it| Some((at(it.pair.first())?, at(it.pair.second())?))).collect();
        for (first, second) in places {
            self.candidate(first, second);
        }
    }

    /// What people said about a pair that no strategy ties, in any file.
    fn said(&self, judged: &Judged<'_>) -> Said<'_> {
        proof::Heard { vetoes: self.decided, confirmations: self.decided }.said(judged)
    }

    /// A tie that a strategy names: as a run would judge it, with the vetoes of every file.
    fn tie(&mut self, by: &TiedBy, tie: &TieName) {
        let places = [&tie.first, &tie.second].map(|name| self.place(name));
        let [Some(first), Some(second)] = places else { return };
        let contracts = [first, second].map(|place| self.markets[place].contract.as_ref());
        let [Some(one), Some(two)] = contracts else {
            let strategy = &by.strategy;
            self.sets.left_out.push(format!("tie `{tie}` of strategy `{strategy}`: the texts of both are not at hand"));
            return;
        };
        let Some(judged) = Judged::new(one, two) else { return };
        self.paired.insert(judged.name.clone());
        let texts = [one.listing.clone(), two.listing.clone()];
        let heard = proof::Heard { vetoes: self.decided, confirmations: std::slice::from_ref(&by.decisions) };
        let said = heard.said(&judged);
        let stands = standing(&judged, &said, &by.accepted);
        match proof::check(tie, &texts, heard, &by.accepted) {
            Ok(_confirmed) => {
                let proof = ground(&judged, &stands);
                self.pair([first, second], tie.tie, proof);
            }
            Err(why) => {
                // Texts that prove another tie than the one that is named speak against it.
                let open = matches!(stands, Standing::Conditional(_));
                self.unproved([first, second], tie.tie, why.to_string(), open);
            }
        }
    }

    /// What the texts of both venues say of each other.
    fn pairs(&mut self) {
        let of = |venue: Venue| {
            self.markets.iter().enumerate().filter(move |(_, it)| it.name.venue == venue && it.contract.is_some())
        };
        let mut index = Index::new();
        let seconds: Vec<usize> = of(Venue::Polymarket).map(|(place, _)| place).collect();
        for place in &seconds {
            index.add(self.markets[*place].contract.as_ref().expect("those without were left out"));
        }
        let firsts: Vec<usize> = of(Venue::Kalshi).map(|(place, _)| place).collect();
        for first in firsts {
            let contract = self.markets[first].contract.as_ref().expect("those without were left out");
            for candidate in index.candidates(contract) {
                let Some(second) = seconds.get(candidate.slot as usize).copied() else { continue };
                self.candidate(first, second);
            }
        }
    }

    fn candidate(&mut self, first: usize, second: usize) {
        let (Some(one), Some(two)) = (&self.markets[first].contract, &self.markets[second].contract) else { return };
        let Some(judged) = Judged::new(one, two) else { return };
        if !self.paired.insert(judged.name.clone()) {
            return;
        }
        let said = self.said(&judged);
        let stands = standing(&judged, &said, &self.settings.accepted);
        let why = proof::why_not(&judged, &said, &stands);
        // What a vetoed pair would be without the veto: it is shown with who said no, and without a gain.
        let would_be = match &stands {
            Standing::Vetoed => standing(&judged, &Said::Nothing, &self.settings.accepted),
            Standing::Riskless(_) | Standing::Conditional(_) | Standing::Contradicted => stands.clone(),
        };
        match (&would_be, why) {
            (Standing::Riskless(terms), why) => {
                let (places, tie) = match (terms.link, terms.pays) {
                    (Link::Same | Link::Inverse, Outcome::Yes) => ([first, second], Tie::Same),
                    (Link::Same | Link::Inverse, Outcome::No) => ([first, second], Tie::Inverse),
                    (Link::Implies, _) => ([first, second], Tie::Implies),
                    (Link::ImpliedBy, _) => ([second, first], Tie::Implies),
                    (Link::Excludes, _) => ([first, second], Tie::Excludes),
                };
                match why {
                    None => {
                        let proof = ground(&judged, &stands);
                        self.pair(places, tie, proof);
                    }
                    Some(why) => self.unproved(places, tie, why, false),
                }
            }
            // By name alone much seems alike: shown is what says the same but for what is missing.
            (Standing::Conditional(_), Some(why)) if one.listing.has_rules() && two.listing.has_rules() => {
                let inverse = match (judged.link(), judged.outcome()) {
                    (Some(Link::Same | Link::Inverse), Some(outcome)) => {
                        brier_pairing::standing::side(&two.listing, outcome) == Some(Outcome::No)
                    }
                    (Some(Link::Inverse), None) => true,
                    (Some(Link::Same), None) => false,
                    (Some(Link::Implies | Link::ImpliedBy | Link::Excludes) | None, _) => return,
                };
                let tie = if inverse { Tie::Inverse } else { Tie::Same };
                self.unproved([first, second], tie, why, stands != Standing::Vetoed);
            }
            (Standing::Conditional(_) | Standing::Contradicted | Standing::Vetoed, _) => {}
        }
    }

    fn pair(&mut self, places: [usize; 2], tie: Tie, proof: String) {
        let (first, second) = (0, 1);
        let (relation, shape) = match tie {
            Tie::Same => (Relation::Same { first, second }, "same"),
            Tie::Inverse => (Relation::Inverse { first, second }, "inverse"),
            Tie::Implies => (Relation::Implies { first, second }, "implies"),
            Tie::Excludes => (Relation::Excludes { first, second }, "excludes"),
        };
        let see = vec![self.see(places)];
        self.add(title(self.markets, places[0]), shape, &places, &[relation], Vec::new(), (proof, see));
    }

    fn unproved(&mut self, places: [usize; 2], tie: Tie, why: String, open: bool) {
        self.sets.unproved.push(Unproved {
            name: title(self.markets, places[0]),
            tie,
            markets: places.map(|place| self.markets[place].name.clone()),
            why,
            see: self.see(places),
            places: open.then(|| places.map(|place| MarketId(place as u32))),
        });
    }

    fn see(&self, places: [usize; 2]) -> String {
        // In full: a venue finds no market by the first digits of its name.
        let [first, second] = places.map(|place| &self.markets[place].name.market);
        format!("brier pairs show {first} {second}")
    }

    /// Groups and ladders of one venue.
    fn within(&mut self, venue: Venue) {
        let open = |it: &Market| it.instrument.status_at(self.now) == MarketStatus::Active;
        let (mut places, mut contracts) = (Vec::<usize>::new(), Vec::<Contract>::new());
        for (place, it) in self.markets.iter().enumerate() {
            // A member for what is not listed yet changes its meaning when something is.
            if let Some(contract) =
                it.contract.as_ref().filter(|text| it.name.venue == venue && open(it) && !text.listing.other)
            {
                places.push(place);
                contracts.push(contract.clone());
            }
        }
        for relation in relations(&contracts) {
            for held in self.held(&relation, &contracts) {
                self.one_of_a_venue(venue, &held, &contracts, &places);
            }
        }
    }

    /// What stands of a relation once people and accepted ends are asked: a ladder breaks between rungs that do not stand, and of a
    /// group nothing is left. What does not stand is told once for each reason.
    fn held(&mut self, relation: &relations::Relation, contracts: &[Contract]) -> Vec<Held> {
        let (shape, whole) = match relation {
            relations::Relation::Exclusive { members, .. } => ("at most one", members),
            relations::Relation::Thresholds { rungs } => ("thresholds", rungs),
            relations::Relation::Deadlines { rungs } => ("deadlines", rungs),
        };
        let (mut reasons, mut held) = (BTreeSet::new(), Vec::new());
        if let relations::Relation::Exclusive { members, .. } = relation {
            match self.group(members, contracts) {
                Ok(accepted) => held.push(Held { relation: relation.clone(), by_a_person: false, accepted }),
                Err(why) => drop(reasons.insert(why)),
            }
        } else {
            let mut run = Held::rungs(relation, Vec::new());
            for at in whole.iter().copied() {
                let mut next = Held::rungs(relation, vec![at]);
                if let Some(before) = run.places().last().copied() {
                    match self.rung((before, at), run.places(), contracts) {
                        Ok((grounds, accepted)) => {
                            let mut rungs = run.places().to_vec();
                            rungs.push(at);
                            next = Held::rungs(relation, rungs);
                            next.by_a_person = run.by_a_person || grounds == Grounds::Person;
                            next.accepted = run.accepted.union(&accepted).copied().collect();
                        }
                        Err(why) => {
                            reasons.insert(why);
                            held.push(run);
                        }
                    }
                }
                run = next;
            }
            held.push(run);
            held.retain(|it| it.places().len() > 1);
        }
        let name = event_title(&contracts[whole[0]].listing);
        self.sets.left_out.extend(reasons.into_iter().map(|why| format!("{name} ({shape}): {why}")));
        held
    }

    /// Whether a rung stands on the one `before` it, and may stand with all `below`: by what, and with which ends accepted.
    fn rung(
        &self,
        (before, at): (usize, usize),
        below: &[usize],
        contracts: &[Contract],
    ) -> Result<(Grounds, BTreeSet<TailKind>), String> {
        for one in below {
            self.vetoed(&contracts[*one], &contracts[at])?;
        }
        let judged = Judged::new(&contracts[before], &contracts[at]).ok_or("two rungs are one market")?;
        let said = self.said(&judged);
        let stands = standing(&judged, &said, &self.settings.accepted);
        match (&stands, proof::why_not(&judged, &said, &stands)) {
            (Standing::Riskless(terms), None) => Ok((terms.grounds, judged.tail_kinds())),
            (_, why) => Err(why.unwrap_or_default()),
        }
    }

    /// Whether an exclusive group stands: the rules of every member at hand, every end that they name accepted, and no two of them
    /// vetoed. The ends that were accepted.
    fn group(&self, members: &[usize], contracts: &[Contract]) -> Result<BTreeSet<TailKind>, String> {
        if let Some(bare) = members.iter().map(|at| &contracts[*at]).find(|it| !it.listing.has_rules()) {
            return Err(format!("conditional: the rules of {}", Name::of(&bare.listing)));
        }
        let all: Vec<&Contract> = members.iter().map(|at| &contracts[*at]).collect();
        self.none_vetoed(&all)?;
        let pairs = members.windows(2).map(|pair| (&contracts[pair[0]], &contracts[pair[1]]));
        let kinds: BTreeSet<TailKind> = pairs.flat_map(|(one, two)| tails_of(one, two)).map(|tail| tail.kind).collect();
        let open: Vec<String> =
            kinds.difference(&self.settings.accepted).map(|kind| Need::Tail(*kind).to_string()).collect();
        if open.is_empty() { Ok(kinds) } else { Err(format!("conditional: {}", open.join("; "))) }
    }

    /// Refuses two markets that a person vetoed, by these texts or by earlier ones.
    fn vetoed(&self, one: &Contract, two: &Contract) -> Result<(), String> {
        let Some(name) = PairName::new(Name::of(&one.listing), Name::of(&two.listing)) else { return Ok(()) };
        let veto = |it: &Decisions| it.get(&name).is_some_and(|decision| decision.choice == Choice::Veto);
        if !self.decided.iter().any(veto) {
            return Ok(());
        }
        let judged = Judged::new(one, two).ok_or("both are one market")?;
        let why = proof::told(&self.said(&judged)).unwrap_or_default();
        Err(format!("{name}: {why}"))
    }

    /// Refuses markets of which a person vetoed two.
    fn none_vetoed(&self, contracts: &[&Contract]) -> Result<(), String> {
        for (number, one) in contracts.iter().enumerate() {
            contracts[number + 1..].iter().try_for_each(|two| self.vetoed(one, two))?;
        }
        Ok(())
    }

    /// A group or a ladder that stands.
    fn one_of_a_venue(&mut self, venue: Venue, held: &Held, contracts: &[Contract], places: &[usize]) {
        let members = held.places();
        let of: Vec<usize> = members.iter().map(|member| places[*member]).collect();
        let mut slots = vec![usize::MAX; contracts.len()];
        for (slot, member) in members.iter().enumerate() {
            slots[*member] = slot;
        }
        let listing = &contracts[members[0]].listing;
        let name = event_title(listing);
        let (exclusive, shape, proof) = match &held.relation {
            relations::Relation::Exclusive { .. } => {
                (true, "at most one", format!("{venue}'s word on event {}", listing.event))
            }
            relations::Relation::Thresholds { .. } => (false, "thresholds", "rules of each rung".to_owned()),
            relations::Relation::Deadlines { .. } => (false, "deadlines", "rules of each rung".to_owned()),
        };
        let proof = if held.by_a_person { format!("{proof} and a person's word") } else { proof };
        let proved = match Relation::within(&held.relation, contracts, &slots) {
            Ok(proved) => proved,
            Err(error) => {
                self.sets.left_out.push(format!("{name} ({shape}): {error}"));
                return;
            }
        };
        // What the venue converts: a negative-risk group.
        let tokens = |place: &usize| {
            let it = &self.markets[*place].instrument;
            it.custody == Custody::Tokens && it.exclusive
        };
        let groups =
            if exclusive && of.len() > 1 && of.iter().all(tokens) { vec![(0..of.len()).collect()] } else { Vec::new() };
        self.add(name, shape, &of, &[proved], groups, (with_ends(proof, &held.accepted), Vec::new()));
    }

    /// What hangs together by more than one relation.
    fn joined(&mut self) {
        let mut wholes: Vec<(BTreeSet<usize>, Vec<Part>)> = Vec::new();
        for part in std::mem::take(&mut self.parts) {
            let mut whole = (part.places.iter().copied().collect::<BTreeSet<usize>>(), vec![part]);
            let (touching, apart): (Vec<_>, Vec<_>) =
                wholes.into_iter().partition(|(places, _)| !places.is_disjoint(&whole.0));
            wholes = apart;
            for (places, parts) in touching {
                whole.0.extend(places);
                whole.1.splice(0..0, parts);
            }
            wholes.push(whole);
        }
        for (places, parts) in wholes.into_iter().filter(|(_, parts)| parts.len() > 1) {
            let places: Vec<usize> = places.into_iter().collect();
            let contracts: Vec<&Contract> =
                places.iter().filter_map(|place| self.markets[*place].contract.as_ref()).collect();
            if let Err(why) = self.none_vetoed(&contracts) {
                self.sets.left_out.push(format!("{} ({JOINED}): {why}", title(self.markets, places[0])));
                continue;
            }
            let (mut relations, mut groups) = (Vec::new(), Vec::new());
            let (mut proofs, mut see) = (Vec::new(), Vec::new());
            for part in parts {
                let to =
                    |slot: usize| places.binary_search(&part.places[slot]).expect("a part's markets are the whole's");
                relations.extend(part.relations.iter().map(|it| moved(it, to)));
                groups.extend(part.groups.iter().map(|group| group.iter().map(|slot| to(*slot)).collect::<Vec<_>>()));
                if !proofs.contains(&part.proof) {
                    proofs.push(part.proof);
                }
                see.extend(part.see);
            }
            let name = title(self.markets, places[0]);
            self.add(name, JOINED, &places, &relations, groups, (proofs.join("; "), see));
        }
    }

    /// Both sides of every book.
    fn books(&mut self) {
        for place in 0..self.markets.len() {
            let proof = "one contract ends one way".to_owned();
            self.add(title(self.markets, place), "one book", &[place], &[], Vec::new(), (proof, Vec::new()));
        }
    }

    fn add(
        &mut self,
        name: String,
        shape: &'static str,
        places: &[usize],
        relations: &[Relation],
        groups: Vec<Vec<usize>>,
        (proof, see): (String, Vec<String>),
    ) {
        let members = places.iter().map(|place| member(self.markets, MarketId(*place as u32), self.settings)).collect();
        match Set::new(members, relations, groups) {
            Ok(set) => {
                if !relations.is_empty() {
                    let (places, relations) = (places.to_vec(), relations.to_vec());
                    let (proof, see) = (proof.clone(), see.clone());
                    self.parts.push(Part { places, relations, groups: set.groups().to_vec(), proof, see });
                }
                let markets = places.iter().map(|place| self.markets[*place].name.clone()).collect();
                self.sets.known.push(Known { name, shape, markets, proof, see, set });
            }
            Err(error) => self.sets.left_out.push(format!("{name} ({shape}): {error}")),
        }
    }
}

/// The shape of a set made of several.
pub(super) const JOINED: &str = "joined";

/// What a pair stands on, with the ends that were accepted.
fn ground(judged: &Judged<'_>, stands: &Standing) -> String {
    let by = match stands {
        Standing::Riskless(terms) if terms.grounds == Grounds::Person => "rules of both and a person's word",
        Standing::Riskless(_) | Standing::Conditional(_) | Standing::Contradicted | Standing::Vetoed => "rules of both",
    };
    with_ends(by.to_owned(), &judged.tail_kinds())
}

/// A proof with the ends that were accepted.
fn with_ends(proof: String, ends: &BTreeSet<TailKind>) -> String {
    let ends: Vec<String> = ends.iter().map(ToString::to_string).collect();
    if ends.is_empty() { proof } else { format!("{proof}; accepted: {}", ends.join(", ")) }
}

/// A market's question, cut to what a table bears.
fn title(markets: &[Market], place: usize) -> String {
    let it = &markets[place];
    let Some(contract) = &it.contract else { return it.name.to_string() };
    let listing = &contract.listing;
    let subtitle = listing.subtitle.trim();
    let whole = if subtitle.is_empty() || listing.title.contains(subtitle) {
        listing.title.trim().to_owned()
    } else {
        format!("{} [{subtitle}]", listing.title.trim())
    };
    cut(&whole)
}

fn event_title(listing: &Listing) -> String {
    cut(if listing.event_title.is_empty() { &listing.event } else { &listing.event_title })
}

fn cut(text: &str) -> String {
    const MOST: usize = 48;
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().count() <= MOST {
        return text;
    }
    text.chars().take(MOST - 1).chain(['…']).collect()
}

/// A market's name as `brier pairs` takes it, condition ids cut to a beginning that tells them apart.
pub fn short(name: &MarketName) -> String {
    let id = name.market.as_str();
    match (name.venue, id.get(..14)) {
        (Venue::Polymarket, Some(begins)) => begins.to_owned(),
        (Venue::Polymarket | Venue::Kalshi, _) => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use brier_engine::{Fees, Instrument};
    use brier_pairing::decisions::{Note, Wish};
    use brier_pairing::read;
    use brier_types::{MarketTicker, Prob, Qty};

    use super::*;

    const NOW: &str = "2026-11-20T12:00:00Z";

    fn condition(digit: &str) -> String {
        format!("0x{}", digit.repeat(64))
    }

    /// A market that trades, with these texts.
    fn market(text: Listing) -> Market {
        let instrument = Instrument {
            market: brier_types::Market {
                venue: text.venue,
                ticker: MarketTicker::new(&text.id).unwrap(),
                event: "KXE-1".parse().unwrap(),
                title: text.title.clone(),
                grid: brier_types::PriceGrid::uniform(brier_types::Price::from_cents(1).unwrap()).unwrap(),
                size_step: Qty::HUNDREDTH,
                open_time: "2026-01-01T00:00:00Z".parse().unwrap(),
                close_time: "2028-01-01T00:00:00Z".parse().unwrap(),
                status: MarketStatus::Active,
                result: None,
            },
            fees: Fees::FREE,
            custody: if text.venue == Venue::Kalshi { Custody::Netted } else { Custody::Tokens },
            shard: 0,
            min_qty: Qty::HUNDREDTH,
            min_taking: Money::ZERO,
            exclusive: text.exclusive,
            strike: None,
        };
        let name = MarketName { venue: text.venue, market: MarketTicker::new(&text.id).unwrap() };
        Market { name, instrument, contract: Some(read(text)), token: None }
    }

    fn kalshi(ticker: &str, who: &str, year: &str) -> Listing {
        Listing {
            event: ticker.rsplit_once('-').unwrap().0.to_owned(),
            event_title: "Arrests".to_owned(),
            rules: format!("If {who} is arrested before Jan 1, {year}, then the market resolves to Yes."),
            ..Listing::new(Venue::Kalshi, ticker, &format!("Will {who} be arrested before Jan 1, {year}?"))
        }
    }

    fn polymarket(digit: &str, who: &str, year: &str) -> Listing {
        Listing {
            rules: format!(
                "This market will resolve to \"Yes\" if {who} is arrested by December 31, {year}, 11:59 PM ET. Otherwise, this \
                 market will resolve to \"No\"."
            ),
            outcomes: vec!["Yes".to_owned(), "No".to_owned()],
            ..Listing::new(
                Venue::Polymarket,
                &condition(digit),
                &format!("Will {who} be arrested by December 31, {year}?"),
            )
        }
    }

    fn settings(decisions: Decisions) -> Settings {
        Settings {
            hurdle: brier_arbitrage::Hurdle::NONE,
            payout_after: std::time::Duration::ZERO,
            cash: None,
            divergence: DivergenceRate::known(Prob::new(0.03).unwrap()),
            decisions,
            accepted: BTreeSet::new(),
        }
    }

    fn tied(tie: &str) -> TiedBy {
        let words: Vec<&str> = tie.split(' ').collect();
        let tie = TieName {
            first: MarketName::parse(words[0]).unwrap(),
            tie: Tie::ALL.into_iter().find(|tie| tie.word() == words[1]).unwrap(),
            second: MarketName::parse(words[2]).unwrap(),
        };
        TiedBy { strategy: "s".to_owned(), ties: vec![tie], decisions: Decisions::default(), accepted: BTreeSet::new() }
    }

    /// Every set but those of one book, and every unproved pair with whether its gain may be shown.
    fn found(markets: &[Market], ties: &[TiedBy], decisions: Decisions) -> (Vec<String>, Vec<String>) {
        let sets = find(markets, ties, &settings(decisions), NOW.parse().unwrap());
        assert_eq!(sets.left_out, Vec::<String>::new());
        let one = |it: &Known| it.shape != "one book";
        let known = sets.known.iter().filter(|it| one(it)).map(|it| {
            let names: Vec<String> = it.markets.iter().map(short).collect();
            format!("{}: {} by {}", it.shape, names.join(" "), it.proof)
        });
        let unproved = sets.unproved.iter().map(|it| format!("{} {} {}", it.tie.word(), it.places.is_some(), it.why));
        (known.collect(), unproved.collect())
    }

    #[test]
    fn what_the_texts_prove_is_a_set_whether_a_strategy_names_it_or_not() {
        let markets = [market(kalshi("KXA-28-AQ", "Ada Quill", "2028")), market(polymarket("1", "Ada Quill", "2027"))];
        let proved = "same: KXA-28-AQ 0x111111111111 by rules of both".to_owned();
        let name = format!("polymarket:{}", condition("1"));
        assert_eq!(found(&markets, &[], Decisions::default()), (vec![proved.clone()], Vec::new()));
        let right = tied(&format!("kalshi:KXA-28-AQ same {name}"));
        assert_eq!(found(&markets, &[right], Decisions::default()), (vec![proved], Vec::new()));
        // What the configuration says is not believed against the texts, and no gain is shown of it.
        let wrong = tied(&format!("kalshi:KXA-28-AQ inverse {name}"));
        let (known, unproved) = found(&markets, &[wrong], Decisions::default());
        assert_eq!(known, Vec::<String>::new());
        assert_eq!(unproved, ["inverse false expected `inverse`, and the texts prove `same`"]);
    }

    #[test]
    fn a_persons_word_adds_what_the_texts_leave_open_and_a_no_takes_it_away() {
        let mut second = polymarket("1", "Ada Quill", "2027");
        second.title = "Will Ada Quill be arrested in Ruritania by December 31, 2027?".to_owned();
        let markets = [market(kalshi("KXA-28-AQ", "Ada Quill", "2028")), market(second)];
        let (known, unproved) = found(&markets, &[], Decisions::default());
        assert_eq!((known.len(), unproved.len()), (0, 1), "{known:?}");
        assert!(unproved[0].starts_with("same true conditional: subject"), "{unproved:?}");
        let note = || Note { by: "ada".to_owned(), at: NOW.parse().unwrap(), why: "read".to_owned() };
        let contracts = [0, 1].map(|at: usize| markets[at].contract.clone().unwrap());
        let judged = Judged::new(&contracts[0], &contracts[1]).unwrap();
        let keys = judged.missing().map(|line| brier_pairing::standing::Vouch::of(line).key());
        let wish = Wish { vouched: keys.collect(), ..Wish::default() };
        let mut decisions = Decisions::default();
        decisions.confirm(&judged, &wish, note()).unwrap();
        let (known, unproved) = found(&markets, &[], decisions.clone());
        assert_eq!(known, ["same: KXA-28-AQ 0x111111111111 by rules of both and a person's word"]);
        assert_eq!(unproved, Vec::<String>::new());
        decisions.veto(&judged, note()).unwrap();
        let no = "same false vetoed by ada on 2026-11-20: read".to_owned();
        assert_eq!(found(&markets, &[], decisions), (Vec::new(), vec![no]), "who said so, why, and no gain");
    }

    /// A person's no to the first two markets.
    fn vetoed(markets: &[Market]) -> Decisions {
        let contracts = [0, 1].map(|at: usize| markets[at].contract.clone().unwrap());
        let judged = Judged::new(&contracts[0], &contracts[1]).unwrap();
        let mut decisions = Decisions::default();
        let note = Note { by: "ada".to_owned(), at: NOW.parse().unwrap(), why: "not these".to_owned() };
        decisions.veto(&judged, note).unwrap();
        decisions
    }

    #[test]
    fn a_veto_of_any_file_holds_for_ties_and_for_what_nobody_ties() {
        let markets = [market(kalshi("KXA-28-AQ", "Ada Quill", "2028")), market(polymarket("1", "Ada Quill", "2027"))];
        let tie = || tied(&format!("kalshi:KXA-28-AQ same polymarket:{}", condition("1")));
        let none = Decisions::default;
        let by = |tie: TiedBy, decisions: Decisions| TiedBy { decisions, ..tie };
        let other = || tied("kalshi:KXZ-1 same kalshi:KXZ-2");
        let no_tie = || TiedBy { ties: Vec::new(), ..other() };
        for (what, ties, given) in [
            ("given to the scan, against a strategy's tie", vec![tie()], vetoed(&markets)),
            ("in the strategy's own file", vec![by(tie(), vetoed(&markets))], none()),
            ("in the file of a strategy that ties others", vec![by(other(), vetoed(&markets))], none()),
            ("in the file of a strategy that ties nothing any more", vec![by(no_tie(), vetoed(&markets))], none()),
            ("in one strategy's file, against another one's tie", vec![by(no_tie(), vetoed(&markets)), tie()], none()),
            ("the other way round", vec![tie(), by(no_tie(), vetoed(&markets))], none()),
        ] {
            let (known, unproved) = found(&markets, &ties, given);
            assert_eq!(known, Vec::<String>::new(), "{what}: shown as riskless");
            assert_eq!(unproved, ["same false vetoed by ada on 2026-11-20: not these"], "{what}");
        }
    }

    #[test]
    fn a_veto_on_other_texts_waits_for_a_person() {
        let before = [market(kalshi("KXA-28-AQ", "Ada Quill", "2028")), market(polymarket("1", "Ada Quill", "2027"))];
        let mut text = polymarket("1", "Ada Quill", "2027");
        text.rules = format!("{0}\n{0}", text.rules);
        let markets = [before[0].clone(), market(text)];
        let (known, unproved) = found(&markets, &[], vetoed(&before));
        assert_eq!(known, Vec::<String>::new());
        let changed = format!("the texts of polymarket:{} changed since: withdraw or repeat it", condition("1"));
        assert_eq!(unproved, [format!("same true conditional: vetoed by ada on 2026-11-20, {changed}")]);
    }

    #[test]
    fn an_event_and_its_pairs_at_the_other_venue_are_one_set_as_well() {
        let exclusive = |text: Listing| Listing { exclusive: true, ..text };
        let markets = [
            market(exclusive(kalshi("KXA-28-AQ", "Ada Quill", "2028"))),
            market(exclusive(kalshi("KXA-28-BF", "Bruno Fenwick", "2028"))),
            market(kalshi("KXB-28-CD", "Cora Dane", "2028")),
            market(polymarket("1", "Ada Quill", "2027")),
            market(polymarket("2", "Bruno Fenwick", "2027")),
        ];
        let (known, _) = found(&markets, &[], Decisions::default());
        assert_eq!(
            known,
            [
                "same: KXA-28-AQ 0x111111111111 by rules of both",
                "same: KXA-28-BF 0x222222222222 by rules of both",
                "at most one: KXA-28-AQ KXA-28-BF by kalshi's word on event KXA-28",
                "joined: KXA-28-AQ KXA-28-BF 0x111111111111 0x222222222222 by rules of both; kalshi's word on event KXA-28",
            ]
        );
        let sets = find(&markets, &[], &settings(Decisions::default()), NOW.parse().unwrap());
        let joined = sets.known.iter().find(|it| it.shape == JOINED).unwrap();
        // Neither, one or the other, and both venues alike.
        assert_eq!((joined.set.states().len(), joined.see.len()), (3, 2));
    }

    #[test]
    fn groups_and_ladders_of_a_venue_are_sets() {
        let exclusive = |text: Listing| Listing { exclusive: true, ..text };
        let group = [
            market(exclusive(kalshi("KXA-28-AQ", "Ada Quill", "2028"))),
            market(exclusive(kalshi("KXA-28-BF", "Bruno Fenwick", "2028"))),
        ];
        let (known, _) = found(&group, &[], Decisions::default());
        assert_eq!(known, ["at most one: KXA-28-AQ KXA-28-BF by kalshi's word on event KXA-28"]);
        let ladder = [market(kalshi("KXA-Q-29", "Ada Quill", "2029")), market(kalshi("KXA-Q-28", "Ada Quill", "2028"))];
        let (known, _) = found(&ladder, &[], Decisions::default());
        assert_eq!(known, ["deadlines: KXA-Q-28 KXA-Q-29 by rules of each rung"], "the earlier implies the later");
        // A market that stands for what is not listed yet is no member, and one alone is no group.
        let other = Listing { other: true, ..exclusive(kalshi("KXA-28-XX", "Other", "2028")) };
        let few = [group[0].clone(), market(other)];
        assert_eq!(found(&few, &[], Decisions::default()).0, Vec::<String>::new());
    }

    /// Rules that name ends which are not ordinary.
    fn may_be_void(text: Listing) -> Listing {
        let clause =
            "If the event is cancelled or postponed, the market will be voided and all positions refunded at 50 cents.";
        Listing { rules: format!("{} {clause}", text.rules), ..text }
    }

    /// The sets but those of one book, and what was left out.
    fn left(markets: &[Market], settings: &Settings) -> (Vec<String>, Vec<String>) {
        let sets = find(markets, &[], settings, NOW.parse().unwrap());
        let known = sets.known.iter().filter(|it| it.shape != "one book").map(|it| {
            let names: Vec<String> = it.markets.iter().map(short).collect();
            format!("{}: {} by {}", it.shape, names.join(" "), it.proof)
        });
        (known.collect(), sets.left_out)
    }

    const NO: &str = "vetoed by ada on 2026-11-20: not these";

    #[test]
    fn a_ladder_breaks_where_a_person_vetoed_two_of_its_rungs() {
        let rung = |year: &str| market(kalshi(&format!("KXA-Q-{}", &year[2..]), "Ada Quill", year));
        let all = ["2028", "2029", "2030", "2031"].map(rung);
        let (known, left_out) = left(&all, &settings(Decisions::default()));
        assert_eq!(known, ["deadlines: KXA-Q-28 KXA-Q-29 KXA-Q-30 KXA-Q-31 by rules of each rung"]);
        assert_eq!(left_out, Vec::<String>::new());
        // Neighbours.
        let (known, left_out) = left(&all, &settings(vetoed(&all[1..])));
        assert_eq!(
            known,
            [
                "deadlines: KXA-Q-28 KXA-Q-29 by rules of each rung",
                "deadlines: KXA-Q-30 KXA-Q-31 by rules of each rung"
            ]
        );
        assert_eq!(left_out, [format!("Arrests (deadlines): kalshi:KXA-Q-29 kalshi:KXA-Q-30: {NO}")]);
        // Two that a rung lies between.
        let (known, _) = left(&all, &settings(vetoed(&[all[0].clone(), all[2].clone()])));
        assert_eq!(
            known,
            [
                "deadlines: KXA-Q-28 KXA-Q-29 by rules of each rung",
                "deadlines: KXA-Q-30 KXA-Q-31 by rules of each rung"
            ]
        );
        // A tie of the same two is not riskless either, whoever's file the veto is in.
        let mut by = tied("kalshi:KXA-Q-28 implies kalshi:KXA-Q-29");
        by.decisions = vetoed(&all);
        let sets = find(&all[..2], &[by], &settings(Decisions::default()), NOW.parse().unwrap());
        assert!(sets.known.iter().all(|it| it.shape == "one book"), "{:?}", sets.known);
        assert_eq!(sets.unproved[0].why, NO);
    }

    #[test]
    fn an_end_that_nobody_accepted_is_in_no_ladder_and_no_group() {
        let ladder = ["2028", "2029"]
            .map(|year| market(may_be_void(kalshi(&format!("KXA-Q-{}", &year[2..]), "Ada Quill", year))));
        let exclusive = |text: Listing| market(Listing { exclusive: true, ..may_be_void(text) });
        let group = [
            exclusive(kalshi("KXA-28-AQ", "Ada Quill", "2028")),
            exclusive(kalshi("KXA-28-BF", "Bruno Fenwick", "2028")),
        ];
        let open = settings(Decisions::default());
        let accepted = Settings { accepted: TailKind::ALL.into_iter().collect(), ..open.clone() };
        let ends = "postponement, cancellation";
        for (markets, shape, whole) in [
            (&ladder, "deadlines", "deadlines: KXA-Q-28 KXA-Q-29 by rules of each rung"),
            (&group, "at most one", "at most one: KXA-28-AQ KXA-28-BF by kalshi's word on event KXA-28"),
        ] {
            let (known, left_out) = left(markets, &open);
            let each: Vec<String> = ends.split(", ").map(|it| format!("tail {it} is accepted by nobody")).collect();
            assert_eq!(known, Vec::<String>::new());
            assert_eq!(left_out, [format!("Arrests ({shape}): conditional: {}", each.join("; "))]);
            let (known, left_out) = left(markets, &accepted);
            assert_eq!((known, left_out), (vec![format!("{whole}; accepted: {ends}")], Vec::new()));
        }
    }

    #[test]
    fn a_group_is_whole_or_nothing_without_vetoes_and_with_rules() {
        let exclusive = |ticker: &str, who: &str| Listing { exclusive: true, ..kalshi(ticker, who, "2028") };
        let texts = [exclusive("KXA-28-AQ", "Ada Quill"), exclusive("KXA-28-BF", "Bruno Fenwick")];
        let markets = texts.clone().map(market);
        let (known, left_out) = left(&markets, &settings(vetoed(&markets)));
        assert_eq!(known, Vec::<String>::new());
        assert_eq!(left_out, [format!("Arrests (at most one): kalshi:KXA-28-AQ kalshi:KXA-28-BF: {NO}")]);
        let [one, mut two] = texts;
        two.rules.clear();
        let (known, left_out) = left(&[market(one), market(two)], &settings(Decisions::default()));
        assert_eq!(known, Vec::<String>::new());
        assert_eq!(left_out, ["Arrests (at most one): conditional: the rules of kalshi:KXA-28-BF"]);
    }

    #[test]
    fn what_is_joined_holds_no_two_that_a_person_vetoed() {
        let exclusive = |text: Listing| market(Listing { exclusive: true, ..text });
        let markets = [
            exclusive(kalshi("KXA-28-AQ", "Ada Quill", "2028")),
            market(polymarket("2", "Bruno Fenwick", "2027")),
            exclusive(kalshi("KXA-28-BF", "Bruno Fenwick", "2028")),
            market(polymarket("1", "Ada Quill", "2027")),
        ];
        let shapes = |decisions: Decisions| -> Vec<String> {
            let sets = find(&markets, &[], &settings(decisions), NOW.parse().unwrap());
            sets.known.iter().filter(|it| it.shape != "one book").map(|it| it.shape.to_owned()).collect()
        };
        assert_eq!(shapes(Decisions::default()), ["same", "same", "at most one", JOINED]);
        // One and the other's twin: no set of two names them, and the joined one would.
        assert_eq!(shapes(vetoed(&markets)), ["same", "same", "at most one"]);
    }

    /// A range of an exclusive event of one venue.
    fn bucket(ticker: &str, title: &str, rules: &str) -> Market {
        market(Listing {
            exclusive: true,
            event: ticker.rsplit_once('-').unwrap().0.to_owned(),
            rules: rules.to_owned(),
            ..Listing::new(Venue::Kalshi, ticker, title)
        })
    }

    #[test]
    fn a_group_with_room_between_its_ranges_is_not_sure_to_pay() {
        let bucket = |ticker: &str, what: &str| {
            let price = format!("the price of Bitcoin according to CF Benchmarks' Bitcoin Real-Time Index is {what}");
            bucket(
                ticker,
                &format!("Will Bitcoin be {what} on Nov 30, 2026 at 5 PM EST?"),
                &format!("If {price} on Nov 30, 2026 at 5 PM EST, then the market resolves to Yes."),
            )
        };
        for (low, sure) in [("$99,999 or below", false), ("$99,999.99 or below", true)] {
            let markets = [bucket("KXBTC-26NOV30-A", low), bucket("KXBTC-26NOV30-B", "$100,000 or above")];
            let sets = find(&markets, &[], &settings(Decisions::default()), NOW.parse().unwrap());
            let known = sets.known.iter().find(|it| it.shape == "at most one").unwrap();
            let limits = brier_arbitrage::Limits::default();
            let account = brier_arbitrage::Unlimited;
            let mut problem =
                brier_arbitrage::Problem::new(&known.set, limits, &account, NOW.parse().unwrap()).unwrap();
            for (slot, cents) in [(0, 40), (1, 50)] {
                let price = brier_types::Price::from_cents(cents).unwrap();
                let ask = brier_book::Level { price, qty: Qty::from_contracts(100).unwrap() };
                problem.offer(slot, brier_types::BookSide::Ask, [ask], &account);
            }
            // At $99,999.50 both pay nothing; of ranges that meet in cents one pays.
            assert_eq!(problem.solve().unwrap().is_some(), sure, "{low}");
        }
    }

    #[test]
    fn titles_alone_do_not_make_one_of_a_group_pay() {
        let title = |what: &str| format!("Will the high temperature in Denver be {what} on Nov 30, 2026?");
        let rules = |what: &str| {
            format!(
                "If the high temperature in Denver recorded at Denver International Airport (KDEN) is {what} on Nov 30, 2026, \
                 then the market resolves to Yes."
            )
        };
        let states = |rules: &dyn Fn(&str) -> String| {
            let one = |ticker: &str, what: &str| bucket(ticker, &title(what), &rules(what));
            let markets =
                [one("KXHIGHDEN-26NOV30-A", "49\u{b0} or below"), one("KXHIGHDEN-26NOV30-B", "50\u{b0} or above")];
            let sets = find(&markets, &[], &settings(Decisions::default()), NOW.parse().unwrap());
            sets.known.iter().find(|it| it.shape == "at most one").map(|it| it.set.states().len())
        };
        assert_eq!(states(&|_| String::new()), None, "what the rules say of other ends is not known either");
        assert_eq!(states(&rules), Some(2), "the rules of both say that one pays");
    }
}

//! Games: who meets whom, on which day, and whose win pays.

use crate::calendar::{Day, When};
use crate::contract::{Certainty, Competitor, Concept, Contract, Facet, Field, Game, Source, Span};
use crate::lexicon;
use crate::listing::Listing;
use crate::read::ticker::Parts;
use crate::text::{self, Kind, Token};

/// A game found in a title, before the rest of the listing is read.
pub(super) struct FoundGame {
    sides: Vec<Competitor>,
    winner: Option<Competitor>,
    taken: Vec<bool>,
    /// "(W)" after the names.
    pub(super) gender: Option<Field<Concept>>,
}

impl FoundGame {
    /// Whether token `at` of the title belongs to the names.
    pub(super) fn covers(&self, at: usize) -> bool {
        self.taken.get(at).copied().unwrap_or(false)
    }

    /// The game with its day.
    pub(super) fn finish(self, contract: &Contract) -> Game {
        Game { sides: self.sides, winner: self.winner, day: day(contract) }
    }
}

/// Looks for two sides in a title: `A vs. B`, `A at B Winner?`, or two named outcomes.
pub(super) fn find(
    listing: &Listing,
    tokens: &[Token],
    parts: &Parts,
    league: Option<&'static str>,
) -> Option<FoundGame> {
    let gamelike =
        ["GAME", "MATCH", "FIGHT", "SPREAD", "TOTAL", "BTTS", "SERIES"].iter().any(|kind| parts.series.contains(kind));
    // "at" separates two sides only on a market about a game: "A at B Winner?", not "the winner at the Oscars".
    let asked = tokens.iter().rposition(|token| token.is_word("winner"));
    let asks = tokens.first().is_some_and(|token| token.is_word("will"));
    let separator = tokens.iter().enumerate().position(|(at, token)| {
        token.is_word("vs")
            || token.is_word("v") && gamelike
            || (token.is_word("at") || token.is_mark('@'))
                && (gamelike || !asks && asked.is_some_and(|winner| winner > at))
    })?;
    let left = side_before(tokens, separator)?;
    let right = side_after(tokens, separator)?;
    let mut taken = vec![false; tokens.len()];
    taken[left.0..right.1].fill(true);
    let league = league.or_else(|| league_of_nicknames(&tokens[left.0..left.1], &tokens[right.0..right.1]));
    let sides: Vec<Competitor> = [left, right]
        .into_iter()
        .map(|(from, to)| {
            competitor(&tokens[from..to], league, Span::new(Source::Title, tokens[from].start, tokens[to - 1].end))
        })
        .collect();
    if sides.iter().any(|side| side.words.is_empty()) {
        return None;
    }
    let gender = tokens
        .get(right.1..)
        .and_then(|rest| {
            rest.windows(3).find(|three| three[0].is_mark('(') && three[1].is_word("w") && three[2].is_mark(')'))
        })
        .map(|three| Field {
            value: Concept { facet: Facet::Division, value: "women", implied: false },
            span: Span::new(Source::Title, three[1].start, three[1].end),
            certainty: Certainty::Stated,
        });
    if let Some(at) = tokens.iter().position(|token| token.is_mark('(')) {
        for (offset, token) in tokens[at..].iter().enumerate().take(3) {
            if token.is_word("w") {
                taken[at + offset] = true;
            }
        }
    }
    let winner = winner(listing, parts, league, &sides);
    Some(FoundGame { sides, winner, taken, gender })
}

fn side_before(tokens: &[Token], separator: usize) -> Option<(usize, usize)> {
    let from = tokens[..separator]
        .iter()
        .rposition(|token| token.is_mark(':') || token.is_mark('?'))
        .map_or(0, |colon| colon + 1);
    let from = (from..separator).find(|at| !tokens[*at].is_word("will"))?;
    (from < separator).then_some((from, separator))
}

fn side_after(tokens: &[Token], separator: usize) -> Option<(usize, usize)> {
    let mut from = separator + 1;
    while tokens.get(from).is_some_and(|token| token.is_mark('.')) {
        from += 1;
    }
    let stop = |token: &Token| {
        matches!(token.kind, Kind::Mark(':' | '?' | '(' | ')' | ',' | ';'))
            || token.is_word("winner")
            || token.is_word("game")
            || token.is_word("professional")
            || token.is_word("end")
            || token.is_word("on")
    };
    let mut to = from;
    while let Some(token) = tokens.get(to).filter(|token| !stop(token)) {
        // " - Map 1 Winner": a dash with spaces ends the name, one inside a name does not.
        let spaced = token.is_mark('-')
            && tokens.get(to + 1).is_some_and(|next| next.start > token.end)
            && to > from
            && tokens[to - 1].end < token.start;
        if spaced {
            break;
        }
        to += 1;
    }
    (from < to).then_some((from, to))
}

/// The league in which both names are nicknames, when no text names one.
fn league_of_nicknames(left: &[Token], right: &[Token]) -> Option<&'static str> {
    ["nba", "nfl", "mlb", "nhl", "wnba"].into_iter().find(|league| {
        let whole = |side: &[Token]| {
            lexicon::teams_in(side, league, false).first().is_some_and(|one| one.from == 0 && one.to == side.len())
        };
        whole(left) && whole(right)
    })
}

fn competitor(tokens: &[Token], league: Option<&'static str>, span: Span) -> Competitor {
    let team = league.and_then(|league| {
        let all = lexicon::teams_in(tokens, league, true);
        all.first().filter(|_| all.len() == 1).map(|one| (one.team.league, one.team.code()))
    });
    let words = tokens
        .iter()
        .filter(|token| !matches!(token.kind, Kind::Mark(_)))
        .map(|token| token.text.clone())
        .filter(|word| !filler(word))
        .collect();
    Competitor { team, words, span }
}

/// Words that clubs add to or leave off their names.
fn filler(word: &str) -> bool {
    matches!(
        word,
        "the" | "fc" | "cf" | "ac" | "sc" | "afc" | "bc" | "cd" | "sk" | "fk" | "club" | "team" | "esports" | "gaming"
    )
}

/// Whose win pays Yes on a Kalshi market: the subtitle's, or the one whose code ends the ticker.
fn winner(listing: &Listing, parts: &Parts, league: Option<&'static str>, sides: &[Competitor]) -> Option<Competitor> {
    if !super::is_kalshi(listing) {
        return None;
    }
    let subtitle = listing.subtitle.trim();
    if !subtitle.is_empty() {
        let tokens = text::tokens(subtitle);
        return Some(competitor(&tokens, league, Span::new(Source::Subtitle, 0, listing.subtitle.len())));
    }
    let (code, span) = parts.market_code(listing)?;
    let code_at = code.to_ascii_lowercase();
    if let Some(team) = league.and_then(|league| lexicon::team_by_code(league, code)) {
        return Some(Competitor { team: Some((team.league, team.code())), words: Vec::new(), span });
    }
    let fits: Vec<bool> = sides.iter().map(|side| spells(&code_at, &side.words.concat())).collect();
    let only = match fits.as_slice() {
        [true, false] => &sides[0],
        [false, true] => &sides[1],
        // Both fit: the other code of the ticker decides, when it fits one side alone.
        [true, true] => {
            let other = parts.codes.strip_prefix(code).or_else(|| parts.codes.strip_suffix(code))?.to_ascii_lowercase();
            match sides.iter().map(|side| spells(&other, &side.words.concat())).collect::<Vec<_>>().as_slice() {
                [true, false] => &sides[1],
                [false, true] => &sides[0],
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Competitor { team: only.team, words: only.words.clone(), span })
}

/// Whether a code takes its letters from a name in order, the first from its beginning: GBR from Great Britain.
fn spells(code: &str, name: &str) -> bool {
    let mut letters = name.chars();
    let starts = code.chars().next().is_some_and(|first| name.starts_with(first));
    starts && code.chars().all(|wanted| letters.any(|letter| letter == wanted))
}

/// A market on one side's win on a day, such as Polymarket's "Will Armorica FC win on 2027-02-03?".
pub(super) fn single(contract: &mut Contract, league: Option<&'static str>) -> Option<Game> {
    let [time] = contract.times.as_slice() else { return None };
    let When::On(_) = time.value.when else { return None };
    let win = contract.concepts.iter().find(|one| one.value.facet == Facet::Act && one.value.value == "win")?.span;
    let plain =
        contract.range.is_none() && contract.words.iter().all(|word| word.value.name && word.span.end <= win.start);
    let others = contract.concepts.iter().any(|one| !matches!(one.value.facet, Facet::Act | Facet::Place));
    let iso = contract.quote(time.span).contains('-');
    if !plain || others || !iso || win.source != Source::Title {
        return None;
    }
    let title = contract.listing.title.get(..win.start as usize)?;
    let from = title.strip_prefix("Will ").map_or(0, |_| 5);
    let name = title.get(from..)?;
    let span = Span::new(Source::Title, from, from + name.trim_end().len());
    let side = competitor(&text::tokens(name), league, span);
    if side.words.is_empty() {
        return None;
    }
    contract.words.clear();
    contract.teams.clear();
    contract.concepts.retain(|one| one.value.facet == Facet::Act);
    let day = day(contract);
    Some(Game { sides: vec![side.clone()], winner: Some(side), day })
}

/// The day of the game behind a market whose title names no game and no date.
pub(super) fn event_day(contract: &Contract, parts: &Parts) -> Option<Field<Day>> {
    if contract.game.is_some() || !contract.times.is_empty() {
        return None;
    }
    let scheduled = contract.listing.rules.contains("scheduled for") && contract.listing.rules.contains(" game");
    let ticker = parts.codes.chars().filter(char::is_ascii_uppercase).count() >= 4;
    if scheduled || ticker { day(contract) } else { None }
}

/// The day of the game in New York: from the ticker, from the sentence that schedules it, or from the end time.
fn day(contract: &Contract) -> Option<Field<Day>> {
    if let Some(date) = contract.ticker_date
        && let Some(day) = date.value.day()
    {
        return Some(Field { value: day, span: date.span, certainty: Certainty::Convention });
    }
    let ends = Day::parse_iso(&contract.listing.ends, true);
    let stated = contract.times.iter().chain(&contract.rule_times).find_map(|time| match time.value.when {
        When::On(day) => Some((day, time.span)),
        When::Until(_) | When::Days(..) | When::Month(..) | When::Quarter(..) | When::Year(_) | When::Season(_) => None,
    });
    if let Some((mut day, span)) = stated {
        // The end time gives the year that the sentence leaves out, when it is near.
        if day.year.is_none()
            && let Some(end) = ends
            && (day.agrees(end) || day.next().agrees(end) || day.agrees(end.next()))
        {
            day.year = end.year;
        }
        return Some(Field { value: day, span, certainty: Certainty::Stated });
    }
    let span = Span::new(Source::Ends, 0, contract.listing.ends.len());
    ends.map(|value| Field { value, span, certainty: Certainty::Convention })
}

/// A contradiction between a game and its own rules: they name another winner, another day, or pay another outcome than
/// the one that wins.
pub(super) fn against_rules(contract: &Contract) -> Option<(Span, Span, &'static str)> {
    let game = contract.game.as_ref()?;
    for span in &contract.clauses.pays {
        let tokens = text::tokens(contract.quote(*span));
        let Some((from, verb)) = subject_of_win(&tokens) else { continue };
        let subject = &tokens[from..verb];
        let place =
            Span::new(span.source, span.start as usize + tokens[from].start, span.start as usize + tokens[verb].end);
        if let Some(paid) = paid_outcome(contract, &tokens) {
            if !shares(subject, &contract.listing.outcomes[paid]) {
                let outcome = Span::new(Source::Outcome(paid as u8), 0, contract.listing.outcomes[paid].len());
                return Some((outcome, place, "the rules pay another outcome than the one that wins"));
            }
            continue;
        }
        let Some(winner) = &game.winner else { continue };
        let named = competitor(subject, winner.team.map(|team| team.0), place);
        let another = match (winner.team, named.team) {
            (Some(one), Some(two)) => one != two,
            (Some(_) | None, None) | (None, Some(_)) => {
                !winner.words.is_empty() && !named.words.iter().any(|word| winner.words.contains(word))
            }
        };
        if another {
            return Some((winner.span, place, "the rules name another winner than the market"));
        }
    }
    let day = contract.ticker_date.and_then(|date| Some((date.value.day()?, date.span)));
    let stated = contract.rule_times.iter().find_map(|time| match time.value.when {
        When::On(day) => Some((day, time.span)),
        When::Until(_) | When::Days(..) | When::Month(..) | When::Quarter(..) | When::Year(_) | When::Season(_) => None,
    });
    match (day, stated) {
        (Some((one, ticker)), Some((two, rules))) if !one.agrees(two) => {
            Some((ticker, rules, "the rules name another day than the ticker"))
        }
        _ => None,
    }
}

/// The words between "If" and "win" of a sentence that says who has to win: where they begin, and where the verb stands.
fn subject_of_win(tokens: &[Token]) -> Option<(usize, usize)> {
    let from = tokens.iter().position(|token| token.is_word("if"))? + 1;
    let verb = tokens[from..].iter().take(8).position(|token| {
        token.kind == Kind::Word
            && matches!(token.text.as_str(), "win" | "wins" | "beat" | "beats" | "defeat" | "defeats")
    })?;
    (verb > 0).then_some((from, from + verb))
}

/// Which of the market's named outcomes a sentence pays.
fn paid_outcome(contract: &Contract, tokens: &[Token]) -> Option<usize> {
    let at = tokens.windows(2).position(|two| {
        matches!(two[0].text.as_str(), "resolve" | "resolves" | "settle" | "settles") && two[1].is_word("to")
    })?;
    let paid: Vec<&str> = words_of(&tokens[at + 2..]);
    contract.listing.outcomes.iter().take(255).position(|name| {
        let name = text::tokens(name);
        let name = words_of(&name);
        !name.is_empty() && paid.starts_with(&name) && !matches!(name.as_slice(), ["yes" | "no"])
    })
}

fn words_of(tokens: &[Token]) -> Vec<&str> {
    tokens.iter().filter(|token| !matches!(token.kind, Kind::Mark(_))).map(|token| token.text.as_str()).collect()
}

fn shares(tokens: &[Token], name: &str) -> bool {
    let name = text::tokens(name);
    let name = words_of(&name);
    words_of(tokens).iter().any(|word| !filler(word) && name.contains(word))
}

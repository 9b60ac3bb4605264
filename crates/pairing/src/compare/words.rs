//! The words that no table knows: each must be met on the other side, or confirmed, or it stays open.

use super::Bench;
use crate::contract::{Certainty, Contract, Facet, Family, Field, Role, Source, Span, Word};
use crate::lexicon::{given_names_agree, surname_particle, transliterations};
use crate::proof::{Finding, Topic};
use crate::read::is_number;

/// Compares all words of both questions.
pub(super) fn compare(bench: &mut Bench<'_>) {
    let (first, second) = (bench.first, bench.second);
    let pairs = pair_up(first, second);
    for (one, two) in &pairs {
        let (one, two) = (&first.words[*one], &second.words[*two]);
        bench.add(topic(&one.value), Finding::Agrees, Some(one.span), Some(two.span), one.value.text.clone());
        if matches!((one.value.role, two.value.role), (Role::Agent, Role::Patient) | (Role::Patient, Role::Agent)) {
            let note = format!("{} does it on one side and suffers it on the other", one.value.text);
            bench.add(Topic::Roles, Finding::Contradicts, Some(one.span), Some(two.span), note);
        }
    }
    let open_first: Vec<usize> = (0..first.words.len()).filter(|at| !pairs.iter().any(|(one, _)| one == at)).collect();
    let open_second: Vec<usize> =
        (0..second.words.len()).filter(|at| !pairs.iter().any(|(_, two)| two == at)).collect();
    let name_of = |contract: &Contract, open: &[usize], number: bool| {
        open.iter().copied().find(|at| {
            let field = &contract.words[*at];
            let other = if std::ptr::eq(contract, first) { second } else { first };
            field.value.name && is_number(&field.value) == number && optional(contract, other, field).is_none()
        })
    };
    // Names, or numbers, left over on both sides are different names or numbers.
    let mut settled = [false, false];
    for (slot, number) in [(0, false), (1, true)] {
        if let (Some(one), Some(two)) = (name_of(first, &open_first, number), name_of(second, &open_second, number)) {
            let (one, two) = (&first.words[one], &second.words[two]);
            let topic = if number { Topic::Threshold } else { Topic::Subject };
            let note = format!("{} against {}", one.value.text, two.value.text);
            bench.add(topic, Finding::Contradicts, Some(one.span), Some(two.span), note);
            settled[slot] = true;
        }
    }
    for (flipped, open) in [(false, &open_first), (true, &open_second)] {
        for at in open {
            let (own, _) = bench.sides(flipped);
            let word = &own.words[*at];
            let slot = usize::from(is_number(&word.value));
            if !(word.value.name && settled[slot]) {
                left_over(bench, flipped, word, &pairs);
            }
        }
    }
    order(bench, &pairs);
    numbers_in_order(bench, &pairs);
    facets_in_order(bench);
    governed(bench, &pairs);
}

const fn topic(word: &Word) -> Topic {
    if word.name { Topic::Subject } else { Topic::Wording }
}

/// Pairs of words that say the same, each used once: equal ones first, then other forms.
fn pair_up(first: &Contract, second: &Contract) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut used_first = vec![false; first.words.len()];
    let mut used_second = vec![false; second.words.len()];
    let mut pass = |fits: &dyn Fn(&Word, &Word) -> bool, pairs: &mut Vec<(usize, usize)>| {
        for (at, one) in first.words.iter().enumerate() {
            if used_first[at] {
                continue;
            }
            let found =
                second.words.iter().enumerate().position(|(to, two)| !used_second[to] && fits(&one.value, &two.value));
            if let Some(to) = found {
                used_first[at] = true;
                used_second[to] = true;
                pairs.push((at, to));
            }
        }
    };
    pass(&|one, two| one.text == two.text, &mut pairs);
    pass(&|one, two| !(one.name && two.name) && stem(&one.text) == stem(&two.text), &mut pairs);
    // Other spellings of a name count only when another word of the same name is equal.
    let anchored = !pairs.is_empty() && pairs.iter().any(|(at, _)| first.words[*at].value.name);
    if anchored {
        let near = pairs.clone();
        let beside = move |one: &Word, two: &Word| {
            near.iter().any(|(a, b)| {
                let (a, b) = (&first.words[*a].value, &second.words[*b].value);
                a.name && one.place.abs_diff(a.place) <= 2 && two.place.abs_diff(b.place) <= 2
            })
        };
        pass(
            &|one, two| {
                one.name
                    && two.name
                    && !is_number(one)
                    && !is_number(two)
                    && beside(one, two)
                    && given_names_agree(&one.text, &two.text)
            },
            &mut pairs,
        );
    } else {
        pass(
            &|one, two| one.name && two.name && transliterations(&one.text, &two.text) && one.text.len() >= 7,
            &mut pairs,
        );
    }
    pairs
}

/// The common stem of the forms of a lower-case word.
pub(crate) fn stem(word: &str) -> &str {
    let cut = |word: &'_ str, tail: &str, least: usize| {
        word.strip_suffix(tail).filter(|rest| rest.len() >= least).map(str::len)
    };
    let mut end = word.len();
    if !word.is_ascii() {
        return word;
    }
    if !(word.ends_with("ss") || word.ends_with("us") || word.ends_with("is"))
        && let Some(rest) = cut(word, "s", 3)
    {
        end = rest;
    }
    for tail in ["ing", "ed", "e"] {
        if let Some(rest) = cut(&word[..end], tail, 4) {
            end = rest;
            break;
        }
    }
    &word[..end]
}

/// A word of one side that the other does not have.
fn left_over(bench: &mut Bench<'_>, flipped: bool, word: &Field<Word>, pairs: &[(usize, usize)]) {
    let (own, other) = bench.sides(flipped);
    let text = &word.value.text;
    if word.value.name && !is_number(&word.value) {
        if let Some((span, certainty)) = mentioned(other, word) {
            let note = format!("{text}: the other's texts name it too");
            bench.add_for(
                flipped,
                topic(&word.value),
                Finding::Follows,
                (Some(word.span), Some(span)),
                note,
                certainty,
            );
            return;
        }
        if nickname(own, word, pairs, flipped) {
            let note = format!("{text}: a nickname in quotes inside the name");
            bench.add_for(flipped, Topic::Subject, Finding::Follows, (Some(word.span), None), note, Certainty::Stated);
            return;
        }
        let beside_known = pairs.iter().any(|(one, two)| {
            let at = if flipped { *two } else { *one };
            own.words[at].value.name && own.words[at].value.place.abs_diff(word.value.place) <= 1
        });
        if beside_known && surname_particle(text) {
            let note = format!("{text}: a particle of the name");
            bench.add_for(flipped, Topic::Subject, Finding::Follows, (Some(word.span), None), note, Certainty::Stated);
            return;
        }
    }
    if let Some(why) = optional(own, other, word) {
        let note = format!("{text}: {why}");
        bench.add_for(flipped, Topic::Wording, Finding::Follows, (Some(word.span), None), note, Certainty::Stated);
        return;
    }
    let note = format!("\"{text}\" is said on one side only");
    bench.add_for(flipped, topic(&word.value), Finding::Missing, (Some(word.span), None), note, Certainty::Stated);
}

/// Whether a word stands in quotes between two words of a name that the other side has: Jorge "Tuto" Quiroga.
fn nickname(own: &Contract, word: &Field<Word>, pairs: &[(usize, usize)], flipped: bool) -> bool {
    let text = own.text(word.span.source);
    let (before, after) = (text.get(..word.span.start as usize), text.get(word.span.end as usize..));
    let quoted = before.is_some_and(|text| text.ends_with(['"', '“', '\'', '‘', '(']))
        && after.is_some_and(|text| text.starts_with(['"', '”', '\'', '’', ')']));
    let near = |after: bool| {
        pairs.iter().any(|(one, two)| {
            let known = &own.words[if flipped { *two } else { *one }];
            let gap = if after {
                known.span.start.checked_sub(word.span.end)
            } else {
                word.span.start.checked_sub(known.span.end)
            };
            known.value.name && known.span.source == word.span.source && gap.is_some_and(|gap| gap <= 8)
        })
    };
    quoted && near(false) && near(true)
}

/// Where the other listing mentions a name: in its texts, or spelled out in its ticker's series.
fn mentioned(other: &Contract, word: &Field<Word>) -> Option<(Span, Certainty)> {
    let text = word.value.text.as_str();
    if let Some(span) = other.context.word(text) {
        return Some((span, Certainty::Stated));
    }
    let series = other.context.series.to_ascii_lowercase();
    (text.len() >= 4 && text.is_ascii() && series.contains(text))
        .then(|| (Span::new(Source::Ticker, 0, other.listing.id.find('-').unwrap_or(0)), Certainty::Convention))
}

/// Words that one side may add without changing the question.
fn optional(own: &Contract, other: &Contract, field: &Field<Word>) -> Option<&'static str> {
    let both = |facet: Facet, value: &str| own.says(facet, value).is_some() && other.says(facet, value).is_some();
    let word = &field.value;
    let contest = super::is_contest(own.family) || own.family == Family::Generic;
    let title = own.text(field.span.source);
    match word.text.as_str() {
        "team" | "esports" if contest => Some("clubs add it to their names or leave it off"),
        "next" if crate::text::fold(title).contains("election") => Some("the next election is the one that is held"),
        "major" if contest => Some("a kind of tournament, not its name"),
        "trump" | "biden" | "obama" if both(Facet::Competition, "inauguration") && word.role == Role::Free => {
            Some("whose inauguration it is")
        }
        // "vote to confirm X as Secretary of Labor": the post that X is up for.
        _ if both(Facet::Act, "vote")
            && title.get(..field.span.start as usize).is_some_and(|text| text.contains(" as ")) =>
        {
            Some("the post the vote is about")
        }
        _ if super::games::setting(own, other, field.span) => {
            Some("the setting of a game whose sides and day are compared")
        }
        _ if word.name && abbreviation(title, field.span, &word.text) => Some("an abbreviation in brackets"),
        _ => None,
    }
}

/// Whether a word is a short name in brackets after a longer one, as in "the Labour Party (Ap)".
fn abbreviation(title: &str, span: Span, word: &str) -> bool {
    let (Some(before), Some(after)) = (title.get(..span.start as usize), title.get(span.end as usize..)) else {
        return false;
    };
    let Some(open) = before.rfind('(').filter(|open| !before[*open..].contains(')')) else { return false };
    let Some(close) = after.find(')') else { return false };
    let inside = &title[open + 1..span.end as usize + close];
    let letters = inside.split([',', ' ']).filter(|part| !part.is_empty() && *part != "and").all(|part| {
        part.chars().count() <= 5 && part.chars().all(char::is_alphabetic) && part.starts_with(char::is_uppercase)
    });
    // "(W)" is another competition, not an abbreviation.
    letters && inside.len() > 1 && !matches!(word, "w" | "m" | "men" | "women" | "game" | "map")
}

/// The same names in another order can be another question ("A attacks B"): open, unless the act has no sides.
fn order(bench: &mut Bench<'_>, pairs: &[(usize, usize)]) {
    let (first, second) = (bench.first, bench.second);
    let mutual = ["meet", "engaged", "marry"].iter().any(|act| first.says(Facet::Act, act).is_some());
    let sided = pairs.iter().any(|(one, _)| first.words[*one].value.role != Role::Free);
    if first.family != Family::Generic
        || mutual
        || sided
        || first.words.iter().chain(&second.words).any(|word| word.value.text == "vs")
    {
        return;
    }
    let mut entities: Vec<(Span, Span)> = pairs
        .iter()
        .filter(|(one, two)| {
            first.words[*one].value.name && second.words[*two].value.name && !is_number(&first.words[*one].value)
        })
        .map(|(one, two)| (first.words[*one].span, second.words[*two].span))
        .collect();
    for one in first.values(Facet::Place) {
        if let Some(span) = second.says(Facet::Place, one.value.value) {
            entities.push((one.span, span));
        }
    }
    entities.retain(|(one, two)| one.source == Source::Title && two.source == Source::Title);
    entities.sort_unstable();
    // The same words and no other, in another order: "cut, then hold", "A before B".
    let whole = pairs.len() == first.words.len() && pairs.len() == second.words.len();
    let mut words: Vec<(Span, Span)> =
        pairs.iter().map(|(one, two)| (first.words[*one].span, second.words[*two].span)).collect();
    words.sort_unstable();
    let whole = whole && words.iter().all(|(one, two)| one.source == Source::Title && two.source == Source::Title);
    if let Some(pair) = words.windows(2).find(|pair| whole && pair[0].1 > pair[1].1) {
        let note = "the same words stand in another order";
        bench.add(Topic::Roles, Finding::Missing, Some(pair[0].0), Some(pair[1].1), note);
    }
    // "Secretary of Energy" and "Energy Secretary" are one name turned round.
    let one_name = |before: Span, after: Span| {
        let (low, high) = if before < after { (before, after) } else { (after, before) };
        high.start.saturating_sub(low.end) <= 4
    };
    if let Some(pair) = entities
        .windows(2)
        .find(|pair| pair[0].1 > pair[1].1 && !(one_name(pair[0].0, pair[1].0) && one_name(pair[0].1, pair[1].1)))
    {
        let note = "the names stand in another order";
        bench.add(Topic::Roles, Finding::Missing, Some(pair[0].0), Some(pair[1].1), note);
    }
}

/// Numbers belong to what they stand beside: a score turned round, or 52 of one and 220 of another, is another question.
fn numbers_in_order(bench: &mut Bench<'_>, pairs: &[(usize, usize)]) {
    let (first, second) = (bench.first, bench.second);
    let numbers = pairs.iter().map(|(one, two)| (&first.words[*one], &second.words[*two]));
    let mut spans: Vec<(Span, Span)> =
        numbers.filter(|(one, _)| is_number(&one.value)).map(|(one, two)| (one.span, two.span)).collect();
    spans.sort_unstable();
    if let Some(pair) = spans.windows(2).find(|pair| pair[0].1 > pair[1].1) {
        let note = "the numbers stand in another order";
        bench.add(Topic::Threshold, Finding::Missing, Some(pair[0].0), Some(pair[1].1), note);
    }
}

/// Two parties, places, prices or acts in another order can be another question ("A gains from B"): open, unless they are
/// merely listed.
fn facets_in_order(bench: &mut Bench<'_>) {
    let (first, second) = (bench.first, bench.second);
    if first.game.is_some() || second.game.is_some() || first.says(Facet::Act, "meet").is_some() {
        return;
    }
    for facet in [Facet::Party, Facet::Place, Facet::Asset, Facet::Act, Facet::Office] {
        let mut shared: Vec<(Span, Span)> = first
            .values(facet)
            .filter_map(|one| Some((one.span, second.says(facet, one.value.value)?)))
            .filter(|(one, two)| one.source == Source::Title && two.source == Source::Title)
            .collect();
        shared.sort_unstable();
        let turned = shared.windows(2).find(|pair| {
            pair[0].1.start > pair[1].1.start
                && !(listed(first, pair[0].0, pair[1].0) && listed(second, pair[1].1, pair[0].1))
        });
        if let Some(pair) = turned {
            let note = "they stand in another order";
            bench.add(Topic::Roles, Finding::Missing, Some(pair[0].0), Some(pair[1].1), note);
        }
    }
}

/// Whether nothing but "and", "or" or a comma stands between two places of a title.
fn listed(contract: &Contract, before: Span, after: Span) -> bool {
    let between = contract.listing.title.get(before.end as usize..after.start as usize).unwrap_or("");
    matches!(between.trim(), "and" | "or" | "&" | "," | "/" | "" | "-" | "the" | "and the")
}

/// Names that one question puts after "from", "than", "by" or "against" and the other does not: what comes from A goes to
/// A there, or what A has more of than B, B has.
fn governed(bench: &mut Bench<'_>, pairs: &[(usize, usize)]) {
    let (first, second) = (bench.first, bench.second);
    if first.game.is_some() || second.game.is_some() {
        return;
    }
    let names = pairs.iter().map(|(one, two)| (&first.words[*one], &second.words[*two]));
    let named = names.filter(|(one, two)| {
        one.value.name && one.value.role == Role::Free && two.value.role == Role::Free && !is_number(&one.value)
    });
    let mut both: Vec<(Span, Span)> = named.map(|(one, two)| (one.span, two.span)).collect();
    for facet in [Facet::Party, Facet::Place, Facet::Asset, Facet::Competition] {
        both.extend(first.values(facet).filter_map(|one| Some((one.span, second.says(facet, one.value.value)?))));
    }
    both.retain(|(one, two)| one.source == Source::Title && two.source == Source::Title);
    let differs = both.into_iter().find(|(one, two)| governor(first, *one) != governor(second, *two));
    if let Some((one, two)) = differs {
        let said = [governor(first, one), governor(second, two)].into_iter().flatten().next().unwrap_or_default();
        let note = format!("it stands after \"{said}\" on one side only");
        bench.add(Topic::Roles, Finding::Missing, Some(one), Some(two), note);
    }
}

/// The preposition before the name that holds `span`, when it is one that says on which side the name stands.
fn governor(contract: &Contract, span: Span) -> Option<&'static str> {
    let before = contract.listing.title.get(..span.start as usize)?;
    let word = before.split_whitespace().rev().find(|word| {
        let plain = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        !plain.starts_with(char::is_uppercase) && !matches!(plain, "the" | "of" | "a" | "")
    })?;
    ["from", "than", "by", "against"].into_iter().find(|governor| *governor == word)
}

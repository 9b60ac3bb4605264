//! The sentence that says when Yes pays, held against the question it belongs to.

use crate::contract::{Contract, Field, Role, Source, Span};
use crate::range::{self, Range, RangeRelation};
use crate::read::question::Reading;
use crate::text;

/// A contradiction in values: the first sentence that says when Yes pays names some, and none is the question's.
pub(super) fn against_question(contract: &Contract, words: Option<Field<Range>>) -> Option<(Span, Span, &'static str)> {
    let asked = words.or(contract.range)?;
    let span = *contract.clauses.pays.iter().find(|span| span.source == Source::Rules)?;
    let tokens = text::tokens(contract.quote(span));
    let step = crate::compare::step(contract, &asked.value);
    let ruled = range::find(&tokens, |_| true);
    let same = ruled.iter().any(|one| asked.value.relation(&one.range, step) == RangeRelation::Equal);
    let first = ruled.first().filter(|_| !same)?;
    let start = span.start as usize;
    let place = Span::new(span.source, start + tokens[first.from].start, start + tokens[first.to - 1].end);
    Some((asked.span, place, "question and rules name different values"))
}

/// A name that does it in the question and suffers it in a sentence that says when Yes pays, or the other way round.
pub(crate) fn turned_round(contract: &Contract) -> Option<Span> {
    contract.clauses.pays.iter().find_map(|span| {
        let said = Reading::of(&text::tokens(contract.quote(*span)), span.source, None, |_| true);
        said.words.iter().filter(|word| word.value.name).find_map(|word| {
            contract.words.iter().find(|asked| {
                let roles = (asked.value.role, word.value.role);
                asked.value.text == word.value.text
                    && matches!(roles, (Role::Agent, Role::Patient) | (Role::Patient, Role::Agent))
            })?;
            let start = span.start as usize;
            Some(Span::new(span.source, start + word.span.start as usize, start + word.span.end as usize))
        })
    })
}

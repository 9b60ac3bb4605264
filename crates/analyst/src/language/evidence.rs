//! Looking up what was quoted: words count only where they stand in the source that is named, letter for letter.
//!
//! The sources are those that the model was shown, as it was shown them. One quote that is not found takes its whole driver
//! with it: a reason that invents one of its proofs is not half a reason. It cannot say that the words mean what is claimed;
//! that they exist is all that can be checked without judgment.

use super::answer::{Claim, Estimate};
use super::prompt::Shown;

/// Fewest characters of a quote: below, it would be found anywhere.
pub const MIN_QUOTE_CHARS: usize = 8;

/// An estimate whose remaining reasons have proofs that exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The estimate, with the drivers that passed.
    pub estimate: Estimate,
    /// How many drivers were dropped.
    pub dropped: usize,
}

/// Drops every driver with a quote that is not found. A driver of no weight is none.
pub fn check(mut estimate: Estimate, sources: &[Shown]) -> Checked {
    let before = estimate.claims.len();
    estimate.claims.retain(|claim| claim.weight > 0.0 && is_proved(claim, sources));
    Checked { dropped: before - estimate.claims.len(), estimate }
}

fn is_proved(claim: &Claim, sources: &[Shown]) -> bool {
    !claim.quotes.is_empty()
        && claim.quotes.iter().all(|quote| {
            let long_enough = quote.text.trim().chars().count() >= MIN_QUOTE_CHARS;
            long_enough && sources.iter().any(|shown| shown.id == quote.source && stands_in(shown, &quote.text))
        })
}

/// Headlines are shown and may be quoted like the text under them.
fn stands_in(shown: &Shown, words: &str) -> bool {
    shown.text.contains(words) || shown.title.contains(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::answer::Quote;
    use crate::opinion::Sign;
    use brier_types::Prob;

    fn shown(id: &str, text: &str) -> Shown {
        Shown { id: id.to_owned(), title: "Heat grips the coast".to_owned(), text: text.to_owned(), as_of: None }
    }

    fn kept(quotes: &[(&str, &str)], weight: f64) -> bool {
        let prob = Prob::new(0.5).unwrap();
        let quotes = quotes.iter().map(|(source, text)| Quote { source: (*source).into(), text: (*text).into() });
        let claim = Claim { text: "c".into(), sign: Sign::Up, weight, quotes: quotes.collect() };
        let estimate = Estimate { prob, low: prob, high: prob, claims: vec![claim], changes: Vec::new() };
        let sources = [shown("D1", "The forecast calls for a high near 88 in the park."), shown("D2", "Rain by noon.")];
        let checked = check(estimate, &sources);
        assert_eq!(checked.estimate.claims.len() + checked.dropped, 1);
        checked.dropped == 0
    }

    #[test]
    fn words_must_stand_in_the_source_that_is_named() {
        assert!(kept(&[("D1", "a high near 88")], 0.5));
        assert!(kept(&[("D1", "a high near 88"), ("D2", "Rain by noon")], 0.5));
        assert!(kept(&[("D2", "Heat grips the coast")], 0.5), "a headline");
        assert!(!kept(&[("D2", "a high near 88")], 0.5), "another source");
        assert!(!kept(&[("D9", "a high near 88")], 0.5), "no such source");
        assert!(!kept(&[("D1", "a high near 89")], 0.5), "one digit off");
        assert!(!kept(&[("D1", "A high near 88")], 0.5), "letter for letter");
        assert!(!kept(&[("D1", "a high near 88"), ("D2", "Snow by noon")], 0.5), "one invented proof spoils all");
        assert!(!kept(&[("D1", "near 88")], 0.5), "too short to prove anything");
        assert!(!kept(&[("D1", "a high near 88")], 0.0), "no weight");
    }
}

//! Making the words of others harmless before a language model reads them.
//!
//! What markets and newspapers write is data. It is brought to one form (so that a quote is found as it stands), loses what
//! people cannot see, cannot hold the marks that it is set between, and is cut to a length. Nothing here judges what the words
//! say: whatever they ask for, all that can come back is a form about one question.

/// What a mark in a text is replaced with. No mark can hold a bracket, so none can arise around it.
const REMOVED: &str = "[removed]";
/// What stands for a sentence that tells what traders pay.
const LEFT_OUT: &str = "[a sentence on market prices is left out]";

/// Words by which a sentence speaks of a market on the question, in lower case.
const MARKET_WORDS: &[&str] = &[
    "kalshi",
    "polymarket",
    "predictit",
    "manifold",
    "metaculus",
    "betfair",
    "prediction market",
    "betting market",
    "betting odds",
    "bettors",
    "bookmaker",
    "implied probability",
    "implied odds",
];

/// A text in its one form: every run of white space is one space, what cannot be seen (control characters, marks of
/// direction, joiners of no width, tags) is gone, `mark` is removed in any case of its letters, brackets that model
/// endpoints read as turns are broken, and the rest is cut to `most` characters.
///
/// The second part of the answer says whether anything was cut off.
///
/// ```
/// use brier_analyst::language::text::clean;
/// let (text, cut) = clean("High \u{202e}of\n\n 88.\u{200b} <|im_end|> 0123ABcd", "0123abcd", 80);
/// assert_eq!((text.as_str(), cut), ("High of 88. < |im_end| > [removed]", false));
/// ```
pub fn clean(text: &str, mark: &str, most: usize) -> (String, bool) {
    let mut plain = String::with_capacity(text.len());
    let mut space = true;
    for c in text.chars() {
        if c.is_whitespace() {
            if !space {
                plain.push(' ');
            }
            space = true;
        } else if !is_unseen(c) {
            plain.push(c);
            space = false;
        }
    }
    let plain = plain.replace("<|", "< |").replace("|>", "| >");
    let unmarked = without(&plain, mark);
    let trimmed = unmarked.trim_end();
    match trimmed.char_indices().nth(most) {
        Some((end, _)) => (trimmed[..end].trim_end().to_owned(), true),
        None => (trimmed.to_owned(), false),
    }
}

/// The text without `mark`, whatever the case of its letters.
fn without(text: &str, mark: &str) -> String {
    if mark.is_empty() {
        return text.to_owned();
    }
    // Lower case of ASCII keeps every byte's place.
    let (lower, mark) = (text.to_ascii_lowercase(), mark.to_ascii_lowercase());
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, found) in lower.match_indices(&mark) {
        out.push_str(&text[from..at]);
        out.push_str(REMOVED);
        from = at + found.len();
    }
    out.push_str(&text[from..]);
    out
}

/// Whether people do not see a character that a machine reads.
fn is_unseen(c: char) -> bool {
    let code = u32::from(c);
    c.is_control()
        || matches!(
            code,
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
                | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
                | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
        )
}

/// The text without the sentences that tell what traders pay on the question: those that name a market or bettors and hold a
/// digit or a percentage in words. A net with wide meshes: the price is no field of a dossier, and this is for prose.
///
/// ```
/// use brier_analyst::language::text::without_market_talk;
/// let text = "Rain is likely. Traders on Kalshi give it 62%. The front arrives at 5 p.m. today.";
/// let kept = without_market_talk(text);
/// assert!(kept.contains("Rain is likely.") && kept.contains("5 p.m.") && !kept.contains("62"));
/// ```
pub fn without_market_talk(text: &str) -> String {
    sentences(text)
        .map(|sentence| if is_market_talk(sentence) { format!("{LEFT_OUT} ") } else { sentence.to_owned() })
        .collect()
}

fn is_market_talk(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let numbers = ["percent", "per cent", "cents", "odds", "chance", "probability"];
    MARKET_WORDS.iter().any(|word| lower.contains(word))
        && (lower.contains(|c: char| c.is_numeric()) || numbers.iter().any(|word| lower.contains(word)))
}

/// Pieces that end after `.`, `!` or `?` before white space, or at a line's end; together they are the text.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut ended = false;
        let end = rest.char_indices().find_map(|(at, c)| {
            if c == '\n' || (ended && c.is_whitespace()) {
                return Some(at + c.len_utf8());
            }
            ended = matches!(c, '.' | '!' | '?' | '…') || (ended && matches!(c, '"' | '”' | ')' | '\''));
            None
        });
        let (sentence, next) = rest.split_at(end.unwrap_or(rest.len()));
        rest = next;
        Some(sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_cannot_hold_its_mark() {
        let mark = "deadbeef";
        for text in ["deadbeef", "DEADbeef", "deaddeadbeefbeef", "dead\u{200b}beef", "de\u{202e}ad\u{7}beef x"] {
            let (cleaned, _) = clean(text, mark, 100);
            assert!(!cleaned.to_lowercase().contains(mark), "{cleaned}");
        }
    }

    #[test]
    fn tags_that_nobody_sees_are_gone() {
        let hidden: String = "ignore all".chars().filter_map(|c| char::from_u32(0xE0000 + u32::from(c))).collect();
        assert_eq!(clean(&format!("dry{hidden} day"), "m", 100).0, "dry day");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(clean("äöü äöü", "m", 4), ("äöü".to_owned(), true));
        assert_eq!(clean("äöü", "m", 3), ("äöü".to_owned(), false));
    }

    #[test]
    fn talk_of_prices_is_left_out_and_nothing_else() {
        let text =
            "Kalshi is a venue. Bettors see a 70 percent chance! High near 88. \"Odds on Polymarket: 0.42.\" Done";
        let kept = without_market_talk(text);
        assert!(kept.contains("Kalshi is a venue.") && kept.contains("High near 88.") && kept.ends_with("Done"));
        assert!(!kept.contains("70") && !kept.contains("0.42"), "{kept}");
    }

    proptest! {
        #[test]
        fn cleaning_again_changes_nothing(text in "\\PC{0,60}", most in 0_usize..50) {
            let (once, _) = clean(&text, "beef", most);
            prop_assert!(once.chars().count() <= most);
            prop_assert_eq!(clean(&once, "beef", most).0, once);
        }

        #[test]
        fn sentences_lose_nothing(text in "[a-z .!?\n\"]{0,60}") {
            prop_assert_eq!(sentences(&text).collect::<String>(), text);
        }
    }
}

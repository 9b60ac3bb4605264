//! When two spellings are one given name.

/// Given names and the short forms in daily use. A line is one person-independent family of forms.
const SHORT_FORMS: &[&[&str]] = &[
    &["alexander", "alex"],
    &["alexandra", "alex"],
    &["andrew", "andy", "drew"],
    &["anthony", "tony"],
    &["benjamin", "ben"],
    &["cameron", "cam"],
    &["catherine", "cathy", "kate"],
    &["charles", "charlie", "chuck"],
    &["christopher", "chris"],
    &["daniel", "dan", "danny"],
    &["david", "dave"],
    &["deborah", "debbie", "deb"],
    &["donald", "don"],
    &["edward", "ed", "eddie", "ted"],
    &["elizabeth", "liz", "beth", "betsy"],
    &["frederick", "fred"],
    &["gabriel", "gabe"],
    &["gregory", "greg"],
    &["gerald", "jerry"],
    &["jacob", "jake"],
    &["james", "jim", "jimmy"],
    &["jeffrey", "jeff"],
    &["jennifer", "jen", "jenny"],
    &["john", "jack", "johnny"],
    &["jonathan", "jon", "john"],
    &["joseph", "joe", "joey"],
    &["joshua", "josh"],
    &["katherine", "kate", "katie", "kathy"],
    &["kenneth", "ken", "kenny"],
    &["lawrence", "larry"],
    &["leonard", "len", "lenny"],
    &["margaret", "maggie", "meg", "peggy"],
    &["matthew", "matt"],
    &["michael", "mike"],
    &["nathan", "nate"],
    &["nathaniel", "nate"],
    &["nicholas", "nick"],
    &["patrick", "pat"],
    &["patricia", "pat", "patty"],
    &["peter", "pete"],
    &["philip", "phillip", "phil"],
    &["rebecca", "becky"],
    &["richard", "rick", "rich", "dick"],
    &["robert", "bob", "rob", "bobby"],
    &["ronald", "ron", "ronny"],
    &["samuel", "sam"],
    &["samantha", "sam"],
    &["stephen", "steven", "steve"],
    &["susan", "sue"],
    &["theodore", "ted", "theo"],
    &["thomas", "tom", "tommy"],
    &["timothy", "tim"],
    &["victoria", "vicky"],
    &["vincent", "vince"],
    &["walter", "walt"],
    &["william", "bill", "will", "billy"],
    &["zachary", "zach", "zack"],
];

/// Whether two folded words can be one person's given name: the same, a short form of the other, its initial, or the
/// same name in another transliteration.
///
/// Callers use this only beside an equal surname: it is no proof by itself.
pub(crate) fn given_names_agree(one: &str, two: &str) -> bool {
    one == two
        || SHORT_FORMS.iter().any(|forms| forms.contains(&one) && forms.contains(&two))
        || initial_of(one, two)
        || initial_of(two, one)
        || transliterations(one, two)
}

fn initial_of(short: &str, long: &str) -> bool {
    short.chars().count() == 1 && long.len() > 1 && long.starts_with(short)
}

/// Whether two spellings differ only in doubled letters, or in one inner `a` for `e` or `i` for `y` of a name of five
/// letters and more: Vasil and Vassil, Ahmad and Ahmed. Another vowel, or another last one, is another name (Larson and
/// Larsen, Karen and Karin, Mario and Maria).
pub(crate) fn transliterations(one: &str, two: &str) -> bool {
    let (one, two) = (single_letters(one), single_letters(two));
    if one == two {
        return one.len() >= 4;
    }
    if one.len() != two.len() || one.len() < 5 || !one.is_ascii() || !two.is_ascii() {
        return false;
    }
    let alike = |a: u8, b: u8| matches!((a, b), (b'a', b'e') | (b'e', b'a') | (b'i', b'y') | (b'y', b'i'));
    let mut differing = one.bytes().zip(two.bytes()).enumerate().filter(|(_, (a, b))| a != b);
    match (differing.next(), differing.next()) {
        (Some((at, (a, b))), None) => at > 0 && at + 1 < one.len() && alike(a, b),
        _ => false,
    }
}

fn single_letters(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for letter in word.chars() {
        if !out.ends_with(letter) {
            out.push(letter);
        }
    }
    out
}

/// Whether a word is a particle inside surnames, which some texts leave out.
pub(crate) fn surname_particle(word: &str) -> bool {
    matches!(word, "al" | "el" | "de" | "da" | "di" | "van" | "von" | "der" | "la" | "le" | "bin" | "ibn")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_name_agree_and_others_do_not() {
        for (one, two) in [("mike", "michael"), ("vasil", "vassil"), ("ahmad", "ahmed"), ("j", "jacob")] {
            assert!(given_names_agree(one, two), "{one} {two}");
        }
        for (one, two) in [
            ("flavio", "eduardo"),
            ("mario", "maria"),
            ("letitia", "james"),
            ("oliver", "fiona"),
            ("john", "jane"),
            ("larson", "larsen"),
            ("karen", "karin"),
        ] {
            assert!(!given_names_agree(one, two), "{one} {two}");
        }
    }
}

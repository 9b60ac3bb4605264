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

/// Whether two spellings differ only in doubled letters, or in one inner vowel of a name of five letters and more:
/// Vasil and Vassil, Ahmad and Ahmed. A different last vowel is another name (Mario and Maria).
pub(crate) fn transliterations(one: &str, two: &str) -> bool {
    let (one, two) = (single_letters(one), single_letters(two));
    if one == two {
        return one.len() >= 4;
    }
    if one.len() != two.len() || one.len() < 5 || !one.is_ascii() || !two.is_ascii() {
        return false;
    }
    let vowel = |byte: u8| matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let mut differing = one.bytes().zip(two.bytes()).enumerate().filter(|(_, (a, b))| a != b);
    match (differing.next(), differing.next()) {
        (Some((at, (a, b))), None) => at > 0 && at + 1 < one.len() && vowel(a) && vowel(b),
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
        for (one, two) in
            [("flavio", "eduardo"), ("mario", "maria"), ("letitia", "james"), ("oliver", "fiona"), ("john", "jane")]
        {
            assert!(!given_names_agree(one, two), "{one} {two}");
        }
    }
}

//! Names of members in descriptions that people write: one that is not known is refused, with the nearest that is.
//!
//! It looks at names only; whether a value fits is for whoever reads it.

use serde_json::Value;

use super::AdminError;

/// The longest name that is compared: longer ones are near to none.
const MAX_NAME: usize = 64;

/// Refuses an object that has a member of another name than those in `known` and `also`; an error tells `known`.
///
/// # Errors
/// [`AdminError::Invalid`] says which member is not known, and which was probably meant.
pub(crate) fn check(what: &str, given: &Value, known: &[&str], also: &[&str]) -> Result<(), AdminError> {
    unknown(given, known, also).map_or(Ok(()), |problem| Err(AdminError::Invalid(format!("{what}: {problem}"))))
}

/// The first member of another name than those in `known` and `also`, and which was probably meant.
pub(crate) fn unknown(given: &Value, known: &[&str], also: &[&str]) -> Option<String> {
    let mut names = given.as_object().into_iter().flat_map(|given| given.keys());
    let name = names.find(|name| !known.contains(&name.as_str()) && !also.contains(&name.as_str()))?;
    let words = match nearest(name, known) {
        Some(meant) => format!("perhaps `{meant}` is meant"),
        None => format!("expected `{}`", known.join("`, `")),
    };
    Some(format!("unknown member `{name:.64}`; {words}"))
}

/// The line of a catalog's text that an error about it means: the only one that has the member or name that it quotes first, and the
/// value that it found, if it says one. None where several have.
pub(crate) fn catalog_line(text: &str, problem: &str) -> Option<usize> {
    let quoted =
        problem.split('`').skip(1).step_by(2).map(|word| format!("\"{word}\"")).find(|word| text.contains(word))?;
    let found = problem.rsplit_once(", found ").map_or("", |(_, found)| found);
    let of_it = |wanted: &str| {
        let mut lines = text.lines().zip(1..).filter(|(line, _)| line.contains(&quoted) && line.contains(wanted));
        let first = lines.next().map(|(_, number)| number);
        first.filter(|_| lines.next().is_none())
    };
    of_it(found).or_else(|| of_it(""))
}

/// Warns of members of a venue's own record that are no name of its schema and near to one: such a record may have members that are
/// not read, but hardly by a letter.
pub(crate) fn warn(what: &str, given: &Value, known: &[&str]) {
    for name in given.as_object().into_iter().flat_map(|given| given.keys()) {
        if let Some(meant) = slip(name, known) {
            tracing::warn!(what, member = name.as_str(), meant, "a member is not known and is not read");
        }
    }
}

/// The known name that was probably meant by one that is not known: at most two letters apart.
fn slip<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let meant = if known.contains(&name) { None } else { nearest(name, known) };
    meant.filter(|meant| distance(name, meant) <= 2)
}

/// The known name that differs in the fewest letters, if they are fewer than half of it and three at most.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > MAX_NAME {
        return None;
    }
    let (apart, meant) = known.iter().map(|meant| (distance(name, meant), *meant)).min_by_key(|(apart, _)| *apart)?;
    (apart <= 3 && apart * 2 < name.len()).then_some(meant)
}

/// How many letters must be put in, left out or replaced.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (place, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_unknown_name_is_told_with_the_nearest_or_with_all() {
        let told = |given: Value| check("market", &given, &["slug", "fee_rate"], &["endDate"]).unwrap_err().to_string();
        assert!(check("market", &json!({"slug": 1, "endDate": 2}), &["slug"], &["endDate"]).is_ok());
        assert_eq!(told(json!({"fee_rte": 1})), "market: unknown member `fee_rte`; perhaps `fee_rate` is meant");
        assert_eq!(told(json!({"feeRate": 1})), "market: unknown member `feeRate`; perhaps `fee_rate` is meant");
        assert_eq!(told(json!({"colour": 1})), "market: unknown member `colour`; expected `slug`, `fee_rate`");
    }

    #[test]
    fn a_slip_is_near_to_a_name_and_an_older_name_is_none() {
        let known = ["rules_primary", "volume_fp", "open_interest_fp", "status"];
        let found =
            ["rules_primry", "rules_primary", "volume", "open_interest", "statsu"].map(|name| slip(name, &known));
        assert_eq!(found, [Some("rules_primary"), None, None, None, Some("status")]);
    }

    #[test]
    fn an_error_has_a_line_where_only_one_is_meant() {
        let text = "{\n \"markets\": [\n  {\"ticker\": \"A\", \"open_time\": \"1\"},\n  {\"ticker\": \"B\", \"open_time\": \"x\"}\n ]}";
        let line = |problem: &str| catalog_line(text, problem);
        assert_eq!(line("market: `open_time`: expected a time such as `1`, found \"x\""), Some(4));
        assert_eq!(line("market `A` is listed already; choose another ticker"), Some(3));
        assert_eq!(line("catalog: expected `markets` to be a list"), Some(2));
        assert_eq!(line("market: `open_time`: expected a number"), None, "both have one");
        assert_eq!(line("market: expected `close_time`, found none"), None);
    }

    #[test]
    fn letters_apart() {
        let apart = [("", "abc"), ("seris", "series"), ("slug", "slug"), ("tick", "kick"), ("ab", "ba")];
        assert_eq!(apart.map(|(left, right)| distance(left, right)), [3, 1, 0, 1, 2]);
    }
}

//! Reads Rust source as far as the checks need it: code without comments and literals, comments alone, words.
//!
//! A lexer, not a parser: it cannot be misled by a word in a string or a comment, and it looks at no macro's output.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// One source text, taken apart. Both halves keep every line break, so line numbers agree with the file.
pub(crate) struct Source {
    /// The code; comments and the insides of literals are blanks.
    pub(crate) code: String,
    /// The comments; everything else is blanks.
    pub(crate) comments: String,
}

impl Source {
    /// Takes `text` apart. Unfinished comments and literals reach to the end.
    pub(crate) fn new(text: &str) -> Self {
        let (mut code, mut comments) = (String::with_capacity(text.len()), String::with_capacity(text.len()));
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let in_word = code.ends_with(is_word);
            let (length, kind) = if rest.starts_with("//") {
                (rest.find('\n').unwrap_or(rest.len()), Kind::Comment)
            } else if rest.starts_with("/*") {
                (block_comment(rest), Kind::Comment)
            } else if let Some(length) = literal(rest, in_word) {
                (length, Kind::Literal)
            } else {
                (first.len_utf8(), Kind::Code)
            };
            let (piece, after) = rest.split_at(length);
            for (half, keeps) in [(&mut code, kind == Kind::Code), (&mut comments, kind == Kind::Comment)] {
                if keeps {
                    half.push_str(piece);
                } else {
                    half.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
                }
            }
            rest = after;
        }
        Self { code, comments }
    }

    /// Blanks every item under `#[cfg(test)]`: what is compiled for tests alone may read clocks and files.
    pub(crate) fn without_tests(mut self) -> Self {
        let mut from = 0;
        while let Some(at) = self.code[from..].find("#[cfg(test)]").map(|at| at + from) {
            let end = item_end(&self.code, at);
            let blank: String = self.code[at..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            from = at + blank.len();
            self.code.replace_range(at..end, &blank);
        }
        self
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Whether `c` can stand inside an identifier.
pub(crate) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Length of the block comment at the start of `text`; they nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Length of the string or character literal at the start of `text`, if there is one.
fn literal(text: &str, in_word: bool) -> Option<usize> {
    if text.starts_with('\'') {
        return character(text);
    }
    let prefix =
        if in_word { "" } else { ["br", "cr", "r", "b", "c"].into_iter().find(|p| text.starts_with(p)).unwrap_or("") };
    let body = &text[prefix.len()..];
    let hashes = if prefix.ends_with('r') { body.len() - body.trim_start_matches('#').len() } else { 0 };
    let inside = body[hashes..].strip_prefix('"')?;
    let start = text.len() - inside.len();
    if prefix.ends_with('r') {
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(inside.find(&close).map_or(text.len(), |at| start + at + close.len()));
    }
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            '"' if !escaped => return Some(start + at + 1),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    Some(text.len())
}

/// Length of a character literal; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        let (_, _escaped) = chars.next()?;
        return chars.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1);
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
}

/// End of the item that starts at `at`: its closing brace, or its semicolon when that comes first.
fn item_end(code: &str, at: usize) -> usize {
    let mut depth = 0_u32;
    for (offset, c) in code[at..].char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '}' if depth <= 1 => return at + offset + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + offset + 1,
            _ => {}
        }
    }
    code.len()
}

/// Offsets at which `pattern` stands in `code` as whole words. The pattern may hold `::`, `!` and the like.
pub(crate) fn find_words(code: &str, pattern: &str) -> Vec<usize> {
    let starts_in_word = pattern.starts_with(is_word);
    let ends_in_word = pattern.ends_with(is_word);
    let whole = |at: usize| {
        let before = code[..at].chars().next_back().is_some_and(is_word);
        let after = code[at + pattern.len()..].chars().next().is_some_and(is_word);
        !(starts_in_word && before || ends_in_word && after)
    };
    code.match_indices(pattern).map(|(at, _)| at).filter(|at| whole(*at)).collect()
}

/// Line number, from 1, of an offset.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// All `.rs` files under `folder`, sorted. A missing folder has none.
pub(crate) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        let entries = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| unreadable(&folder, &error))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot read `{}`: {error}", path.display()))
}

/// Whether a source file is compiled for tests alone, by where it lies: `tests.rs`, or anything in a folder `tests`.
pub(crate) fn is_test_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_comments_are_told_apart() {
        let source = Source::new(
            "let a = \"std::fs\"; // Instant::now\nlet b = 'x'; /* a /* b */ c */ let c: &'a str = r#\"\"std::net\"\"#;",
        );
        assert!(!source.code.contains("std::fs") && !source.code.contains("Instant"));
        assert!(!source.code.contains("std::net") && source.code.contains("let c: &'a str ="));
        assert!(source.comments.contains("Instant::now") && source.comments.contains("/* b */ c */"));
        assert_eq!(source.code.matches('\n').count(), 1);
    }

    #[test]
    fn escapes_do_not_end_literals() {
        let source = Source::new(r#"f("a\"HashMap\\"); g('\'', '"', "HashMap"); HashMap"#);
        assert_eq!(find_words(&source.code, "HashMap").len(), 1);
    }

    #[test]
    fn test_items_are_left_out() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { std::fs::read(x); } }\n#[cfg(test)]\nmod more;\nfn c() { HashMap }";
        let source = Source::new(text).without_tests();
        assert!(!source.code.contains("std::fs") && !source.code.contains("more"));
        assert!(source.code.contains("fn c() { HashMap }"));
        assert_eq!(line_of(&source.code, source.code.find("fn c").expect("kept")), 6);
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(find_words("IndexHashMap HashMapx HashMap<", "HashMap"), vec![22]);
        assert_eq!(find_words("x.unreadable() Timestamp::now()", "::now("), vec![24]);
    }
}

//! Just enough of XML and HTML to read feeds and the Fed's page: tags, texts, entities, CDATA. Tolerant and total: broken
//! markup gives what can be read, never a panic, in time linear in its length.

/// A piece of markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A tag opens: its name as written, and the rest between the brackets.
    Open { name: &'a str, attributes: &'a str, empty: bool },
    /// A tag closes.
    Close { name: &'a str },
    /// Text with entities as written.
    Text(&'a str),
    /// Text that stands for itself.
    Raw(&'a str),
}

/// Reads markup piece by piece.
#[derive(Debug)]
pub(crate) struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Pieces<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What stands before `end`, and skips both; all of it when `end` never comes.
    fn until(&mut self, end: &str) -> &'a str {
        if let Some((inner, rest)) = self.rest.split_once(end) {
            self.rest = rest;
            inner
        } else {
            std::mem::take(&mut self.rest)
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(inner) = self.rest.strip_prefix('<') else {
                let at = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(at);
                self.rest = rest;
                return Some(Piece::Text(text));
            };
            if let Some(data) = inner.strip_prefix("![CDATA[") {
                self.rest = data;
                return Some(Piece::Raw(self.until("]]>")));
            }
            if let Some(comment) = inner.strip_prefix("!--") {
                self.rest = comment;
                self.until("-->");
                continue;
            }
            self.rest = inner;
            if inner.starts_with(['!', '?']) {
                self.until(">");
                continue;
            }
            let tag = self.until(">");
            if let Some(name) = tag.strip_prefix('/') {
                return Some(Piece::Close { name: name.trim() });
            }
            let empty = tag.ends_with('/');
            let tag = tag.strip_suffix('/').unwrap_or(tag);
            let (name, attributes) = tag.split_once(|character: char| character.is_whitespace()).unwrap_or((tag, ""));
            return Some(Piece::Open { name, attributes, empty });
        }
    }
}

/// The value of an attribute, with entities resolved.
pub(crate) fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let (value, next) = match quote {
            Some(quote) => after.get(1..).and_then(|inner| inner.split_once(quote))?,
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        if name.trim() == wanted {
            return Some(resolve(value));
        }
        rest = next;
    }
    None
}

/// Text with its entities resolved: the five of XML, numbers, and the few of HTML that feeds are full of.
pub(crate) fn resolve(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        // No entity that is known here is longer.
        let end = after.bytes().take(12).position(|byte| byte == b';');
        let known = end.and_then(|end| Some((entity(after.get(..end)?)?, after.get(end + 1..)?)));
        let (character, next) = known.unwrap_or(('&', after));
        out.push(character);
        rest = next;
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" | "ldquo" | "rdquo" => '"',
        "apos" | "rsquo" | "lsquo" => '\'',
        "nbsp" => ' ',
        "ndash" | "mdash" => '-',
        "hellip" => '…',
        "deg" => '°',
        _ => return None,
    })
}

/// Markup as the words a reader sees, in segments between tags; scripts and styles are left out.
pub(crate) fn plain_segments(markup: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut hidden: Option<&str> = None;
    for piece in Pieces::new(markup) {
        match piece {
            Piece::Open { name, empty: false, .. } if matches!(name, "script" | "style") => hidden = Some(name),
            Piece::Close { name } if hidden == Some(name) => hidden = None,
            Piece::Text(text) if hidden.is_none() => {
                let resolved = resolve(text);
                let words: Vec<&str> = resolved.split_whitespace().collect();
                if !words.is_empty() {
                    out.push(words.join(" "));
                }
            }
            _ => {}
        }
    }
    out
}

/// As [`plain_segments`], in one line.
pub(crate) fn plain(markup: &str) -> String {
    plain_segments(markup).join(" ")
}

/// Bytes as text by what they are: UTF-8, else the Western code page that old feeds are in.
pub(crate) fn decode(body: &[u8]) -> String {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) => body.iter().copied().map(western).collect(),
    }
}

/// One byte of Windows-1252, which holds ISO 8859-1.
const fn western(byte: u8) -> char {
    match byte {
        0x80 => '€',
        0x85 => '…',
        0x91 | 0x92 => '\'',
        0x93 | 0x94 => '"',
        0x96 | 0x97 => '-',
        _ => byte as char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_markup_gives_what_can_be_read() {
        for (markup, want) in [
            ("<p>a &amp; b</p>", "a & b"),
            ("a <b>c", "a c"),
            ("<!-- x --><i>y</i><", "y"),
            ("&#233;&#xe9;&nope;&", "éé&nope;&"),
            ("<style>p{}</style>z", "z"),
            ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
            ("<![CDATA[", ""),
        ] {
            assert_eq!(plain(markup), want, "{markup}");
        }
        assert_eq!(attribute(r#"rel="self" href='https://x?a=1&amp;b=2'"#, "href").unwrap(), "https://x?a=1&b=2");
        assert_eq!(attribute("href=", "href").as_deref(), Some(""));
        assert_eq!(decode(b"caf\xe9 \x93x\x94"), "café \"x\"");
    }
}

//! An answer read off a connection, piece by piece as it comes: head, then a body by length, in chunks or to the end.
//!
//! Pure. Invariants: a body is whole or said to be cut; nothing that HTTP leaves open is guessed (two framings at once, an
//! unknown coding, lengths that differ), as what follows on the connection would then be read wrongly.

use brier_types::Timestamp;

use crate::clock::parse_http_date;

/// The longest head accepted, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// The longest line of a chunk's size or of a trailer.
const MAX_LINE: usize = 8 * 1024;
/// The most headers accepted.
const MAX_HEADERS: usize = 96;

/// A whole answer, or a refusal whose text was cut.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// Whether the body is whole. A success is always whole: one that was cut is silence.
    pub whole: bool,
    pub(super) head: Vec<u8>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &String::from_utf8_lossy(&self.body[..self.body.len().min(512)]))
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}

impl Response {
    /// An answer without headers, for tests and for what stands in for a venue.
    pub const fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, body, whole: true, head: Vec::new() }
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// The venue's time, in whole seconds, where the answer says it.
    pub fn date(&self) -> Option<Timestamp> {
        self.header("date").and_then(parse_http_date)
    }
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (found, value) = line.split_at(colon);
        if !found.eq_ignore_ascii_case(name.as_bytes()) {
            return None;
        }
        std::str::from_utf8(value[1..].trim_ascii()).ok()
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// So many bytes.
    Length(usize),
    /// Chunks; the next one starts here in the buffer.
    Chunked(usize),
    /// All until the connection ends.
    ToTheEnd,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    status: u16,
    /// Where the head begins and ends in the buffer.
    from: usize,
    to: usize,
    framing: Framing,
    keep_alive: bool,
}

/// The answer that is being read.
#[derive(Debug)]
pub(super) struct Reader {
    /// Where what is received is put.
    pub(super) buffer: Vec<u8>,
    max_body: usize,
    head: Option<Head>,
    /// Where the head may begin: after answers that only inform.
    from: usize,
    /// A body of chunks, put together.
    chunks: Vec<u8>,
}

impl Reader {
    pub(super) fn new(max_body: usize) -> Self {
        Self { buffer: Vec::with_capacity(4 * 1024), max_body, head: None, from: 0, chunks: Vec::new() }
    }

    /// Forgets the answer, to read the next one.
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.chunks.clear();
        (self.head, self.from) = (None, 0);
    }

    /// The status, once the head is there.
    pub(super) fn status(&self) -> Option<u16> {
        self.head.map(|head| head.status)
    }

    /// Looks at what was received; `ended` when nothing more can come. Whether the answer is whole.
    ///
    /// # Errors
    /// What is wrong with it: the rest of the connection cannot be read.
    pub(super) fn advance(&mut self, ended: bool) -> Result<bool, String> {
        let head = match self.head {
            Some(head) => head,
            None => match self.read_head()? {
                Some(head) => *self.head.insert(head),
                None if ended && self.buffer.len() == self.from => {
                    return Err("the connection was closed before an answer came".to_owned());
                }
                None if ended => return Err("the connection was closed within the head of the answer".to_owned()),
                None => return Ok(false),
            },
        };
        let have = self.buffer.len() - head.to;
        let done = match head.framing {
            Framing::Length(length) => length <= have,
            Framing::Chunked(at) => self.read_chunks(at)?,
            Framing::ToTheEnd if have > self.max_body => return Err(self.too_long(have)),
            Framing::ToTheEnd => ended,
        };
        if ended && !done {
            return Err(format!("the connection was closed after {have} bytes of the body"));
        }
        Ok(done)
    }

    /// Takes the answer out, and tells whether the connection can serve another.
    ///
    /// # Panics
    /// When no head was read.
    pub(super) fn take(&mut self, whole: bool) -> (Response, bool) {
        let head = self.head.expect("an answer is taken after its head was read");
        let (body, to) = match head.framing {
            Framing::Length(length) => {
                let to = self.buffer.len().min(head.to + length);
                (self.buffer[head.to..to].to_vec(), to)
            }
            Framing::Chunked(at) => (std::mem::take(&mut self.chunks), at),
            Framing::ToTheEnd => (self.buffer[head.to..].to_vec(), self.buffer.len()),
        };
        // Bytes after the answer were never asked for.
        let reusable = whole && head.keep_alive && to == self.buffer.len();
        let response = Response { status: head.status, body, whole, head: self.buffer[head.from..head.to].to_vec() };
        self.clear();
        (response, reusable)
    }

    fn too_long(&self, found: usize) -> String {
        format!("expected a body of at most {} bytes, found {found}", self.max_body)
    }

    fn read_head(&mut self) -> Result<Option<Head>, String> {
        loop {
            let bytes = &self.buffer[self.from..];
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut parsed = httparse::Response::new(&mut headers);
            let length = match parsed.parse(bytes) {
                Ok(httparse::Status::Complete(length)) => length,
                Ok(httparse::Status::Partial) if bytes.len() > MAX_HEAD => {
                    return Err(format!("expected a head of at most {MAX_HEAD} bytes, found more"));
                }
                Ok(httparse::Status::Partial) => return Ok(None),
                Err(error) => return Err(format!("expected the head of an HTTP answer: {error}")),
            };
            let (status, minor) = (parsed.code.unwrap_or_default(), parsed.version.unwrap_or_default());
            if status == 101 {
                return Err("expected an answer, found a change of protocol".to_owned());
            }
            if status < 200 {
                // It only informs; the answer is still to come.
                self.from += length;
                continue;
            }
            let (framing, keep_alive) = self.framing(status, minor, parsed.headers)?;
            let (from, to) = (self.from, self.from + length);
            let framing = if let Framing::Chunked(_) = framing { Framing::Chunked(to) } else { framing };
            return Ok(Some(Head { status, from, to, framing, keep_alive }));
        }
    }

    fn framing(&self, status: u16, minor: u8, headers: &[httparse::Header<'_>]) -> Result<(Framing, bool), String> {
        let (mut length, mut chunked, mut keep_alive) = (None, false, minor == 1);
        for header in headers {
            let value = || std::str::from_utf8(header.value).unwrap_or_default().trim();
            if header.name.eq_ignore_ascii_case("content-length") {
                let text = value();
                let number =
                    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse::<usize>().ok() } else { None };
                let found = number.ok_or_else(|| format!("content-length: expected digits, found `{text:.32}`"))?;
                if length.is_some_and(|length| length != found) {
                    return Err("expected one content-length, found two that differ".to_owned());
                }
                length = Some(found);
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                if chunked || !value().eq_ignore_ascii_case("chunked") {
                    return Err(format!("transfer-encoding: expected `chunked`, found `{:.32}`", value()));
                }
                chunked = true;
            } else if header.name.eq_ignore_ascii_case("connection") {
                keep_alive &= !value().split(',').any(|word| word.trim().eq_ignore_ascii_case("close"));
            }
        }
        let framing = match (status, chunked, length) {
            (204 | 304, ..) => Framing::Length(0),
            (_, true, Some(_)) => return Err("expected a body by length or in chunks, found both".to_owned()),
            (_, true, None) => Framing::Chunked(0),
            (_, false, Some(length)) if length > self.max_body => return Err(self.too_long(length)),
            (_, false, Some(length)) => Framing::Length(length),
            (_, false, None) => Framing::ToTheEnd,
        };
        Ok((framing, keep_alive && framing != Framing::ToTheEnd))
    }

    /// Puts whole chunks from `at` on together. Whether the last one and the trailers are there.
    fn read_chunks(&mut self, mut at: usize) -> Result<bool, String> {
        let done = loop {
            let rest = &self.buffer[at..];
            match httparse::parse_chunk_size(rest) {
                Err(_no_size) => return Err("expected the size of a chunk, found something else".to_owned()),
                Ok(httparse::Status::Partial) if rest.len() > MAX_LINE => {
                    return Err(format!("expected the size of a chunk within {MAX_LINE} bytes, found more"));
                }
                Ok(httparse::Status::Partial) => break false,
                Ok(httparse::Status::Complete((head, 0))) => match trailers(&rest[head..])? {
                    Some(length) => {
                        at += head + length;
                        break true;
                    }
                    None => break false,
                },
                Ok(httparse::Status::Complete((head, size))) => {
                    let size = usize::try_from(size).unwrap_or(usize::MAX);
                    let whole = self.chunks.len().saturating_add(size);
                    if whole > self.max_body {
                        return Err(self.too_long(whole));
                    }
                    let Some(chunk) = rest.get(head..head + size + 2) else { break false };
                    let Some(chunk) = chunk.strip_suffix(b"\r\n") else {
                        return Err("expected a chunk to end where it says, found more".to_owned());
                    };
                    self.chunks.extend_from_slice(chunk);
                    at += head + size + 2;
                }
            }
        };
        if let Some(head) = &mut self.head {
            head.framing = Framing::Chunked(at);
        }
        Ok(done)
    }
}

/// The length of the trailers with the empty line that ends them, once it is there.
fn trailers(bytes: &[u8]) -> Result<Option<usize>, String> {
    let mut from = 0;
    while let Some(length) = bytes[from..].windows(2).position(|pair| pair == b"\r\n") {
        from += length + 2;
        if length == 0 {
            return Ok(Some(from));
        }
    }
    if bytes.len() > MAX_LINE { Err("expected trailers to end, found more of them".to_owned()) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds an answer in pieces of `step` bytes; the answer, or what was wrong, and whether the connection goes on.
    fn read(text: &[u8], step: usize, closes: bool) -> Result<(Response, bool), String> {
        let mut reader = Reader::new(64);
        for piece in text.chunks(step) {
            reader.buffer.extend_from_slice(piece);
            if reader.advance(false)? && reader.buffer.len() == text.len() {
                return Ok(reader.take(true));
            }
        }
        if closes && reader.advance(true)? {
            return Ok(reader.take(true));
        }
        Err("unfinished".to_owned())
    }

    /// Status, body, and whether the connection goes on.
    type Said = Result<(u16, String, bool), String>;

    fn body(text: &str) -> Said {
        let whole = read(text.as_bytes(), text.len(), true);
        for step in [1, 2, 3, 7] {
            assert_eq!(read(text.as_bytes(), step, true), whole, "{step} bytes at a time");
        }
        whole.map(|(answer, reusable)| (answer.status, String::from_utf8(answer.body).unwrap(), reusable))
    }

    #[expect(clippy::unnecessary_wraps, reason = "what it is compared with may be an error")]
    fn said(status: u16, text: &str, reusable: bool) -> Said {
        Ok((status, text.to_owned(), reusable))
    }

    #[test]
    fn every_framing_is_read_however_it_is_cut() {
        assert_eq!(body("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"), said(201, "{}", true));
        assert_eq!(body("HTTP/1.1 204 No Content\r\n\r\n"), said(204, "", true));
        assert_eq!(body("HTTP/1.1 200 OK\r\n\r\nall of it"), said(200, "all of it", false));
        assert_eq!(body("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx"), said(200, "x", false));
        assert_eq!(
            body("HTTP/1.1 200 OK\r\nconnection: keep-alive, Close\r\ncontent-length: 1\r\n\r\nx"),
            said(200, "x", false)
        );
        let chunked = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n\
                       3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\n";
        assert_eq!(body(&format!("{chunked}\r\n")), said(400, "abc0123456789", true));
        assert_eq!(body(&format!("{chunked}x-trailer: 1\r\n\r\n")), said(400, "abc0123456789", true));
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let text =
            b"HTTP/1.1 200 OK\r\nDATE: Thu, 01 Jan 1970 00:00:10 GMT\r\nretry-after:  3 \r\ncontent-length: 0\r\n\r\n";
        let (answer, _) = read(text, 5, false).unwrap();
        assert_eq!(answer.date(), Timestamp::from_secs(10));
        assert_eq!((answer.header("Retry-After"), answer.header("nothing")), (Some("3"), None));
    }

    #[test]
    fn what_http_leaves_open_is_not_guessed() {
        let wrong = |text: &str| body(text).unwrap_err();
        assert_eq!(wrong("220 smtp.test\r\n\r\n"), "expected the head of an HTTP answer: invalid HTTP version");
        assert_eq!(
            wrong("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
            "expected a body by length or in chunks, found both"
        );
        assert_eq!(
            wrong("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
            "expected one content-length, found two that differ"
        );
        assert_eq!(
            wrong("HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\na"),
            "content-length: expected digits, found `+1`"
        );
        assert_eq!(
            wrong("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n"),
            "transfer-encoding: expected `chunked`, found `gzip, chunked`"
        );
        assert_eq!(
            wrong("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n"),
            "expected a chunk to end where it says, found more"
        );
        assert_eq!(
            wrong("HTTP/1.1 200 OK\r\ncontent-length: 65\r\n\r\n"),
            "expected a body of at most 64 bytes, found 65"
        );
        assert_eq!(
            wrong("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n41\r\n"),
            "expected a body of at most 64 bytes, found 65"
        );
        assert_eq!(wrong("HTTP/1.1 101 Switching\r\n\r\n"), "expected an answer, found a change of protocol");
    }

    #[test]
    fn a_cut_is_a_cut() {
        let cut = |text: &str| body(text).unwrap_err();
        assert_eq!(cut(" "), "expected the head of an HTTP answer: invalid HTTP version");
        assert_eq!(read(b"", 1, true).unwrap_err(), "the connection was closed before an answer came");
        assert_eq!(cut("HTTP/1.1 200"), "the connection was closed within the head of the answer");
        assert_eq!(
            cut("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc"),
            "the connection was closed after 3 bytes of the body"
        );
        assert_eq!(
            cut("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"),
            "the connection was closed after 11 bytes of the body"
        );
    }

    #[test]
    fn bytes_that_nobody_asked_for_end_the_connection() {
        let mut reader = Reader::new(64);
        reader.buffer.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n");
        assert_eq!(reader.advance(false), Ok(true));
        let (answer, reusable) = reader.take(true);
        assert_eq!((answer.body.as_slice(), reusable), (b"x".as_slice(), false));
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
            for head in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"] {
                let text = [head, &bytes].concat();
                let mut reader = Reader::new(64);
                reader.buffer.extend_from_slice(&text[..cut.min(text.len())]);
                let first = reader.advance(false);
                reader.buffer.extend_from_slice(&text[cut.min(text.len())..]);
                let second = if first == Ok(false) { reader.advance(true) } else { first };
                if second == Ok(true) {
                    let (answer, _) = reader.take(true);
                    prop_assert!(answer.body.len() <= 64);
                }
            }
        }
    }
}

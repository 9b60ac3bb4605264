//! Server-sent events out of bytes, however they are cut.
//!
//! Pure and without panic on any bytes: lines may end in CR, LF or both, a byte-order mark at the start is passed over,
//! comments are dropped, data of several lines is joined, and text is decoded once a line is whole, so a character cut in two
//! arrives in one piece. An event without its closing empty line is none: it was cut off.
//!
//! Source: the event stream format of the HTML standard (section 9.2.6), read 2026-11-28.

/// The longest line, and the longest data of one event, in bytes. Endpoints send a few hundred.
pub const MAX_EVENT_BYTES: usize = 1 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its type; empty when the stream names none.
    pub name: String,
    /// Its data.
    pub data: String,
}

/// A line or event is longer than [`MAX_EVENT_BYTES`]: whoever sends this is no model endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event stream: expected events of at most {MAX_EVENT_BYTES} bytes")]
pub struct EventTooLong;

/// The reader: give it bytes as they come.
///
/// ```
/// use brier_analyst::language::sse::Reader;
/// let mut reader = Reader::default();
/// assert!(reader.push(b"event: ping\ndata: {\"a\"").unwrap().is_empty());
/// let events = reader.push(b":1}\n\n").unwrap();
/// assert_eq!((events[0].name.as_str(), events[0].data.as_str()), ("ping", "{\"a\":1}"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    started: bool,
    after_cr: bool,
}

impl Reader {
    /// Takes bytes and returns the events that they complete.
    ///
    /// # Errors
    /// [`EventTooLong`] when a line or an event is; the stream must be dropped.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, EventTooLong> {
        let mut events = Vec::new();
        for &byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => self.end_line(&mut events)?,
                _ if self.line.len() >= MAX_EVENT_BYTES => return Err(EventTooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(events)
    }

    fn end_line(&mut self, events: &mut Vec<Event>) -> Result<(), EventTooLong> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let mut line = text.as_ref();
        if !std::mem::replace(&mut self.started, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            let mut event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                event.data.pop();
                events.push(event);
            }
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.event.data.len() + value.len() >= MAX_EVENT_BYTES {
                    return Err(EventTooLong);
                }
                self.has_data = true;
                self.event.data.push_str(value);
                self.event.data.push('\n');
            }
            "event" => value.clone_into(&mut self.event.name),
            // Ids and waits are for reconnecting, which a paid request must not do; comments begin with a colon.
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Vec<Event> {
        Reader::default().push(bytes).unwrap()
    }

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn forms_that_streams_have() {
        for (bytes, expected) in [
            ("data: a\n\n", vec![event("", "a")]),
            ("\u{feff}data:a\r\n\r\n", vec![event("", "a")]),
            ("data: a\r\rdata: b\r\r", vec![event("", "a"), event("", "b")]),
            ("event: x\ndata: a\ndata: b\n\n", vec![event("x", "a\nb")]),
            (": hello\n\ndata\n\n", vec![event("", "")]),
            ("event: x\n\ndata: a\n\n", vec![event("", "a")]),
            ("id: 7\nretry: 10\nother: z\ndata:  a\n\n", vec![event("", " a")]),
            ("data: cut off\n", vec![]),
        ] {
            assert_eq!(read(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn too_long_is_refused_in_bounded_room() {
        let mut reader = Reader::default();
        let chunk = vec![b'x'; 64 * 1024];
        assert!((0..17).any(|_| reader.push(&chunk).is_err()));
        let mut reader = Reader::default();
        let line = [b"data: ".as_slice(), &vec![b'y'; 500_000], b"\n"].concat();
        assert!((0..3).any(|_| reader.push(&line).is_err()));
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(text in "(data: [a-zä]{0,5}|event: x|: c|)(\r|\n|\r\n|\n\n){0,30}", cut in 0_usize..40) {
            let bytes = text.as_bytes();
            let whole = read(bytes);
            let cut = cut.min(bytes.len());
            let mut reader = Reader::default();
            let mut parts = reader.push(&bytes[..cut]).unwrap();
            parts.extend(reader.push(&bytes[cut..]).unwrap());
            prop_assert_eq!(&parts, &whole);
            let mut reader = Reader::default();
            let single: Vec<Event> = bytes.iter().flat_map(|byte| reader.push(&[*byte]).unwrap()).collect();
            prop_assert_eq!(single, whole);
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(Reader::default().push(&bytes).is_ok());
        }
    }
}

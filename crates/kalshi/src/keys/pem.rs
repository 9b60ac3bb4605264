//! PEM text to DER and back, in buffers that are wiped.
//!
//! Only what keys need: one block, no headers inside it. Text before and after the block is ignored, as OpenSSL does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::KeyError;

/// One decoded block.
pub(super) struct Pem {
    /// What stands after `BEGIN`.
    pub(super) label: String,
    /// The bytes.
    pub(super) der: Zeroizing<Vec<u8>>,
}

/// Decodes the first block of `text`.
pub(super) fn decode(text: &str) -> Result<Pem, KeyError> {
    let unescaped;
    let text = if text.contains("\\n") {
        unescaped = Zeroizing::new(text.replace("\\n", "\n"));
        unescaped.as_str()
    } else {
        text
    };
    let bad = |found| KeyError::Pem { found };
    let (_, rest) = text.split_once("-----BEGIN ").ok_or(bad("found none; give the file's content, not its name"))?;
    let (label, rest) = rest.split_once("-----").ok_or(bad("found a first line that does not end in dashes"))?;
    let (body, rest) = rest.split_once("-----END ").ok_or(bad("found no `-----END` line: the text is cut"))?;
    if !rest.starts_with(label) || label.len() > 32 {
        return Err(bad("found an `-----END` line of another kind"));
    }
    if body.contains(':') {
        return Err(bad("found headers inside it: an encrypted key; decrypt it first"));
    }
    let compact: Zeroizing<Vec<u8>> = Zeroizing::new(body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
    // Decoded into a buffer of final size, so that no partial copy is left behind by growth.
    let mut der = Zeroizing::new(vec![0; compact.len() / 4 * 3 + 3]);
    let length = STANDARD.decode_slice(&*compact, &mut der).map_err(|_| bad("found a body that is no base64"))?;
    der.truncate(length);
    Ok(Pem { label: label.to_owned(), der })
}

/// Encodes `der` as one block with lines of 64 characters.
pub(super) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 40));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

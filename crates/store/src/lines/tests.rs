use std::io::Cursor;

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

fn read(bytes: Vec<u8>) -> Result<Vec<String>, LinesError> {
    let mut lines = Lines::from_reader(Path::new("test"), Cursor::new(bytes)).unwrap();
    let mut found = Vec::new();
    while let Some(line) = lines.next_line()? {
        found.push(line.to_owned());
    }
    assert_eq!(lines.line(), found.len() as u64);
    Ok(found)
}

fn zstd(text: &str) -> Vec<u8> {
    compress_to_vec(Cursor::new(text.as_bytes().to_vec()), CompressionLevel::Fastest)
}

#[test]
fn plain_and_compressed_read_the_same() {
    let numbered: Vec<String> = (0..20_000).map(|number| format!("line {number}\r\n")).collect();
    let text = numbered.concat();
    let plain = read(text.as_bytes().to_vec()).unwrap();
    assert_eq!((plain.len(), plain[19_999].as_str()), (20_000, "line 19999"));
    assert_eq!(read(zstd(&text)).unwrap(), plain);
}

#[test]
fn frames_follow_one_another_and_some_are_skipped() {
    let mut bytes = zstd("one\ntw");
    bytes.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x', b'y', b'z']);
    bytes.extend(zstd("o\nthree"));
    assert_eq!(read(bytes).unwrap(), ["one", "two", "three"]);
}

#[test]
fn an_empty_file_has_no_lines_and_an_empty_line_is_one() {
    assert!(read(Vec::new()).unwrap().is_empty());
    assert_eq!(read(b"\n\nx".to_vec()).unwrap(), ["", "", "x"]);
}

#[test]
fn damage_is_an_error_with_its_place() {
    let mut cut = zstd(&"a line that is long enough to need a block\n".repeat(100));
    cut.truncate(cut.len() - 8);
    assert!(matches!(read(cut), Err(LinesError::Io { .. })));
    let error = read(b"good\nb\xffd".to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "test: line 2: expected UTF-8, found other bytes at 1 of the line");
}

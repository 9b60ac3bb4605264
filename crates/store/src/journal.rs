//! The journal file: `journal.brier` in a folder of its own, a head and then records ([`crate::frame`]).
//!
//! Records are collected by [`Journal::append`] and reach the disk together in [`Journal::commit`], with one `fdatasync`
//! for all of them. Opening reads every record. A file that ends within its last batch was cut by a crash: nobody was
//! told of that batch, so the broken end is cut off and reported. A broken record with a later batch behind it was
//! committed and is damage: the journal is refused, as a shorter history would be a wrong one. A flipped bit in the very
//! last batch cannot be told from a crash; it is reported as a torn tail, with the number of bytes dropped.
//!
//! One file, no segments: a record of the exchange has about 200 bytes, so a million orders are 200 MB and replay in
//! seconds.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::frame::{self, HEAD_LEN, Head, MAX_RECORD_LEN};
use crate::lock::{self, DirLock};

const MAGIC: &[u8; 8] = b"BRIERJNL";
const FORMAT: u32 = 1;
/// Magic, format, content version, checksum.
const FILE_HEAD_LEN: u64 = 20;
const FILE_NAME: &str = "journal.brier";

/// Why a journal cannot be opened, written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The system refused a file operation.
    #[error("journal {path}: {doing}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Another process uses the folder.
    #[error("data folder {path} is in use by another process; stop it, or choose another folder")]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The file is no journal.
    #[error(
        "journal {path}: expected a Brier journal, found other content; choose another folder, or move the file away"
    )]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a version that means other things by its records.
    #[error(
        "journal {path}: expected format {expected_format} with content {expected_content}, found {format} with {content}"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The file format this program writes.
        expected_format: u32,
        /// The content version the caller reads.
        expected_content: u32,
        /// The file format found.
        format: u32,
        /// The content version found.
        content: u32,
    },
    /// A committed record is damaged.
    #[error(
        "journal {path}: record {record} at byte {offset} is damaged, and committed records follow at byte {later}; \
         restore the file from a copy"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Number of whole records before it.
        record: u64,
        /// Where it starts.
        offset: u64,
        /// Where a whole record of a later commit starts.
        later: u64,
    },
    /// A record is longer than any may be.
    #[error("journal record of {len} bytes: at most {MAX_RECORD_LEN} are taken")]
    TooLong {
        /// Its length.
        len: usize,
    },
    /// An earlier write failed, so what the disk holds is unknown. Open the journal anew.
    #[error("journal {path}: an earlier write failed; open it anew")]
    Broken {
        /// The file.
        path: PathBuf,
    },
}

/// What opening found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// Whole records.
    pub records: u64,
    /// Bytes of the file that are kept.
    pub bytes: u64,
    /// The end that a crash left and that was cut off.
    pub torn: Option<TornTail>,
}

/// The end of a file that a crash left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// Where the file was cut.
    pub offset: u64,
    /// How many bytes were dropped.
    pub bytes: u64,
}

/// An open journal: the only writer of its folder.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes on disk.
    len: u64,
    batch: u64,
    pending: Vec<u8>,
    /// Where the last record of `pending` starts.
    last: Option<usize>,
    broken: bool,
    _lock: DirLock,
}

impl Journal {
    /// Opens the journal in `dir`, making both if needed, and repairs a torn end.
    ///
    /// `content` is the caller's version of what its records mean.
    ///
    /// # Errors
    /// [`JournalError::Locked`] when another process has the folder; [`JournalError::NotAJournal`],
    /// [`JournalError::Version`] and [`JournalError::Corrupt`] for a file that must not be touched;
    /// [`JournalError::Io`].
    pub fn open(dir: &Path, content: u32) -> Result<(Self, OpenReport), JournalError> {
        let failed = |path: &Path, doing| {
            let path = path.to_owned();
            move |source| JournalError::Io { path, doing, source }
        };
        std::fs::create_dir_all(dir).map_err(failed(dir, "making the folder"))?;
        let lock = lock::lock(dir)
            .map_err(failed(dir, "locking the folder"))?
            .ok_or_else(|| JournalError::Locked { path: dir.to_owned() })?;
        let path = dir.join(FILE_NAME);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // What accounts did is its owner's alone, whatever folder was chosen.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(failed(&path, "opening"))?;
        let size = file.metadata().map_err(failed(&path, "reading its size"))?.len();
        let torn_head = size < FILE_HEAD_LEN && is_head_prefix(&mut file, content).map_err(failed(&path, "reading"))?;
        if torn_head {
            // Empty, or cut while its head was written: nothing was ever committed here.
            file.set_len(0).map_err(failed(&path, "cutting a torn head"))?;
            write_at(&mut file, 0, &file_head(content)).map_err(failed(&path, "writing its head"))?;
            file.sync_all().map_err(failed(&path, "syncing"))?;
            File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed(dir, "syncing the folder"))?;
        } else {
            check_head(&mut file, &path, content)?;
        }
        let scan = scan(&mut file, &path)?;
        if scan.report.torn.is_some() {
            file.set_len(scan.report.bytes).map_err(failed(&path, "cutting a torn end"))?;
            file.sync_all().map_err(failed(&path, "syncing"))?;
        }
        let journal = Self {
            path,
            file,
            len: scan.report.bytes,
            batch: scan.next_batch,
            pending: Vec::new(),
            last: None,
            broken: false,
            _lock: lock,
        };
        Ok((journal, scan.report))
    }

    /// Adds a record to the next commit.
    ///
    /// # Errors
    /// [`JournalError::TooLong`], and [`JournalError::Broken`] after a failed write.
    pub fn append(&mut self, record: &[u8]) -> Result<(), JournalError> {
        if self.broken {
            return Err(JournalError::Broken { path: self.path.clone() });
        }
        if record.len() > MAX_RECORD_LEN {
            return Err(JournalError::TooLong { len: record.len() });
        }
        self.last = Some(self.pending.len());
        frame::encode(&mut self.pending, self.batch, false, record);
        Ok(())
    }

    /// Brings everything appended to the disk: one write, one `fdatasync`. Does nothing when nothing was appended.
    ///
    /// # Errors
    /// [`JournalError::Io`]; the journal is then broken, and what the disk holds is known only after opening it anew.
    pub fn commit(&mut self) -> Result<(), JournalError> {
        self.write_out(true)
    }

    fn write_out(&mut self, sync: bool) -> Result<(), JournalError> {
        if self.broken {
            return Err(JournalError::Broken { path: self.path.clone() });
        }
        let Some(last) = self.last.take() else { return Ok(()) };
        frame::mark_end(&mut self.pending, last);
        let written = write_at(&mut self.file, self.len, &self.pending);
        let synced = if sync { written.and_then(|()| self.file.sync_data()) } else { written };
        if let Err(source) = synced {
            self.broken = true;
            return Err(JournalError::Io { path: self.path.clone(), doing: "committing", source });
        }
        self.len += self.pending.len() as u64;
        self.batch += 1;
        self.pending.clear();
        Ok(())
    }

    /// Hands everything appended to the system without waiting for the disk: it survives the program's death, and not the
    /// machine's. A later [`Journal::commit`] brings it to the disk with what comes then.
    ///
    /// # Errors
    /// As [`Journal::commit`].
    pub fn write(&mut self) -> Result<(), JournalError> {
        self.write_out(false)
    }

    /// Reads the committed records from the first one on.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn replay(&self) -> Result<Replay, JournalError> {
        let failed = |source| JournalError::Io { path: self.path.clone(), doing: "opening for replay", source };
        let mut file = File::open(&self.path).map_err(failed)?;
        file.seek(SeekFrom::Start(FILE_HEAD_LEN)).map_err(failed)?;
        Ok(Replay {
            path: self.path.clone(),
            left: self.len - FILE_HEAD_LEN,
            reader: BufReader::with_capacity(1 << 20, file),
        })
    }

    /// Where the records are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes on disk.
    pub const fn bytes(&self) -> u64 {
        self.len
    }
}

/// The committed records, oldest first.
#[derive(Debug)]
pub struct Replay {
    path: PathBuf,
    left: u64,
    reader: BufReader<File>,
}

impl Iterator for Replay {
    type Item = Result<Vec<u8>, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let record = match read_record(&mut self.reader, self.left) {
            Ok(Some((_, payload))) => {
                self.left -= (HEAD_LEN + payload.len()) as u64;
                return Some(Ok(payload));
            }
            // Every record was whole when the journal was opened.
            Ok(None) => io::Error::new(io::ErrorKind::InvalidData, "a record changed since the journal was opened"),
            Err(error) => error,
        };
        self.left = 0;
        Some(Err(JournalError::Io { path: self.path.clone(), doing: "replaying", source: record }))
    }
}

fn file_head(content: u32) -> [u8; FILE_HEAD_LEN as usize] {
    let mut head = [0; FILE_HEAD_LEN as usize];
    head[..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    head[12..16].copy_from_slice(&content.to_le_bytes());
    let crc = crc32fast::hash(&head[..16]);
    head[16..].copy_from_slice(&crc.to_le_bytes());
    head
}

/// Whether a file shorter than a head is the beginning of the head it would have.
fn is_head_prefix(file: &mut File, content: u32) -> io::Result<bool> {
    let mut found = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(FILE_HEAD_LEN).read_to_end(&mut found)?;
    Ok(file_head(content).starts_with(&found))
}

fn check_head(file: &mut File, path: &Path, content: u32) -> Result<(), JournalError> {
    let failed = |source| JournalError::Io { path: path.to_owned(), doing: "reading its head", source };
    let not_ours = || JournalError::NotAJournal { path: path.to_owned() };
    let mut head = [0; FILE_HEAD_LEN as usize];
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    match file.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(not_ours()),
        Err(error) => return Err(failed(error)),
    }
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if &head[..8] != MAGIC || crc32fast::hash(&head[..16]) != word(16) {
        return Err(not_ours());
    }
    if (word(8), word(12)) != (FORMAT, content) {
        return Err(JournalError::Version {
            path: path.to_owned(),
            expected_format: FORMAT,
            expected_content: content,
            format: word(8),
            content: word(12),
        });
    }
    Ok(())
}

struct Scan {
    report: OpenReport,
    next_batch: u64,
}

/// Reads all records, and decides what a broken one means.
fn scan(file: &mut File, path: &Path) -> Result<Scan, JournalError> {
    let failed = |source| JournalError::Io { path: path.to_owned(), doing: "reading", source };
    let size = file.metadata().map_err(failed)?.len();
    file.seek(SeekFrom::Start(FILE_HEAD_LEN)).map_err(failed)?;
    let mut reader = BufReader::with_capacity(1 << 20, &mut *file);
    let (mut offset, mut records, mut batch) = (FILE_HEAD_LEN, 0, 0);
    while offset < size {
        match read_record(&mut reader, size - offset).map_err(failed)? {
            Some((head, payload)) if head.batch == batch => {
                offset += (HEAD_LEN + payload.len()) as u64;
                records += 1;
                batch += u64::from(head.ends_batch);
            }
            Some(_) | None => break,
        }
    }
    if offset == size {
        return Ok(Scan { report: OpenReport { records, bytes: size, torn: None }, next_batch: batch });
    }
    let mut rest = Vec::new();
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    file.read_to_end(&mut rest).map_err(failed)?;
    if let Some(later) = frame::find_later_batch(&rest, batch) {
        return Err(JournalError::Corrupt {
            path: path.to_owned(),
            record: records,
            offset,
            later: offset + later as u64,
        });
    }
    // Whole records of the torn batch are kept: the next commit goes on in its number and ends it.
    let torn = Some(TornTail { offset, bytes: size - offset });
    Ok(Scan { report: OpenReport { records, bytes: offset, torn }, next_batch: batch })
}

/// The next record, or `None` when what comes is not one.
fn read_record(reader: &mut impl Read, left: u64) -> io::Result<Option<(Head, Vec<u8>)>> {
    let mut head = [0; HEAD_LEN];
    if left < HEAD_LEN as u64 {
        return Ok(None);
    }
    reader.read_exact(&mut head)?;
    let Some(head) = Head::decode(&head).filter(|head| head.len as u64 <= left - HEAD_LEN as u64) else {
        return Ok(None);
    };
    let mut payload = vec![0; head.len];
    reader.read_exact(&mut payload)?;
    Ok(head.fits(&payload).then_some((head, payload)))
}

fn write_at(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

//! The queue before the node's thread: many tasks write, one thread reads.
//!
//! Two lanes: what people, models and calls say is taken before what sockets bring, so that a halt never waits behind a storm of
//! frames. The sockets' lane is bounded in bytes: a connection that brings more than can be taken is told to hang up, and its
//! books are then known to be unknown instead of old. Each frame carries the moment at which it was received.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::driver::Word;
use crate::node::Socket;

/// Most bytes of frames that wait. At a thousand bytes a frame it is what a tenth of a second brings to a busy core.
const MOST_BYTES: usize = 64 << 20;
/// What a frame takes beside its text.
const FRAME_BYTES: usize = size_of::<Heard>();

/// What a socket's task tells.
#[derive(Debug)]
pub(crate) struct Heard {
    pub socket: Socket,
    /// Which of the socket's connections.
    pub link: u32,
    pub at: Instant,
    pub news: News,
}

/// What became of a connection.
#[derive(Debug)]
pub(crate) enum News {
    /// It is open.
    Opened,
    /// It is gone, or could not be made.
    Closed(String),
    /// A text frame came.
    Frame(String),
    /// Something else came that shows life.
    Life,
}

/// The thread that read is gone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run has ended")]
pub struct Gone;

/// Why a socket's news were not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotTaken {
    #[error("the program ends")]
    Gone,
    #[error("frames come faster than they are taken: {} MiB of them wait", MOST_BYTES >> 20)]
    Full,
}

#[derive(Debug, Default)]
struct Lanes {
    words: VecDeque<Word>,
    heard: VecDeque<Heard>,
    bytes: usize,
    is_gone: bool,
}

#[derive(Debug, Default)]
struct Shared {
    lanes: Mutex<Lanes>,
    came: Condvar,
}

impl Shared {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        // Nothing is done under the lock that could leave it half done.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writers' end.
#[derive(Clone, Debug)]
pub struct Teller(Arc<Shared>);

/// The reader's end: one.
#[derive(Debug)]
pub struct Mailbox(Arc<Shared>);

/// A mailbox and its first writer.
pub fn mailbox() -> (Teller, Mailbox) {
    let shared = Arc::new(Shared::default());
    (Teller(shared.clone()), Mailbox(shared))
}

impl Teller {
    /// Says something that goes before everything that sockets bring.
    ///
    /// # Errors
    /// [`Gone`] when nobody will take it.
    pub fn send(&self, word: Word) -> Result<(), Gone> {
        let mut lanes = self.0.lanes();
        if lanes.is_gone {
            return Err(Gone);
        }
        lanes.words.push_back(word);
        drop(lanes);
        self.0.came.notify_one();
        Ok(())
    }

    /// Says what a socket brought. News of its end are always taken.
    pub(crate) fn hear(&self, socket: Socket, link: u32, news: News) -> Result<(), NotTaken> {
        let mut lanes = self.0.lanes();
        if lanes.is_gone {
            return Err(NotTaken::Gone);
        }
        let bytes = news.bytes();
        if lanes.bytes.saturating_add(bytes) > MOST_BYTES && !matches!(news, News::Closed(_)) {
            return Err(NotTaken::Full);
        }
        lanes.bytes += bytes;
        lanes.heard.push_back(Heard { socket, link, at: Instant::now(), news });
        drop(lanes);
        self.0.came.notify_one();
        Ok(())
    }
}

impl News {
    const fn bytes(&self) -> usize {
        FRAME_BYTES
            + match self {
                Self::Frame(text) | Self::Closed(text) => text.len(),
                Self::Opened | Self::Life => 0,
            }
    }
}

impl Mailbox {
    /// Waits at most `wait` for anything, and takes what is there, at most `most` of each lane.
    pub(crate) fn take(&self, wait: Duration, most: usize, words: &mut Vec<Word>, heard: &mut Vec<Heard>) {
        let lanes = self.0.lanes();
        let nothing = |lanes: &mut Lanes| lanes.words.is_empty() && lanes.heard.is_empty();
        let waited = self.0.came.wait_timeout_while(lanes, wait, nothing);
        let (mut lanes, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let count = lanes.words.len().min(most);
        words.extend(lanes.words.drain(..count));
        let count = lanes.heard.len().min(most);
        let bytes: usize = lanes.heard.range(..count).map(|it| it.news.bytes()).sum();
        lanes.bytes -= bytes;
        heard.extend(lanes.heard.drain(..count));
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let mut lanes = self.0.lanes();
        lanes.is_gone = true;
        // Whoever waits for an answer to a word is told by its sender's end.
        let (words, heard) = (std::mem::take(&mut lanes.words), std::mem::take(&mut lanes.heard));
        drop(lanes);
        drop((words, heard));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOCKET: Socket = Socket::Kalshi;

    fn frame(bytes: usize) -> News {
        News::Frame("x".repeat(bytes))
    }

    fn taken(mailbox: &Mailbox, most: usize) -> (usize, usize) {
        let (mut words, mut heard) = (Vec::new(), Vec::new());
        mailbox.take(Duration::ZERO, most, &mut words, &mut heard);
        (words.len(), heard.len())
    }

    #[test]
    fn a_word_does_not_wait_behind_frames() {
        let (teller, mailbox) = mailbox();
        for _ in 0..5_000 {
            teller.hear(SOCKET, 1, frame(100)).unwrap();
        }
        teller.send(Word::Stop).unwrap();
        assert_eq!(taken(&mailbox, 1_024), (1, 1_024));
        assert_eq!(taken(&mailbox, 1_024), (0, 1_024));
    }

    #[test]
    fn what_cannot_be_taken_is_refused_and_its_end_is_heard() {
        let (teller, mailbox) = mailbox();
        let text = MOST_BYTES / 4 - FRAME_BYTES;
        for _ in 0..4 {
            teller.hear(SOCKET, 1, frame(text)).unwrap();
        }
        assert_eq!(teller.hear(SOCKET, 1, News::Life), Err(NotTaken::Full));
        teller.hear(SOCKET, 1, News::Closed(NotTaken::Full.to_string())).unwrap();
        assert_eq!(taken(&mailbox, 2), (0, 2));
        teller.hear(SOCKET, 2, News::Opened).unwrap();
        assert_eq!(taken(&mailbox, 9), (0, 4));
        teller.hear(SOCKET, 2, frame(MOST_BYTES - FRAME_BYTES)).unwrap();
    }

    #[test]
    fn nobody_waits_for_a_run_that_is_gone() {
        let (teller, mailbox) = mailbox();
        let (asker, answer) = tokio::sync::oneshot::channel();
        teller.send(Word::Flush(asker)).unwrap();
        drop(mailbox);
        assert!(answer.blocking_recv().is_err());
        assert_eq!((teller.send(Word::Stop), teller.hear(SOCKET, 1, News::Life)), (Err(Gone), Err(NotTaken::Gone)));
    }

    #[test]
    fn the_reader_is_woken() {
        let (teller, mailbox) = mailbox();
        let reader = std::thread::spawn(move || {
            let (mut words, mut heard) = (Vec::new(), Vec::new());
            mailbox.take(Duration::from_mins(10), 9, &mut words, &mut heard);
            words.len()
        });
        teller.send(Word::Stop).unwrap();
        assert_eq!(reader.join().unwrap(), 1);
    }
}

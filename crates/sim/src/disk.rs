//! A disk that keeps what was committed, and may die between any two of its operations.

use std::cell::RefCell;
use std::rc::Rc;

use brier_runtime::core::Sink;

/// Why the disk did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    /// The program died here.
    #[error("the program died at an operation of the disk")]
    Died,
    /// There is no room.
    #[error("no space left on device")]
    Full,
}

/// What the disk holds and what is to go wrong with it.
#[derive(Debug, Default)]
pub struct Platter {
    /// Records that a crash leaves.
    pub durable: Vec<Vec<u8>>,
    /// Records appended and not committed.
    pub pending: Vec<Vec<u8>>,
    /// The program dies at the operation that brings this to zero.
    pub dies_in: Option<u32>,
    /// There is no room.
    pub full: bool,
    /// Whether the batch that is under way when the program dies reaches the disk: wholly, or up to some record.
    pub torn_keeps: usize,
}

impl Platter {
    /// What a crash leaves: all that was committed, and of the rest as many records as happened to be written.
    pub fn crash(&mut self) {
        let kept = self.torn_keeps.min(self.pending.len());
        self.durable.extend(self.pending.drain(..kept));
        self.pending.clear();
        self.dies_in = None;
    }

    fn operate(&mut self) -> Result<(), DiskError> {
        if let Some(left) = &mut self.dies_in {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return Err(DiskError::Died);
            }
        }
        if self.full { Err(DiskError::Full) } else { Ok(()) }
    }
}

/// The program's handle on its disk.
#[derive(Clone, Debug)]
pub struct Disk(pub Rc<RefCell<Platter>>);

impl Sink for Disk {
    type Error = DiskError;

    fn append(&mut self, record: &[u8]) -> Result<(), DiskError> {
        let mut platter = self.0.borrow_mut();
        platter.operate()?;
        platter.pending.push(record.to_vec());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), DiskError> {
        let mut platter = self.0.borrow_mut();
        platter.operate()?;
        let pending = std::mem::take(&mut platter.pending);
        platter.durable.extend(pending);
        // The program may die after the disk has it and before it knows.
        platter.operate()
    }
}

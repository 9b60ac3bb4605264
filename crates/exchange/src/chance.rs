//! Randomness: the system's, or, inside a simulation, a stream that a seed decides.
//!
//! Nothing here can make a server's keys foreseeable: only [`seeded`] replaces the system's randomness, for its thread and for
//! as long as it runs, and only `sim` calls it.

use std::cell::Cell;

use aws_lc_rs::error::Unspecified;

std::thread_local! {
    /// Where the stream of the simulation that runs on this thread stands; none elsewhere.
    static STREAM: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Puts back what was there before, also when the work panics.
struct Restore(Option<u64>);

impl Drop for Restore {
    fn drop(&mut self) {
        STREAM.set(self.0);
    }
}

/// Runs `work` with the stream that stands at `state`, and tells where it stands afterwards.
pub(crate) fn seeded<T>(state: u64, work: impl FnOnce() -> T) -> (T, u64) {
    let _restore = Restore(STREAM.replace(Some(state)));
    let value = work();
    (value, STREAM.get().unwrap_or(state))
}

/// Whether a seed decides, on this thread and now.
pub(crate) fn is_seeded() -> bool {
    STREAM.get().is_some()
}

/// Fills `bytes`.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), Unspecified> {
    let Some(mut state) = STREAM.get() else { return aws_lc_rs::rand::fill(bytes) };
    for chunk in bytes.chunks_mut(8) {
        // SplitMix64: every state is a good one, 0 too.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        chunk.copy_from_slice(&mixed.to_be_bytes()[..chunk.len()]);
    }
    STREAM.set(Some(state));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn() -> [u8; 20] {
        let mut bytes = [0; 20];
        fill(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_seed_decides_inside_and_nothing_outside() {
        let ((first, second), after) = seeded(7, || (drawn(), drawn()));
        assert_ne!(first, second);
        assert_eq!(seeded(7, || (drawn(), drawn())), ((first, second), after));
        assert_ne!(seeded(after, drawn).0, first);
        assert!(!is_seeded() && drawn() != drawn());
    }

    #[test]
    fn a_panic_inside_leaves_no_seed_behind() {
        let result = std::panic::catch_unwind(|| seeded(7, || panic!("on purpose")));
        assert!(result.is_err() && !is_seeded());
    }
}

//! Leave to write to a venue: real money moves only where configuration and command line both say so.
//!
//! Invariant: without a [`LiveToken`] no gateway makes a call that changes anything at a venue whose money is real, and a
//! token cannot be made by one word alone. Reads need no leave.

/// The proof that a person wants real orders, twice over. It cannot be copied; it is lent to what is built.
#[derive(Debug, PartialEq, Eq)]
pub struct LiveToken(());

impl LiveToken {
    /// The token, if both the configuration and the command line ask for real orders.
    pub const fn granted(by_configuration: bool, by_flag: bool) -> Option<Self> {
        if by_configuration && by_flag { Some(Self(())) } else { None }
    }
}

/// Whether a gateway may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    writes: bool,
}

impl Permit {
    /// Reads only, wherever it is.
    pub const READ_ONLY: Self = Self { writes: false };

    /// What is allowed at Kalshi: writes to play money always, to real money with the token.
    pub const fn kalshi(env: &brier_kalshi::Env, live: Option<&LiveToken>) -> Self {
        Self { writes: env.writes_allowed() || live.is_some() }
    }

    /// What is allowed at Polymarket: writes to a compatible exchange always, to real money with the token.
    pub const fn polymarket(env: &brier_polymarket::Env, live: Option<&LiveToken>) -> Self {
        Self { writes: env.writes_allowed() || live.is_some() }
    }

    /// Whether writes may leave.
    pub const fn writes(self) -> bool {
        self.writes
    }
}

/// What a write is answered with where none may leave.
pub(super) const FORBIDDEN: &str = "expected an environment that takes orders from this program, found production: \
     real orders need both the configuration's and the command line's word";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_money_needs_both_words() {
        for (configuration, flag) in [(false, false), (true, false), (false, true)] {
            assert_eq!(LiveToken::granted(configuration, flag), None);
        }
        let live = LiveToken::granted(true, true);
        assert!(live.is_some());
        let prod = brier_kalshi::Env::Prod;
        assert_eq!(Permit::kalshi(&prod, None), Permit::READ_ONLY);
        assert!(Permit::kalshi(&prod, live.as_ref()).writes());
        assert!(Permit::kalshi(&brier_kalshi::Env::Demo, None).writes());
        let prod = brier_polymarket::Env::Production;
        assert_eq!(Permit::polymarket(&prod, None), Permit::READ_ONLY);
        assert!(Permit::polymarket(&prod, live.as_ref()).writes());
    }
}

//! How many orders and cancels a signer may send: the venue's tiers.
//!
//! Not here: the buckets that count, which each side keeps for itself.
//!
//! Source: reference, section 14 (layer 2), 2026-11-20.

/// What a signer may do: orders a second and at once; cancels may be twice as many.
///
/// Source: reference, section 14.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Everybody.
    Standard,
    /// From $30,000 of volume in 30 days.
    Copper,
    /// From $50,000.
    Bronze,
    /// From $100,000.
    Silver,
    /// From $500,000.
    Gold,
    /// From $2,500,000.
    Platinum,
    /// From $5,000,000.
    Diamond,
    /// From $10,000,000.
    Elite,
}

impl Tier {
    /// Every tier, lowest first.
    pub const ALL: [Self; 8] = [
        Self::Standard,
        Self::Copper,
        Self::Bronze,
        Self::Silver,
        Self::Gold,
        Self::Platinum,
        Self::Diamond,
        Self::Elite,
    ];

    /// The word in the venue's headers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Copper => "copper",
            Self::Bronze => "bronze",
            Self::Silver => "silver",
            Self::Gold => "gold",
            Self::Platinum => "platinum",
            Self::Diamond => "diamond",
            Self::Elite => "elite",
        }
    }

    /// Orders a second, and at once.
    pub const fn orders(self) -> (u32, u32) {
        match self {
            Self::Standard => (40, 60),
            Self::Copper => (60, 90),
            Self::Bronze => (80, 120),
            Self::Silver => (200, 300),
            Self::Gold => (400, 600),
            Self::Platinum => (450, 675),
            Self::Diamond => (525, 787),
            Self::Elite => (600, 900),
        }
    }

    /// Cancels a second, and at once: twice as many as orders.
    pub const fn cancels(self) -> (u32, u32) {
        let (rate, burst) = self.orders();
        (rate * 2, burst * 2)
    }

    /// The tier that the venue's header names, in any case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.word().eq_ignore_ascii_case(word.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tier_is_found_by_its_word_in_any_case() {
        for tier in Tier::ALL {
            assert_eq!(Tier::parse(&tier.word().to_uppercase()), Some(tier));
        }
        assert_eq!(Tier::parse("unlimited"), None);
        assert_eq!(Tier::Diamond.cancels(), (1_050, 1_574));
    }
}

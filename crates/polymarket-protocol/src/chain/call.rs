//! Every call to a contract that a trader's wallet makes, or that is asked of it, as one enum.
//!
//! Invariant: [`Call::decode`] gives a call exactly for the bytes that [`Call::encode`] writes, so that nothing can hide in
//! a batch. Not here: which contract a call goes to (`operation`).
//!
//! Source: reference, section 16.2, 2026-11-20.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};

use super::abi::{self, AbiError, Reader, Value, Writer};

/// Bytes are no call that is known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There is no room for a selector.
    #[error("call: expected a selector of 4 bytes, found {found} bytes")]
    Short {
        /// How many bytes there are.
        found: usize,
    },
    /// The selector is none of ours.
    #[error("call: expected the selector of a known call, found {found}")]
    Unknown {
        /// The selector.
        found: FixedBytes<4>,
    },
    /// The arguments are not what the selector promises.
    #[error("call {name}: {problem}")]
    Arguments {
        /// The function's name.
        name: &'static str,
        /// What is wrong with them.
        problem: AbiError,
    },
}

macro_rules! calls {
    ($($(#[$doc:meta])* $variant:ident = $selector:literal $name:literal {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {
        /// A call to a contract, with its arguments.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Call {
            $($(#[$doc])* $variant { $($(#[$field_doc])* $field: $type,)* },)*
        }

        impl Call {
            /// The selectors and signatures of all calls.
            pub fn all() -> Vec<(FixedBytes<4>, String)> {
                vec![$({
                    let types: &[&str] = &[$(<$type as Value>::NAME,)*];
                    (FixedBytes(u32::to_be_bytes($selector)), format!("{}({})", $name, types.join(",")))
                },)*]
            }

            /// The function's name.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)* }
            }

            /// The first four bytes.
            pub const fn selector(&self) -> FixedBytes<4> {
                FixedBytes(match self { $(Self::$variant { .. } => u32::to_be_bytes($selector),)* })
            }

            /// Selector and arguments.
            pub fn encode(&self) -> Bytes {
                let mut out = self.selector().to_vec();
                match self {
                    $(Self::$variant { $($field,)* } => {
                        let mut writer = Writer::new([$(<$type as Value>::NAME,)*].len());
                        $(writer.field($field);)*
                        writer.finish(&mut out);
                    })*
                }
                out.into()
            }

            /// The call that these bytes are.
            ///
            /// # Errors
            /// [`CallError`] for an unknown selector, and for anything but the canonical encoding of the arguments.
            pub fn decode(data: &[u8]) -> Result<Self, CallError> {
                let (selector, arguments) =
                    data.split_first_chunk::<4>().ok_or(CallError::Short { found: data.len() })?;
                let mut reader = Reader::new(arguments, 0);
                let (name, call) = match u32::from_be_bytes(*selector) {
                    $($selector => {
                        let problem = |problem| CallError::Arguments { name: $name, problem };
                        ($name, Self::$variant { $($field: reader.field().map_err(problem)?,)* })
                    })*
                    _ => return Err(CallError::Unknown { found: FixedBytes(*selector) }),
                };
                abi::canonical(&call.encode()[4..], arguments).map_err(|problem| CallError::Arguments { name, problem })?;
                Ok(call)
            }
        }
    };
}

calls! {
    /// ERC-20: lets `spender` take up to `amount` of the caller's tokens.
    Approve = 0x095e_a7b3 "approve" {
        /// Who may take.
        spender: Address,
        /// How much, in units of 1e-6.
        amount: U256,
    }
    /// ERC-20: what `owner` holds.
    BalanceOf = 0x70a0_8231 "balanceOf" {
        /// Whose.
        owner: Address,
    }
    /// ERC-20: how much `spender` may still take from `owner`.
    Allowance = 0xdd62_ed3e "allowance" {
        /// Whose tokens.
        owner: Address,
        /// Who may take.
        spender: Address,
    }
    /// ERC-20: sends tokens.
    Transfer = 0xa905_9cbb "transfer" {
        /// To whom.
        to: Address,
        /// How much, in units of 1e-6.
        amount: U256,
    }
    /// ERC-1155: lets `operator` move all of the caller's tokens, or no longer.
    SetApprovalForAll = 0xa22c_b465 "setApprovalForAll" {
        /// Who may move.
        operator: Address,
        /// Whether it may.
        approved: bool,
    }
    /// ERC-1155: whether `operator` may move all tokens of `owner`.
    IsApprovedForAll = 0xe985_e9c5 "isApprovedForAll" {
        /// Whose tokens.
        owner: Address,
        /// Who may move.
        operator: Address,
    }
    /// ERC-1155: what `owner` holds of one token.
    TokenBalanceOf = 0x00fd_d58e "balanceOf" {
        /// Whose.
        owner: Address,
        /// The token.
        id: U256,
    }
    /// ERC-1155: what each owner holds of the token beside it.
    TokenBalanceOfBatch = 0x4e12_73f4 "balanceOfBatch" {
        /// Whose; as many as ids.
        owners: Vec<Address>,
        /// The tokens.
        ids: Vec<U256>,
    }
    /// ERC-1155: sends tokens.
    SafeTransferFrom = 0xf242_432a "safeTransferFrom" {
        /// From whom.
        from: Address,
        /// To whom.
        to: Address,
        /// The token.
        id: U256,
        /// How many, in units of 1e-6.
        amount: U256,
        /// For the receiver.
        data: Bytes,
    }
    /// Collateral onramp: USDC or USDC.e becomes pUSD.
    Wrap = 0x6235_5638 "wrap" {
        /// What is paid in.
        asset: Address,
        /// Who gets pUSD.
        to: Address,
        /// How much, in units of 1e-6.
        amount: U256,
    }
    /// Collateral offramp: pUSD becomes USDC or USDC.e.
    Unwrap = 0x8cc7_104f "unwrap" {
        /// What is paid out.
        asset: Address,
        /// Who gets it.
        to: Address,
        /// How much, in units of 1e-6.
        amount: U256,
    }
    /// Conditional Tokens and its adapters: collateral becomes one token of each outcome.
    SplitPosition = 0x72ce_4275 "splitPosition" {
        /// What is split.
        collateral: Address,
        /// Zero: no deeper position is split.
        parent: B256,
        /// The condition.
        condition: B256,
        /// The outcomes' index sets: 1 and 2.
        partition: Vec<U256>,
        /// How much, in units of 1e-6.
        amount: U256,
    }
    /// Conditional Tokens and its adapters: one token of each outcome becomes collateral.
    MergePositions = 0x9e72_12ad "mergePositions" {
        /// What comes out.
        collateral: Address,
        /// Zero: no deeper position is made.
        parent: B256,
        /// The condition.
        condition: B256,
        /// The outcomes' index sets: 1 and 2.
        partition: Vec<U256>,
        /// How much, in units of 1e-6.
        amount: U256,
    }
    /// Conditional Tokens and its adapters: all tokens of a resolved condition become what they pay.
    RedeemPositions = 0x01b7_037c "redeemPositions" {
        /// What comes out.
        collateral: Address,
        /// Zero.
        parent: B256,
        /// The condition.
        condition: B256,
        /// Which outcomes' tokens: 1 and 2.
        index_sets: Vec<U256>,
    }
    /// Neg-risk adapter: NO tokens of several questions become YES of the others and collateral.
    ConvertPositions = 0xc647_48c4 "convertPositions" {
        /// The event.
        market: B256,
        /// Which questions' NO: bit `i` for question `i`.
        index_set: U256,
        /// How many of each, in units of 1e-6.
        amount: U256,
    }
    /// The older neg-risk adapter's redemption, with amounts of YES and NO.
    NegRiskRedeem = 0xdbec_cb23 "redeemPositions" {
        /// The condition.
        condition: B256,
        /// How many YES and NO, in units of 1e-6.
        amounts: Vec<U256>,
    }
    /// PolyV2 router: pUSD becomes YES and NO.
    SplitV2 = 0x82d3_b9f1 "split" {
        /// The condition.
        condition: FixedBytes<31>,
        /// How much, in units of 1e-6.
        amount: U256,
    }
    /// PolyV2 router: YES and NO become pUSD.
    MergeV2 = 0x5b63_685e "merge" {
        /// The condition.
        condition: FixedBytes<31>,
        /// How much, in units of 1e-6.
        amount: U256,
    }
    /// PolyV2 router: tokens of a resolved condition become what they pay.
    RedeemV2 = 0xd217_a3cc "redeem" {
        /// The condition.
        condition: FixedBytes<31>,
        /// 0 for YES, 1 for NO.
        outcome: U256,
        /// How many, in units of 1e-6.
        amount: U256,
    }
    /// PolyV2 router: NO of one condition becomes YES of all others of its event.
    ConvertV2 = 0x9380_f1c8 "convert" {
        /// The event.
        event: FixedBytes<29>,
        /// Which condition's NO.
        condition_index: u16,
        /// How many, in units of 1e-6.
        amount: U256,
    }
    /// Conditional Tokens: registers a condition.
    PrepareCondition = 0xd96e_e754 "prepareCondition" {
        /// Who will report.
        oracle: Address,
        /// What is asked.
        question: B256,
        /// How many outcomes.
        outcomes: U256,
    }
    /// Conditional Tokens: the oracle (the caller) reports.
    ReportPayouts = 0xc492_98ac "reportPayouts" {
        /// What was asked.
        question: B256,
        /// Each outcome's share of the payout.
        payouts: Vec<U256>,
    }
    /// Conditional Tokens: the sum of a condition's payouts; zero until it is resolved.
    PayoutDenominator = 0xdd34_de67 "payoutDenominator" {
        /// The condition.
        condition: B256,
    }
    /// Conditional Tokens: what one outcome pays, over the denominator.
    PayoutNumerators = 0x0504_c814 "payoutNumerators" {
        /// The condition.
        condition: B256,
        /// 0 for YES, 1 for NO.
        outcome: U256,
    }
    /// Conditional Tokens: how many outcomes a condition has; zero until it is prepared.
    OutcomeSlotCount = 0xd42d_c0c2 "getOutcomeSlotCount" {
        /// The condition.
        condition: B256,
    }
    /// Conditional Tokens' own computation of a collection id.
    GetCollectionId = 0x8562_96f7 "getCollectionId" {
        /// The collection that this one deepens, or zero.
        parent: B256,
        /// The condition.
        condition: B256,
        /// The outcomes.
        index_set: U256,
    }
    /// Conditional Tokens' own computation of a token id.
    GetPositionId = 0x39dd_7530 "getPositionId" {
        /// The collateral.
        collateral: Address,
        /// The collection.
        collection: B256,
    }
    /// A Safe's multisend library: several calls in one.
    MultiSend = 0x8d80_ff0a "multiSend" {
        /// As [`pack`](super::pack) writes them.
        transactions: Bytes,
    }
    /// The proxy wallets' factory: several calls by the caller's proxy wallet.
    Proxy = 0x34ee_9791 "proxy" {
        /// The calls.
        calls: Vec<ProxyCall>,
    }
}

/// One call by a proxy wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyCall {
    /// 1 for a call; 2 would be a delegated one, which no trader needs.
    pub kind: u8,
    /// The contract.
    pub to: Address,
    /// POL sent along, in wei.
    pub value: U256,
    /// The encoded call.
    pub data: Bytes,
}

impl ProxyCall {
    /// The kind of an ordinary call.
    pub const CALL: u8 = 1;
}

impl Value for ProxyCall {
    const NAME: &'static str = "(uint8,address,uint256,bytes)";
    const DYNAMIC: bool = true;

    fn write(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(4);
        writer.field(&self.kind);
        writer.field(&self.to);
        writer.field(&self.value);
        writer.field(&self.data);
        writer.finish(out);
    }

    fn read(data: &[u8], at: usize) -> Result<Self, AbiError> {
        let mut reader = Reader::new(data, at);
        Ok(Self { kind: reader.field()?, to: reader.field()?, value: reader.field()?, data: reader.field()? })
    }
}

abi::array!(ProxyCall, "(uint8,address,uint256,bytes)[]");

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;
    use std::collections::BTreeSet;

    #[test]
    fn selectors_are_the_first_bytes_of_their_signatures_hashes() {
        let all = Call::all();
        for (selector, signature) in &all {
            assert_eq!(selector.as_slice(), &keccak256(signature)[..4], "{signature}");
        }
        let distinct: BTreeSet<_> = all.iter().map(|(selector, _)| *selector).collect();
        assert_eq!(distinct.len(), all.len());
    }

    /// Source: reference, section 16.2.
    #[test]
    fn signatures_of_the_reference_are_among_them() {
        let all = Call::all();
        for (selector, signature) in [
            ("0x62355638", "wrap(address,address,uint256)"),
            ("0x8cc7104f", "unwrap(address,address,uint256)"),
            ("0x72ce4275", "splitPosition(address,bytes32,bytes32,uint256[],uint256)"),
            ("0x9e7212ad", "mergePositions(address,bytes32,bytes32,uint256[],uint256)"),
            ("0x01b7037c", "redeemPositions(address,bytes32,bytes32,uint256[])"),
            ("0xc64748c4", "convertPositions(bytes32,uint256,uint256)"),
            ("0xdbeccb23", "redeemPositions(bytes32,uint256[])"),
            ("0x82d3b9f1", "split(bytes31,uint256)"),
            ("0x5b63685e", "merge(bytes31,uint256)"),
            ("0xd217a3cc", "redeem(bytes31,uint256,uint256)"),
        ] {
            let found = all.iter().find(|(_, ours)| ours == signature).expect(signature);
            assert_eq!(found.0.to_string(), selector);
        }
    }

    #[test]
    fn a_batch_of_calls_reads_as_it_was_written() {
        let inner = Call::Approve { spender: Address::repeat_byte(0xe1), amount: U256::MAX };
        let call = Call::Proxy {
            calls: vec![
                ProxyCall { kind: 1, to: Address::repeat_byte(1), value: U256::ZERO, data: inner.encode() },
                ProxyCall { kind: 1, to: Address::repeat_byte(2), value: U256::ONE, data: Bytes::new() },
            ],
        };
        assert_eq!(Call::decode(&call.encode()), Ok(call));
    }

    #[test]
    fn what_is_not_canonical_is_refused_with_its_place() {
        let call = Call::Approve { spender: Address::repeat_byte(0xe1), amount: U256::from(5) };
        let mut padded = call.encode().to_vec();
        padded[4] = 1;
        assert!(
            Call::decode(&padded)
                .unwrap_err()
                .to_string()
                .starts_with("call approve: abi: expected an address, padded with zeros at byte 0, found 0x01")
        );
        let mut longer = call.encode().to_vec();
        longer.push(0);
        assert_eq!(
            Call::decode(&longer).unwrap_err().to_string(),
            "call approve: abi: expected the canonical encoding at byte 64, found another one, or more bytes"
        );
        assert_eq!(Call::decode(&[1, 2]), Err(CallError::Short { found: 2 }));
        assert_eq!(
            Call::decode(&[1, 2, 3, 4]).unwrap_err().to_string(),
            "call: expected the selector of a known call, found 0x01020304"
        );
        // A length that the data cannot hold allocates nothing.
        let mut huge = Call::MultiSend { transactions: Bytes::new() }.encode().to_vec();
        huge[4 + 32 + 28..].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(Call::decode(&huge).unwrap_err().to_string().contains("as many bytes as announced"));
    }

    proptest::proptest! {
        /// A batch from outside may hold anything.
        #[test]
        fn whatever_bytes_follow_a_selector_are_read_or_refused(
            which in 0_usize..29,
            words in proptest::collection::vec((0_u8..8, proptest::prelude::any::<u8>()), 0..12),
            cut in 0_usize..32,
        ) {
            // Words that are small numbers, so that many of them are offsets and lengths that fit.
            let mut data = Call::all()[which].0.to_vec();
            for (small, byte) in words {
                let value = if small < 6 { u64::from(small) * 32 } else { u64::from(byte) };
                U256::from(value).write(&mut data);
            }
            data.truncate(data.len().saturating_sub(cut).max(4));
            if let Ok(call) = Call::decode(&data) {
                proptest::prop_assert_eq!(call.encode(), data);
            }
        }
    }
}

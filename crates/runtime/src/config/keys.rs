//! Every key there is: its section, what it may be, what it is unless somebody says otherwise, and what it means.
//!
//! Reading, `brier config show` and the reference page follow this table, so that none of them can know a key the others
//! do not. Units are in the names.

use super::value::Kind;

/// One key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is when nobody sets it, as a file would write it; `None` leaves it unset.
    pub default: Option<&'static str>,
    /// Whether it has to be set.
    pub required: bool,
    /// What it means, for the reference page: one or two sentences.
    pub meaning: &'static str,
}

impl Key {
    /// A key with a default.
    pub const fn new(name: &'static str, kind: Kind, default: &'static str, meaning: &'static str) -> Self {
        Self { name, kind, default: Some(default), required: false, meaning }
    }

    /// A key that may stay unset.
    pub const fn optional(name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        Self { name, kind, default: None, required: false, meaning }
    }

    /// A key that has to be set.
    pub const fn required(name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        Self { name, kind, default: None, required: true, meaning }
    }
}

/// A table of keys.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub meaning: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// A whole number within bounds.
pub(super) const fn whole(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

const ON_VENUE_ENV: &str = "Where it is: `embedded` starts an exchange in this process, with play money; `local` is a compatible exchange at `url`; \
     `demo`, which Kalshi has, is the venue's own play-money exchange; `production` is real money and needs `run.mode = \"live\"`. \
     With a `url` it is `local` unless set.";

/// Every section but the strategies'.
pub const SECTIONS: &[Section] = &[
    Section {
        name: "run",
        meaning: "The run as a whole.",
        keys: &[
            Key::new(
                "name",
                Kind::Name,
                "\"brier\"",
                "What the run is called, in logs and in the default data folder.",
            ),
            Key::optional(
                "data_dir",
                Kind::Path,
                "Where journal, snapshots, lock and control socket are; one process at a time. Unset: `brier/NAME` in `$XDG_DATA_HOME`, or in `~/.local/share`.",
            ),
            Key::new(
                "mode",
                Kind::Word(&["paper", "live"]),
                "\"paper\"",
                "`paper` trades play money. `live` trades real money, and only with `brier run --live` as well.",
            ),
            Key::new(
                "durability",
                Kind::Word(&["fsync", "write", "none"]),
                "\"fsync\"",
                "What the journal waits for before anything is sent: `fsync` until it is on the disk, which survives the loss of power; `write` until the system has it, which survives \
                 the program's death; `none` for nothing, for measurements. Live runs need `fsync`.",
            ),
            Key::new(
                "shutdown_timeout_s",
                whole(1, 600),
                "20",
                "How long an orderly end may wait for the venues' word that everything is canceled.",
            ),
        ],
    },
    Section {
        name: "paper",
        meaning: "The embedded exchange, where a venue's `env` is `embedded`.",
        keys: &[
            Key::optional(
                "catalog",
                Kind::Path,
                "JSON file of series, events and markets that the embedded exchange lists at its first start, as `brier exchange --catalog` takes it.",
            ),
            Key::new("funds_dollars", Kind::Dollars, "10000", "Play money to start with, on each venue."),
            Key::optional(
                "data_dir",
                Kind::Path,
                "Where the embedded exchange keeps its journal. Unset: `exchange` in `run.data_dir`.",
            ),
        ],
    },
    Section {
        name: "kalshi",
        meaning: "Kalshi: where it is, whose key trades, and how it is worked with.",
        keys: &[
            Key::optional(
                "enabled",
                Kind::Flag,
                "Whether it is traded. Unset: when an enabled strategy names a market of it.",
            ),
            Key::new("env", Kind::Word(&["embedded", "local", "demo", "production"]), "\"embedded\"", ON_VENUE_ENV),
            Key::optional(
                "url",
                Kind::Url,
                "Address of a local exchange, as `brier exchange` prints it. Only hosts of this machine or network.",
            ),
            Key::optional("key_id", Kind::KeyId, "The API key's id: itself, `env:NAME` or `file:PATH`."),
            Key::optional("key_path", Kind::Path, "The API key's private half: a PEM file that only you can read."),
            Key::optional(
                "key",
                Kind::Secret,
                "The same by reference, in place of `key_path`: `env:NAME` holds the PEM, or `file:PATH`.",
            ),
            Key::new(
                "amends",
                Kind::Flag,
                "true",
                "Whether resting orders are changed in place. Off, they are canceled and placed anew.",
            ),
            Key::new(
                "requests_per_s",
                whole(1, 1_000),
                "10",
                "Requests a second that placing and changing orders may use. Cancels are not counted.",
            ),
            Key::new("request_burst", whole(1, 1_000), "20", "The most of them at once."),
            Key::new(
                "request_life_s",
                whole(1, 3_600),
                "90",
                "After this long the venue accepts no request any more, because its signature is too old; an order that reads do not show then never arrived.",
            ),
            Key::new(
                "read_lag_ms",
                whole(0, 600_000),
                "2000",
                "By how much the venue's reads may lag behind its writes.",
            ),
        ],
    },
    Section {
        name: "polymarket",
        meaning: "Polymarket: where it is, whose wallet trades, and how it is worked with.",
        keys: &[
            Key::optional(
                "enabled",
                Kind::Flag,
                "Whether it is traded. Unset: when an enabled strategy names a market of it.",
            ),
            Key::new("env", Kind::Word(&["embedded", "local", "production"]), "\"embedded\"", ON_VENUE_ENV),
            Key::optional(
                "url",
                Kind::Url,
                "Address of a local exchange, as `brier exchange` prints it. Only hosts of this machine or network.",
            ),
            Key::optional(
                "key_path",
                Kind::Path,
                "The wallet's private key: a file of 64 hex digits that only you can read.",
            ),
            Key::optional(
                "key",
                Kind::Secret,
                "The same by reference, in place of `key_path`: `env:NAME` or `file:PATH`.",
            ),
            Key::new(
                "signature_type",
                Kind::Word(&["eoa", "proxy", "safe", "deposit"]),
                "\"eoa\"",
                "Whose money the key trades: its own (`eoa`), or that of the proxy, Safe or deposit wallet that belongs to it.",
            ),
            Key::optional(
                "wallet",
                Kind::Text,
                "That wallet's address, where it is not the one that follows from the key.",
            ),
            Key::optional(
                "credentials_path",
                Kind::Path,
                "Where API credentials are kept once they were made. Unset: beside `key_path`, or in `run.data_dir` when the key is no file.",
            ),
            Key::new(
                "requests_per_s",
                whole(1, 1_000),
                "20",
                "Requests a second that placing and changing orders may use. Cancels are not counted.",
            ),
            Key::new("request_burst", whole(1, 1_000), "40", "The most of them at once."),
            Key::new(
                "request_life_s",
                whole(1, 3_600),
                "90",
                "After this long the venue accepts no request any more, because its signature is too old.",
            ),
            Key::new(
                "read_lag_ms",
                whole(0, 600_000),
                "3000",
                "By how much the venue's reads may lag behind its writes.",
            ),
        ],
    },
    super::risk::SECTION,
    Section {
        name: "execution",
        meaning: "How wants become requests.",
        keys: &[
            Key::new(
                "keep_within_dollars",
                Kind::Price,
                "0",
                "A quote whose price is at most this far from where it is wanted stays where it is: its place in the queue is worth more.",
            ),
            Key::new(
                "keep_within_contracts",
                Kind::Contracts,
                "0",
                "Remainders that differ by at most this from what is wanted stay.",
            ),
            Key::new(
                "answer_timeout_ms",
                whole(100, 600_000),
                "20000",
                "After this long without an answer an order is in doubt.",
            ),
            Key::new(
                "ask_after_ms",
                whole(10, 600_000),
                "500",
                "First wait before the venue is asked about something unclear; it doubles up to 32 times.",
            ),
            Key::new("timer_ms", whole(10, 60_000), "1000", "Time between two timer signals to strategies."),
            Key::new("order_room", whole(16, 1_000_000), "8192", "Orders for which memory is made at the start."),
        ],
    },
    Section {
        name: "reconcile",
        meaning: "Comparing our orders, fills, positions and cash with the venue's.",
        keys: &[
            Key::new(
                "interval_s",
                whole(1, 86_400),
                "60",
                "Time between two comparisons; there is one at the start and at every reconnect as well.",
            ),
            Key::new(
                "adopt_after",
                whole(1, 100),
                "3",
                "How many comparisons in a row must show the same difference before the venue's word is adopted. The market is halted from the first.",
            ),
        ],
    },
    Section {
        name: "exits",
        meaning: "When positions are closed without their strategy's word. Nothing is closed unless a key here is set. A strategy can set the same keys for itself under `[strategy.exits]`.",
        keys: EXITS,
    },
    Section {
        name: "feeds",
        meaning: "Data from outside the venues, and what settles which market. Each feed is a `[[feed]]`.",
        keys: &[
            Key::optional(
                "emulator",
                Kind::Url,
                "Ask the emulator at this address instead of the vendors, as `brier feeds emulate` prints it: http://127.0.0.1:8790 unless told otherwise. Paper only.",
            ),
            Key::optional(
                "contact",
                Kind::Text,
                "Whom a vendor can write to about our requests; the National Weather Service wants one.",
            ),
            Key::optional(
                "settlement",
                Kind::Path,
                "Table of stations, families of rules and series, in the place of the one that comes with the program.",
            ),
            Key::new(
                "rules",
                Kind::Word(&["refuse", "warn"]),
                "\"refuse\"",
                "What happens to a market whose own rules disagree with the settlement table, or that a strategy with a model trades and the table \
                 does not know: `refuse` leaves it out of the run; `warn` says so and trades, on paper only.",
            ),
        ],
    },
    Section {
        name: "remote",
        meaning: "Strategies of other programs, over a WebSocket on this machine.",
        keys: &[
            Key::optional(
                "listen",
                Kind::Listen,
                "Where they connect. Unset: nowhere. Only addresses of this machine or network.",
            ),
            Key::optional("token", Kind::Secret, "What they have to know. Needed with `listen`."),
            Key::new("max_clients", whole(1, 64), "8", "The most connections at once."),
            Key::optional(
                "record",
                Kind::Path,
                "Scored markets that show that the fair values they tell beat the market's own price; without it a run with real money takes none. See docs/score-models.md.",
            ),
        ],
    },
    Section {
        name: "control",
        meaning: "How `brier halt`, `brier resume` and others reach the process.",
        keys: &[
            Key::new(
                "poll_ms",
                whole(10, 10_000),
                "200",
                "How often the file `HALT` in the data folder is looked for.",
            ),
            Key::new("socket", Kind::Flag, "true", "Whether the control socket is opened. The file works without it."),
        ],
    },
    Section {
        name: "log",
        meaning: "What the process says of itself. Never a secret.",
        keys: &[
            Key::new("format", Kind::Word(&["json", "text"]), "\"text\"", "One JSON object a line, or text."),
            Key::new(
                "level",
                Kind::Text,
                "\"info\"",
                "`error`, `warn`, `info`, `debug` or `trace`, also by module: `info,brier_kalshi=debug`.",
            ),
            Key::optional("file", Kind::Path, "Where it goes; lines are added at the end. Unset: stderr."),
        ],
    },
];

/// When positions are closed; the keys of `[exits]` and `[strategy.exits]`.
pub(super) const EXITS: &[Key] = &[
    Key::optional(
        "converged_within_dollars",
        Kind::Price,
        "Take profit when what is left to earn on a contract is at most this, plus what `hurdle_bps` asks for the capital until the market closes.",
    ),
    Key::new("hurdle_bps", whole(0, 1_000_000), "0", "What capital must earn, in hundredths of a percent a year."),
    Key::optional(
        "stop_loss_dollars",
        Kind::Price,
        "Close when the market bids this much less than the position cost on average, a contract.",
    ),
    Key::optional("before_close_s", whole(0, 31_536_000), "Close this long before the market does."),
    Key::new("slippage_dollars", Kind::Price, "0.01", "How far through the best price an exit may go, a contract."),
];

/// The keys of a `[[feed]]`.
pub const FEED: &[Key] = &[
    Key::required("name", Kind::Name, "What it is called, in logs."),
    Key::required("vendor", Kind::Text, "Who is asked: `nws`, `coinbase`, …; see docs/feeds.md."),
    Key::required(
        "of",
        Kind::Text,
        "What of it: a symbol, a station such as `KNYC`, a series, words; see docs/feeds.md.",
    ),
    Key::required(
        "series",
        Kind::Text,
        "What the numbers are called, as a strategy's parameters name them: `spot:BTC`. A weather series has `{date}` for the day.",
    ),
    Key::new("enabled", Kind::Flag, "true", "Whether it is asked."),
    Key::new("extreme", Kind::Word(&["high", "low"]), "\"high\"", "Of weather: which extreme of the day."),
    Key::new("mean_s", whole(0, 60), "0", "Of `rtds`: seconds of the oracle's mean, 0, 30 or 60."),
    Key::new("direction", whole(-1, 1), "1", "Of news: the number while an article is fresh, 1 or -1."),
    Key::optional(
        "every_s",
        whole(1, 86_400),
        "How often it is asked, where it does not stream. Unset: by the vendor's habits.",
    ),
    Key::optional(
        "max_age_s",
        whole(1, 31_536_000),
        "How old the numbers may be, where stricter than the vendor's own limit.",
    ),
    Key::optional("key", Kind::Secret, "The vendor's key: `env:NAME` or `file:PATH`. Feeds of one vendor share it."),
];

/// The keys of an `[[analyst]]`, besides its `parameters` and `inputs`.
pub const ANALYST: &[Key] = &[
    Key::required("name", Kind::Name, "What it is called: its opinions are known by this name."),
    Key::required("kind", Kind::Text, "What it thinks with; see below."),
    Key::new("enabled", Kind::Flag, "true", "Whether it assesses anything in a run."),
    Key::new(
        "markets",
        Kind::Markets,
        "[]",
        "What it assesses: `kalshi:TICKER` and `polymarket:0x…`. They are listed in the run, also where no strategy trades them.",
    ),
    Key::new(
        "tells",
        Kind::Flag,
        "true",
        "Whether its opinions become fair values, which strategies trade and risk holds prices against. Off, they are only written down.",
    ),
    Key::optional(
        "every_s",
        whole(1, 604_800),
        "It assesses at least this often, whatever its facts do. Unset: 60, of a language model 3600.",
    ),
    Key::optional(
        "pause_s",
        whole(1, 604_800),
        "It assesses at most this often, however its facts change. Unset: 1, of a language model 600.",
    ),
    Key::optional(
        "valid_for_s",
        whole(1, 2_592_000),
        "How long an opinion may decide at most; never longer than any number behind it. Unset: twice `every_s`.",
    ),
    Key::optional(
        "record",
        Kind::Path,
        "Scored markets that show that it beats the market's own price: needed for real money unless `tells` is off. See docs/score-models.md.",
    ),
];

/// The keys of a `[[strategy]]`, besides its `parameters` and `exits`.
pub const STRATEGY: &[Key] = &[
    Key::required(
        "name",
        Kind::Name,
        "What it is called. Its orders and its profit are kept under this name, so it keeps it from run to run.",
    ),
    Key::required("kind", Kind::Text, "Which strategy; see below. `remote` is one that connects from outside."),
    Key::new("enabled", Kind::Flag, "true", "Whether it trades. Off, nothing of it rests."),
    Key::new(
        "markets",
        Kind::Markets,
        "[]",
        "What it trades: `kalshi:TICKER` and `polymarket:0x…` (the condition id).",
    ),
    Key::new("all_markets", Kind::Flag, "false", "Whether it sees every listed market."),
    super::risk::MAX_POSITION,
    super::risk::MAX_EXPOSURE,
    super::risk::MAX_ORDERS,
    super::risk::MAX_DAY_LOSS,
    super::risk::MAY_OPEN_SHORT,
    super::risk::NEEDS_FAIR,
    Key::optional(
        "record",
        Kind::Path,
        "Scored markets that show that its model beats the market's own price: needed for real money by kinds that trade an opinion of their own. See docs/score-models.md.",
    ),
    Key::optional(
        "group_limit_contracts",
        Kind::Contracts,
        "On Kalshi its orders go into one order group, which the venue cancels together when more than this fills within 15 seconds. Unset: no group.",
    ),
];

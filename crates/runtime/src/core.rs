//! The loop's heart, free of I/O: stamp, order, write down, step, commit. The live program and the simulator run this code.
//!
//! A turn takes everything that is ready, puts it in a fixed order of priority, gives each input its own time, writes it down
//! and lets the engine decide; the commands of the whole turn are written behind them and committed once; only then does the
//! caller get them. A crash between any two lines leaves either nothing or a question that reconciliation can answer.

use brier_engine::codec::Record;
use brier_engine::{Command, Engine, Input};
use brier_types::{Input as FeedInput, Timestamp};

/// Where records go. Appending may buffer; what `commit` returned for survives a crash.
pub trait Sink {
    /// Why a record could not be kept.
    type Error;

    /// Adds a record to the next commit.
    ///
    /// # Errors
    /// When the record cannot be kept. Nothing that hangs on it may leave then.
    fn append(&mut self, record: &[u8]) -> Result<(), Self::Error>;

    /// Makes everything appended durable.
    ///
    /// # Errors
    /// When it could not be made durable. Nothing that hangs on it may leave then.
    fn commit(&mut self) -> Result<(), Self::Error>;
}

/// No journal: for demonstrations and measurements, of which nobody asks what was.
#[derive(Clone, Copy, Debug)]
pub struct Unwritten;

impl Sink for Unwritten {
    type Error = std::convert::Infallible;

    fn append(&mut self, _: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// Inputs in the order in which a turn takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    /// A person's word: the kill switch before everything.
    Operator,
    /// What we did and own: answers, fills, orders, connections.
    Account,
    /// What others do: books and trades; in the order in which they came.
    Market,
    /// Time and opinions.
    Rest,
}

fn priority(input: &Input) -> Priority {
    match input {
        Input::Operator(_) | Input::Started { .. } => Priority::Operator,
        Input::Answer { .. } | Input::Account(_) | Input::AccountUnread { .. } | Input::AccountStream { .. } => {
            Priority::Account
        }
        Input::Feed { body, .. } => match body {
            FeedInput::Fill(_) | FeedInput::FillStatus(_) | FeedInput::Order(_) | FeedInput::Position(_) => {
                Priority::Account
            }
            // Of one stream with the books: a loss of the connection must not overtake what came before it.
            FeedInput::Connection(_)
            | FeedInput::Book(_)
            | FeedInput::BookLost(_)
            | FeedInput::Quote(_)
            | FeedInput::Trade(_)
            | FeedInput::Lifecycle(_) => Priority::Market,
        },
        Input::Listed(_) | Input::Grid { .. } | Input::FeesChanged { .. } => Priority::Market,
        Input::Fair(_) | Input::Fact(_) | Input::Timer | Input::Remote { .. } | Input::RemoteGone { .. } => {
            Priority::Rest
        }
    }
}

/// The engine with its journal.
#[derive(Debug)]
pub struct Core<S> {
    engine: Engine,
    sink: S,
    now: Timestamp,
    record: Vec<u8>,
    commands: Vec<Command>,
}

impl<S: Sink> Core<S> {
    /// A core whose engine has taken everything that the sink holds.
    pub fn new(engine: Engine, sink: S) -> Self {
        let now = engine.now();
        Self { engine, sink, now, record: Vec::with_capacity(4_096), commands: Vec::with_capacity(64) }
    }

    /// The engine.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The engine, for figures that are computed when asked for.
    pub const fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// The journal.
    pub const fn sink(&self) -> &S {
        &self.sink
    }

    /// The journal, to be closed.
    pub const fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Takes what is ready. `clock` is the time now; each input gets a time of its own, later than the one before, also when
    /// the clock stands still or was set back. The commands are durable when this returns.
    ///
    /// # Errors
    /// When the journal cannot keep them: nothing may be done, and the program must stop.
    pub fn turn(&mut self, clock: Timestamp, inputs: &mut Vec<Input>) -> Result<&mut Vec<Command>, S::Error> {
        self.commands.clear();
        inputs.sort_by_key(priority);
        // A person's word is durable before anybody acts on it: a kill switch that a crash forgets is none.
        let by_person = inputs.iter().any(|input| matches!(input, Input::Operator(_)));
        for input in inputs.drain(..) {
            self.now = clock.max(Timestamp::from_nanos(self.now.nanos().saturating_add(1)));
            self.record.clear();
            Record::put_input(self.now, &input, &mut self.record);
            self.sink.append(&self.record)?;
            self.engine.step(self.now, input, &mut self.commands);
        }
        // All of them, so that a replay can be held against them one by one.
        for command in &self.commands {
            self.record.clear();
            Record::put_command(command, &mut self.record);
            self.sink.append(&self.record)?;
        }
        let planted = self.engine.planted() == Some(brier_engine::Planted::SentBeforeWritten);
        if (by_person || self.commands.iter().any(leaves)) && !planted {
            self.sink.commit()?;
        }
        Ok(&mut self.commands)
    }

    /// Makes durable what no command has made so: before an ordinary end, and from time to time.
    ///
    /// # Errors
    /// As [`Core::turn`].
    pub fn flush(&mut self) -> Result<(), S::Error> {
        self.sink.commit()
    }

    /// Takes the list of commands back, so that the next turn need not make one.
    pub fn give_back(&mut self, mut commands: Vec<Command>) {
        commands.clear();
        self.commands = commands;
    }

    /// Gives engine and journal back.
    pub fn into_parts(self) -> (Engine, S) {
        (self.engine, self.sink)
    }
}

/// Whether a command has an effect outside, so that it must be durable first.
const fn leaves(command: &Command) -> bool {
    match command {
        Command::Send { .. } => true,
        // A read asked twice does no harm, a wake-up and an alert are made again by the replay.
        Command::Reconcile { .. } | Command::WakeAt(_) | Command::Alert(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use brier_engine::risk::Limits;
    use brier_engine::{EngineConfig, Operator};

    use super::*;

    #[derive(Debug, Default)]
    struct Counting {
        pending: u32,
        durable: u32,
    }

    impl Sink for Counting {
        type Error = std::convert::Infallible;

        fn append(&mut self, _: &[u8]) -> Result<(), Self::Error> {
            self.pending += 1;
            Ok(())
        }

        fn commit(&mut self) -> Result<(), Self::Error> {
            self.durable += std::mem::take(&mut self.pending);
            Ok(())
        }
    }

    /// `brier torture`, seed 61: the switch was pulled, the program died, and the next run traded.
    #[test]
    fn a_kill_switch_is_durable_before_anybody_acts_on_it() {
        let engine = Engine::new(EngineConfig::new("t", Limits::unlimited_for_tests()));
        let mut core = Core::new(engine, Counting::default());
        let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
        core.turn(now, &mut vec![Input::Timer]).unwrap();
        assert_eq!(core.sink().durable, 0, "time alone needs no commit");
        core.turn(now, &mut vec![Input::Operator(Operator::Halt { reason: "storm".to_owned() })]).unwrap();
        assert!(core.sink().durable > 1 && core.sink().pending == 0);
    }
}

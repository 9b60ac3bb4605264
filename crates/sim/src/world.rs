//! The simulated world: venues, networks, a disk and clocks around one program, and the trouble that a plan decides.
//!
//! One queue of happenings, ordered by time and then by when they were planned; chance comes from the seed alone. The program
//! under test is `runtime`'s node as it runs live; the venues are the embedded exchange's own routers and sessions.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use brier_engine::{Alert, Engine, Input, MarketId, Operator, Purpose, StrategyId, Take, Want};
use brier_runtime::gateway::{CallId, HttpCall, Outcome};
use brier_runtime::node::{Effect, Event, Moment, Node, Socket};
use brier_types::{BookSide, MarketResult, Price, Qty, Timestamp, Venue};

use crate::auditor::{Auditor, Violation};
use crate::chance::Chance;
use crate::disk::{Disk, DiskError, Platter};
use crate::plan::{Fault, Plan};
use crate::story::Story;
use crate::venues::{Link, Venues};

/// When simulated time begins: 2026-09-21T13:46:40Z, and nothing hangs on it.
pub const START: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);
/// How long everything has to come to rest once trouble has ended: the proof that a request can no longer arrive takes its
/// time, and is made several times at most.
const PATIENCE: Duration = Duration::from_mins(15);
/// Most happenings of one run: more is a program that spins.
const MOST: u64 = 200_000;

/// Something that will happen.
#[derive(Debug)]
enum Happening {
    /// A connection is tried.
    Dial { socket: Socket, life: u32 },
    /// A connection is open, as the program learns it.
    Opened { socket: Socket, link: u32 },
    /// A connection is gone, as the program learns it.
    Closed { socket: Socket, link: u32, reason: String },
    /// A frame reaches the program.
    Frame { socket: Socket, link: u32, text: String },
    /// An answer to a ping reaches the program.
    Pong { socket: Socket, link: u32 },
    /// A frame of the program reaches the venue.
    Said { socket: Socket, link: u32, text: String },
    /// A request reaches the venue, and once more after `again`.
    Request { venue: Venue, call: Box<HttpCall>, life: u32, answer: AnswerFate, again: Option<Duration> },
    /// The program learns what became of a call.
    Answer { venue: Venue, call: CallId, life: u32, outcome: Outcome },
    /// The program's own timer.
    Wake { life: u32 },
    /// Others trade.
    House,
    /// Trouble of the world's own making.
    Trouble,
    /// A person does something.
    Person,
    /// The program is started again.
    Start,
    /// What was paused goes on.
    Mend(Mending),
}

/// What becomes of an answer on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AnswerFate {
    Comes,
    Lost,
    /// The venue acted, and this comes back instead.
    Status(u16),
}

/// What ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mending {
    Resume(usize),
    Modes,
    Disk,
    Clock,
}

/// A connection under way.
#[derive(Debug)]
struct Wire {
    link: u32,
    /// The venue's end, once it is there.
    end: Option<Link>,
    /// Nothing comes through any more, and nobody says so.
    silent: bool,
    /// The last number of a book's change that was sent, its subscription first.
    last_number: (u64, u64),
    /// That change is lost, so that no gap in the numbers shows it.
    lost_last: bool,
    /// No frame arrives before the one sent before it.
    last_arrival: Timestamp,
    /// Nor does one of ours at the venue.
    last_departure: Timestamp,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// What went wrong, if anything did.
    pub violation: Option<Violation>,
    /// A sum over everything that was said and done: two runs of a seed have the same.
    pub digest: u64,
    /// Happenings.
    pub happenings: u64,
    /// Orders placed by the program.
    pub placed: u64,
    /// Fills booked.
    pub fills: u64,
    /// Times the program died.
    pub crashes: u32,
    /// Combos that ended, of those that the engine remembers: got nothing, complete, rebalanced, unwound, held.
    pub combos: [u64; 5],
    /// The most that legs had open at any moment, in percent of their bound.
    pub most_open_percent: u64,
    /// Simulated seconds.
    pub seconds: u64,
}

/// How combos ended.
fn ends(engine: &Engine) -> [u64; 5] {
    use brier_engine::Ended::{Complete, Held, Nothing, Rebalanced, Unwound};
    [Nothing, Complete, Rebalanced, Unwound, Held]
        .map(|ended| engine.attempts().filter(|it| it.ended == ended).count() as u64)
}

fn readable(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered { status, body, .. } => format!("{status} {}", String::from_utf8_lossy(body)),
        other => format!("{other:?}"),
    }
}

/// Subscription and number of a change of one of Kalshi's books.
fn book_number(frame: &str) -> Option<(u64, u64)> {
    let number = |name: &str| {
        let (_, rest) = frame.split_once(name)?;
        rest.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
    };
    frame.starts_with(r#"{"type":"orderbook_"#).then_some((number(r#""sid":"#)?, number(r#""seq":"#)?))
}

/// The world. See the module's head.
pub struct World {
    plan: Plan,
    chance: Chance,
    now: Timestamp,
    /// What the wall clock shows beyond the true time, in nanoseconds.
    skew: i64,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    planned: u64,
    venues: Venues,
    node: Option<Node<Disk>>,
    platter: Rc<RefCell<Platter>>,
    /// Counts the program's lives; what was sent to an earlier one is lost.
    life: u32,
    wires: BTreeMap<Socket, Wire>,
    links: u32,
    /// When the program's timer is set for.
    wake: Option<Timestamp>,
    effects: Vec<Effect>,
    /// Calls whose outcome the program has not heard.
    calls: BTreeSet<(Venue, CallId)>,
    calm: bool,
    winding_down: bool,
    crashes: u32,
    killed: bool,
    auditor: Auditor,
    /// The strategy that a person pauses.
    paused: StrategyId,
    story: Story,
    happenings: u64,
}

impl std::fmt::Debug for World {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("World").field("plan", &self.plan).field("now", &self.now).finish_non_exhaustive()
    }
}

impl World {
    /// A world as the plan says, in which nothing has happened.
    pub fn new(plan: Plan, planted: Option<brier_engine::Planted>) -> Self {
        let chance = Chance::new(plan.seed);
        let venues = Venues::new(&plan, START, planted);
        let auditor = Auditor::new(&plan);
        Self {
            chance,
            now: START,
            skew: 0,
            queue: BTreeMap::new(),
            planned: 0,
            venues,
            node: None,
            platter: Rc::default(),
            life: 0,
            wires: BTreeMap::new(),
            links: 0,
            wake: None,
            effects: Vec::new(),
            calls: BTreeSet::new(),
            calm: false,
            winding_down: false,
            crashes: 0,
            killed: false,
            auditor,
            paused: StrategyId(if plan.legs.is_some() { 2 } else { 0 }),
            story: Story::new(),
            happenings: 0,
            plan,
        }
    }

    /// A world whose story is kept.
    pub fn telling(plan: Plan, planted: Option<brier_engine::Planted>) -> Self {
        let mut world = Self::new(plan, planted);
        world.story.keep();
        world
    }

    /// Runs to the end, or to the first violation.
    pub fn run(mut self) -> (Ended, Story) {
        self.plan_after(Duration::ZERO, Happening::Start);
        self.plan_after(Duration::from_millis(10), Happening::House);
        self.plan_after(Duration::from_millis(500), Happening::Trouble);
        self.plan_after(Duration::from_secs(2), Happening::Person);
        let violation = self.play().err();
        if let Some(violation) = &violation {
            self.story.tell(self.now, || format!("VIOLATION: {violation}"));
        }
        let counts = self.node.as_ref().map(|node| node.engine().counts()).unwrap_or_default();
        let outcome = Ended {
            violation,
            digest: self.story.digest(),
            happenings: self.happenings,
            placed: counts.placed,
            fills: counts.fills,
            crashes: self.crashes,
            combos: self.node.as_ref().map(|node| ends(node.engine())).unwrap_or_default(),
            most_open_percent: self.auditor.most_open_percent(),
            seconds: self.now.since(START).as_secs(),
        };
        (outcome, self.story)
    }

    fn play(&mut self) -> Result<(), Violation> {
        let storm_ends = START.plus(self.plan.storm);
        let winds_down = storm_ends.plus(self.plan.calm);
        let gives_up = winds_down.plus(PATIENCE);
        while let Some(((at, _), happening)) = self.queue.pop_first() {
            self.happenings += 1;
            if self.happenings > MOST {
                let due = self.node.as_ref().map_or_else(String::new, |node| node.what_is_due(self.moment()));
                return Err(Violation::new("progress", format!("more than {MOST} happenings; {due}")));
            }
            self.now = at;
            if !self.calm && at >= storm_ends {
                self.end_trouble()?;
            }
            if !self.winding_down && at >= winds_down && self.node.is_some() {
                self.winding_down = true;
                self.story.tell(at, || "winding down".to_owned());
                self.tell(Event::Input(Input::Operator(Operator::WindDown)))?;
            }
            self.venues.advance(at);
            self.venues.redeem_resolved();
            self.happen(happening)?;
            self.collect_frames();
            if self.is_at_rest() {
                return self.judge_the_end();
            }
            if at > gives_up {
                let mut violation = Auditor::not_at_rest(self.node.as_ref().map(Node::engine), &self.venues);
                violation.what.push_str(&self.what_moves());
                return Err(violation);
            }
        }
        Err(Violation::new("progress", "nothing will ever happen again".to_owned()))
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Violation> {
        match happening {
            Happening::Start => self.start(),
            Happening::Dial { socket, life } => {
                if life == self.life && self.node.is_some() {
                    self.dial(socket);
                }
                Ok(())
            }
            Happening::Opened { socket, link } if self.is_wired(socket, link) => {
                self.story.tell(self.now, || format!("{socket:?} is open"));
                self.tell(Event::Opened(socket))
            }
            Happening::Closed { socket, link, reason } if self.is_wired(socket, link) => {
                self.wires.remove(&socket);
                self.story.tell(self.now, || format!("{socket:?} closed: {reason}"));
                self.tell(Event::Closed(socket, &reason))
            }
            Happening::Frame { socket, link, text } if self.is_wired(socket, link) => {
                self.story.hash(text.as_bytes());
                self.story.tell(self.now, || format!("{socket:?} < {text}"));
                self.tell(Event::Frame(socket, &text))?;
                match &self.node {
                    Some(node) if socket == Socket::Kalshi => Auditor::after_frame(node.engine(), &text),
                    _ => Ok(()),
                }
            }
            Happening::Pong { socket, link } if self.is_wired(socket, link) => self.tell(Event::Life(socket)),
            Happening::Said { socket, link, text } if self.is_wired(socket, link) => {
                if let Some(end) = self.wires.get(&socket).and_then(|wire| wire.end) {
                    self.venues.say(end, &text);
                }
                Ok(())
            }
            Happening::Opened { .. }
            | Happening::Closed { .. }
            | Happening::Frame { .. }
            | Happening::Pong { .. }
            | Happening::Said { .. } => Ok(()),
            Happening::Request { venue, call, life, answer, again } => {
                self.arrive(venue, &call, life, answer, again);
                Ok(())
            }
            Happening::Answer { venue, call, life, outcome } => {
                if life != self.life || self.node.is_none() {
                    return Ok(());
                }
                // A call has one outcome: what comes after its deadline, or after its answer, finds nobody waiting.
                if !self.calls.remove(&(venue, call)) {
                    return Ok(());
                }
                self.story.tell(self.now, || format!("{venue} answers {call:?}: {}", readable(&outcome)));
                self.tell(Event::Outcome(venue, call, outcome))
            }
            Happening::Wake { life } => {
                if life == self.life && self.node.is_some() {
                    self.wake = None;
                    return self.tell(Event::Wake);
                }
                Ok(())
            }
            Happening::House => {
                let next = self.chance.millis(20, 400);
                let busy = !self.winding_down;
                if busy {
                    self.venues.house(&mut self.chance);
                    self.plan_after(next, Happening::House);
                }
                Ok(())
            }
            Happening::Trouble => {
                self.trouble();
                Ok(())
            }
            Happening::Person => self.person(),
            Happening::Mend(mending) => {
                self.mend(&mending);
                Ok(())
            }
        }
    }

    // --- The program ------------------------------------------------------------------------------------------------

    fn moment(&self) -> Moment {
        Moment { wall: Timestamp::from_nanos(self.now.nanos() + self.skew), steady: self.now }
    }

    fn start(&mut self) -> Result<(), Violation> {
        if self.node.is_some() {
            return Ok(());
        }
        self.life += 1;
        self.wires.clear();
        self.calls.clear();
        self.wake = None;
        let records = std::mem::take(&mut self.platter.borrow_mut().durable);
        let recovered = self.venues.recover(&records, Disk(self.platter.clone()));
        let (node, run) = recovered.map_err(|error| Violation::new("recovery", error))?;
        self.story.tell(self.now, || format!("the program starts: run {run}"));
        self.auditor.after_recovery(node.engine());
        self.node = Some(node);
        self.maybe_doom();
        let moment = self.moment();
        let mut effects = std::mem::take(&mut self.effects);
        let node = self.node.as_mut().expect("it was just made");
        let result = self.venues.begin(node, moment, run, &mut effects);
        self.effects = effects;
        self.auditor.after_start(node.engine(), self.killed)?;
        self.after_turn(result)
    }

    /// Decides at which operation of the disk the program dies, if it does.
    fn maybe_doom(&mut self) {
        let dies = !self.calm && self.plan.faults.has(Fault::Crash);
        let mut platter = self.platter.borrow_mut();
        platter.dies_in = dies.then(|| self.chance.between(1, 3_000) as u32);
        platter.torn_keeps = self.chance.below(4) as usize;
    }

    fn tell(&mut self, event: Event<'_>) -> Result<(), Violation> {
        let moment = self.moment();
        let mut effects = std::mem::take(&mut self.effects);
        let result = match &mut self.node {
            Some(node) => node.handle(moment, [event], &mut effects),
            None => Ok(()),
        };
        self.effects = effects;
        self.after_turn(result)
    }

    /// Carries out what the program wants, or lets it die.
    fn after_turn(&mut self, result: Result<(), DiskError>) -> Result<(), Violation> {
        if let Some(node) = &self.node {
            self.auditor.after_step(node.engine(), &self.venues, self.killed)?;
        }
        let mut effects: VecDeque<Effect> = std::mem::take(&mut self.effects).into();
        // Between any two effects the program may die as well.
        let survives = match result {
            Ok(()) => {
                let dies = !self.calm && self.plan.faults.has(Fault::Crash) && self.chance.below(4_000) == 0;
                if dies { self.chance.below(effects.len() as u64 + 1) as usize } else { usize::MAX }
            }
            Err(_) => 0,
        };
        let died = result.is_err() || survives != usize::MAX;
        let count = if result.is_err() { effects.len() } else { survives };
        for _ in 0..count {
            let Some(effect) = effects.pop_front() else { break };
            self.perform(effect);
        }
        if died {
            self.die(result.err());
            return Ok(());
        }
        self.set_wake();
        Ok(())
    }

    fn die(&mut self, error: Option<DiskError>) {
        self.story.tell(self.now, || match error {
            Some(error) => format!("the program ends: {error}"),
            None => "the program dies between two effects".to_owned(),
        });
        self.crashes += 1;
        self.platter.borrow_mut().crash();
        self.node = None;
        for (_, wire) in std::mem::take(&mut self.wires) {
            if let Some(end) = wire.end {
                self.venues.hang_up(end);
            }
        }
        let after = self.chance.millis(200, 8_000);
        self.plan_after(after, Happening::Start);
    }

    fn set_wake(&mut self) {
        let Some(node) = &self.node else { return };
        let at = self.now.plus(node.wake_in(self.moment()).max(Duration::from_micros(1)));
        if self.wake.is_none_or(|known| at < known) {
            self.wake = Some(at);
            let life = self.life;
            self.plan_at(at, Happening::Wake { life });
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(socket, wait) => {
                let (wait, life) = (wait + self.chance.millis(1, 60), self.life);
                self.plan_after(wait, Happening::Dial { socket, life });
            }
            Effect::Send(socket, text) => {
                let delay = self.chance.millis(1, 40);
                self.story.tell(self.now, || format!("{socket:?} > {text}"));
                let now = self.now;
                if let Some(wire) = self.wires.get_mut(&socket).filter(|wire| !wire.silent) {
                    let at = now.plus(delay).max(wire.last_departure.plus(Duration::from_micros(1)));
                    wire.last_departure = at;
                    let link = wire.link;
                    self.plan_at(at, Happening::Said { socket, link, text });
                }
            }
            Effect::Ping(socket) => {
                let delay = self.chance.millis(2, 80);
                if let Some(wire) = self.wires.get(&socket).filter(|wire| !wire.silent) {
                    let link = wire.link;
                    self.plan_after(delay, Happening::Pong { socket, link });
                }
            }
            Effect::Hangup(socket) => {
                if let Some(end) = self.wires.remove(&socket).and_then(|wire| wire.end) {
                    self.venues.hang_up(end);
                }
            }
            Effect::Call(venue, call) => self.send(venue, call),
            Effect::Alert(alert) => self.hear(&alert),
            Effect::Notice(text) => self.story.tell(self.now, || format!("notice: {text}")),
        }
    }

    fn hear(&mut self, alert: &Alert) {
        self.story.tell(self.now, || format!("alert: {alert:?}"));
    }

    // --- Streams ----------------------------------------------------------------------------------------------------

    fn is_wired(&self, socket: Socket, link: u32) -> bool {
        self.node.is_some() && self.wires.get(&socket).is_some_and(|wire| wire.link == link)
    }

    fn dial(&mut self, socket: Socket) {
        self.links += 1;
        let link = self.links;
        if let Some(end) = self.wires.remove(&socket).and_then(|wire| wire.end) {
            self.venues.hang_up(end);
        }
        let refused = self.strikes(Fault::Closed, 4);
        let moment = self.moment();
        let end = if refused { Err("connection refused".to_owned()) } else { self.venues.open(socket, moment.wall) };
        let delay = self.chance.millis(1, 60);
        let arrival = self.now.plus(delay);
        match end {
            Ok(end) => {
                self.wires.insert(
                    socket,
                    Wire {
                        link,
                        end: Some(end),
                        silent: false,
                        last_number: (0, 0),
                        lost_last: false,
                        last_arrival: arrival,
                        last_departure: arrival,
                    },
                );
                self.plan_at(arrival, Happening::Opened { socket, link });
            }
            Err(reason) => {
                self.wires.insert(
                    socket,
                    Wire {
                        link,
                        end: None,
                        silent: false,
                        last_number: (0, 0),
                        lost_last: false,
                        last_arrival: arrival,
                        last_departure: arrival,
                    },
                );
                self.plan_at(arrival, Happening::Closed { socket, link, reason });
            }
        }
    }

    /// Takes what the venue said on every connection, and lets it travel.
    fn collect_frames(&mut self) {
        let sockets: Vec<Socket> = self.wires.keys().copied().collect();
        for socket in sockets {
            let Some(end) = self.wires.get(&socket).and_then(|wire| wire.end) else { continue };
            let (frames, closed) = self.venues.heard(end);
            self.travel(socket, frames);
            if let Some(reason) = closed
                && let Some(wire) = self.wires.get_mut(&socket)
            {
                wire.end = None;
                let (link, at) = (wire.link, wire.last_arrival.max(self.now).plus(Duration::from_micros(1)));
                self.plan_at(at, Happening::Closed { socket, link, reason });
            }
        }
    }

    fn travel(&mut self, socket: Socket, mut frames: Vec<String>) {
        if frames.len() >= 2 && self.strikes(Fault::FrameSwapped, 4) {
            let place = self.chance.below(frames.len() as u64 - 1) as usize;
            frames.swap(place, place + 1);
        }
        for text in frames {
            let slow = self.plan.faults.has(Fault::SlowStream) && !self.calm;
            let delay = if slow { self.chance.millis(20, 3_000) } else { self.chance.millis(1, 60) };
            let lost = self.strikes(Fault::FrameLost, 6);
            if let Some(number) = book_number(&text)
                && let Some(wire) = self.wires.get_mut(&socket).filter(|wire| wire.last_number <= number)
            {
                wire.last_number = number;
                wire.lost_last = lost;
            }
            if lost {
                self.story.tell(self.now, || format!("lost on {socket:?}: {text}"));
                continue;
            }
            let twice = self.strikes(Fault::FrameTwice, 6);
            let Some(wire) = self.wires.get_mut(&socket).filter(|wire| !wire.silent) else { continue };
            let at = self.now.plus(delay).max(wire.last_arrival.plus(Duration::from_micros(1)));
            wire.last_arrival = at;
            let link = wire.link;
            if twice {
                self.plan_at(at, Happening::Frame { socket, link, text: text.clone() });
            }
            self.plan_at(at, Happening::Frame { socket, link, text });
        }
    }

    // --- Calls ------------------------------------------------------------------------------------------------------

    fn send(&mut self, venue: Venue, call: HttpCall) {
        self.story.hash(call.target.as_bytes());
        self.story.hash(&call.body);
        self.story.tell(self.now, || {
            format!("{venue} > {:?} {} {}", call.id, call.target, String::from_utf8_lossy(&call.body))
        });
        let (id, life) = (call.id, self.life);
        // The gateway is told of silence when its deadline has come.
        let wall = self.moment().wall;
        let deadline = self.now.plus(call.deadline.since(wall));
        self.calls.insert((venue, id));
        if self.strikes(Fault::NotSent, 2) {
            let delay = self.chance.millis(1, 50);
            let outcome = Outcome::NotSent("connection refused".to_owned());
            self.plan_after(delay, Happening::Answer { venue, call: id, life, outcome });
            return;
        }
        if self.strikes(Fault::RateLimited, 2) {
            let delay = self.chance.millis(1, 50);
            let body = br#"{"code":"too_many_requests","message":"too many requests"}"#.to_vec();
            let outcome = Outcome::Answered { status: 429, date: None, retry_after: None, body };
            self.plan_after(delay, Happening::Answer { venue, call: id, life, outcome });
            return;
        }
        let silence = Outcome::Silent("no answer within the deadline".to_owned());
        self.plan_at(deadline, Happening::Answer { venue, call: id, life, outcome: silence });
        if self.strikes(Fault::RequestLost, 2) {
            return;
        }
        let mut delay = self.chance.millis(1, 80);
        if self.strikes(Fault::RequestLate, 2) {
            delay += Duration::from_secs(self.chance.between(5, 40));
        }
        let answer = if self.strikes(Fault::AnswerLost, 2) {
            AnswerFate::Lost
        } else if self.strikes(Fault::ServerError, 2) {
            AnswerFate::Status(*self.chance.pick(&[500, 502, 503, 504]))
        } else {
            AnswerFate::Comes
        };
        let again = self.strikes(Fault::RequestTwice, 2).then(|| self.chance.millis(1, 4_000));
        self.plan_after(delay, Happening::Request { venue, call: Box::new(call), life, answer, again });
    }

    fn arrive(&mut self, venue: Venue, call: &HttpCall, life: u32, answer: AnswerFate, again: Option<Duration>) {
        let reply = self.venues.call(venue, call);
        let is_refused = matches!(&reply, Outcome::Answered { status, .. } if *status >= 400);
        // Who stands between repeats what has no answer. A copy that is taken after a clear no would leave nothing to rely on.
        let is_clear = is_refused && answer == AnswerFate::Comes;
        if let Some(again) = again.filter(|_| !is_clear) {
            let (call, answer) = (Box::new(call.clone()), AnswerFate::Lost);
            self.plan_after(again, Happening::Request { venue, call, life, answer, again: None });
        }
        let fate = match answer {
            AnswerFate::Comes => Some(reply),
            AnswerFate::Lost => None,
            AnswerFate::Status(status) => Some(Outcome::Answered {
                status,
                date: None,
                retry_after: None,
                body: b"upstream connect error".to_vec(),
            }),
        };
        self.story.tell(self.now, || format!("{venue} has seen {:?}; its answer {answer:?}", call.id));
        let Some(outcome) = fate else { return };
        let slow = self.plan.faults.has(Fault::SlowAnswers) && !self.calm;
        let delay = if slow { self.chance.millis(20, 4_000) } else { self.chance.millis(1, 80) };
        self.plan_after(delay, Happening::Answer { venue, call: call.id, life, outcome });
    }

    // --- Trouble ----------------------------------------------------------------------------------------------------

    /// Whether a fault of the plan strikes now; `weight` makes it so many times as likely as the plan's rate.
    fn strikes(&mut self, fault: Fault, weight: u64) -> bool {
        !self.calm && self.plan.faults.has(fault) && self.chance.per_mille(self.plan.rate * weight / 4)
    }

    fn trouble(&mut self) {
        if self.calm {
            return;
        }
        let next = self.chance.millis(100, 2_000);
        self.plan_after(next, Happening::Trouble);
        if self.strikes(Fault::Closed, 8) {
            self.cut(|_| "connection reset by peer".to_owned());
        }
        if self.strikes(Fault::Silent, 8) {
            let sockets: Vec<Socket> = self.wires.keys().copied().collect();
            if !sockets.is_empty() {
                let socket = *self.chance.pick(&sockets);
                self.story.tell(self.now, || format!("{socket:?} falls silent"));
                if let Some(wire) = self.wires.get_mut(&socket) {
                    wire.silent = true;
                }
            }
        }
        if self.strikes(Fault::ClockStep, 8) {
            self.skew = self.chance.between(0, 4_000_000_000) as i64 - 2_000_000_000;
            let skew = self.skew;
            self.story.tell(self.now, || format!("the wall clock is off by {skew} ns"));
            self.plan_after(Duration::from_secs(10), Happening::Mend(Mending::Clock));
        }
        if self.strikes(Fault::DiskFull, 4) {
            self.story.tell(self.now, || "the disk is full".to_owned());
            self.platter.borrow_mut().full = true;
            self.plan_after(Duration::from_secs(4), Happening::Mend(Mending::Disk));
        }
        if self.strikes(Fault::Pause, 8)
            && let Some(place) = self.venues.pause(&mut self.chance)
        {
            self.story.tell(self.now, || format!("market {place} pauses"));
            let wait = self.chance.millis(200, 5_000);
            self.plan_after(wait, Happening::Mend(Mending::Resume(place)));
        }
        if self.strikes(Fault::EarlyClose, 2) {
            let what = self.venues.close_early(&mut self.chance);
            self.story.tell(self.now, || what);
        }
        if self.strikes(Fault::Settle, 3) {
            let result = match self.chance.below(3) {
                0 => MarketResult::Yes,
                1 => MarketResult::No,
                _ => MarketResult::Scalar(Price::new(self.chance.between(0, 100) as u16 * 100).unwrap_or(Price::ONE)),
            };
            let what = self.venues.settle(&mut self.chance, result);
            self.story.tell(self.now, || what);
        }
        if self.strikes(Fault::TickChange, 6) {
            let what = self.venues.change_tick(&mut self.chance);
            self.story.tell(self.now, || what);
        }
        if self.strikes(Fault::VenueModes, 6) {
            let what = self.venues.change_mode(&mut self.chance);
            self.story.tell(self.now, || what);
            let wait = self.chance.millis(500, 8_000);
            self.plan_after(wait, Happening::Mend(Mending::Modes));
        }
        if self.strikes(Fault::FailedTrades, 12) {
            self.venues.fail_next();
        }
    }

    fn cut(&mut self, reason: impl Fn(Socket) -> String) {
        let sockets: Vec<Socket> = self.wires.keys().copied().collect();
        if sockets.is_empty() {
            return;
        }
        let socket = *self.chance.pick(&sockets);
        if let Some(wire) = self.wires.get_mut(&socket) {
            let (link, at) = (wire.link, wire.last_arrival.max(self.now).plus(Duration::from_micros(1)));
            if let Some(end) = wire.end.take() {
                self.venues.hang_up(end);
            }
            self.plan_at(at, Happening::Closed { socket, link, reason: reason(socket) });
        }
    }

    fn mend(&mut self, mending: &Mending) {
        match mending {
            Mending::Resume(place) => self.venues.resume(*place),
            Mending::Modes => self.venues.normal_mode(),
            Mending::Disk => self.platter.borrow_mut().full = false,
            Mending::Clock => self.skew = 0,
        }
    }

    fn end_trouble(&mut self) -> Result<(), Violation> {
        self.calm = true;
        self.story.tell(self.now, || "trouble has ended".to_owned());
        self.skew = 0;
        self.platter.borrow_mut().full = false;
        self.platter.borrow_mut().dies_in = None;
        self.venues.normal_mode();
        self.venues.resume_all();
        let silent: Vec<Socket> =
            self.wires.iter().filter(|(_, wire)| wire.silent).map(|(socket, _)| *socket).collect();
        for socket in silent {
            // What was swallowed is gone; the connection ends so that the program learns of it.
            if let Some(wire) = self.wires.get_mut(&socket) {
                let link = wire.link;
                if let Some(end) = wire.end.take() {
                    self.venues.hang_up(end);
                }
                let (at, reason) = (self.now.plus(Duration::from_micros(1)), "connection reset by peer".to_owned());
                self.plan_at(at, Happening::Closed { socket, link, reason });
            }
        }
        if self.killed && self.node.is_some() {
            self.killed = false;
            let reason = "trouble has ended".to_owned();
            self.tell(Event::Input(Input::Operator(Operator::Resume { reason })))?;
        }
        Ok(())
    }

    fn person(&mut self) -> Result<(), Violation> {
        if self.calm {
            return Ok(());
        }
        let next = self.chance.millis(500, 6_000);
        self.plan_after(next, Happening::Person);
        if self.node.is_none() || !self.plan.faults.has(Fault::Operator) {
            return Ok(());
        }
        let markets = self.venues.market_count();
        let market = MarketId(self.chance.below(markets as u64) as u32);
        // What only the arbitrage trades is its own, so that the auditor knows whose a contract is.
        if self.plan.is_paired(market) {
            return Ok(());
        }
        let operator = match self.chance.below(10) {
            0 | 1 => Operator::Halt { reason: "command: torture".to_owned() },
            2..=4 => Operator::Resume { reason: "torture".to_owned() },
            5 => Operator::Pause { strategy: self.paused },
            6 => Operator::Unpause { strategy: self.paused },
            7 => Operator::Reconcile { venue: self.venues.venue_of(market) },
            _ => {
                let side = if self.chance.per_mille(500) { BookSide::Bid } else { BookSide::Ask };
                let limit = Price::new(self.chance.between(20, 80) as u16 * 100).unwrap_or(Price::ONE);
                let qty = Qty::from_contracts(self.chance.between(5, 10)).unwrap_or(Qty::ZERO);
                // Where nobody intends to own NO, a person sells only what is there.
                let closes = self.chance.per_mille(500) || (side == BookSide::Ask && !self.plan.may_open_no);
                let purpose = if closes { Purpose::Close } else { Purpose::Any };
                Operator::Want(Want::Take { market, take: Take { side, limit, qty, purpose } })
            }
        };
        match &operator {
            Operator::Halt { .. } => self.killed = true,
            Operator::Resume { .. } => self.killed = false,
            _ => {}
        }
        self.story.tell(self.now, || format!("a person: {operator:?}"));
        let before = self.crashes;
        self.tell(Event::Input(Input::Operator(operator)))?;
        if self.crashes != before {
            // It may or may not have been written down: what the next life knows is what counts.
            let records = self.venues.all_records(&self.platter.borrow().durable);
            self.killed = Auditor::killed_by_journal(&records);
        }
        Ok(())
    }

    // --- The end ----------------------------------------------------------------------------------------------------

    fn is_at_rest(&self) -> bool {
        let Some(node) = &self.node else { return false };
        self.calm
            && self.winding_down
            && node.engine().is_idle()
            && node.engine().is_reconciled()
            && self.calls.is_empty()
            && self.wires.values().all(|wire| wire.end.is_some() && wire.last_arrival < self.now)
            && self.venues.is_at_rest()
            && Auditor::agrees(node.engine(), &self.venues)
    }

    fn what_moves(&self) -> String {
        let Some(node) = &self.node else { return String::new() };
        let open: Vec<&Socket> = self
            .wires
            .iter()
            .filter(|(_, wire)| wire.end.is_none() || wire.last_arrival >= self.now)
            .map(|it| it.0)
            .collect();
        format!(
            "; idle {}, reconciled {}, calls {:?}, venues {}, sockets {open:?} of {}",
            node.engine().is_idle(),
            node.engine().is_reconciled(),
            self.calls,
            self.venues.is_at_rest(),
            self.wires.len()
        )
    }

    fn judge_the_end(&mut self) -> Result<(), Violation> {
        let node = self.node.as_ref().expect("at rest means that it runs");
        let last_came = self.wires.get(&Socket::Kalshi).is_none_or(|wire| !wire.lost_last);
        self.auditor.at_the_end(node.engine(), &self.venues, last_came)?;
        let platter = self.platter.borrow();
        Auditor::check_intents(&platter.durable, &self.venues)?;
        let records: Vec<Vec<u8>> = platter.durable.iter().chain(&platter.pending).cloned().collect();
        drop(platter);
        Auditor::replay(&records, node.engine(), &self.venues)
    }

    fn plan_after(&mut self, after: Duration, happening: Happening) {
        self.plan_at(self.now.plus(after), happening);
    }

    fn plan_at(&mut self, at: Timestamp, happening: Happening) {
        self.planned += 1;
        self.queue.insert((at.max(self.now), self.planned), happening);
    }
}

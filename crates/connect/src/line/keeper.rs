//! What keeps a line open: connects it, notices its end, warms it while it is idle.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::transport::Transport;
use super::{Answer, Connection, KeepWarm, LineState, Shared, State, locked};
use crate::clock::Clock;

/// The tasks behind the lines of one host. They end when this is dropped.
pub(super) struct Keepers(Vec<JoinHandle<()>>);

impl Keepers {
    pub(super) fn start(shared: &Arc<Shared>) -> Self {
        let keeper = |index| tokio::spawn(keep(Arc::clone(shared), index));
        Self((0..shared.slots.len()).map(keeper).collect())
    }
}

impl Drop for Keepers {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// What a keeper sees of its line.
enum Seen {
    Down,
    Busy,
    Idle(Arc<TcpStream>, Instant),
}

async fn keep(shared: Arc<Shared>, index: usize) {
    let slot = &shared.slots[index];
    let mut failures = 0;
    // No sooner is the line warmed, whatever it is doing.
    let mut rest_until = Instant::now();
    loop {
        let seen = match &*locked(&slot.state) {
            State::Down => Seen::Down,
            State::Busy => Seen::Busy,
            State::Idle(connection) => Seen::Idle(connection.transport.socket(), connection.idle_since),
        };
        match seen {
            Seen::Busy => slot.changed.notified().await,
            Seen::Down => match open(&shared).await {
                Ok(connection) => {
                    failures = 0;
                    shared.put(index, Some(Box::new(connection)));
                }
                Err(problem) => {
                    failures += 1;
                    *locked(&shared.problem) = problem;
                    let wait = shared.config.backoff.wait(failures, &mut locked(&shared.jitter));
                    sleep(wait).await;
                }
            },
            Seen::Idle(socket, idle_since) => {
                let warm = shared.config.keep_warm.as_ref();
                let due = warm.map(|warm| (idle_since + warm.after).max(rest_until));
                tokio::select! {
                    _said = socket.readable() => notice(&shared, index),
                    () = slot.changed.notified() => {}
                    () = until(due) => if let Some(warm) = warm {
                        rest_until = Instant::now() + refresh(&shared, index, warm).await;
                    },
                }
            }
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Connects, and sends the first request, which is answered before the line may be used.
async fn open(shared: &Shared) -> Result<Connection, String> {
    let limit = shared.config.connect_timeout;
    let transport = match timeout(limit, Transport::connect(&shared.target)).await {
        Ok(Ok(transport)) => transport,
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_late) => return Err(format!("no connection within {limit:?}")),
    };
    let mut connection = Connection::new(transport, shared.config.max_body);
    if let Some(warm) = &shared.config.keep_warm {
        let (before, sent) = (connection.transport.written(), Clock::local_now());
        connection.transport.start(&warm.request).map_err(|error| error.to_string())?;
        let (answer, reusable) = connection.finish(before, Instant::now() + limit).await;
        shared.observe(sent, &answer);
        if !reusable {
            return Err(match answer {
                Answer::Answered(response) => format!("the venue answered {} and closed the line", response.status),
                Answer::NotSent(why) | Answer::Silent(why) => why,
            });
        }
    }
    Ok(connection)
}

/// Something came on a line that is perhaps idle: its end, or TLS talking to itself.
fn notice(shared: &Shared, index: usize) {
    let mut state = locked(&shared.slots[index].state);
    if let State::Idle(connection) = &mut *state
        && !connection.is_quiet()
    {
        *state = State::Down;
    }
}

/// Sends the keep-warm request on a line that is idle, unless no other would be left. How long to rest after it.
async fn refresh(shared: &Arc<Shared>, index: usize, warm: &KeepWarm) -> Duration {
    let _one_at_a_time = shared.warming.lock().await;
    let mut others = shared.slots.iter().enumerate().filter(|(other, _)| *other != index);
    let spared = shared.slots.len() == 1 || others.any(|(_, slot)| slot.seen() == LineState::Idle);
    let still_idle = match &*locked(&shared.slots[index].state) {
        State::Idle(connection) => connection.idle_since.elapsed() >= warm.after,
        State::Down | State::Busy => false,
    };
    if !still_idle || !spared {
        return warm.after / 4;
    }
    let deadline = Instant::now() + shared.config.connect_timeout;
    if let Some(Ok(flight)) = shared.begin(index, &warm.request, deadline) {
        // An answer gives the line back, silence gives it up.
        drop(flight.answer().await);
    }
    Duration::ZERO
}

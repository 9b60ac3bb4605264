//! The live shell: sockets, calls, timers and the thread that owns the node.
//!
//! One thread runs the node and nothing else: it takes everything that is ready, lets the node decide, and hands out what is to
//! be done. Sockets and calls are tasks of a tokio runtime; each has one owner, every wait has a bound, and what they learn
//! goes into one mailbox, whose words of people go before the frames of sockets.
//!
//! A frame that waited for too long says what was, not what is: its connection is dropped, so that its books are no longer
//! believed until they come anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use brier_connect::clock::Clock;
use brier_connect::tls;
use brier_engine::{Input, Instrument};
use brier_types::{Timestamp, Venue};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use crate::caller::Caller;
use crate::core::Sink;
use crate::gateway::{CallId, HttpCall, Outcome};
use crate::mailbox::{Heard, Mailbox, News, Teller};
use crate::node::{Effect, Event, Moment, Node, Socket};

/// Most of what waits that is taken in one turn: beyond it the journal's commit would make answers wait.
const BATCH: usize = 1_024;
/// How long a socket may take to open.
const CONNECT: Duration = Duration::from_secs(10);
/// What no request made durable is on its way to the disk after this long.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// How long a frame may take to be written.
const WRITE: Duration = Duration::from_secs(5);

/// How long a frame may wait for its turn before its connection is dropped.
const LATEST: Duration = Duration::from_secs(2);
/// How far the wall's clock may be behind the engine's before the run ends: until it has caught up no timer comes.
pub(crate) const CLOCK_BACK: Duration = Duration::from_mins(1);

/// What tasks tell the node's thread, but for what sockets bring.
#[derive(Debug)]
pub enum Word {
    /// What became of a call.
    Outcome(Venue, CallId, Outcome),
    /// An input from outside: a person's, a model's, another strategy's.
    Input(Input),
    /// Let somebody look at the node between two turns.
    Look(Look),
    /// Bring the journal to the disk, and say so.
    Flush(oneshot::Sender<()>),
    /// End: what waits is still taken, then the thread returns.
    Stop,
}

/// Something that is shown the engine between two turns.
pub struct Look(pub Box<dyn FnOnce(&brier_engine::Engine) + Send>);

/// Lets the engine be looked at between two turns; nothing when the run has ended.
pub async fn look<T: Send + 'static>(
    words: &Teller,
    work: impl FnOnce(&brier_engine::Engine) -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = oneshot::channel();
    let look = Look(Box::new(move |engine| drop(sender.send(work(engine)))));
    words.send(Word::Look(look)).ok()?;
    receiver.await.ok()
}

impl std::fmt::Debug for Look {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Look")
    }
}

/// What a socket needs to be opened: made anew for every try, as its headers are signed for the moment.
pub type Handshake = Arc<dyn Fn(Timestamp) -> Result<Vec<(String, String)>, String> + Send + Sync>;

/// Where sockets and calls go.
pub struct Routes {
    /// The address of each socket, and its headers.
    pub sockets: BTreeMap<Socket, (String, Handshake)>,
    /// Makes calls.
    pub caller: Caller,
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Routes").field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// What people are told, as it happens, with the engine for names.
pub type Listener = Box<dyn FnMut(&brier_engine::Engine, &Effect) + Send>;

/// The thread's side of the live shell.
pub struct Driver<S> {
    node: Node<S>,
    routes: Routes,
    mailbox: Mailbox,
    teller: Teller,
    runtime: tokio::runtime::Handle,
    sockets: BTreeMap<Socket, (u32, mpsc::UnboundedSender<Order>)>,
    links: u32,
    origin: (Timestamp, Instant),
    listener: Listener,
    effects: Vec<Effect>,
    flushed: Instant,
}

impl<S> std::fmt::Debug for Driver<S> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Driver").field("routes", &self.routes).finish_non_exhaustive()
    }
}

/// What a socket's task is told.
enum Order {
    Send(String),
    Ping,
}

/// Why the thread returned.
#[derive(Debug)]
pub enum DriverEnd<S: Sink> {
    /// It was told to stop.
    Stopped(Box<Node<S>>),
    /// The journal failed: nothing more was sent.
    Journal(S::Error),
    /// The wall's clock was set back by this much: nothing that is due by time would be done.
    Clock(Duration),
}

impl<S: Sink> Driver<S> {
    /// A driver of a node that has not begun. Words come through the receiver; `teller` is a copy of their sender.
    pub fn new(
        node: Node<S>,
        routes: Routes,
        (teller, mailbox): (Teller, Mailbox),
        runtime: tokio::runtime::Handle,
        listener: Listener,
    ) -> Self {
        Self {
            node,
            routes,
            mailbox,
            teller,
            runtime,
            sockets: BTreeMap::new(),
            links: 0,
            origin: (Clock::local_now(), Instant::now()),
            listener,
            effects: Vec::with_capacity(64),
            flushed: Instant::now(),
        }
    }

    fn moment(&self) -> Moment {
        Moment { wall: Clock::local_now(), steady: self.origin.0.plus(self.origin.1.elapsed()) }
    }

    /// Lists markets, begins the run, and goes on until it is told to stop or the journal fails.
    pub fn run(mut self, run: u32, listed: Vec<Instrument>) -> DriverEnd<S> {
        let moment = self.moment();
        let mut effects = std::mem::take(&mut self.effects);
        let events = listed.into_iter().map(|it| Event::Input(Input::Listed(Box::new(it))));
        let begun = match self.node.handle(moment, events, &mut effects) {
            Ok(()) => self.node.start(moment, run, &mut effects),
            Err(error) => Err(error),
        };
        self.effects = effects;
        self.perform();
        if let Err(error) = begun {
            return DriverEnd::Journal(error);
        }
        let (mut words, mut heard) = (Vec::with_capacity(64), Vec::with_capacity(BATCH));
        loop {
            let behind = self.node.engine().now().since(self.moment().wall);
            if behind > CLOCK_BACK {
                return DriverEnd::Clock(behind);
            }
            self.mailbox.take(self.node.wake_in(self.moment()), BATCH, &mut words, &mut heard);
            let stop = match self.turn(&mut words, &mut heard) {
                Ok(stop) => stop,
                Err(error) => return DriverEnd::Journal(error),
            };
            self.perform();
            if stop {
                return DriverEnd::Stopped(Box::new(self.node));
            }
        }
    }

    /// Drops the connections whose frames waited for too long, and says why.
    fn drop_late(&mut self, heard: &[Heard]) -> Vec<(Socket, String)> {
        let mut late = Vec::new();
        for it in heard {
            let waited = it.at.elapsed();
            if waited > LATEST && is_current(&self.sockets, it) && has_books(it.socket) {
                self.sockets.remove(&it.socket);
                late.push((it.socket, format!("frames waited {waited:.1?} for their turn: the books would be old")));
            }
        }
        late
    }

    /// Lets the node decide on what came. Whether to stop.
    fn turn(&mut self, words: &mut Vec<Word>, heard: &mut Vec<Heard>) -> Result<bool, S::Error> {
        let late = self.drop_late(heard);
        let moment = self.moment();
        let mut effects = std::mem::take(&mut self.effects);
        let mut stop = false;
        let said = words.iter_mut().filter_map(|word| match word {
            Word::Outcome(venue, call, outcome) => {
                Some(Event::Outcome(*venue, *call, std::mem::replace(outcome, Outcome::NotSent(String::new()))))
            }
            Word::Input(input) => Some(Event::Input(std::mem::replace(input, Input::Timer))),
            Word::Stop => {
                stop = true;
                None
            }
            Word::Look(_) | Word::Flush(_) => None,
        });
        let late = late.iter().map(|(socket, reason)| Event::Closed(*socket, reason));
        // Of a connection that was dropped: the node treats it as gone already.
        let heard_now = heard.iter().filter(|it| is_current(&self.sockets, it)).map(|it| match &it.news {
            News::Opened => Event::Opened(it.socket),
            News::Closed(reason) => Event::Closed(it.socket, reason),
            News::Frame(text) => Event::Frame(it.socket, text),
            News::Life => Event::Life(it.socket),
        });
        let taken = self.node.handle(moment, said.chain(late).chain(heard_now).chain([Event::Wake]), &mut effects);
        self.effects = effects;
        heard.clear();
        taken?;
        let mut flush = stop || self.flushed.elapsed() >= FLUSH_EVERY;
        flush |= words.iter().any(|word| matches!(word, Word::Flush(_)));
        if flush {
            self.node.core_mut().flush()?;
            self.flushed = Instant::now();
        }
        for word in words.drain(..) {
            match word {
                Word::Look(Look(work)) => work(self.node.engine()),
                Word::Flush(asker) => drop(asker.send(())),
                Word::Outcome(..) | Word::Input(_) | Word::Stop => {}
            }
        }
        Ok(stop)
    }

    fn perform(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            (self.listener)(self.node.engine(), &effect);
            match effect {
                Effect::Connect(socket, wait) => self.connect(socket, wait),
                Effect::Send(socket, text) => self.order(socket, Order::Send(text)),
                Effect::Ping(socket) => self.order(socket, Order::Ping),
                Effect::Hangup(socket) => drop(self.sockets.remove(&socket)),
                Effect::Call(venue, call) => self.call(venue, call),
                Effect::Alert(_) | Effect::Notice(_) => {}
            }
        }
    }

    fn order(&self, socket: Socket, order: Order) {
        if let Some((_, sender)) = self.sockets.get(&socket)
            && sender.send(order).is_err()
        {
            tracing::debug!(?socket, "a frame for a connection that has just ended");
        }
    }

    fn connect(&mut self, socket: Socket, wait: Duration) {
        self.links += 1;
        let link = self.links;
        let (sender, orders) = mpsc::unbounded_channel();
        self.sockets.insert(socket, (link, sender));
        let Some((url, handshake)) = self.routes.sockets.get(&socket).cloned() else {
            let news = News::Closed("no address is configured for it".to_owned());
            if self.teller.hear(socket, link, news).is_err() {
                tracing::debug!("news after the end");
            }
            return;
        };
        let teller = self.teller.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(wait).await;
            let reason = keep(socket, link, &url, &handshake, orders, &teller).await;
            drop(teller.hear(socket, link, News::Closed(reason)));
        });
    }

    fn call(&mut self, venue: Venue, call: HttpCall) {
        let teller = self.teller.clone();
        let limit = call.deadline.since(Clock::local_now());
        self.routes.caller.call(&self.runtime, call, limit, move |id, outcome| {
            if teller.send(Word::Outcome(venue, id, outcome)).is_err() {
                tracing::debug!("an answer after the end");
            }
        });
    }
}

/// Whether news are of the connection that the socket has now.
fn is_current<T>(sockets: &BTreeMap<Socket, (u32, T)>, heard: &Heard) -> bool {
    sockets.get(&heard.socket).is_some_and(|(known, _)| *known == heard.link)
}

/// Whether a socket brings books, which are worth nothing when they are old. What was filled is worth knowing at any time.
const fn has_books(socket: Socket) -> bool {
    match socket {
        Socket::Kalshi | Socket::PolymarketMarket(_) => true,
        Socket::PolymarketUser => false,
    }
}

/// Keeps one connection until it ends, and says why it did.
async fn keep(
    socket: Socket,
    link: u32,
    url: &str,
    handshake: &Handshake,
    mut orders: mpsc::UnboundedReceiver<Order>,
    teller: &Teller,
) -> String {
    let mut stream = match dial(url, handshake).await {
        Ok(stream) => stream,
        Err(error) => return error,
    };
    if let Err(error) = teller.hear(socket, link, News::Opened) {
        return error.to_string();
    }
    loop {
        tokio::select! {
            // What we say goes first: it is little, and the venue waits for it.
            biased;
            order = orders.recv() => {
                let message = match order {
                    Some(Order::Send(text)) => Message::text(text),
                    Some(Order::Ping) => Message::Ping(Bytes::from_static(b"brier")),
                    None => return "dropped".to_owned(),
                };
                match tokio::time::timeout(WRITE, stream.send(message)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return error.to_string(),
                    Err(_) => return format!("a frame could not be written within {WRITE:?}"),
                }
            }
            frame = stream.next() => {
                let news = match frame {
                    Some(Ok(Message::Text(text))) => News::Frame(text.as_str().to_owned()),
                    Some(Ok(Message::Binary(bytes))) => News::Frame(String::from_utf8_lossy(&bytes).into_owned()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => News::Life,
                    Some(Ok(Message::Close(frame))) => return frame.map_or_else(
                        || "closed by the venue".to_owned(),
                        |frame| format!("closed by the venue: {} {}", frame.code, frame.reason),
                    ),
                    Some(Err(error)) => return error.to_string(),
                    None => return "the connection ended".to_owned(),
                };
                if let Err(error) = teller.hear(socket, link, news) {
                    return error.to_string();
                }
            }
        }
    }
}

/// A connection.
pub(crate) type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a connection. Why not, if it cannot be opened.
pub(crate) async fn dial(url: &str, handshake: &Handshake) -> Result<WebSocket, String> {
    let mut request = url.into_client_request().map_err(|error| error.to_string())?;
    for (name, value) in handshake(Clock::local_now())? {
        let (Ok(name), Ok(mut value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) else {
            return Err("a header of the handshake cannot be written".to_owned());
        };
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    let connector = if url.starts_with("wss:") {
        Connector::Rustls(Arc::new(tls::client_config(&[]).map_err(|error| error.to_string())?))
    } else {
        Connector::Plain
    };
    let dialling = connect_async_tls_with_config(request, None, true, Some(connector));
    match tokio::time::timeout(CONNECT, dialling).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no connection within {CONNECT:?}")),
    }
}

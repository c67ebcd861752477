//! The network of the process, and the client of one call: an exchange, its redirects and its retries.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::{DATE, HeaderMap, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;

use super::egress::{Egress, EgressSink, Meter, head_of};
use super::line::{Line, Lined, Turn};
use super::options::{NetOptions, Reach, Waits};
use super::patience::Patience;
use super::request::{Method, Request, Secrets};
use super::response::Response;
use super::retry::{self, Budget};
use super::{guard, words};
use crate::domain::delta::{Event, Pause};
use crate::domain::id::SpanId;
use crate::domain::priority::Priority;
use crate::domain::{Error, ErrorKind, Result};

/// Redirects that are followed.
const HOPS: usize = 6;

/// What the process may reach. It sends nothing itself: each call gets a [`Client`] by what that call may reach. Clones
/// share connections, the retry budget and the numbering of exchanges.
#[derive(Debug, Clone)]
pub struct Network {
    shared: Arc<Shared>,
}

/// The way to the network of one call, bound to what it may reach; there is no other way out of the program.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// The call that it is for, which the record of what leaves the machine names.
    span: Option<SpanId>,
    priority: Priority,
    reach: Reach,
    waits: Waits,
    /// Who hears that a request is sent again, and when.
    pauses: Option<mpsc::Sender<Event>>,
    /// The line before the server, which takes so many requests; `None` where that is its own affair.
    lined: Option<Arc<Lined>>,
    /// Exchanges that were begun for the call.
    exchanges: Arc<AtomicU32>,
}

/// How long the words of a refusal are waited for, before it is known whether the same is sent again.
const WORDS: Duration = Duration::from_secs(1);

/// Shown by a call that may go out through a child process. Only [`Client::leave`] makes one. When it is dropped it is
/// recorded as one exchange.
#[derive(Debug)]
pub struct Leave {
    variables: Vec<(&'static str, SecretString)>,
    meter: Meter,
}

impl Leave {
    /// Proxies and certificates as the variables that such programs read: as this program was told, not as it was started.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.expose_secret()))
    }

    /// What the child has brought so far, in bytes.
    pub fn brought(&mut self, bytes: u64) {
        self.meter.entry.received = Some(bytes);
    }
}

#[derive(Debug)]
struct Shared {
    options: NetOptions,
    egress: Arc<dyn EgressSink>,
    numbers: AtomicU64,
    /// Of each server: one that fails uses up its own.
    budgets: Mutex<BTreeMap<String, Budget>>,
    /// By how many seconds each server's clock was ahead of this machine's when it answered last; below zero it was behind.
    clocks: Mutex<BTreeMap<String, i64>>,
    /// Made at the first use: loading the system's certificates is no part of starting up.
    connections: Mutex<BTreeMap<Connections, reqwest::Client>>,
}

/// Exchanges that may share connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Connections {
    way: Way,
    /// `http://` must work on a machine without any certificate.
    secure: bool,
    /// How long a connection may take to stand.
    connect: Duration,
}

impl Shared {
    /// Sets the time that an answer tells against the time of this machine.
    fn read_clock(&self, place: &str, headers: &HeaderMap) {
        let told = headers.get(DATE).and_then(|date| retry::date(date.to_str().ok()?));
        let seconds = |time: SystemTime| {
            time.duration_since(SystemTime::UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_secs()).ok())
        };
        if let (Some(told), Some(here)) = (told.and_then(seconds), seconds(SystemTime::now())) {
            let mut clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
            clocks.insert(place.to_owned(), told - here);
        }
    }

    /// How long to wait before that server is asked the same again; `None` where its answer stands.
    fn wait(&self, place: &str, attempt: u32, asked: Option<Duration>) -> Option<Duration> {
        self.with_budget(place, |budget| budget.wait(self.options.retries, attempt, asked))
    }

    fn with_budget<T>(&self, place: &str, change: impl FnOnce(&mut Budget) -> T) -> T {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        change(budgets.entry(place.to_owned()).or_insert_with(|| Budget::new(self.options.seed)))
    }
}

impl Network {
    /// The network as `options` say; `egress` is told of every exchange. Opens nothing yet.
    pub fn new(options: NetOptions, egress: Arc<dyn EgressSink>) -> Self {
        let (budgets, clocks) = (Mutex::default(), Mutex::default());
        let numbers = AtomicU64::new(0);
        let connections = Mutex::default();
        Self { shared: Arc::new(Shared { options, egress, numbers, budgets, clocks, connections }) }
    }

    /// The client of a call: offline where the call or the process is.
    pub fn client(&self, reach: Reach) -> Client {
        let offline = self.shared.options.offline || reach.offline;
        Client {
            span: None,
            priority: Priority::default(),
            reach: Reach { offline, ..reach },
            waits: Waits::default(),
            pauses: None,
            lined: None,
            exchanges: Arc::default(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Client {
    /// Whether only this machine itself can be reached.
    pub fn is_offline(&self) -> bool {
        self.reach.offline
    }

    /// The same way with waits of one server's own, each in the place of what was said before. What who calls has said wins
    /// over them.
    #[must_use]
    pub fn patient(&self, waits: Waits) -> Self {
        let waits = Waits {
            connect: waits.connect.or(self.waits.connect),
            first_byte: waits.first_byte.or(self.waits.first_byte),
            idle: waits.idle.or(self.waits.idle),
        };
        Self { waits, ..self.clone() }
    }

    /// From the request to the first piece of the body.
    fn first_byte(&self) -> Duration {
        let said = self.reach.answer_ms.map(Duration::from_millis);
        said.or(self.waits.first_byte).unwrap_or(self.shared.options.first_byte)
    }

    /// Between two pieces of a body.
    fn idle(&self) -> Duration {
        let said = self.reach.idle_ms.map(Duration::from_millis);
        said.or(self.waits.idle).unwrap_or(self.shared.options.idle)
    }

    /// How long it waits, all that was said taken together; none of them is left open.
    pub fn waits(&self) -> Waits {
        Waits { connect: Some(self.connect()), first_byte: Some(self.first_byte()), idle: Some(self.idle()) }
    }

    pub(super) fn connect(&self) -> Duration {
        self.waits.connect.unwrap_or(self.shared.options.connect)
    }

    /// The same way for the call `span`, of which nothing was sent yet.
    #[must_use]
    pub fn under(&self, span: Option<SpanId>) -> Self {
        Self { span, exchanges: Arc::default(), ..self.clone() }
    }

    /// The same way for a call that goes before others, or after them.
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self { priority, ..self.clone() }
    }

    /// Whether the call goes before others where calls wait for each other.
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// How many exchanges were begun for the call.
    pub fn exchanges(&self) -> u32 {
        self.exchanges.load(Ordering::Relaxed)
    }

    /// The same way for a call whose first request `line` has let through: every other one waits there for its turn.
    #[must_use]
    pub fn lined(&self, line: Arc<Line>) -> Self {
        Self { lined: Some(Arc::new(Lined::new(line))), ..self.clone() }
    }

    /// The same way to others than the server of the call: who tells its keys.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self { lined: None, ..self.clone() }
    }

    /// The same way; `pauses` hears when a request waits to be sent again. Where it has no room nothing is said.
    #[must_use]
    pub fn telling(&self, pauses: mpsc::Sender<Event>) -> Self {
        Self { pauses: Some(pauses), ..self.clone() }
    }

    /// By how many seconds the clock of the server at `url` was ahead of this machine's, by its newest answer; below zero it
    /// was behind. `None` where it has said no time.
    pub fn clock_of(&self, url: &str) -> Option<i64> {
        let place = guard::place(&Url::parse(url).ok()?);
        self.shared.clocks.lock().unwrap_or_else(PoisonError::into_inner).get(&place).copied()
    }

    /// Leave to have a child process go out, to whom it says; an offline call has none.
    pub fn leave(&self, doing: &str, to: &str) -> Result<Leave> {
        if self.reach.offline {
            return Err(Error::new(
                ErrorKind::Offline,
                doing,
                "--offline forbids the network",
                "Start without --offline.",
            ));
        }
        Ok(Leave { variables: self.shared.options.variables(), meter: self.meter(doing, to.to_owned()) })
    }

    /// Whether an address may be asked, by what this call may reach.
    pub fn may_ask(&self, doing: &str, url: &str) -> Result<()> {
        guard::allowed(doing, url, self.reach.offline).map(drop)
    }

    /// Whether somebody accepts connections at the address of `url` within that time. Only this machine itself is tried, and
    /// nothing is sent.
    pub async fn is_there(&self, url: &str, within: Duration) -> bool {
        let Ok(url) = guard::allowed("looking for a server", url, true) else { return false };
        let knocking = tokio::net::TcpStream::connect(guard::place(&url));
        matches!(tokio::time::timeout(within, knocking).await, Ok(Ok(_)))
    }

    /// Sends a request and returns the head of the answer, whatever its status. Statuses that may pass (408, 429, 5xx) are
    /// retried before that, so nothing is ever sent again after the first byte of a body was handed out.
    pub async fn send(&self, request: Request) -> Result<Response> {
        let mut attempt = 1;
        loop {
            self.turn().await;
            let mut response = self.follow(&request).await?;
            let status = response.status();
            if request.once || !retry::may_pass(status) {
                self.shared.with_budget(response.place(), Budget::succeeded);
                return Ok(response);
            }
            // Who has no credit left has none in a moment either; a word that does not come is not waited for.
            if status == 429
                && let Ok(words) = tokio::time::timeout(WORDS, response.complaint()).await
                && retry::is_unpaid(&words)
            {
                return Ok(response);
            }
            let asked = response.retry_after();
            let Some(wait) = self.shared.wait(response.place(), attempt, asked) else { return Ok(response) };
            // It is read so that the connection is free again, and that the record has all that came.
            let rest = async move { drop(response.complaint().await) };
            self.pause(status, &mut attempt, (wait, rest)).await;
        }
    }

    /// Waits before what this server has answered with an error behind a head of success is asked again; whether it should be.
    /// `status` is that of the error, `attempt` counts from 1, `asked` is the wait that the server wants.
    pub async fn again(&self, place: &str, status: u16, attempt: &mut u32, asked: Option<Duration>) -> bool {
        let Some(wait) = self.shared.wait(place, *attempt, asked) else { return false };
        self.pause(status, attempt, (wait, std::future::ready(()))).await;
        true
    }

    /// Waits so long, counted from now; meanwhile `rest` has that time and no more.
    async fn pause(
        &self,
        status: u16,
        attempt: &mut u32,
        (wait, rest): (Duration, impl Future<Output = ()>),
    ) {
        let until = tokio::time::Instant::now() + wait;
        *attempt += 1;
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        // Never the server: the call may be of a comparison whose voices are hidden, and a log is read without being asked.
        // The record of what left this machine has it under the span.
        let span = self.span.map(tracing::field::display);
        tracing::info!(status, attempt = *attempt, wait_ms = ms, span, "retrying");
        self.tell(Event::Paused { pause: Pause::Retry { status, attempt: *attempt }, ms });
        let _ = tokio::time::timeout_at(until, rest).await;
        tokio::time::sleep_until(until).await;
    }

    /// It is for the eye alone: where there is no room, it is not said.
    fn tell(&self, pause: Event) {
        if let Some(pauses) = &self.pauses {
            let _ = pauses.try_send(pause);
        }
    }

    /// Waits until one more request may be sent.
    async fn turn(&self) {
        let Some(mut place) = self.lined.as_ref().and_then(|lined| lined.join(self.priority)) else { return };
        let line = Arc::clone(place.line());
        let mut told = None;
        loop {
            // Listened for before looking, so that no move is missed.
            let moved = line.moved();
            tokio::pin!(moved);
            moved.as_mut().enable();
            let (look, until) = match place.turn() {
                Turn::Now => return,
                Turn::Until(until) => (Some(until), Some(until)),
                Turn::Behind { until, .. } => (until, line.spent_until()),
            };
            if let (Some(until), Some(per_minute)) = (until.filter(|_| until != told), line.per_minute()) {
                let left = until.saturating_duration_since(tokio::time::Instant::now());
                let ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
                self.tell(Event::Paused { pause: Pause::RateLimit { per_minute }, ms });
                told = Some(until);
            }
            match look {
                Some(until) => drop(tokio::time::timeout_at(until, moved).await),
                None => moved.await,
            }
        }
    }

    /// One attempt, over its redirects.
    async fn follow(&self, request: &Request) -> Result<Response> {
        let offline = self.reach.offline;
        let mut url = guard::allowed(&request.doing, &request.url, offline)?;
        let mut secrets = request.secrets.clone();
        // The person's own address may lie inside their network, and lead on there. No other may.
        let mut inside = guard::names_inside(&url);
        let mut way = match (offline, request.outside) {
            (true, _) => Way::Offline,
            (false, true) => Way::Followed,
            (false, false) => Way::Online,
        };
        if request.outside && inside {
            let why = format!("{} leads into this network", guard::place(&url));
            return Err(Error::new(
                ErrorKind::Network,
                &request.doing,
                why,
                "Name an address that anybody can reach.",
            ));
        }
        for _ in 0..HOPS {
            let place = guard::place(&url);
            if !request.may_reach(&place) {
                let why = format!("{place} is none of the hosts that it may reach");
                let hint = format!("They are: {}.", request.hosts.join(", "));
                return Err(Error::new(ErrorKind::Invalid, &request.doing, why, hint));
            }
            let response = self.exchange(request, &url, secrets.clone(), way).await?;
            inside |= way == Way::Online && self.answers_inside(&response);
            let moved = matches!(response.status(), 301 | 302 | 303 | 307 | 308);
            let Some(target) = response.header(LOCATION.as_str()).filter(|_| moved) else {
                return Ok(response);
            };
            let stop = |why: String| {
                Error::new(ErrorKind::Network, &request.doing, why, "Check the address in the configuration.")
            };
            let target = url.join(target).map_err(|_| stop("the server redirects to no address".into()))?;
            let target = guard::allowed(&request.doing, target.as_str(), offline)?;
            let place = guard::place(&target);
            if url.scheme() == "https" && target.scheme() == "http" {
                return Err(stop(format!("the server redirects to {place} without encryption")));
            }
            if !guard::same_origin(&url, &target) {
                if !inside {
                    if guard::names_inside(&target) {
                        return Err(stop(format!("the server redirects into this network, to {place}")));
                    }
                    way = Way::Followed;
                }
                if request.body.is_some() {
                    // What a person wrote goes to the server that they chose, and to no other.
                    return Err(stop(format!("the server redirects what is sent to {place}")));
                }
                secrets.clear();
            } else if request.body.is_some() && !matches!(response.status(), 307 | 308) {
                return Err(stop("the server redirects and would drop what is sent".into()));
            }
            url = target;
        }
        let why = format!("{} redirects without end", guard::place(&url));
        Err(Error::new(ErrorKind::Network, &request.doing, why, "Check the address in the configuration."))
    }

    /// Whether who answered has an address inside; behind a proxy that cannot be told, and counts as outside.
    fn answers_inside(&self, response: &Response) -> bool {
        !self.shared.options.has_proxies()
            && response.inner.remote_addr().is_some_and(|address| guard::is_inside(address.ip()))
    }

    async fn exchange(&self, request: &Request, url: &Url, secrets: Secrets, way: Way) -> Result<Response> {
        let place = guard::place(url);
        let client = self.client(&request.doing, url.scheme() == "https", way).await?;
        let mut meter = self.meter(&request.doing, place.clone());
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        let mut building = match request.method {
            Method::Get => client.get(url.clone()),
            Method::Post => client.post(url.clone()),
            Method::Put => client.put(url.clone()),
            Method::Delete => client.delete(url.clone()),
            Method::Patch => client.patch(url.clone()),
            Method::Head => client.head(url.clone()),
            Method::Options => client.request(reqwest::Method::OPTIONS, url.clone()),
        };
        if let Some(body) = &request.body {
            building = building.body(body.clone());
        }
        for (name, value) in &request.headers {
            building = building.header(&**name, value);
        }
        for (name, secret) in &secrets {
            let mut value = HeaderValue::from_str(secret.expose_secret()).map_err(|_| {
                let why = "the key holds characters that no header may";
                Error::new(ErrorKind::Config, &request.doing, why, "Check for a line break at its end.")
            })?;
            value.set_sensitive(true);
            building = building.header(&**name, value);
        }
        let built = building.build().map_err(|error| words::of_transport(&request.doing, &place, error))?;
        meter.entry.sent = request.body.as_ref().map_or(0, |b| b.len() as u64);
        meter.entry.received = Some(0);
        meter.entry.head = Some(head_of(&built, &self.shared.options.user_agent));
        let first_byte = self.first_byte();
        let until = tokio::time::Instant::now() + first_byte;
        let sent = tokio::time::timeout_at(until, client.execute(built)).await.map_err(|_| {
            let why = format!("{place} did not answer within {} s", first_byte.as_secs());
            let hint = "A large model may be loading: try again, or raise net.answer_timeout.";
            Error::new(ErrorKind::Timeout, &request.doing, why, hint)
        })?;
        let inner = sent.map_err(|error| {
            if error.is_connect() {
                (meter.entry.sent, meter.entry.head) = (0, Some(0));
            }
            words::of_transport(&request.doing, &place, error)
        })?;
        meter.entry.status = Some(inner.status().as_u16());
        meter.entry.request_id = ["x-request-id", "request-id", "x-amzn-requestid"].iter().find_map(|name| {
            inner.headers().get(*name)?.to_str().ok().map(|id| id.chars().take(128).collect())
        });
        let doing = request.doing.clone();
        self.shared.read_clock(&place, inner.headers());
        Ok(Response {
            doing,
            place,
            inner,
            patience: Patience::new(self.idle(), until, first_byte),
            meter,
            secrets,
            read: Vec::new(),
        })
    }

    /// A PEM file of certificates to trust besides the system's.
    pub(super) fn ca_file(&self) -> Option<PathBuf> {
        self.shared.options.ca_file.clone()
    }

    /// The entry of an exchange that begins.
    pub(super) fn meter(&self, doing: &str, host: String) -> Meter {
        let number = self.shared.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        let entry = Egress {
            number,
            span: self.span,
            doing: self.span.is_none().then(|| doing.to_owned()),
            host,
            status: None,
            sent: 0,
            head: None,
            received: None,
            request_id: None,
        };
        Meter { entry, sink: Arc::clone(&self.shared.egress) }
    }

    async fn client(&self, doing: &str, secure: bool, way: Way) -> Result<reqwest::Client> {
        let wanted = Connections { way, secure, connect: self.connect() };
        let known = || self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known().get(&wanted) {
            return Ok(client.clone());
        }
        // Certificates are read from the disk.
        let (shared, owned) = (Arc::clone(&self.shared), doing.to_owned());
        let made = tokio::task::spawn_blocking(move || make(&owned, &shared.options, wanted)).await;
        let made = made.unwrap_or_else(|why| Err(Error::internal(doing, why.to_string())))?;
        Ok(known().entry(wanted).or_insert(made).clone())
    }
}

/// Which connections an exchange may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Online,
    /// Theirs may lead through a proxy.
    Offline,
    /// For addresses that a server elsewhere chose.
    Followed,
}

fn make(doing: &str, options: &NetOptions, wanted: Connections) -> Result<reqwest::Client> {
    let Connections { way, secure, connect } = wanted;
    // An error means that it was installed before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let broken = |why: reqwest::Error| {
        let hint = "Check the proxies and net.ca_file; a bare machine may need the package ca-certificates.";
        let why = format!("the network cannot be set up: {}", words::of_transport("", "", why).why);
        Error::new(ErrorKind::Config, doing, why, hint)
    };
    let mut builder = reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(connect)
        .no_proxy();
    if way == Way::Followed {
        builder = builder.dns_resolver(guard::OutsideOnly { chosen: options.proxy_hosts().into() });
    }
    if way == Way::Offline {
        builder = builder.dns_resolver(guard::LoopbackOnly);
    } else {
        for proxy in options.proxies().map_err(broken)? {
            builder = builder.proxy(proxy);
        }
    }
    if !secure {
        builder = builder.tls_certs_only([]);
    } else if let Some(file) = &options.ca_file {
        let doing = format!("reading the certificates in {}", file.display());
        let pem = std::fs::read(file).map_err(|why| Error::io(&doing, &why))?;
        // A file without any block of PEM is read as an empty list.
        let certificates = reqwest::Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if certificates.is_empty() {
            let hint = "Check net.ca_file in the configuration.";
            return Err(Error::new(ErrorKind::Config, &doing, "it is no PEM file of certificates", hint));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(broken)
}

#[cfg(test)]
impl Client {
    /// Whether all that was sent went the way that knows no name inside.
    pub fn went_outside_alone(&self) -> bool {
        let connections = self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner);
        !connections.is_empty() && connections.keys().all(|known| known.way == Way::Followed)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[derive(Debug)]
    struct Nowhere;

    impl EgressSink for Nowhere {
        fn record(&self, _: &Egress) {}
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_counts_from_its_beginning_whatever_is_read_meanwhile() {
        let client = Network::new(NetOptions::default(), Arc::new(Nowhere)).client(Reach::default());
        for reads in [0, 1, 5] {
            let begun = tokio::time::Instant::now();
            let rest = tokio::time::sleep(Duration::from_secs(reads));
            client.pause(429, &mut 1, (Duration::from_secs(2), rest)).await;
            assert_eq!(begun.elapsed(), Duration::from_secs(2), "reading for {reads} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_log_tells_which_call_is_tried_again_and_not_which_server_it_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let file = Mutex::new(std::fs::File::create(&path).unwrap());
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(file).finish();
        let heard = tracing::subscriber::set_default(log);
        let span = SpanId::from_bytes([7; 16]);
        let client = Network::new(NetOptions::default(), Arc::new(Nowhere)).client(Reach::default());
        assert!(client.under(Some(span)).again("api.example.org", 429, &mut 1, None).await);
        drop(heard);
        let log = std::fs::read_to_string(path).unwrap();
        assert!(log.contains("retrying") && log.contains(&span.to_string()), "{log}");
        assert!(!log.contains("example"), "{log}");
    }

    #[tokio::test]
    async fn what_goes_outside_opens_no_connection_inside_however_that_is_written() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = Network::new(NetOptions::default(), Arc::new(Nowhere)).client(Reach::default());
        for host in
            ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
        {
            let request = Request::get("reading", format!("http://{host}:{port}/")).outside();
            let refused = client.send(request).await.unwrap_err();
            assert!(refused.why.contains("into this network"), "{host}: {refused}");
        }
        let knocked = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(knocked.is_err(), "somebody was there");
    }

    #[tokio::test]
    async fn what_may_reach_some_hosts_reaches_no_other_however_that_is_written() {
        let client = Network::new(NetOptions::default(), Arc::new(Nowhere)).client(Reach::default());
        for url in [
            "http:other.example/?told=1#://page.example",
            "http://page.example@other.example/",
            "http://other.example\\@page.example/",
            "http://page.example.other.example/",
        ] {
            let request = Request::get("reading", url).only_at(&["page.example".to_owned()]);
            let refused = client.send(request).await.unwrap_err();
            assert!(refused.why.contains("none of the hosts"), "{url}: {refused}");
        }
    }

    /// Names of the world are asked for by a proxy, which leads on from one.
    #[tokio::test]
    async fn what_somebody_else_chose_goes_the_way_that_knows_no_name_inside() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let _server = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 4096];
                let read = stream.read(&mut asked).await.unwrap_or(0);
                let answer = if asked[..read].starts_with(b"GET http://page.example/") {
                    "302 Found\r\nlocation: http://other.example/"
                } else {
                    "204 No Content"
                };
                let answer = format!("HTTP/1.1 {answer}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }));
        let proxies = super::super::Proxies { http: Some(proxy.into()), ..Default::default() };
        let ways = async |request: Request| {
            let options = NetOptions { proxies: proxies.clone(), ..NetOptions::default() };
            let client = Network::new(options, Arc::new(Nowhere)).client(Reach::default());
            assert_eq!(client.send(request).await.unwrap().status(), 204);
            let connections = client.shared.connections.lock().unwrap();
            connections.keys().map(|known| known.way).collect::<Vec<_>>()
        };
        let request = || Request::get("reading", "http://page.example/");
        assert_eq!(ways(request().outside()).await, [Way::Followed]);
        assert_eq!(ways(request()).await, [Way::Online, Way::Followed]);
        let options = NetOptions { proxies: proxies.clone(), ..NetOptions::default() };
        let client = Network::new(options, Arc::new(Nowhere)).client(Reach::default());
        let refused = client.send(request().only_there()).await.unwrap_err();
        assert!(
            refused.why.starts_with("other.example") && refused.why.contains("none of the hosts"),
            "{refused}"
        );
    }

    #[tokio::test]
    async fn what_was_followed_from_elsewhere_reaches_no_name_inside() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        let _server = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            }
        }));
        let options = NetOptions::default();
        let get = |way| {
            let wanted = Connections { way, secure: false, connect: options.connect };
            make("reading", &options, wanted).unwrap().get(&url).send()
        };
        assert_eq!(get(Way::Online).await.unwrap().status(), 204);
        let refused = get(Way::Followed).await.unwrap_err();
        let refused = words::of_transport("reading", "localhost", refused);
        assert!(refused.to_string().contains("into this network"), "{refused}");
    }
}

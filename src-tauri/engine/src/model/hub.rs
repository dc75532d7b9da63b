//! The protocol of a model hub, as huggingface.co and its mirrors speak it.
//!
//! Every request runs on a thread that nobody has to wait for: whoever asked
//! looks up many times a second, and can turn away however long the server
//! keeps silent.
//!
//! Reference: `get_hf_file_metadata` and `http_get` in
//! <https://github.com/huggingface/huggingface_hub/blob/main/src/huggingface_hub/file_download.py>

use std::env;
use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ureq::http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use ureq::{Agent, Body, Proxy};

use crate::error::{Context, Error, Result};
use crate::message::Message;

const ENDPOINT: &str = "https://huggingface.co";

/// How long a wait lasts before it looks up.
const BEAT: Duration = Duration::from_millis(50);

/// What travels from a request's thread in one piece. A process that is killed
/// loses a few of these.
const CHUNK: usize = 64 * 1024;

/// As many as browsers follow.
const REDIRECTS: usize = 20;

/// The longest pause that a server may ask for; beyond it, the person had
/// better come back later.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Where models are fetched from.
#[derive(Clone)]
pub struct Hub {
    endpoint: String,
    token: Option<String>,
    pub(super) proxy: Option<Proxy>,
    pub(super) patience: Patience,
}

/// What is called while there is nothing to do but to wait; see
/// [`Hub::session`].
pub type Idle<'a> = dyn Fn(Option<Duration>) -> Result<()> + 'a;

/// When to give up.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A connection that brings no byte for so long has broken.
    pub stall: Duration,
    /// The pause before the second attempt; each further one is twice as long.
    pub pause: Duration,
    /// After so many attempts in a row that bring nothing, it has failed.
    pub attempts: u32,
}

impl Hub {
    /// A hub at an address such as `https://huggingface.co`. The token, if any,
    /// is sent to its host alone.
    pub fn new(endpoint: &str, token: Option<&str>) -> Self {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            endpoint: endpoint.trim().trim_end_matches('/').to_owned(),
            token: token.and_then(given),
            proxy: None,
            patience: Patience {
                stall: Duration::from_secs(20),
                pause: Duration::from_secs(1),
                attempts: 5,
            },
        }
    }

    /// The hub that the environment names: `HF_ENDPOINT`, else huggingface.co;
    /// with `HF_TOKEN`; through the proxy of `ALL_PROXY`, `HTTPS_PROXY` or
    /// `HTTP_PROXY`, but for the hosts in `NO_PROXY`.
    pub fn from_env() -> Self {
        let variable = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
        let endpoint = variable("HF_ENDPOINT");
        let hub =
            Self::new(endpoint.as_deref().unwrap_or(ENDPOINT), variable("HF_TOKEN").as_deref());
        Self { proxy: Proxy::try_from_env(), ..hub }
    }

    /// The page of a repository, for people.
    pub fn page(&self, repository: &str) -> String {
        format!("{}/{repository}", self.endpoint)
    }

    /// Begins to talk to the hub. `idle` is called many times a second while
    /// there is an answer to wait for; its error ends the wait and comes back.
    /// It is told how long the pause before the next attempt still lasts, if
    /// there is one.
    pub fn session<'a>(&'a self, idle: &'a Idle<'a>) -> Result<Session<'a>> {
        let origin = self.endpoint.parse().ok().as_ref().and_then(Origin::of);
        let origin = origin.ok_or_else(|| {
            Error::usage(message!(
                "\"{endpoint}\" is not the address of a model hub: HF_ENDPOINT must be like \
                 {usual}",
                endpoint = self.endpoint,
                usual = ENDPOINT
            ))
        })?;
        let stall = Some(self.patience.stall);
        let agent = Agent::config_builder()
            .https_only(origin.scheme == "https")
            .proxy(self.proxy.clone())
            .user_agent(concat!("afterimage/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            // Redirects are followed here: their headers say what a file is.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(stall)
            .timeout_connect(stall)
            .timeout_per_read(stall)
            .timeout_per_write(stall)
            .build()
            .new_agent();
        Ok(Session { hub: self, origin, agent, idle })
    }
}

/// What decides whether two addresses are the same place.
#[derive(Debug, Clone, PartialEq)]
struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    fn of(uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme_str()?;
        let port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        Some(Self {
            scheme: scheme.to_owned(),
            host: uri.host()?.to_lowercase(),
            port: uri.port_u16().unwrap_or(port),
        })
    }
}

/// A file as the hub describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteFile {
    /// The commit that was looked at.
    pub commit: String,
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// What its content must hash to.
    pub digest: Digest,
    /// Where that commit's version is.
    pub url: String,
}

/// A hash that a hub states, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Digest {
    /// Of the content; stated for large files.
    Sha256(String),
    /// Of the content as an object of git; stated for the others.
    GitSha1(String),
}

impl Digest {
    /// Tells by its length what an entity tag is.
    fn from_etag(etag: &str) -> Option<Self> {
        let hex = etag.trim_start_matches("W/").trim_matches('"').to_lowercase();
        if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        match hex.len() {
            64 => Some(Self::Sha256(hex)),
            40 => Some(Self::GitSha1(hex)),
            _ => None,
        }
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sha256(hex) => write!(f, "SHA-256 {hex}"),
            Self::GitSha1(hex) => write!(f, "git SHA-1 {hex}"),
        }
    }
}

/// Why a request brought nothing.
pub enum Trouble {
    /// It may go better the next time.
    Passing {
        /// What happened.
        why: Message,
        /// How long the server wants to be left alone.
        pause: Option<Duration>,
    },
    /// The hub has no such part of the file: what is here is of another one.
    NoSuchRange,
    /// There is no use in trying again.
    Final(Error),
}

impl Trouble {
    /// Trouble that may pass.
    pub fn passing(why: Message) -> Self {
        Self::Passing { why, pause: None }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// A conversation with a hub. Dropping it breaks every connection off.
pub struct Session<'a> {
    hub: &'a Hub,
    origin: Origin,
    agent: Agent,
    idle: &'a Idle<'a>,
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.agent.clone().shutdown();
    }
}

impl Session<'_> {
    /// Looks a file up; `None` where the revision has none of this name.
    ///
    /// # Errors
    /// When the hub cannot be asked, refuses, or does not say what it has.
    pub fn find(&self, repository: &str, revision: &str, name: &str) -> Result<Option<RemoteFile>> {
        let mut attempts = self.attempts();
        loop {
            match self.look_up(repository, revision, name) {
                Ok(found) => return Ok(found),
                Err(trouble) => attempts.failed(&self.url(repository, revision, name), trouble)?,
            }
        }
    }

    fn look_up(
        &self,
        repository: &str,
        revision: &str,
        name: &str,
    ) -> Result<Option<RemoteFile>, Trouble> {
        let url = self.url(repository, revision, name);
        let (answer, _) = self.ask(Method::HEAD, &url, 0)?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !answer.status.is_redirection() {
            self.judge(&answer, &url)?;
        }
        match answer.stated {
            Stated { commit: Some(commit), bytes: Some(bytes), digest: Some(digest) } => {
                let url = self.url(repository, &commit, name);
                Ok(Some(RemoteFile { commit, name: name.to_owned(), bytes, digest, url }))
            }
            _ => Err(Trouble::Final(Error::failed(message!(
                "{url} does not answer as a model hub does, with commit, size and hash of the \
                 file: check HF_ENDPOINT, and whether the network wants you to sign in first",
                url
            )))),
        }
    }

    /// Begins to read a file after its first `from` bytes.
    pub fn read(&self, file: &RemoteFile, from: u64) -> Result<Content, Trouble> {
        let (answer, events) = self.ask(Method::GET, &file.url, from)?;
        self.judge(&answer, &file.url)?;
        if answer.stated.digest.is_some_and(|digest| digest != file.digest) {
            return Err(Trouble::Final(Error::failed(message!(
                "{url} has changed during the download: try again",
                url = file.url
            ))));
        }
        let start = match answer.status {
            StatusCode::PARTIAL_CONTENT => first_byte(&answer.headers),
            _ => Some(0),
        };
        let start = start
            .ok_or_else(|| Trouble::passing(message!("answered without saying which part")))?;
        Ok(Content { start, events })
    }

    /// The next bytes, `None` at the end.
    pub fn next(&self, content: &Content) -> Result<Option<Vec<u8>>, Trouble> {
        match self.wait(&content.events)? {
            Some(Event::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Event::Failed(error)) => Err(self.trouble(error)),
            Some(Event::Answer(_)) | None => Ok(None),
        }
    }

    /// Counts attempts at one thing.
    pub fn attempts(&self) -> Attempts<'_> {
        Attempts { session: self, failed: 0 }
    }

    fn url(&self, repository: &str, revision: &str, name: &str) -> String {
        format!("{}/{repository}/resolve/{revision}/{name}", self.hub.endpoint)
    }

    /// Sends a request; the answer, and what comes after it.
    fn ask(
        &self,
        method: Method,
        url: &str,
        from: u64,
    ) -> Result<(Answer, Receiver<Event>), Trouble> {
        let uri = url.parse().context(|| message!("\"{url}\" is not an address", url))?;
        // A few chunks: a slow disk slows the network down, not memory up.
        let (events, received) = bounded(4);
        let asker = Asker {
            agent: self.agent.clone(),
            hub: self.origin.clone(),
            token: self.hub.token.clone(),
            method,
            from,
        };
        thread::Builder::new()
            .name("hub".to_owned())
            .spawn(move || asker.run(uri, &events))
            .context(|| message!("cannot start a thread"))?;
        match self.wait(&received)? {
            Some(Event::Answer(answer)) => Ok((answer, received)),
            Some(Event::Failed(error)) => Err(self.trouble(error)),
            Some(Event::Bytes(_)) | None => Err(Trouble::passing(message!("no answer"))),
        }
    }

    /// The next event, `None` when there will be none.
    fn wait(&self, events: &Receiver<Event>) -> Result<Option<Event>> {
        loop {
            (self.idle)(None)?;
            match events.recv_timeout(BEAT) {
                Ok(event) => return Ok(Some(event)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// What an answer that is not the file means.
    fn judge(&self, answer: &Answer, url: &str) -> Result<(), Trouble> {
        let status = answer.status;
        let told = message!("the answer was {status}", status);
        Err(match status.as_u16() {
            200 | 206 => return Ok(()),
            401 | 403 if answer.from_hub => {
                let advice = match self.hub.token {
                    Some(_) => phrase!("the token in HF_TOKEN has no right to it"),
                    None => phrase!("put a token of your account into HF_TOKEN"),
                };
                Trouble::Final(Error::failed(message!(
                    "{url} may not be read ({status}): it does not exist, is private, or its \
                     licence must be accepted on the model's page; {advice}",
                    url,
                    status,
                    advice
                )))
            }
            // A redirect's target, whose permission has expired: the hub gives
            // a new one.
            401 | 403 => Trouble::passing(told),
            404 | 410 => Trouble::Final(Error::not_found(message!("{url} does not exist", url))),
            408 | 425 | 429 | 500.. => {
                Trouble::Passing { why: told, pause: retry_after(&answer.headers) }
            }
            416 => Trouble::NoSuchRange,
            _ => Trouble::Final(Error::failed(message!("cannot read {url}", url).because(told))),
        })
    }

    fn trouble(&self, error: ureq::Error) -> Trouble {
        use ureq::Error as E;
        match error {
            E::Timeout(_) => {
                let seconds = self.hub.patience.stall.as_secs_f32();
                Trouble::passing(message!("nothing came for {seconds} s", seconds))
            }
            E::Io(_)
            | E::HostNotFound
            | E::ConnectionFailed
            | E::ConnectProxyFailed(_)
            | E::Protocol(_) => Trouble::passing(Message::verbatim(error)),
            _ => Trouble::Final(
                Error::failed(message!("cannot talk to {endpoint}", endpoint = self.hub.endpoint))
                    .with(error),
            ),
        }
    }
}

/// A file that is being read.
pub struct Content {
    /// Where in the file its first byte belongs.
    pub start: u64,
    events: Receiver<Event>,
}

/// Attempts at one thing: pauses grow, and one too many is an error.
pub struct Attempts<'a> {
    session: &'a Session<'a>,
    failed: u32,
}

impl Attempts<'_> {
    /// The last attempt brought something: counts from the beginning.
    pub fn progressed(&mut self) {
        self.failed = 0;
    }

    /// Waits before another attempt.
    ///
    /// # Errors
    /// When there had better be none.
    pub fn failed(&mut self, url: &str, trouble: Trouble) -> Result<()> {
        let (why, asked) = match trouble {
            Trouble::Passing { why, pause } => (why, pause),
            Trouble::NoSuchRange => (message!("the answer was {status}", status = 416), None),
            Trouble::Final(error) => return Err(error),
        };
        let patience = self.session.hub.patience;
        self.failed += 1;
        if self.failed >= patience.attempts {
            return Err(Error::failed(message!(
                "cannot download {url}, and {failed} attempts in a row brought nothing. Check the \
                 network (the environment variables HTTPS_PROXY and HF_ENDPOINT name a proxy \
                 and another hub) and install again: what has arrived is kept",
                url,
                failed = self.failed
            )
            .because(why)));
        }
        let pause = patience.pause.saturating_mul(1 << (self.failed - 1).min(16));
        let pause = asked.unwrap_or(pause).min(LONGEST_PAUSE);
        tracing::info!("{url}: {why}; trying again in {pause:?}");
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            (self.session.idle)(Some(left))?;
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(BEAT));
        }
    }
}

/// What a request's thread tells.
enum Event {
    Answer(Answer),
    Bytes(Vec<u8>),
    Failed(ureq::Error),
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// Whether the hub itself gave it.
    from_hub: bool,
    stated: Stated,
}

/// What the hub said of a file on the way to it.
#[derive(Default)]
struct Stated {
    commit: Option<String>,
    bytes: Option<u64>,
    digest: Option<Digest>,
}

impl Stated {
    fn learn(&mut self, status: StatusCode, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        if let Some(commit) = text("x-repo-commit").filter(|commit| is_commit(commit)) {
            self.commit = Some(commit.to_owned());
        }
        let digest = |name| text(name).and_then(Digest::from_etag);
        let number = |name| text(name).and_then(|size| size.parse().ok());
        let Self { digest: known, bytes, .. } = self;
        *known = known.take().or_else(|| digest("x-linked-etag"));
        *bytes = bytes.take().or_else(|| number("x-linked-size"));
        if status.is_success() {
            *known = known.take().or_else(|| digest("etag"));
            *bytes = bytes.take().or_else(|| number("content-length"));
        }
    }

    fn is_complete(&self) -> bool {
        self.commit.is_some() && self.bytes.is_some() && self.digest.is_some()
    }
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Asks on a thread of its own.
struct Asker {
    agent: Agent,
    hub: Origin,
    token: Option<String>,
    method: Method,
    from: u64,
}

impl Asker {
    fn run(&self, uri: Uri, events: &Sender<Event>) {
        let told = self.tell(uri, events);
        if let Err(error) = told {
            // Nobody may be listening any more.
            let _ = events.send(Event::Failed(error));
        }
    }

    fn tell(&self, uri: Uri, events: &Sender<Event>) -> Result<(), ureq::Error> {
        let (answer, body) = self.ask(uri)?;
        let wanted = answer.status.is_success() && self.method == Method::GET;
        if events.send(Event::Answer(answer)).is_err() || !wanted {
            return Ok(());
        }
        let mut reader = body.into_reader();
        let mut buffer = vec![0; CHUNK];
        loop {
            let n = reader.read(&mut buffer)?;
            if n == 0 || events.send(Event::Bytes(buffer[..n].to_vec())).is_err() {
                return Ok(());
            }
        }
    }

    /// Follows redirects. Asked for the description of a file, it stays with
    /// the hub: the servers beyond know another hash of it.
    fn ask(&self, mut uri: Uri) -> Result<(Answer, Body), ureq::Error> {
        let mut stated = Stated::default();
        for _ in 0..=REDIRECTS {
            let from_hub = Origin::of(&uri).as_ref() == Some(&self.hub);
            let response = self.send(&uri, from_hub)?;
            let status = response.status();
            if from_hub {
                stated.learn(status, response.headers());
            }
            if let Some(next) = target(&uri, &response)? {
                let leaves = Origin::of(&next).as_ref() != Some(&self.hub);
                let enough = stated.is_complete() || leaves;
                if self.method == Method::GET || !enough {
                    uri = next;
                    continue;
                }
            }
            let (parts, body) = response.into_parts();
            return Ok((Answer { status, headers: parts.headers, from_hub, stated }, body));
        }
        Err(ureq::Error::TooManyRedirects)
    }

    fn send(&self, uri: &Uri, to_hub: bool) -> Result<Response<Body>, ureq::Error> {
        let mut request = Request::builder()
            .method(&self.method)
            .uri(uri)
            // A compressed answer has another size, and no parts.
            .header(header::ACCEPT_ENCODING, "identity");
        if self.from > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", self.from));
        }
        if let Some(token) = self.token.as_ref().filter(|_| to_hub) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.agent.run(request.body(())?)
    }
}

/// Where an answer redirects to.
fn target<T>(from: &Uri, response: &Response<T>) -> Result<Option<Uri>, ureq::Error> {
    let location = response.headers().get(header::LOCATION);
    let Some(location) = location.filter(|_| response.status().is_redirection()) else {
        return Ok(None);
    };
    let bad = || ureq::Error::BadUri(format!("{location:?}, to which {from} redirects"));
    let text = location.to_str().map_err(|_| bad())?;
    let scheme = from.scheme_str().unwrap_or_default();
    let absolute = if text.starts_with("//") {
        format!("{scheme}:{text}")
    } else if text.starts_with('/') {
        let authority = from.authority().ok_or_else(bad)?;
        format!("{scheme}://{authority}{text}")
    } else {
        text.to_owned()
    };
    absolute.parse().map(Some).map_err(|_| bad())
}

/// The first byte of a part: 5 for `bytes 5-9/10`.
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}

/// How many seconds the server wants to be left alone.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_tag_is_a_hash_or_nothing() {
        let sha256 = "AB".repeat(32);
        let sha1 = "0c".repeat(20);
        assert_eq!(
            Digest::from_etag(&format!("\"{sha256}\"")),
            Some(Digest::Sha256(sha256.to_lowercase()))
        );
        assert_eq!(Digest::from_etag(&format!("W/\"{sha1}\"")), Some(Digest::GitSha1(sha1)));
        for etag in ["", "\"\"", "\"686897696a7c876b7e\"", &"g".repeat(64)] {
            assert_eq!(Digest::from_etag(etag), None, "{etag}");
        }
    }

    #[test]
    fn places_are_told_apart_by_scheme_host_and_port() {
        let origin = |uri: &str| Origin::of(&uri.parse().unwrap());
        assert_eq!(origin("https://Hub.example/a"), origin("https://hub.example:443/b?c"));
        for other in ["http://hub.example", "https://hub.example:8443", "https://cdn.hub.example"] {
            assert_ne!(origin("https://hub.example"), origin(other));
        }
        assert_eq!(origin("ftp://hub.example"), None);
        assert_eq!(origin("/path"), None);
    }

    #[test]
    fn redirects_are_resolved() {
        let from: Uri = "https://hub.example:8443/a/b".parse().unwrap();
        for (location, expected) in [
            ("/c?d", "https://hub.example:8443/c?d"),
            ("//cdn.example/e", "https://cdn.example/e"),
            ("http://cdn.example/f", "http://cdn.example/f"),
        ] {
            let response = Response::builder().status(302).header("location", location);
            let uri = target(&from, &response.body(()).unwrap()).unwrap().unwrap();
            assert_eq!(uri.to_string(), expected);
        }
        let fine = Response::builder().status(200).header("location", "/x").body(()).unwrap();
        assert!(target(&from, &fine).unwrap().is_none());
    }

    #[test]
    fn what_is_no_address_is_a_wrong_setting() {
        let idle = |_| Ok(());
        for endpoint in ["", "huggingface.co", "ftp://hub.example", "https://"] {
            let error = Hub::new(endpoint, None).session(&idle).err().expect("refused");
            assert!(error.to_string().contains("HF_ENDPOINT"), "{error}");
        }
        assert!(Hub::new("https://hub.example/", None).session(&idle).is_ok());
    }
}

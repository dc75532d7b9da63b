//! A model hub on loopback that speaks as huggingface.co does, and fails as
//! networks do. Plain std: the engine's tests share this file with those of the
//! whole.
//!
//! A large file is redirected to a second port, as to the servers that deliver
//! for the hub; a small one to another path, as the hub does. Asked to
//! `CONNECT`, it is a proxy that leads to itself.

// Each of the two users leaves something out.
#![allow(dead_code)]

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// The entity tag that the second port gives. It looks like a hash of the
/// content and is none, as that of the real servers.
const DELIVERY_TAG: &str = "abababababababababababababababababababababababababababababababab";

/// What goes wrong with one answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Closes the connection after so many bytes of the content.
    BreakAfter(usize),
    /// Says nothing more after so many bytes of the content.
    StallAfter(usize),
    /// Sends pieces of so many bytes with pauses between them.
    Trickle(usize, Duration),
    /// Answers with this status, and `Retry-After: 0`.
    Status(u16),
    /// Sends the whole file whatever part was asked for.
    Whole,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `HEAD` or `CONNECT`.
    pub method: String,
    /// The path, or what to connect to.
    pub path: String,
    /// The headers, their names in lower case.
    pub headers: HashMap<String, String>,
}

/// The server; it lives as long as the process.
pub struct Hub {
    state: Arc<Mutex<State>>,
    port: u16,
}

#[derive(Default)]
struct State {
    /// The commit that `main` is.
    main: String,
    /// What each commit has: files by repository and name.
    commits: HashMap<String, HashMap<(String, String), File>>,
    /// New names of repositories.
    renamed: HashMap<String, String>,
    /// What will go wrong next, by method and file name.
    faults: HashMap<(String, String), VecDeque<Fault>>,
    requests: Vec<Request>,
    sent: u64,
    delivery_port: u16,
}

#[derive(Clone)]
struct File {
    content: Arc<Vec<u8>>,
    /// In hexadecimal: SHA-256 of a large file, git's SHA-1 of a small one.
    hash: String,
    stated_size: usize,
    large: bool,
}

impl Hub {
    /// An empty hub whose `main` is the commit of forty ones.
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (port, delivery_port) = (listen(&state), listen(&state));
        let hub = Self { state, port };
        hub.lock().delivery_port = delivery_port;
        hub.push(&"1".repeat(40));
        hub
    }

    /// For `HF_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Puts a file at `main` that is stored as weights are. A wrong SHA-256
    /// makes the hub a liar.
    pub fn large(&self, repository: &str, name: &str, content: &[u8], sha256: &str) {
        self.put(repository, name, content, sha256, true);
    }

    /// Puts a file at `main` that is stored as settings are; `git_sha1` is that
    /// of git's object.
    pub fn small(&self, repository: &str, name: &str, content: &[u8], git_sha1: &str) {
        self.put(repository, name, content, git_sha1, false);
    }

    fn put(&self, repository: &str, name: &str, content: &[u8], hash: &str, large: bool) {
        let content = Arc::new(content.to_vec());
        let file = File { hash: hash.to_owned(), stated_size: content.len(), large, content };
        let mut state = self.lock();
        let main = state.main.clone();
        let files = state.commits.entry(main).or_default();
        files.insert((repository.to_owned(), name.to_owned()), file);
    }

    /// Takes a file away from `main`.
    pub fn take(&self, repository: &str, name: &str) {
        let mut state = self.lock();
        let main = state.main.clone();
        let files = state.commits.entry(main).or_default();
        files.remove(&(repository.to_owned(), name.to_owned()));
    }

    /// Lies about the size of a file.
    pub fn state_size(&self, name: &str, size: usize) {
        let mut state = self.lock();
        let main = state.main.clone();
        for ((_, file), found) in state.commits.entry(main).or_default() {
            if file == name {
                found.stated_size = size;
            }
        }
    }

    /// Makes a new commit the `main` one, with the same files.
    pub fn push(&self, commit: &str) {
        let mut state = self.lock();
        let files = state.commits.get(&state.main).cloned().unwrap_or_default();
        state.commits.insert(commit.to_owned(), files);
        state.main = commit.to_owned();
    }

    /// Forgets a commit.
    pub fn forget(&self, commit: &str) {
        self.lock().commits.remove(commit);
    }

    /// Gives a repository a new name, to which the old one redirects.
    pub fn rename(&self, old: &str, new: &str) {
        self.lock().renamed.insert(old.to_owned(), new.to_owned());
    }

    /// What goes wrong with the next answers about a file, one fault each.
    pub fn fail<const N: usize>(&self, method: &str, name: &str, faults: [Fault; N]) {
        let key = (method.to_owned(), name.to_owned());
        self.lock().faults.entry(key).or_default().extend(faults);
    }

    /// Nothing goes wrong any more.
    pub fn recover(&self) {
        self.lock().faults.clear();
    }

    /// Bytes of content that were sent, over all files and requests.
    pub fn sent(&self) -> u64 {
        self.lock().sent
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Request {
    /// Whether it came to the second port.
    pub fn is_delivery(&self) -> bool {
        self.path.starts_with("/deliver/")
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // A test that failed must not fail the others.
    state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Accepts connections on a port of its own.
fn listen(state: &Arc<Mutex<State>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let port = listener.local_addr().expect("a bound address").port();
    let state = state.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = state.clone();
            // The other side breaks connections off; that is not a failure.
            thread::spawn(move || drop(converse(&state, &stream)));
        }
    });
    port
}

/// Answers the requests of one connection until it ends.
fn converse(state: &Mutex<State>, stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        lock(state).requests.push(request.clone());
        if request.method == "CONNECT" {
            (&mut &*stream).write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        } else if !answer(state, &request, stream)? {
            break;
        }
    }
    Ok(())
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
    }
    Ok(Some(Request { method, path, headers }))
}

/// Answers one request; whether the connection goes on.
fn answer(state: &Mutex<State>, request: &Request, stream: &TcpStream) -> io::Result<bool> {
    let path = request.path.split('?').next().unwrap_or_default();
    let path: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (describes, owner, title, revision, name) = match path[..] {
        [owner, title, "resolve", revision, name] => (true, owner, title, revision, name),
        ["deliver" | "cached", owner, title, revision, name] => {
            (false, owner, title, revision, name)
        }
        _ => return head(stream, 404, &[], 0).map(|()| true),
    };
    let repository = format!("{owner}/{title}");
    let mut locked = lock(state);
    if let Some(new) = locked.renamed.get(&repository) {
        let location = format!("/{new}/resolve/{revision}/{name}");
        drop(locked);
        return head(stream, 307, &[("Location", &location)], 0).map(|()| true);
    }
    // A fault strikes once, at the last request for the content.
    let strikes = request.method == "HEAD" || !describes;
    let faults = locked.faults.get_mut(&(request.method.clone(), name.to_owned()));
    let fault = faults.filter(|_| strikes).and_then(VecDeque::pop_front);
    let commit = if revision == "main" { &locked.main } else { revision }.to_owned();
    let files = locked.commits.get(&commit);
    let file = files.and_then(|files| files.get(&(repository.clone(), name.to_owned()))).cloned();
    let delivery_port = locked.delivery_port;
    drop(locked);

    if let Some(Fault::Status(status)) = fault {
        return head(stream, status, &[("Retry-After", "0")], 0).map(|()| true);
    }
    let Some(file) = file else {
        return head(stream, 404, &[("X-Error-Code", "EntryNotFound")], 0).map(|()| true);
    };
    let commit_header = ("X-Repo-Commit", commit.as_str());
    let tag = format!("\"{}\"", file.hash);
    let place = format!("{repository}/{commit}/{name}");
    if describes && file.large {
        let size = file.stated_size.to_string();
        let location = format!("http://127.0.0.1:{delivery_port}/deliver/{place}?signed=1");
        let described = [("X-Linked-Etag", tag.as_str()), ("X-Linked-Size", size.as_str())];
        let headers = [commit_header, described[0], described[1], ("Location", &location)];
        return head(stream, 302, &headers, 0).map(|()| true);
    }
    if describes {
        let location = format!("/cached/{place}");
        return head(stream, 307, &[commit_header, ("Location", &location)], 0).map(|()| true);
    }
    let delivery_tag = format!("\"{DELIVERY_TAG}\"");
    let headers = match file.large {
        true => vec![("ETag", delivery_tag.as_str())],
        false => vec![("ETag", tag.as_str()), commit_header],
    };
    if request.method == "HEAD" {
        return head(stream, 200, &headers, file.stated_size).map(|()| true);
    }
    deliver(state, request, stream, &file.content, &headers, fault)
}

/// Sends a file, or the part that was asked for; whether the connection goes on.
fn deliver(
    state: &Mutex<State>,
    request: &Request,
    mut stream: &TcpStream,
    content: &[u8],
    headers: &[(&str, &str)],
    fault: Option<Fault>,
) -> io::Result<bool> {
    let range = request.headers.get("range").filter(|_| !matches!(fault, Some(Fault::Whole)));
    let start = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    let start: Option<usize> = start.and_then(|start| start.parse().ok());
    let part = match start {
        Some(start) if start >= content.len() => {
            return head(stream, 416, &[], 0).map(|()| true);
        }
        Some(start) => {
            let range = format!("bytes {start}-{}/{}", content.len() - 1, content.len());
            let headers = [headers, &[("Content-Range", range.as_str())]].concat();
            head(stream, 206, &headers, content.len() - start)?;
            &content[start..]
        }
        None => {
            head(stream, 200, headers, content.len())?;
            content
        }
    };
    let (end, piece, pause) = match fault {
        Some(Fault::BreakAfter(end) | Fault::StallAfter(end)) => {
            (end.min(part.len()), 16 * 1024, Duration::ZERO)
        }
        Some(Fault::Trickle(piece, pause)) => (part.len(), piece, pause),
        _ => (part.len(), 16 * 1024, Duration::ZERO),
    };
    for piece in part[..end].chunks(piece) {
        stream.write_all(piece)?;
        lock(state).sent += piece.len() as u64;
        thread::sleep(pause);
    }
    if let Some(Fault::StallAfter(_)) = fault {
        // Until the other side gives up.
        let _ = stream.read(&mut [0]);
    }
    Ok(end == part.len())
}

/// The status line and the headers of an answer with so many bytes to follow.
fn head(
    mut stream: &TcpStream,
    status: u16,
    headers: &[(&str, &str)],
    length: usize,
) -> io::Result<()> {
    let mut text = format!("HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    stream.write_all((text + "\r\n").as_bytes())
}

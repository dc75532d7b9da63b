//! 1. A model arrives whole and checked, each file of one commit.
//! 2. What breaks off goes on where it was, in this process or the next.
//! 3. What is wrong is refused, deleted, and explained.
//! 4. The token goes to the hub and nowhere else.

use std::cell::{Cell, RefCell};
use std::thread;

use tempfile::TempDir;
use ureq::Proxy;

use super::super::hub::Patience;
use super::*;
use crate::error::Code;

#[path = "../../../../../tests/hub.rs"]
mod server;

use server::Fault::{BreakAfter, StallAfter, Status, Trickle, Whole};
use server::Request;

const REPOSITORY: &str = "someone/a-model";
const WEIGHTS: &str = "model.safetensors";
const FIRST: &str = "1111111111111111111111111111111111111111";

/// Bytes that repeat nowhere near, so that a part in the wrong place shows.
fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    (0..length).map(next).collect()
}

fn sha256(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

fn git_sha1(content: &[u8]) -> String {
    let object = [format!("blob {}\0", content.len()).as_bytes(), content].concat();
    hex(&Sha1::digest(object))
}

/// A hub with a model, and a place to bring it to.
struct Bench {
    server: server::Hub,
    hub: Hub,
    model: KnownModel,
    weights: Vec<u8>,
    place: TempDir,
}

impl Bench {
    fn new() -> Self {
        let server = server::Hub::start();
        let weights = bytes(1_000_000, 1);
        server.large(REPOSITORY, WEIGHTS, &weights, &sha256(&weights));
        let config = br#"{ "model_type": "clip" }"#;
        server.small(REPOSITORY, "config.json", config, &git_sha1(config));
        let mut hub = Hub::new(&server.endpoint(), Some("hf_secret"));
        hub.patience = Patience {
            stall: Duration::from_secs(20),
            pause: Duration::from_millis(1),
            attempts: 5,
        };
        let model = toml::from_str(
            r#"
            id = "a-model"
            family = "clip"
            title = "A model"
            about = "Only for tests"
            languages = ["en"]
            dim = 512
            bytes = 1_000_024
            license = "MIT"
            license_url = "https://opensource.org/license/mit"
            repository = "someone/a-model"
            files = [["config.json"], ["weights.bin", "model.safetensors"]]
            optional = ["README.md"]
            quality = "Good"
            "#,
        );
        let place = tempfile::tempdir().unwrap();
        Self { server, hub, model: model.unwrap(), weights, place }
    }

    fn folder(&self) -> PathBuf {
        self.place.path().join(".installing-a-model")
    }

    fn download(&self) -> Result<(String, Vec<Fetched>)> {
        download(&self.model, &self.folder(), &self.hub, &|| false, &|_| {})
    }

    /// Downloads in vain; what is said about it.
    fn complaint(&self) -> String {
        let error = self.download().expect_err("it is to fail");
        assert_eq!(error.code(), Code::Failed, "{error}");
        error.to_string()
    }

    /// What is in the folder, sorted.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The model is there, the whole model, and nothing but the model.
    fn assert_complete(&self) {
        assert_eq!(self.names(), ["config.json", WEIGHTS]);
        assert!(fs::read(self.folder().join(WEIGHTS)).unwrap() == self.weights);
    }

    fn length(&self, name: &str) -> u64 {
        self.folder().join(name).metadata().map_or(0, |metadata| metadata.len())
    }

    /// Requests for the content of the weights.
    fn deliveries(&self) -> Vec<Request> {
        let mut requests = self.server.requests();
        requests.retain(|request| request.is_delivery() && request.method == "GET");
        requests
    }
}

#[test]
fn a_model_arrives_whole() {
    let bench = Bench::new();
    let readme = b"---\nlicense: mit\n---\n";
    bench.server.small(REPOSITORY, "README.md", readme, &git_sha1(readme));
    let told = RefCell::new(Vec::new());
    let progress = |download| told.borrow_mut().push(download);
    let (commit, files) =
        download(&bench.model, &bench.folder(), &bench.hub, &|| false, &progress).unwrap();
    assert_eq!(commit, FIRST);
    assert_eq!(bench.names(), ["README.md", "config.json", WEIGHTS]);
    let weights = files.iter().find(|file| file.name == WEIGHTS).unwrap();
    assert_eq!((weights.bytes, &weights.sha256), (1_000_000, &sha256(&bench.weights)));
    let card = files.iter().find(|file| file.name == "README.md").unwrap();
    assert_eq!(card.sha256, sha256(readme));

    let told = told.into_inner();
    let total = 1_000_000 + 24 + readme.len() as u64;
    assert_eq!((told[0].done, told[0].total), (0, total));
    let last = told.last().unwrap();
    assert_eq!((last.done, last.total, last.seconds_left), (total, total, Some(0.0)));
    assert!(last.rate > 0.0);
    assert_eq!(bench.server.sent(), total);
}

#[test]
fn what_breaks_off_goes_on_where_it_was() {
    let mut bench = Bench::new();
    bench.hub.patience.stall = Duration::from_secs(1);
    let faults = [BreakAfter(300_000), StallAfter(300_000), BreakAfter(0), Status(429)];
    bench.server.fail("GET", WEIGHTS, faults);
    bench.server.fail("HEAD", WEIGHTS, [Status(500), Status(429)]);
    bench.download().unwrap();
    bench.assert_complete();
    assert_eq!(bench.server.sent(), 1_000_024);
    let ranges = bench.deliveries().into_iter().map(|r| r.headers.get("range").cloned());
    let ranges: Vec<Option<String>> = ranges.collect();
    let from = |start| Some(format!("bytes={start}-"));
    assert_eq!(ranges, [None, from(300_000), from(600_000), from(600_000), from(600_000)]);
}

#[test]
fn the_next_process_goes_on_too() {
    let bench = Bench::new();
    bench.server.fail("GET", WEIGHTS, [BreakAfter(500_000)]);
    bench.server.fail("GET", WEIGHTS, [Status(503), Status(503), Status(503), Status(503)]);
    bench.server.fail("GET", WEIGHTS, [Status(503)]);
    let complaint = bench.complaint();
    for part in [WEIGHTS, "503", "5 attempts", "HTTPS_PROXY", "HF_ENDPOINT", "is kept"] {
        assert!(complaint.contains(part), "{part}: {complaint}");
    }
    assert_eq!(bench.length("model.safetensors.part"), 500_000);

    let told = Cell::new(None);
    let progress = |download: Download| told.set(told.get().or(Some(download.done)));
    download(&bench.model, &bench.folder(), &bench.hub, &|| false, &progress).unwrap();
    bench.assert_complete();
    assert_eq!(told.get(), Some(500_024));
    assert_eq!(bench.server.sent(), 1_000_024);
}

#[test]
fn slow_but_steady_is_never_broken_off() {
    let mut bench = Bench::new();
    bench.hub.patience.stall = Duration::from_secs(1);
    // Longer than that in all, but never at once.
    bench.server.fail("GET", WEIGHTS, [Trickle(100_000, Duration::from_millis(150))]);
    bench.download().unwrap();
    assert_eq!(bench.deliveries().len(), 1);
    bench.assert_complete();
}

#[test]
fn cancelling_answers_at_once_and_keeps_what_is_here() {
    let bench = Bench::new();
    bench.server.fail("GET", WEIGHTS, [StallAfter(400_000)]);
    let since: Cell<Option<Instant>> = Cell::new(None);
    let cancelled = || {
        let here = bench.length("model.safetensors.part") == 400_000;
        if here && since.get().is_none() {
            since.set(Some(Instant::now()));
        }
        since.get().is_some_and(|since| since.elapsed() > Duration::from_millis(100))
    };
    let error = download(&bench.model, &bench.folder(), &bench.hub, &cancelled, &|_| {});
    let waited = since.get().unwrap().elapsed();
    assert_eq!(error.unwrap_err().code(), Code::Cancelled);
    assert!(waited < Duration::from_secs(1), "{waited:?}");

    bench.download().unwrap();
    bench.assert_complete();
    assert_eq!(bench.server.sent(), 1_000_024);
}

#[test]
fn cancelling_interrupts_a_pause() {
    let mut bench = Bench::new();
    bench.hub.patience.pause = Duration::from_secs(60);
    bench.server.fail("GET", WEIGHTS, [BreakAfter(10)]);
    let begun = Instant::now();
    let cancelled = || bench.length("model.safetensors.part") == 10;
    let error = download(&bench.model, &bench.folder(), &bench.hub, &cancelled, &|_| {});
    assert_eq!(error.unwrap_err().code(), Code::Cancelled);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_wrong_hash_is_refused_and_deleted() {
    let bench = Bench::new();
    let lie = "f".repeat(64);
    bench.server.large(REPOSITORY, WEIGHTS, &bench.weights, &lie);
    let complaint = bench.complaint();
    for part in [WEIGHTS, lie.as_str(), &sha256(&bench.weights), "deleted"] {
        assert!(complaint.contains(part), "{part}: {complaint}");
    }
    assert!(!bench.names().iter().any(|name| name.starts_with(WEIGHTS)));

    let other = b"{ }";
    bench.server.small(REPOSITORY, "config.json", other, &"e".repeat(40));
    let complaint = bench.complaint();
    assert!(complaint.contains("config.json") && complaint.contains(&git_sha1(other)));
}

#[test]
fn damage_on_this_side_is_found() {
    let bench = Bench::new();
    bench.server.fail("GET", WEIGHTS, [BreakAfter(500_000)]);
    bench.server.fail("GET", WEIGHTS, [Status(400)]);
    bench.complaint();
    let part = bench.folder().join("model.safetensors.part");
    let mut damaged = fs::read(&part).unwrap();
    damaged[1234] ^= 1;
    fs::write(&part, damaged).unwrap();
    assert!(bench.complaint().contains("damaged"));
    bench.download().unwrap();
    bench.assert_complete();
}

#[test]
fn a_server_that_cannot_begin_in_the_middle_begins_anew() {
    let bench = Bench::new();
    bench.server.fail("GET", WEIGHTS, [BreakAfter(300_000), Whole]);
    bench.download().unwrap();
    bench.assert_complete();
    assert_eq!(bench.server.sent(), 1_300_024);
}

#[test]
fn a_server_that_always_begins_anew_and_breaks_off_is_given_up() {
    let bench = Bench::new();
    // Whole from the beginning each time, never beyond the same byte.
    for _ in 0..20 {
        bench.server.fail("GET", WEIGHTS, [BreakAfter(300_000), Status(416)]);
    }
    assert!(bench.complaint().contains("5 attempts"));
}

#[test]
fn a_file_that_has_changed_is_fetched_anew() {
    let mut bench = Bench::new();
    bench.server.fail("GET", WEIGHTS, [BreakAfter(500_000), Status(400)]);
    bench.complaint();
    // The same commit says something else now.
    bench.weights = bytes(900_000, 2);
    bench.server.large(REPOSITORY, WEIGHTS, &bench.weights, &sha256(&bench.weights));
    bench.download().unwrap();
    bench.assert_complete();
    assert_eq!(bench.server.sent(), 500_000 + 900_000 + 24);
}

#[test]
fn a_model_is_of_one_commit() {
    let bench = Bench::new();
    bench.server.fail("GET", WEIGHTS, [BreakAfter(500_000), Status(400)]);
    bench.complaint();
    bench.server.push(&"2".repeat(40));
    let newer = bytes(1_000_000, 3);
    bench.server.large(REPOSITORY, WEIGHTS, &newer, &sha256(&newer));
    let (commit, _) = bench.download().unwrap();
    assert_eq!(commit, FIRST);
    bench.assert_complete();
    assert_eq!(bench.server.sent(), 1_000_024);
}

#[test]
fn a_commit_that_is_gone_is_left_behind() {
    let mut bench = Bench::new();
    bench.server.fail("GET", WEIGHTS, [BreakAfter(500_000), Status(400)]);
    bench.complaint();
    bench.server.push(&"2".repeat(40));
    bench.server.forget(FIRST);
    bench.weights = bytes(1_000_000, 3);
    bench.server.large(REPOSITORY, WEIGHTS, &bench.weights, &sha256(&bench.weights));
    let (commit, _) = bench.download().unwrap();
    assert_eq!(commit, "2".repeat(40));
    bench.assert_complete();
}

#[test]
fn of_alternatives_the_first_is_taken_and_leftovers_go() {
    let bench = Bench::new();
    bench.server.fail("GET", WEIGHTS, [BreakAfter(500_000), Status(400)]);
    bench.complaint();
    let weights = bytes(1000, 4);
    bench.server.large(REPOSITORY, "weights.bin", &weights, &sha256(&weights));
    bench.download().unwrap();
    assert_eq!(bench.names(), ["config.json", "weights.bin"]);
}

#[test]
fn a_file_may_come_from_another_repository() {
    let mut bench = Bench::new();
    bench.model.files.push(vec!["tokenizer.json".into(), "other/one:tokenizer.json".into()]);
    let tokenizer = b"{}";
    bench.server.small("other/one", "tokenizer.json", tokenizer, &git_sha1(tokenizer));
    bench.download().unwrap();
    assert_eq!(bench.names(), ["config.json", WEIGHTS, "tokenizer.json"]);
}

#[test]
fn what_the_hub_lacks_is_named() {
    let bench = Bench::new();
    bench.server.take(REPOSITORY, WEIGHTS);
    let error = bench.download().unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    for part in ["weights.bin or model.safetensors", REPOSITORY, "add their folder"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn a_renamed_repository_is_found() {
    let mut bench = Bench::new();
    bench.model.repository = "someone/formerly".to_owned();
    bench.server.rename("someone/formerly", REPOSITORY);
    bench.download().unwrap();
    bench.assert_complete();
}

#[test]
fn a_refusal_says_how_to_get_leave() {
    let mut bench = Bench::new();
    for (token, status, advice) in [
        (None, 401, "put a token of your account into HF_TOKEN"),
        (Some("hf_wrong"), 403, "HF_TOKEN has no right"),
    ] {
        bench.hub = Hub::new(&bench.server.endpoint(), token);
        bench.server.fail("HEAD", "config.json", [Status(status)]);
        let complaint = bench.complaint();
        assert!(complaint.contains(advice) && complaint.contains("licence"), "{complaint}");
        assert!(!complaint.contains("hf_wrong"));
    }
}

#[test]
fn a_delivery_that_has_expired_is_asked_for_again() {
    let bench = Bench::new();
    bench.server.fail("GET", WEIGHTS, [BreakAfter(300_000), Status(403)]);
    bench.download().unwrap();
    bench.assert_complete();
}

#[test]
fn the_token_goes_to_the_hub_alone() {
    let bench = Bench::new();
    bench.server.fail("GET", WEIGHTS, [BreakAfter(300_000)]);
    bench.download().unwrap();
    let (delivered, asked): (Vec<_>, Vec<_>) =
        bench.server.requests().into_iter().partition(Request::is_delivery);
    assert!(!delivered.is_empty() && !asked.is_empty());
    for request in asked {
        let token = request.headers.get("authorization").map(String::as_str);
        assert_eq!(token, Some("Bearer hf_secret"), "{request:?}");
    }
    for request in delivered {
        assert!(!request.headers.contains_key("authorization"), "{request:?}");
    }
}

#[test]
fn a_proxy_is_gone_through() {
    let mut bench = Bench::new();
    let proxy = bench.server.endpoint();
    bench.hub = Hub::new("http://hub.invalid", None);
    bench.hub.proxy = Some(Proxy::new(&proxy).unwrap());
    bench.download().unwrap();
    bench.assert_complete();
    let connects = bench.server.requests().into_iter().filter(|r| r.method == "CONNECT");
    let to: Vec<String> = connects.map(|request| request.path).collect();
    assert!(to.iter().any(|to| to == "hub.invalid:80"), "{to:?}");
}

#[test]
fn space_is_looked_for_before_the_first_byte() {
    let bench = Bench::new();
    bench.server.state_size(WEIGHTS, 1 << 60);
    let complaint = bench.complaint();
    for part in ["1152921504.6 GB more", "are free", "make room", "AFTERIMAGE_MODELS"] {
        assert!(complaint.contains(part), "{part}: {complaint}");
    }
    assert_eq!(bench.server.sent(), 0);
}

#[test]
fn what_is_no_hub_is_recognised() {
    let mut bench = Bench::new();
    // A page that welcomes everybody, as networks in hotels have it.
    let portal = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    bench.hub = Hub::new(&format!("http://{}", portal.local_addr().unwrap()), None);
    thread::spawn(move || {
        let (mut stream, _) = portal.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    });
    let complaint = bench.complaint();
    assert!(complaint.contains("HF_ENDPOINT") && complaint.contains("sign in"), "{complaint}");
}

#[test]
fn one_process_at_a_time() {
    let bench = Bench::new();
    fs::create_dir_all(bench.folder()).unwrap();
    let held = lock(&bench.model, &bench.folder()).unwrap();
    let complaint = bench.complaint();
    assert!(complaint.contains("a-model is being installed already"), "{complaint}");
    assert!(bench.server.requests().is_empty());
    drop(held);
    bench.download().unwrap();
}

#[test]
fn a_finished_download_is_only_checked_again() {
    let bench = Bench::new();
    let first = bench.download().unwrap();
    let sent = bench.server.sent();
    // No journal tells what the files are of, yet their hashes do.
    assert_eq!(bench.download().unwrap(), first);
    assert_eq!(bench.server.sent(), sent);
    fs::write(bench.folder().join("config.json"), "{ }").unwrap();
    assert_eq!(bench.download().unwrap(), first);
    assert_eq!(bench.server.sent(), sent + 24);
    bench.assert_complete();
}

#[test]
fn sizes_are_told_as_people_do() {
    assert_eq!(size(0), "0.0 kB");
    assert_eq!(size(605_143_316), "605.1 MB");
    assert_eq!(size(1_535_000_000), "1.5 GB");
}

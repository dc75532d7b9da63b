//! What the tests share: the program, libraries in temporary folders, the
//! shared photos.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_afterimage");

/// Longer than any command here may take on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The repository's top folder.
pub fn repository() -> PathBuf {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    top.canonicalize().expect("the repository is where it was built")
}

/// A folder of the shared photos, or `None` where they are absent, said on
/// standard error.
pub fn photos(folder: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("AFTERIMAGE_SHARED")
        .map_or_else(|| repository().join("../shared"), PathBuf::from);
    let found = shared.join("photos").join(folder).canonicalize().ok();
    if found.is_none() {
        eprintln!("skipped: ../shared/photos is absent");
    }
    found
}

/// A library in a temporary folder, and the program working on it.
pub struct Library {
    folder: TempDir,
}

impl Library {
    /// An empty one.
    pub fn new() -> Self {
        let starter = repository().join("assets/models/starter/config.json");
        assert!(starter.is_file(), "the starter model is missing: `make test` makes it");
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A copy of a library that has `everyday` indexed. Indexing happens once
    /// for all tests.
    pub fn of_everyday() -> Option<Self> {
        let library = Self::new();
        for entry in fs::read_dir(everyday()?.library.path()).expect("the indexed library") {
            let path = entry.expect("the indexed library").path();
            if path.is_file() {
                fs::copy(&path, library.folder.path().join(path.file_name().expect("a name")))
                    .expect("a copy of the library");
            }
        }
        Some(library)
    }

    /// Where the databases are.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program on this library, not yet started.
    pub fn process<S: AsRef<OsStr>>(&self, args: &[S]) -> process::Command {
        let mut command = process::Command::new(PROGRAM);
        command
            .args(args)
            .env("AFTERIMAGE_LIBRARY", self.path())
            .env_remove("AFTERIMAGE_MODELS")
            .env_remove("AFTERIMAGE_LOG");
        command
    }

    /// The same, to be judged.
    pub fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::from_std(self.process(args));
        command.timeout(TIMEOUT);
        command
    }

    /// Runs a command that must end with 0; its JSON document.
    pub fn json<S: AsRef<OsStr>>(&self, args: &[S]) -> Value {
        let assert = self.command(args).arg("--json").assert().code(0);
        serde_json::from_slice(&assert.get_output().stdout).expect("one JSON document")
    }

    /// The paths that a search finds, best first.
    pub fn found(&self, args: &[&str]) -> Vec<String> {
        results(&self.json(args)).iter().map(|r| text(&r["path"])).collect()
    }
}

/// `everyday`, indexed once.
pub struct Everyday {
    /// The library.
    pub library: Library,
    /// The photos.
    pub photos: PathBuf,
    /// What the first `index` printed.
    pub first: Value,
    /// What the second printed, with nothing changed.
    pub second: Value,
}

/// The library of `everyday` that the others are copies of.
pub fn everyday() -> Option<&'static Everyday> {
    static INDEXED: OnceLock<Option<Everyday>> = OnceLock::new();
    INDEXED
        .get_or_init(|| {
            let photos = photos("everyday")?;
            let library = Library::new();
            let index = [OsStr::new("index"), photos.as_os_str()];
            let first = library.json(&index);
            let second = library.json(&index);
            // The model reads the prompts of all categories, once for all tests.
            library.json(&["tag", "list"]);
            Some(Everyday { library, photos, first, second })
        })
        .as_ref()
}

/// Copies the first `count` photos of `everyday` into a new folder.
pub fn some_photos(count: usize) -> Option<TempDir> {
    let source = photos("everyday")?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    for number in 1..=count {
        let name = format!("IMG_{number:04}.jpg");
        fs::copy(source.join(&name), folder.path().join(&name)).expect("a copy of a photo");
    }
    Some(folder)
}

/// Presses Ctrl-C.
#[cfg(unix)]
pub fn interrupt(child: &process::Child) {
    signal(child, "-INT");
}

/// Sends a signal, named as `kill` names it.
#[cfg(unix)]
pub fn signal(child: &process::Child, signal: &str) {
    let kill = process::Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(kill.expect("kill runs").success());
}

/// Runs a command that must end with 0; its JSON lines.
pub fn lines(command: &mut Command) -> Vec<Value> {
    let assert = command.arg("--json").assert().code(0);
    let lines = serde_json::Deserializer::from_slice(&assert.get_output().stdout).into_iter();
    lines.map(|line| line.expect("a JSON line")).collect()
}

/// The results of a search.
pub fn results(document: &Value) -> &Vec<Value> {
    document["results"].as_array().expect("results")
}

/// A JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// The file's name at the end of a path.
pub fn file_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(OsStr::to_str).expect("a file name")
}

/// The keys of a JSON object, sorted.
pub fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// A JSON array of numbers.
pub fn numbers(value: &Value) -> Vec<f64> {
    let array = value.as_array().expect("an array");
    array.iter().map(|n| n.as_f64().expect("a number")).collect()
}

/// Asks `condition` again and again until it holds, for a minute at most.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

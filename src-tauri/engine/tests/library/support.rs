//! A library in a temporary folder, and photos to put in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use afterimage_engine::{
    Cancel, Control, Engine, IndexReport, OpenOptions, PairCheck, PhotoId, Root, SearchRequest,
};
use image::{Rgb, RgbImage};
use rusqlite::Connection;

pub const MODEL: &str = "clip-quickgelu";
pub const OTHER_MODEL: &str = "clip-gelu";

pub struct Fixture {
    pub dir: tempfile::TempDir,
    pub engine: Engine,
}

impl Fixture {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("photos")).unwrap();
        let engine = open(dir.path());
        let fixture = Self { dir, engine };
        fixture.choose(MODEL);
        fixture
    }

    /// Chooses a model of the fixtures, whose towers belong together by no
    /// training.
    pub fn choose(&self, model: &str) {
        self.engine.use_model(model, PairCheck::Skipped).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("photos").join(name)
    }

    /// Writes a photo that no other seed gives.
    pub fn photo(&self, name: &str, seed: u8) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        pattern(seed).save(path).unwrap();
    }

    pub fn add(&self) {
        self.engine.add_root(&self.dir.path().join("photos")).unwrap();
    }

    /// The folder that was added first, as the library has it now.
    pub fn root(&self) -> Root {
        self.engine.roots().unwrap().swap_remove(0)
    }

    pub fn index(&self) -> IndexReport {
        self.engine.index(&[], &Control::default(), &|_| {}).unwrap()
    }

    pub fn id(&self, name: &str) -> PhotoId {
        self.engine.find_photo(&self.path(name)).unwrap().unwrap()
    }

    /// Names of the photos that a search finds.
    pub fn found(&self) -> BTreeSet<String> {
        names(&self.engine)
    }

    /// Whether a search by this file's picture finds the photo at its place first,
    /// as the same picture.
    pub fn is_found_by_its_picture(&self, name: &str) -> bool {
        let request = SearchRequest { images: vec![self.path(name)], ..Default::default() };
        let page = self.engine.search(&request, &Cancel::default()).unwrap();
        // Copies share the first place.
        let same = page.hits.iter().take_while(|hit| hit.score > 0.999);
        same.map(|hit| hit.photo).any(|photo| photo == self.id(name))
    }

    /// Begins to count how often rows are written to a table of one of the
    /// databases, whether they were there or not.
    pub fn count_writes(&self, file: &str, table: &str) -> Writes {
        let database = Connection::open(self.dir.path().join("library").join(file)).unwrap();
        // The engine may be writing.
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        let sql = format!(
            "CREATE TABLE {table}_writes (n INTEGER);
             CREATE TRIGGER count_{table} BEFORE INSERT ON {table}
               BEGIN INSERT INTO {table}_writes VALUES (1); END;"
        );
        database.execute_batch(&sql).unwrap();
        Writes { database, sql: format!("SELECT count(*) FROM {table}_writes") }
    }

    pub fn reopen(self) -> Self {
        let Self { dir, engine } = self;
        drop(engine);
        let engine = open(dir.path());
        Self { dir, engine }
    }
}

/// Counts what is written to a table.
pub struct Writes {
    database: Connection,
    sql: String,
}

impl Writes {
    pub fn so_far(&self) -> u64 {
        self.database.query_row(&self.sql, [], |row| row.get(0)).unwrap()
    }
}

pub fn open(dir: &Path) -> Engine {
    Engine::open(options(dir)).unwrap()
}

pub fn options(dir: &Path) -> OpenOptions {
    OpenOptions { bundled_models: vec![fixtures()], ..OpenOptions::new(dir.join("library")) }
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

pub fn names(engine: &Engine) -> BTreeSet<String> {
    let request = SearchRequest { query: "a pattern".into(), ..Default::default() };
    let ask = || engine.search(&request, &Cancel::default()).unwrap();
    let mut page = ask();
    // A photo that goes at this moment is ranked, and not there any more to be shown.
    let began = Instant::now();
    while page.total != page.hits.len() && began.elapsed() < Duration::from_secs(5) {
        page = ask();
    }
    assert_eq!(page.total, page.hits.len());
    page.hits
        .iter()
        .map(|hit| hit.path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

pub fn pattern(seed: u8) -> RgbImage {
    RgbImage::from_fn(60, 40, |x, y| {
        let (x, y) = (x as u8, y as u8);
        Rgb([x.wrapping_mul(seed), y.wrapping_mul(seed.wrapping_add(3)), seed.wrapping_mul(17)])
    })
}

pub fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Waits for what the background is to bring about; how long that took.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "never happened: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
    began.elapsed()
}

/// Waits until what is seen is what is expected; else says what was seen.
pub fn settles<T: PartialEq + std::fmt::Debug>(what: &str, expected: T, see: impl Fn() -> T) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        if see() == expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(see(), expected, "{what}");
}

/// Runs a test in a process of its own that may mount file systems, seen by
/// nobody else, and that is bound by permissions even where root runs it. Where
/// this system allows no such process the test is skipped, said on standard
/// error; but not where `CI` is set, for nobody would ever see it. `test` is the test's name within this program.
#[cfg(target_os = "linux")]
pub fn apart(test: &str, run: impl FnOnce()) {
    use std::process::Command;
    const APART: &str = "AFTERIMAGE_TEST_APART";
    if std::env::var_os(APART).is_some() {
        return run();
    }
    let program = |program: &Path| {
        let mut command = Command::new("unshare");
        let bound = "--bounding-set=-dac_override,-dac_read_search";
        command.args(["--user", "--map-root-user", "--mount", "setpriv", bound]).arg(program);
        command
    };
    match program(Path::new("true")).output() {
        Ok(output) if output.status.success() => {}
        refused => {
            assert!(
                std::env::var_os("CI").is_none(),
                "{test} needs a mount namespace of its own, which this system refuses \
                 ({refused:?}). It takes util-linux and, on Ubuntu, `sysctl -w \
                 kernel.apparmor_restrict_unprivileged_userns=0`"
            );
            eprintln!("skipped {test}: this system lets no test mount anything ({refused:?})");
            return;
        }
    }
    let output = program(&std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(APART, "")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{complaint}");
    assert!(told.contains("1 passed"), "{test} is no test's name: {told}");
    // What the other process skipped is said here, too.
    complaint
        .lines()
        .filter(|line| line.starts_with("skipped"))
        .for_each(|line| eprintln!("{line}"));
}

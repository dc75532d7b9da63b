//! The everyday photos, indexed once with the starter for all tests that ask what
//! an answer means.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use afterimage_engine::{
    Cancel, Control, Engine, OpenOptions, Page, PairCheck, PhotoId, SearchRequest,
};

pub struct Everyday {
    pub engine: Engine,
    /// Where the photos are.
    photos: PathBuf,
    /// Holds the library.
    _dir: tempfile::TempDir,
}

/// A question of `queries.tsv`.
pub struct Asked {
    pub query: String,
    /// Names of the photos that answer it.
    pub relevant: BTreeSet<String>,
}

/// The library; `None`, and said so, where the photos are absent.
pub fn everyday() -> Option<&'static Everyday> {
    static INDEXED: OnceLock<Option<Everyday>> = OnceLock::new();
    INDEXED.get_or_init(index).as_ref()
}

/// A library of one's own, to be changed.
pub fn index() -> Option<Everyday> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let photos = std::env::var_os("AFTERIMAGE_SHARED")
        .map_or_else(|| project.join("../shared"), PathBuf::from)
        .join("photos/everyday");
    let Ok(photos) = photos.canonicalize() else {
        eprintln!("skipped: ../shared/photos is absent");
        return None;
    };
    let models = project.join("assets/models");
    assert!(models.join("starter").is_dir(), "the starter model is missing: `make test` makes it");
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(OpenOptions {
        bundled_models: vec![models],
        ..OpenOptions::new(dir.path().join("library"))
    })
    .unwrap();
    engine.use_model("starter", PairCheck::Required).unwrap();
    engine.add_root(&photos).unwrap();
    engine.index(&[], &Control::default(), &|_| {}).unwrap();
    Some(Everyday { engine, photos, _dir: dir })
}

impl Everyday {
    pub fn ask(&self, query: &str) -> Page {
        let request = SearchRequest { query: query.to_owned(), ..Default::default() };
        let page = self.engine.search(&request, &Cancel::default()).unwrap();
        assert_eq!(page.problems, [], "{query}");
        page
    }

    /// The number of a photo, named without the rest of its path.
    pub fn id(&self, name: &str) -> PhotoId {
        self.engine.find_photo(&self.photos.join(name)).unwrap().unwrap()
    }

    /// What is asked in `queries.tsv`.
    pub fn queries(&self) -> Vec<Asked> {
        let file = self.photos.with_file_name("queries.tsv");
        let lines = fs::read_to_string(file).unwrap();
        let asked = lines.lines().skip(1).map(|line| {
            let (query, relevant) = line.split_once('\t').unwrap();
            let relevant = relevant.split(',').map(str::to_owned).collect();
            Asked { query: query.to_owned(), relevant }
        });
        asked.collect()
    }

    /// Names of the photos that answer a question of `queries.tsv`.
    pub fn relevant(&self, query: &str) -> BTreeSet<String> {
        let asked = self.queries().into_iter().find(|asked| asked.query == query);
        asked.unwrap_or_else(|| panic!("{query} is not asked")).relevant
    }
}

/// Names of the first `count` photos that answer.
pub fn first(page: &Page, count: usize) -> Vec<String> {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    page.hits.iter().take(count).map(|hit| name(&hit.path)).collect()
}

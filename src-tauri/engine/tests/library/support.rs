//! A library in a temporary folder, and photos to put in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use afterimage_engine::{
    Cancel, Control, Engine, IndexReport, OpenOptions, PairCheck, PhotoId, SearchRequest,
};
use image::{Rgb, RgbImage};

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

    pub fn reopen(self) -> Self {
        let Self { dir, engine } = self;
        drop(engine);
        let engine = open(dir.path());
        Self { dir, engine }
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
    let page = engine.search(&request, &Cancel::default()).unwrap();
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

/// Waits for what the background is to bring about.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "never happened: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

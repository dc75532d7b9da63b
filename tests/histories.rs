//! Random histories of a library. Files are made, edited, rated in sidecars,
//! renamed, moved, copied and deleted, names are used again, folders go offline
//! and come back, the program follows, stops, or is killed; whenever things have
//! come to rest,
//! - the catalog lists what is on disk, with its content and its rating, and what
//!   was in folders that are offline;
//! - every file that was known is still the same photo;
//! - no content was embedded twice, but for what a kill cost.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::support::{Library, interrupt, repository};

/// Photos that are embedded together on the machines these tests run on; what a
/// kill may cost at most.
const BATCH: usize = 64;

/// How long the program is left alone, in milliseconds: until it reads a new file
/// takes it two seconds.
const WAIT: std::ops::Range<u64> = 0..2000;

/// When an index is killed, in milliseconds; few take longer.
const INDEX: std::ops::Range<u64> = 0..400;

/// What may happen; numbers choose among what is there.
#[derive(Debug, Clone, Copy)]
enum Event {
    Create(usize),
    Edit(usize),
    Replace(usize),
    Rename(usize),
    ChangeCase(usize),
    Move(usize, usize),
    MoveFolder(usize, usize),
    Swap(usize, usize),
    Copy(usize, usize),
    /// Under its name, with its time.
    CopyAlike(usize),
    Delete(usize),
    /// Another program writes a sidecar.
    Rate(usize, i8),
    Unplug(usize),
    Plug,
    Follow,
    Stop,
    Kill,
    KillIndex(u64),
    Wait(u64),
    Rest,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let n = 0..1000usize;
    let event = prop_oneof![
        6 => n.clone().prop_map(Event::Create),
        2 => n.clone().prop_map(Event::Edit),
        2 => n.clone().prop_map(Event::Replace),
        3 => n.clone().prop_map(Event::Rename),
        1 => n.clone().prop_map(Event::ChangeCase),
        3 => (n.clone(), n.clone()).prop_map(|(a, b)| Event::Move(a, b)),
        1 => (n.clone(), n.clone()).prop_map(|(a, b)| Event::MoveFolder(a, b)),
        1 => (n.clone(), n.clone()).prop_map(|(a, b)| Event::Swap(a, b)),
        2 => (n.clone(), n.clone()).prop_map(|(a, b)| Event::Copy(a, b)),
        1 => n.clone().prop_map(Event::CopyAlike),
        2 => n.clone().prop_map(Event::Delete),
        2 => (n.clone(), 1..=5i8).prop_map(|(n, rating)| Event::Rate(n, rating)),
        1 => n.prop_map(Event::Unplug),
        1 => Just(Event::Plug),
        1 => Just(Event::Follow),
        1 => Just(Event::Stop),
        1 => Just(Event::Kill),
        1 => INDEX.prop_map(Event::KillIndex),
        2 => WAIT.prop_map(Event::Wait),
        1 => Just(Event::Rest),
    ];
    proptest::collection::vec(event, 40)
}

/// A file, through all its names.
#[derive(Debug, Clone)]
struct Photo {
    root: usize,
    /// Relative to the root.
    path: PathBuf,
    content: u32,
    /// All contents that it ever had.
    had: BTreeSet<u32>,
    /// What its sidecar says, if it has one.
    rating: Option<i8>,
    /// Its number since things were last at rest.
    id: Option<i64>,
    /// Since then it was replaced by another file of the same name.
    replaced: bool,
    /// Since then it got another name.
    moved: bool,
    /// Since then it was copied with its name and time.
    copied: bool,
}

impl Photo {
    fn new(root: usize, path: PathBuf, content: u32) -> Self {
        let [replaced, moved, copied] = [false; 3];
        let had = BTreeSet::from([content]);
        Self { root, path, content, had, rating: None, id: None, replaced, moved, copied }
    }

    fn becomes(&mut self, content: u32) {
        self.content = content;
        self.had.insert(content);
    }

    /// Whether it has to be seen before it gets another name: a new file at a new
    /// name is nothing known, and of a copy that is alike and its original the one
    /// may be seen before it is that the other has left.
    fn is_ambiguous(&self) -> bool {
        self.replaced || self.copied
    }
}

struct World {
    library: Library,
    folder: TempDir,
    /// Whether each root is there.
    online: [bool; 2],
    photos: Vec<Photo>,
    /// Makes names and contents that were never used.
    next: u32,
    /// Names that files had which were deleted or renamed.
    free: Vec<(usize, PathBuf)>,
    contents: usize,
    follower: Option<Child>,
    /// Contents that may have been embedded in vain, for a kill.
    lost: usize,
    log: PathBuf,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        File::create(&log).unwrap();
        let world = Self {
            library: Library::new(),
            folder,
            online: [true; 2],
            photos: Vec::new(),
            next: 0,
            free: Vec::new(),
            contents: 0,
            follower: None,
            lost: 0,
            log,
        };
        for root in 0..2 {
            for folder in ["", "a", "b"] {
                fs::create_dir_all(world.root(root).join(folder)).unwrap();
            }
        }
        let roots = [world.root(0), world.root(1)];
        let status = world.process(&["model", "use", "paired"]).status().unwrap();
        assert!(status.success(), "{}", world.logged());
        let mut index = world.process(&["index"]);
        assert!(index.args(roots).status().unwrap().success(), "{}", world.logged());
        world
    }

    fn root(&self, root: usize) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(format!("root {root}"))
    }

    fn file(&self, photo: &Photo) -> PathBuf {
        self.root(photo.root).join(&photo.path)
    }

    fn process(&self, args: &[&str]) -> std::process::Command {
        let mut process = self.library.process(args);
        process
            .env("AFTERIMAGE_MODELS", repository().join("tests/fixtures"))
            .env("AFTERIMAGE_LOG", "warn,afterimage_engine::jobs=debug")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::options().append(true).open(&self.log).unwrap());
        process
    }

    fn logged(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn name(&mut self) -> String {
        self.next += 1;
        format!("p{}.bmp", self.next)
    }

    fn content(&mut self) -> u32 {
        self.next += 1;
        self.contents += 1;
        self.next
    }

    /// The number of a photo in a root that is there.
    fn pick(&self, n: usize) -> Option<usize> {
        let there: Vec<usize> =
            (0..self.photos.len()).filter(|&at| self.online[self.photos[at].root]).collect();
        (!there.is_empty()).then(|| there[n % there.len()])
    }

    /// A path in some folder that is there: a new one, or one that some file had.
    fn place(&mut self, n: usize) -> Option<(usize, PathBuf)> {
        let free: Vec<(usize, PathBuf)> = self
            .free
            .iter()
            .filter(|(root, path)| {
                let at = self.root(*root).join(path);
                self.online[*root] && at.parent().unwrap().is_dir() && !at.exists()
            })
            .cloned()
            .collect();
        if n.is_multiple_of(3) && !free.is_empty() {
            return Some(free[n / 3 % free.len()].clone());
        }
        let roots: Vec<usize> = (0..2).filter(|&root| self.online[root]).collect();
        let root = *roots.get(n % roots.len().max(1))?;
        let mut folders: Vec<PathBuf> = fs::read_dir(self.root(root))
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_dir())
            .map(|entry| entry.file_name().into())
            .collect();
        folders.sort();
        folders.push(PathBuf::new());
        let name = self.name();
        Some((root, folders[n / 2 % folders.len()].join(name)))
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Create(n) => {
                let Some((root, path)) = self.place(n) else { return };
                let content = self.content();
                let photo = Photo::new(root, path, content);
                fs::write(self.file(&photo), picture(content)).unwrap();
                self.photos.push(photo);
            }
            Event::Edit(n) => {
                let Some(at) = self.pick(n) else { return };
                let content = self.content();
                self.photos[at].becomes(content);
                fs::write(self.file(&self.photos[at]), picture(self.photos[at].content)).unwrap();
            }
            Event::Replace(n) => {
                let Some(at) = self.pick(n) else { return };
                if self.photos[at].moved || self.photos[at].copied {
                    // Nothing tells that the new file at the new name is the old,
                    // and a copy that is the old in all but its place is nearer.
                    self.rest();
                }
                let content = self.content();
                self.photos[at].becomes(content);
                let file = self.file(&self.photos[at]);
                let new = file.with_extension("new");
                fs::write(&new, picture(self.photos[at].content)).unwrap();
                fs::rename(new, file).unwrap();
                self.photos[at].replaced = true;
            }
            Event::Rename(n) => {
                let Some(at) = self.pick(n) else { return };
                let name = self.name();
                let path = self.photos[at].path.with_file_name(name);
                self.put(at, self.photos[at].root, path);
            }
            Event::ChangeCase(n) => {
                let Some(at) = self.pick(n) else { return };
                let name = self.photos[at].path.file_name().unwrap().to_str().unwrap();
                let other = match name.starts_with('p') {
                    true => name.to_uppercase(),
                    false => name.to_lowercase(),
                };
                let path = self.photos[at].path.with_file_name(other);
                if !self.root(self.photos[at].root).join(&path).exists() {
                    self.put(at, self.photos[at].root, path);
                }
            }
            Event::Move(n, to) => {
                let Some((at, (root, path))) = self.pick(n).zip(self.place(to)) else { return };
                self.put(at, root, path);
            }
            Event::MoveFolder(n, to_root) => {
                let Some(at) = self.pick(n) else { return };
                let to_root = to_root % 2;
                if !self.online[to_root] {
                    return;
                }
                let Photo { root, path, .. } = self.photos[at].clone();
                let folder = path.parent().unwrap().to_owned();
                let inside = |photo: &Photo| photo.root == root && photo.path.starts_with(&folder);
                if folder == Path::new("") {
                    return;
                }
                if self.photos.iter().any(|photo| inside(photo) && photo.is_ambiguous()) {
                    self.rest();
                }
                self.next += 1;
                let to = PathBuf::from(format!("folder {}", self.next));
                fs::rename(self.root(root).join(&folder), self.root(to_root).join(&to)).unwrap();
                for photo in self.photos.iter_mut().filter(|photo| inside(photo)) {
                    photo.path = to.join(photo.path.strip_prefix(&folder).unwrap());
                    photo.root = to_root;
                    photo.moved = true;
                }
            }
            Event::Copy(n, to) => {
                let Some((at, (root, path))) = self.pick(n).zip(self.place(to)) else { return };
                let copy = Photo::new(root, path, self.photos[at].content);
                fs::copy(self.file(&self.photos[at]), self.file(&copy)).unwrap();
                self.photos.push(copy);
            }
            Event::CopyAlike(n) => {
                let Some(at) = self.pick(n) else { return };
                let Photo { root, ref path, content, moved, .. } = self.photos[at];
                let copy = Photo::new(1 - root, path.file_name().unwrap().into(), content);
                let (from, to) = (self.file(&self.photos[at]), self.file(&copy));
                if !self.online[copy.root] || to.exists() {
                    return;
                }
                if moved || self.free.contains(&(copy.root, copy.path.clone())) {
                    // What is put in the place of a photo, and is like it, is it.
                    self.rest();
                }
                fs::copy(&from, &to).unwrap();
                let time = fs::metadata(from).unwrap().modified().unwrap();
                File::options().append(true).open(to).unwrap().set_modified(time).unwrap();
                self.photos[at].copied = true;
                self.photos.push(copy);
            }
            Event::Swap(n, m) => {
                let Some((one, two)) = self.pick(n).zip(self.pick(m)) else { return };
                if one == two {
                    return;
                }
                if self.photos[one].is_ambiguous() || self.photos[two].is_ambiguous() {
                    self.rest();
                }
                let [a, b] =
                    [one, two].map(|at| (self.photos[at].root, self.photos[at].path.clone()));
                self.put(one, a.0, "between.bmp".into());
                self.put(two, a.0, a.1);
                self.put(one, b.0, b.1);
                self.free.retain(|(_, path)| path != Path::new("between.bmp"));
            }
            Event::Delete(n) => {
                let Some(at) = self.pick(n) else { return };
                let photo = self.photos.remove(at);
                fs::remove_file(self.file(&photo)).unwrap();
                if photo.rating.is_some() {
                    fs::remove_file(self.sidecar(&photo)).unwrap();
                }
                // A copy that had its name when both were seen lives on as this one.
                let copies = |other: &&mut Photo| !other.had.is_disjoint(&photo.had);
                self.photos.iter_mut().filter(copies).for_each(|other| other.id = None);
                self.free.push((photo.root, photo.path));
            }
            Event::Rate(n, rating) => {
                let Some(at) = self.pick(n) else { return };
                self.photos[at].rating = Some(rating);
                fs::write(self.sidecar(&self.photos[at]), sidecar(rating)).unwrap();
            }
            Event::Unplug(n) => {
                // What was never seen cannot be listed.
                self.rest();
                let root = n % 2;
                if self.online == [true; 2] {
                    fs::rename(self.root(root), self.unplugged(root)).unwrap();
                    self.online[root] = false;
                }
            }
            Event::Plug => {
                for root in 0..2 {
                    if !self.online[root] {
                        fs::rename(self.unplugged(root), self.root(root)).unwrap();
                        self.online[root] = true;
                    }
                }
            }
            Event::Follow => {
                if self.follower.is_none() {
                    self.follower = Some(self.process(&["watch"]).spawn().unwrap());
                }
            }
            Event::Stop => {
                if let Some(mut child) = self.follower.take() {
                    // Again and again: a shell may have had it ignore the signal
                    // until it listens.
                    while child.try_wait().unwrap().is_none() {
                        interrupt(&child);
                        std::thread::sleep(Duration::from_millis(200));
                    }
                }
            }
            Event::Kill => {
                if let Some(child) = self.follower.take() {
                    self.kill(child);
                }
            }
            Event::KillIndex(after) => {
                // One that follows makes an index end at once.
                if self.follower.is_none() {
                    let child = self.process(&["index"]).spawn().unwrap();
                    std::thread::sleep(Duration::from_millis(after));
                    self.kill(child);
                }
            }
            Event::Wait(millis) => {
                // Without one who follows nothing happens.
                if self.follower.is_some() {
                    std::thread::sleep(Duration::from_millis(millis));
                }
            }
            Event::Rest => self.rest(),
        }
    }

    fn unplugged(&self, root: usize) -> PathBuf {
        self.root(root).with_extension("unplugged")
    }

    fn put(&mut self, at: usize, root: usize, path: PathBuf) {
        if self.photos[at].is_ambiguous() {
            self.rest();
        }
        let before = self.photos[at].clone();
        let photo = &mut self.photos[at];
        (photo.root, photo.path, photo.moved) = (root, path, true);
        let photo = &self.photos[at];
        fs::rename(self.file(&before), self.file(photo)).unwrap();
        if photo.rating.is_some() {
            fs::rename(self.sidecar(&before), self.sidecar(photo)).unwrap();
        }
        self.free.push((before.root, before.path));
    }

    fn kill(&mut self, mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
        // What has no vector may have had one that was not stored yet.
        let stored = self.vectors();
        let contents: BTreeSet<u32> = self.photos.iter().map(|photo| photo.content).collect();
        let pending = contents.into_iter().filter(|&content| !stored.contains(&hash(content)));
        self.lost += pending.count().min(BATCH);
    }

    /// The contents that have vectors.
    fn vectors(&self) -> BTreeSet<[u8; 32]> {
        let derived = self.read("derived.sqlite");
        let mut statement = derived.prepare("SELECT content_hash FROM embedding").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn read(&self, file: &str) -> Connection {
        let path = self.library.path().join(file);
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        database
    }

    fn sidecar(&self, photo: &Photo) -> PathBuf {
        let mut file = self.file(photo).into_os_string();
        file.push(".xmp");
        file.into()
    }

    /// Waits until the program has seen everything, and compares.
    fn rest(&mut self) {
        if self.follower.is_none() {
            assert!(self.process(&["index"]).status().unwrap().success(), "{}", self.logged());
        }
        let expected: BTreeMap<PathBuf, Said> = self
            .photos
            .iter()
            .map(|photo| (self.file(photo), (hash(photo.content), photo.rating)))
            .collect();
        let began = Instant::now();
        let listed = loop {
            let listed = self.listed();
            let contents: BTreeMap<PathBuf, Said> =
                listed.iter().map(|(path, (_, said))| (path.clone(), *said)).collect();
            if contents == expected {
                break listed;
            }
            if self.follower.is_none() || began.elapsed() > Duration::from_secs(60) {
                assert_eq!(names(&contents), names(&expected), "{}", self.logged());
                let wrong = |path: &&PathBuf| contents[*path] != expected[*path];
                let wrong: Vec<_> = expected.keys().filter(wrong).collect();
                let said = |path: &&PathBuf| (contents[*path], expected[*path]);
                let said: Vec<_> = wrong.iter().map(said).collect();
                panic!("not the file's content or rating: {wrong:?} {said:?}\n{}", self.logged());
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        let ids: BTreeSet<i64> = listed.values().map(|(id, _)| *id).collect();
        assert_eq!(ids.len(), listed.len());
        let places: Vec<PathBuf> = self.photos.iter().map(|photo| self.file(photo)).collect();
        for (photo, place) in self.photos.iter_mut().zip(places) {
            let id = listed[&place].0;
            let before = photo.id.replace(id);
            let log = fs::read_to_string(&self.log).unwrap();
            assert!(before.is_none_or(|before| before == id), "{photo:?} was {before:?}\n{log}");
            (photo.replaced, photo.moved, photo.copied) = (false, false, false);
        }
        let most = self.contents + self.lost;
        assert!(self.embedded() <= most, "{} of {most}\n{}", self.embedded(), self.logged());
    }

    /// Photos that are listed and read, by path: their numbers, and what is said
    /// of them.
    fn listed(&self) -> BTreeMap<PathBuf, (i64, Said)> {
        use std::os::unix::ffi::OsStringExt;
        let catalog = self.read("library.sqlite");
        let mut statement = catalog
            .prepare(
                "SELECT root.path, rel_path, photo.id, content_hash, unread, rating FROM photo
                 JOIN root ON root.id = root_id WHERE photo.state = 'present'",
            )
            .unwrap();
        let path = |bytes: Vec<u8>| PathBuf::from(std::ffi::OsString::from_vec(bytes));
        statement
            .query_map([], |row| {
                let place = path(row.get(0)?).join(path(row.get(1)?));
                let unread: bool = row.get(4)?;
                let hash: Option<[u8; 32]> = row.get(3)?;
                let hash = hash.filter(|_| !unread).unwrap_or_default();
                Ok((place, (row.get(2)?, (hash, row.get(5)?))))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    /// How many photos were embedded, by all processes so far.
    fn embedded(&self) -> usize {
        let log = self.logged();
        let counts = log.lines().filter_map(|line| {
            let (_, rest) = line.split_once("embedded ")?;
            rest.strip_suffix(" photos")?.parse::<usize>().ok()
        });
        counts.sum()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(child) = &mut self.follower {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn names(contents: &BTreeMap<PathBuf, Said>) -> Vec<&Path> {
    contents.keys().map(PathBuf::as_path).collect()
}

/// The hash of a photo's content, and its rating.
type Said = ([u8; 32], Option<i8>);

fn hash(content: u32) -> [u8; 32] {
    *blake3::hash(&picture(content)).as_bytes()
}

fn sidecar(rating: i8) -> String {
    format!(
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description \
         xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmp:Rating=\"{rating}\"/></rdf:RDF></x:xmpmeta>"
    )
}

/// A picture that no other number gives: a bitmap of 24 x 16 pixels.
fn picture(content: u32) -> Vec<u8> {
    const WIDTH: u32 = 24;
    const HEIGHT: u32 = 16;
    let pixels = WIDTH * HEIGHT * 3;
    let mut file = Vec::new();
    file.extend(b"BM");
    for number in [54 + pixels, 0, 54, 40, WIDTH, HEIGHT] {
        file.extend(number.to_le_bytes());
    }
    file.extend([1, 0, 24, 0]);
    for number in [0, pixels, 2835, 2835, 0, 0] {
        file.extend(number.to_le_bytes());
    }
    let noise = blake3::Hasher::new().update(&content.to_le_bytes()).finalize_xof();
    let mut bytes = vec![0; pixels as usize];
    let mut noise = noise;
    noise.fill(&mut bytes);
    file.extend(bytes);
    file
}

#[test]
fn whatever_happens_the_catalog_is_what_is_on_disk() {
    let made = fs::metadata(std::env::temp_dir()).unwrap().created();
    if made.is_err() {
        eprintln!("skipped: this file system does not tell when a file was made");
        return;
    }
    let config =
        Config { cases: 8, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&events(), |events| {
        let mut world = World::new();
        for event in events {
            world.happen(event);
        }
        world.happen(Event::Plug);
        world.rest();
        assert!(world.embedded() > 0 || world.photos.is_empty(), "{}", world.logged());
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

//! Brings a known model's files into a folder, over as many attempts as it
//! takes.
//!
//! What has arrived of a file is `NAME.part`, written as it comes, so that a
//! process killed at any moment loses next to nothing. A journal beside it
//! remembers the commits that the files are of and what each must hash to: a
//! model never mixes revisions, and nothing is continued that has changed. A
//! file gets its name when its hash is right.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::catalogue::KnownModel;
use super::hub::{Digest, Hub, Idle, RemoteFile, Session, Trouble};
use crate::error::{Context, Error, Result};

const JOURNAL: &str = ".download.json";
const LOCK: &str = ".lock";

/// How often progress is told.
const TELL: Duration = Duration::from_millis(100);

/// The time that the rate is an average of.
const WINDOW: Duration = Duration::from_secs(5);

/// What a download is doing. Bytes are those of all files of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Download {
    /// Bytes that are here; those of earlier attempts count.
    pub done: u64,
    /// Bytes that there will be.
    pub total: u64,
    /// Bytes a second over the last seconds.
    pub rate: f64,
    /// Seconds that the rest takes at that rate; `None` while nothing comes.
    pub seconds_left: Option<f64>,
    /// Seconds until the next attempt, while the hub is busy or out of reach.
    pub waiting: Option<f64>,
}

/// A file that is complete and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its name in the folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its content in hexadecimal.
    pub sha256: String,
}

/// Brings the model's files into `folder`, which is made where it is absent and
/// belongs to the download: attempts that were broken off go on there, and what
/// is not of the model is removed. Returns the commit of the model's repository
/// and the files, all of them complete and checked.
///
/// # Errors
/// [`Code::Cancelled`](crate::Code::Cancelled) soon after `cancelled` says so;
/// otherwise what went wrong and what to do about it. What has arrived is kept
/// for the next attempt, but for a file whose hash is wrong.
pub(super) fn download(
    model: &KnownModel,
    folder: &Path,
    hub: &Hub,
    cancelled: &dyn Fn() -> bool,
    progress: &dyn Fn(Download),
) -> Result<(String, Vec<Fetched>)> {
    let writing = || message!("cannot write to {folder}", folder = folder.display());
    fs::create_dir_all(folder).context(writing)?;
    let _lock = lock(model, folder)?;
    let meter = Meter::new(progress);
    let idle = |pause: Option<Duration>| {
        if cancelled() {
            return Err(Error::cancelled());
        }
        meter.tell(pause);
        Ok(())
    };
    let session = hub.session(&idle)?;
    let place = Place { model, folder, hub, session: &session, idle: &idle, meter: &meter };

    let (journal, files) = place.plan()?;
    place.tidy(&journal, &files)?;
    place.make_sure_of_space(&files)?;
    let fetched = files.iter().map(|file| place.fetch(file)).collect::<Result<Vec<_>>>()?;
    meter.tell_now(None);

    // The folder is now the model and nothing else.
    for name in [JOURNAL, LOCK] {
        fs::remove_file(folder.join(name)).context(writing)?;
    }
    sync_folder(folder).context(writing)?;
    let commit = journal.commits.get(&model.repository).cloned().unwrap_or_default();
    Ok((commit, fetched))
}

/// Keeps every other process out of the folder until it is dropped.
fn lock(model: &KnownModel, folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let cannot = || message!("cannot lock {path}", path = path.display());
    let lock = File::create(&path).context(cannot)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::failed(message!(
            "{id} is being installed already, by another window or command: wait until it is done, \
             or stop it there",
            id = model.id
        ))),
        Err(TryLockError::Error(error)) => Err(error).context(cannot),
    }
}

/// What the next attempt must know.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Journal {
    /// The commit of each repository.
    commits: BTreeMap<String, String>,
    /// What each file must hash to.
    files: BTreeMap<String, String>,
}

impl Journal {
    /// None is as good as an empty one: nothing is continued then.
    fn read(folder: &Path) -> Self {
        let text = fs::read(folder.join(JOURNAL)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        let new = folder.join(format!("{JOURNAL}.new"));
        let mut file = File::create(&new)?;
        serde_json::to_writer(&mut file, self)?;
        file.sync_all()?;
        fs::rename(new, folder.join(JOURNAL))
    }
}

/// A download into a folder.
struct Place<'a> {
    model: &'a KnownModel,
    folder: &'a Path,
    hub: &'a Hub,
    session: &'a Session<'a>,
    idle: &'a Idle<'a>,
    meter: &'a Meter<'a>,
}

impl Place<'_> {
    fn target(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn part(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.part"))
    }

    /// Which files there will be, of which commits.
    fn plan(&self) -> Result<(Journal, Vec<RemoteFile>)> {
        let before = Journal::read(self.folder).commits;
        let remembers = !before.is_empty();
        let found = match self.find_all(before) {
            // The hub has forgotten the commit of the earlier attempt.
            Err(error) if remembers && error.code() == crate::Code::NotFound => {
                self.find_all(BTreeMap::new())
            }
            found => found,
        };
        let (commits, files) = found?;
        let digests = files.iter().map(|file| (file.name.clone(), file.digest.to_string()));
        Ok((Journal { commits, files: digests.collect() }, files))
    }

    /// Looks every file up: at the commits that are known, and for the rest at
    /// those of the first file that is found.
    fn find_all(
        &self,
        mut commits: BTreeMap<String, String>,
    ) -> Result<(BTreeMap<String, String>, Vec<RemoteFile>)> {
        let mut files: Vec<RemoteFile> = Vec::new();
        let mut find = |entry: &str| -> Result<bool> {
            let (repository, name) = self.model.place(entry);
            if files.iter().any(|file| file.name == name) {
                return Ok(true);
            }
            let known = commits.get(repository).map(String::as_str);
            let revision = known.unwrap_or_else(|| self.model.revision_of(repository));
            let Some(file) = self.session.find(repository, revision, name)? else {
                return Ok(false);
            };
            if known.is_some_and(|known| known != file.commit) {
                return Err(Error::failed(message!(
                    "{url} is answered with commit {commit}: try again, or another hub in \
                     HF_ENDPOINT",
                    url = file.url,
                    commit = file.commit
                )));
            }
            commits.insert(repository.to_owned(), file.commit.clone());
            files.push(file);
            Ok(true)
        };
        for alternatives in &self.model.files {
            let mut found = false;
            for entry in alternatives {
                found = found || find(entry)?;
            }
            if !found {
                return Err(Error::not_found(message!(
                    "{page} no longer has {file}, so {id} cannot be installed by name: get its \
                     files from elsewhere and add their folder",
                    page = self.hub.page(&self.model.repository),
                    file = alternatives.join(" or "),
                    id = self.model.id
                )));
            }
        }
        for entry in &self.model.optional {
            find(entry)?;
        }
        Ok((commits, files))
    }

    /// Removes what an earlier attempt left and this one does not continue, and
    /// remembers what this one is about.
    fn tidy(&self, journal: &Journal, files: &[RemoteFile]) -> Result<()> {
        let cannot = || message!("cannot write to {folder}", folder = self.folder.display());
        let before = Journal::read(self.folder);
        let mut keep: HashSet<PathBuf> = [JOURNAL, LOCK].map(|name| self.target(name)).into();
        for RemoteFile { name, .. } in files {
            // The hash of a complete file tells what it is; a part has none.
            keep.insert(self.target(name));
            if before.files.get(name) == journal.files.get(name) {
                keep.insert(self.part(name));
            }
        }
        for entry in fs::read_dir(self.folder).context(cannot)? {
            let path = entry.context(cannot)?.path();
            if !keep.contains(&path) && !path.is_dir() {
                fs::remove_file(&path)
                    .context(|| message!("cannot remove {path}", path = path.display()))?;
            }
        }
        if before != *journal {
            journal.write(self.folder).context(cannot)?;
        }
        Ok(())
    }

    fn make_sure_of_space(&self, files: &[RemoteFile]) -> Result<()> {
        let cannot = || message!("cannot look at {folder}", folder = self.folder.display());
        let (mut here, mut total) = (0u64, 0u64);
        for file in files {
            let length = |path: PathBuf| path.metadata().map_or(0, |metadata| metadata.len());
            let length = length(self.target(&file.name)).max(length(self.part(&file.name)));
            here = here.saturating_add(length.min(file.bytes));
            total = total.saturating_add(file.bytes);
        }
        let needed = total - here;
        let free = fs4::available_space(self.folder).context(cannot)?;
        if needed > free {
            return Err(Error::failed(message!(
                "{id} needs {size} more in {folder}, where {free} are free: make room, or let \
                 AFTERIMAGE_MODELS name a folder on another disk",
                id = self.model.id,
                size = size(needed),
                folder = self.folder.display(),
                free = size(free)
            )));
        }
        self.meter.begin(here, total);
        Ok(())
    }

    /// Brings one file.
    fn fetch(&self, file: &RemoteFile) -> Result<Fetched> {
        let (target, path) = (self.target(&file.name), self.part(&file.name));
        let writing = || message!("cannot write {path}", path = path.display());
        let was_complete = target.exists();
        if was_complete {
            fs::rename(&target, &path).context(writing)?;
        }
        let mut part = Part::open(&path, file, self)?;
        if was_complete && part.check(file).is_err() {
            // Right once, for a commit that is no longer the one.
            part.clear(file, self)?;
        }
        let mut attempts = self.session.attempts();
        let mut reached = part.length;
        while part.length < file.bytes {
            let poured = self.pour(file, &mut part);
            if part.length > reached {
                reached = part.length;
                attempts.progressed();
            }
            if let Err(trouble) = poured {
                attempts.failed(&file.url, trouble)?;
            }
        }
        let sha256 = match part.check(file) {
            Ok(sha256) => sha256,
            Err(found) => {
                fs::remove_file(&path)
                    .context(|| message!("cannot remove {path}", path = path.display()))?;
                return Err(Error::failed(message!(
                    "{url} came damaged: expected {digest}, found {found}. It was deleted; install \
                     again to download it anew",
                    url = file.url,
                    digest = file.digest,
                    found
                )));
            }
        };
        part.file.sync_all().context(writing)?;
        fs::rename(&path, &target)
            .context(|| message!("cannot write {path}", path = target.display()))?;
        Ok(Fetched { name: file.name.clone(), bytes: file.bytes, sha256 })
    }

    /// Reads on where the part ends, to the end of the file.
    fn pour(&self, file: &RemoteFile, part: &mut Part) -> Result<(), Trouble> {
        let content = match self.session.read(file, part.length) {
            Err(trouble @ Trouble::NoSuchRange) => {
                part.clear(file, self)?;
                return Err(trouble);
            }
            content => content?,
        };
        if content.start == 0 && part.length > 0 {
            // Not every server can begin in the middle.
            part.clear(file, self)?;
        }
        if content.start != part.length {
            return Err(Trouble::passing(message!("another part was sent than was asked for")));
        }
        while let Some(bytes) = self.session.next(&content)? {
            // No more is wanted than the hub stated; the hash tells whether it
            // is right.
            let room = file.bytes - part.length;
            let bytes = &bytes[..bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
            part.append(bytes, self)?;
            if bytes.is_empty() {
                return Ok(());
            }
        }
        if part.length < file.bytes {
            return Err(Trouble::passing(message!("the connection broke off")));
        }
        Ok(())
    }
}

/// What is here of a file, and its hashes so far.
struct Part {
    path: PathBuf,
    file: File,
    length: u64,
    sha256: Sha256,
    /// Git's own, where that is what the hub states.
    git: Option<Sha1>,
}

impl Part {
    /// Opens what an earlier attempt left, or begins.
    fn open(path: &Path, remote: &RemoteFile, place: &Place) -> Result<Self> {
        let cannot = || message!("cannot open {path}", path = path.display());
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        let file = options.open(path).context(cannot)?;
        let (sha256, git) = hashers(remote);
        let mut part = Self { path: path.to_owned(), file, length: 0, sha256, git };
        let mut buffer = vec![0; 1 << 20];
        loop {
            (place.idle)(None)?;
            let n = part.file.read(&mut buffer).context(cannot)?;
            if n == 0 {
                break;
            }
            part.hash(&buffer[..n]);
        }
        if part.length > remote.bytes {
            part.clear(remote, place)?;
        }
        Ok(part)
    }

    fn hash(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(git) = &mut self.git {
            git.update(bytes);
        }
        self.length += bytes.len() as u64;
    }

    /// Writes bytes through to the system: they outlive this process.
    fn append(&mut self, bytes: &[u8], place: &Place) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.context(|| {
            message!("cannot write {path}; make room where it is full", path = self.path.display())
        })?;
        self.hash(bytes);
        place.meter.add(bytes.len() as u64);
        Ok(())
    }

    fn clear(&mut self, remote: &RemoteFile, place: &Place) -> Result<()> {
        let cleared = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        cleared.context(|| message!("cannot write {path}", path = self.path.display()))?;
        place.meter.take_back(self.length.min(remote.bytes));
        (self.sha256, self.git) = hashers(remote);
        self.length = 0;
        Ok(())
    }

    /// The SHA-256 or, where the hash is not what the hub states, that hash.
    fn check(&self, remote: &RemoteFile) -> Result<String, Digest> {
        let sha256 = hex(&self.sha256.clone().finalize());
        let found = match self.git.clone() {
            Some(git) => Digest::GitSha1(hex(&git.finalize())),
            None => Digest::Sha256(sha256.clone()),
        };
        if found == remote.digest { Ok(sha256) } else { Err(found) }
    }
}

fn hashers(remote: &RemoteFile) -> (Sha256, Option<Sha1>) {
    let git = match remote.digest {
        Digest::Sha256(_) => None,
        // An object of git begins with its kind and size.
        Digest::GitSha1(_) => Some(Sha1::new_with_prefix(format!("blob {}\0", remote.bytes))),
    };
    (Sha256::new(), git)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Measures a download and tells about it, not too often.
struct Meter<'a> {
    progress: &'a dyn Fn(Download),
    state: RefCell<Measured>,
}

struct Measured {
    done: u64,
    total: u64,
    /// Bytes that have come, those in vain too: what the rate is made of.
    came: u64,
    /// `came` at moments of the last seconds, the newest last.
    samples: VecDeque<(Instant, u64)>,
}

impl<'a> Meter<'a> {
    fn new(progress: &'a dyn Fn(Download)) -> Self {
        let state = Measured { done: 0, total: 0, came: 0, samples: VecDeque::new() };
        Self { progress, state: RefCell::new(state) }
    }

    /// It is known how much there is to do, and measuring begins.
    fn begin(&self, done: u64, total: u64) {
        let mut state = self.state.borrow_mut();
        (state.done, state.total) = (done, total);
        drop(state);
        self.tell_now(None);
    }

    fn add(&self, bytes: u64) {
        let mut state = self.state.borrow_mut();
        state.done += bytes;
        state.came += bytes;
    }

    fn take_back(&self, bytes: u64) {
        let mut state = self.state.borrow_mut();
        state.done = state.done.saturating_sub(bytes);
    }

    /// Tells where it is if the last time was a while ago, and before it has
    /// begun only that it pauses.
    fn tell(&self, pause: Option<Duration>) {
        let last = self.state.borrow().samples.back().map(|(moment, _)| moment.elapsed());
        if last.map_or(pause.is_some(), |last| last >= TELL) {
            self.tell_now(pause);
        }
    }

    fn tell_now(&self, pause: Option<Duration>) {
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        let sample = (now, state.came);
        state.samples.push_back(sample);
        // The oldest stays until the second is old enough to measure from.
        while state.samples.get(1).is_some_and(|(then, _)| now - *then >= WINDOW) {
            state.samples.pop_front();
        }
        let (then, came) = state.samples.front().copied().unwrap_or(sample);
        let seconds = (now - then).as_secs_f64();
        let rate = if seconds > 0.0 { (state.came - came) as f64 / seconds } else { 0.0 };
        let left = state.total.saturating_sub(state.done) as f64;
        let seconds_left = (rate > 0.0).then_some(left / rate);
        let (done, total) = (state.done, state.total);
        // Whoever is told may take its time, but nothing of this is held then.
        drop(state);
        let waiting = pause.map(|pause| pause.as_secs_f64());
        (self.progress)(Download { done, total, rate, seconds_left, waiting });
    }
}

/// A size for people.
fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        1_000_000_000.. => (1e9, "GB"),
        1_000_000.. => (1e6, "MB"),
        _ => (1e3, "kB"),
    };
    format!("{:.1} {name}", bytes as f64 / unit)
}

/// Makes a folder's entries durable where the system can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests;

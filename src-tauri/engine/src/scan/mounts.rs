//! Noticing that file systems came or went where photos are looked for.
//!
//! The watches on folders do not tell. With a file system its watches go, without
//! a word, and one that is mounted within a folder has none. The system's table of
//! mounts tells of most; but a drive that is unmounted and mounted again within
//! moments has the same line in it, to the number. So a watch is kept on each file
//! system here: asked for anew, the system answers with the same one for as long as
//! it lives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::volume;

/// What is mounted at, above and beneath roots, and what of it changed.
#[derive(Debug, Default)]
pub(crate) struct Mounts {
    seen: BTreeMap<i64, Seen>,
    changed: BTreeSet<i64>,
    watch: Watch,
}

/// What was mounted around a root.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    root: PathBuf,
    mounts: Vec<Mount>,
    /// The watch on each file system at and beneath the root.
    watches: Vec<Option<i32>>,
}

/// A line of the system's table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mount {
    at: PathBuf,
    kind: Vec<u8>,
    /// Its number, that of its device, which folder of it, and what it is called.
    rest: Vec<Vec<u8>>,
}

impl Mounts {
    /// Looks at what is mounted around these roots; whether anything of it changed
    /// that was not [taken](Self::take) yet. What is around a root that is new here
    /// is no change.
    pub fn look<'a>(&mut self, roots: impl Iterator<Item = (i64, &'a Path)>) -> bool {
        let table = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
        let table: Vec<Mount> =
            table.split(|&byte| byte == b'\n').filter_map(Mount::parse).collect();
        let mut before = std::mem::take(&mut self.seen);
        for (id, root) in roots {
            let now = self.around(root, &table);
            if before.remove(&id).is_some_and(|before| before != now) {
                self.changed.insert(id);
            }
            self.seen.insert(id, now);
        }
        let seen = &self.seen;
        self.changed.retain(|id| seen.contains_key(id));
        self.watch.drain();
        !self.changed.is_empty()
    }

    /// The roots around which something changed since they were taken last.
    pub fn take(&mut self) -> BTreeSet<i64> {
        std::mem::take(&mut self.changed)
    }

    fn around(&mut self, root: &Path, table: &[Mount]) -> Seen {
        // What is mounted once somebody looks comes and goes by itself.
        let itself: Vec<&Path> = table
            .iter()
            .filter(|mount| mount.kind == b"autofs" && mount.at != root)
            .map(|mount| mount.at.as_path())
            .filter(|at| at.starts_with(root))
            .collect();
        let near = |mount: &&Mount| {
            (mount.at.starts_with(root) || root.starts_with(&mount.at))
                && !itself.iter().any(|at| mount.at.starts_with(at))
        };
        let mounts: Vec<Mount> = table.iter().filter(near).cloned().collect();
        // A server that does not answer would keep whoever asks waiting.
        let remote = |mount: &Mount| {
            let mut there = mounts.iter().filter(|other| other.at == mount.at);
            there.any(|mount| {
                mount.kind == b"autofs" || volume::is_remote(&String::from_utf8_lossy(&mount.kind))
            })
        };
        let holding = mounts.iter().filter(|mount| root.starts_with(&mount.at));
        let here = holding.max_by_key(|mount| mount.at.components().count());
        let within = mounts.iter().filter(|mount| mount.at != root && mount.at.starts_with(root));
        let watched = here
            .filter(|mount| !remote(mount))
            .map(|_| root)
            .into_iter()
            .chain(within.filter(|mount| !remote(mount)).map(|mount| mount.at.as_path()));
        let watches = watched.map(|folder| self.watch.on(folder)).collect();
        Seen { root: root.to_owned(), mounts, watches }
    }
}

impl Mount {
    /// Reads a line as `proc(5)` describes it.
    fn parse(line: &[u8]) -> Option<Self> {
        // 36 35 98:0 /top /mount rw,noatime master:1 - ext4 /dev/sda1 rw
        let mut fields = line.split(|&byte| byte == b' ').filter(|field| !field.is_empty());
        let (id, device) = (fields.next()?, fields.nth(1)?);
        let (top, at) = (fields.next()?, volume::path(fields.next()?));
        let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
        let (kind, source) = (fields.next()?.to_vec(), fields.next()?);
        Some(Self { at, kind, rest: [id, device, top, source].map(<[u8]>::to_vec).into() })
    }
}

/// Watches of which only is asked whether they live.
#[derive(Debug, Default)]
#[cfg(target_os = "linux")]
struct Watch(Option<rustix::fd::OwnedFd>);

#[cfg(target_os = "linux")]
impl Watch {
    /// The number of the watch on a folder's file system, which no other has had
    /// before; `None` where it cannot be watched.
    fn on(&mut self, folder: &Path) -> Option<i32> {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        if self.0.is_none() {
            self.0 = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
        }
        let flags = WatchFlags::DELETE_SELF | WatchFlags::ONLYDIR;
        add_watch(self.0.as_ref()?, folder, flags).ok()
    }

    /// Forgets what the watches had to say.
    fn drain(&self) {
        let Some(fd) = &self.0 else { return };
        while rustix::io::read(fd, &mut [0; 4096]).is_ok_and(|bytes| bytes > 0) {}
    }
}

#[derive(Debug, Default)]
#[cfg(not(target_os = "linux"))]
struct Watch;

#[cfg(not(target_os = "linux"))]
impl Watch {
    fn on(&mut self, _: &Path) -> Option<i32> {
        None
    }

    fn drain(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_no_change_and_another_folder_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let mut mounts = Mounts::default();
        let mut look = |roots: &[i64]| {
            let changed = mounts.look(roots.iter().map(|&id| (id, root.as_path())));
            (changed, mounts.take().into_iter().collect::<Vec<_>>())
        };
        assert_eq!(look(&[1]), (false, vec![]));
        std::fs::write(root.join("a"), b"x").unwrap();
        assert_eq!(look(&[1, 2]), (false, vec![]), "a new root is no change");
        if cfg!(target_os = "linux") {
            std::fs::remove_dir_all(&root).unwrap();
            std::fs::create_dir(&root).unwrap();
            assert_eq!(look(&[1, 2]), (true, vec![1, 2]));
        }
        assert_eq!(look(&[2]), (false, vec![]));
    }

    #[test]
    fn a_mount_is_told_by_what_it_is_and_not_by_how_it_is_mounted() {
        let line =
            |options| format!("40 22 8:17 /x /media/My\\040Drive {options} - ext4 /dev/sdb1 rw");
        let mount = |options| Mount::parse(line(options).as_bytes()).unwrap();
        assert_eq!(mount("rw shared:1 master:2"), mount("ro"));
        assert_eq!(mount("rw").at, Path::new("/media/My Drive"));
        assert_eq!(Mount::parse(b""), None);
    }
}

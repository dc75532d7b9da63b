//! Where the photos' files are: what a look at the disk is compared with, and
//! what it changes.
//!
//! A photo that is *present* or *excluded* has its place for itself. A *missing*
//! one keeps the place that it was last seen at, which may be another's by now.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};

use super::{Catalog, paths, tags, words};
use crate::error::Result;
use crate::scan::Presence;

/// What the file system tells of a file without reading it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stat {
    pub size: u64,
    /// Nanoseconds since 1970.
    pub mtime_ns: i64,
    pub device: Option<i64>,
    pub inode: Option<i64>,
    /// When the file was made, where the file system tells; nanoseconds since
    /// 1970.
    pub birth_ns: Option<i64>,
    /// Tells one state of the sidecars from another; 0: there are none.
    pub sidecars: i64,
}

/// A photo as reconciliation compares it with the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownPhoto {
    pub id: i64,
    pub root: i64,
    /// Relative to the root.
    pub path: PathBuf,
    pub stat: Stat,
    pub presence: Presence,
    /// Seconds since 1970.
    pub added_at: i64,
}

/// A younger photo of the same bytes that stands for a missing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Twin {
    pub id: i64,
    pub root: i64,
    pub path: PathBuf,
    pub stat: Stat,
    /// Its sidecars are others than those of the missing one, so that it is to be
    /// read again.
    pub described_otherwise: bool,
}

const COLUMNS: &str = "id, root_id, rel_path, size, mtime_ns, device, inode, birth_ns, sidecars,
    state, missing_since, added_at";

fn known(row: &Row) -> rusqlite::Result<KnownPhoto> {
    Ok(KnownPhoto {
        id: row.get("id")?,
        root: row.get("root_id")?,
        path: paths::from_bytes(row.get_ref("rel_path")?.as_blob()?),
        stat: stat(row)?,
        presence: match row.get_ref("state")?.as_str()? {
            "present" => Presence::Present,
            "excluded" => Presence::Excluded,
            _ => Presence::Missing {
                since: row.get::<_, Option<i64>>("missing_since")?.unwrap_or(0),
            },
        },
        added_at: row.get("added_at")?,
    })
}

pub(super) fn stat(row: &Row) -> rusqlite::Result<Stat> {
    Ok(Stat {
        size: row.get("size")?,
        mtime_ns: row.get("mtime_ns")?,
        device: row.get("device")?,
        inode: row.get("inode")?,
        birth_ns: row.get("birth_ns")?,
        sidecars: row.get("sidecars")?,
    })
}

/// All of a root that is at one of `paths` or beneath; all of it for `None`.
fn beneath(
    c: &Connection,
    root: i64,
    looked_at: Option<&[PathBuf]>,
) -> rusqlite::Result<Vec<KnownPhoto>> {
    let Some(looked_at) = looked_at else {
        let mut all =
            c.prepare_cached(&format!("SELECT {COLUMNS} FROM photo WHERE root_id = ?1"))?;
        return all.query_map([root], known)?.collect();
    };
    // Two searches of an index a place, however large the library is.
    let mut statements = [
        "state <> 'missing' AND rel_path = ?2",
        "state = 'missing' AND rel_path = ?2",
        "state <> 'missing' AND rel_path >= ?2 AND rel_path < ?3",
        "state = 'missing' AND rel_path >= ?2 AND rel_path < ?3",
    ]
    .into_iter()
    .map(|at| c.prepare_cached(&format!("SELECT {COLUMNS} FROM photo WHERE root_id = ?1 AND {at}")))
    .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut found = Vec::new();
    for path in looked_at {
        // What is beneath `a` begins with `a/`, and lies before `a0`.
        let inside = paths::to_bytes(&path.join(""));
        let mut after = inside.clone();
        if let Some(last) = after.last_mut() {
            *last += 1;
        }
        for (n, statement) in statements.iter_mut().enumerate() {
            if n < 2 {
                let at = params![root, paths::to_bytes(path)];
                found
                    .extend(statement.query_map(at, known)?.collect::<rusqlite::Result<Vec<_>>>()?);
            } else if !inside.is_empty() {
                let at = params![root, inside, after];
                found
                    .extend(statement.query_map(at, known)?.collect::<rusqlite::Result<Vec<_>>>()?);
            }
        }
    }
    Ok(found)
}

impl Catalog {
    /// The photos of a root at these paths and beneath them, missing ones
    /// included; `None`: all of the root. One may come twice.
    pub fn known_photos(
        &self,
        root: i64,
        looked_at: Option<&[PathBuf]>,
    ) -> Result<Vec<KnownPhoto>> {
        self.database.read(|c| beneath(c, root, looked_at))
    }

    /// Photos, wherever they are, that may be the files of these stats: of the
    /// same inode, or of the same size and time. One may come twice.
    pub fn lookalikes(&self, stats: &[Stat]) -> Result<Vec<KnownPhoto>> {
        self.database.read(|c| {
            let mut by_inode =
                c.prepare_cached(&format!("SELECT {COLUMNS} FROM photo WHERE inode = ?1"))?;
            let mut by_stamp = c.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM photo WHERE size = ?1 AND mtime_ns = ?2"
            ))?;
            let mut found = Vec::new();
            for stat in stats {
                if let Some(inode) = stat.inode {
                    let same = by_inode.query_map([inode], known)?;
                    found.extend(same.collect::<rusqlite::Result<Vec<_>>>()?);
                }
                let same = by_stamp.query_map(params![stat.size, stat.mtime_ns], known)?;
                found.extend(same.collect::<rusqlite::Result<Vec<_>>>()?);
            }
            Ok(found)
        })
    }

    /// A new photo at a path that was never seen; returns its id. A path that
    /// another process has added meanwhile is that photo.
    pub fn add_photo(
        t: &Transaction,
        root: i64,
        path: &Path,
        stat: Stat,
        now: i64,
    ) -> rusqlite::Result<i64> {
        t.prepare_cached(
            "INSERT INTO photo (root_id, rel_path, size, mtime_ns, device, inode, birth_ns,
               sidecars, time, added_at)
             VALUES (:root, :path, :size, :mtime, :device, :inode, :birth, :sidecars, :time, :now)
             ON CONFLICT (root_id, rel_path) WHERE state <> 'missing'
               DO UPDATE SET state = 'present' RETURNING id",
        )?
        .query_row(
            named_params! {
                ":root": root, ":path": paths::to_bytes(path), ":size": stat.size,
                ":mtime": stat.mtime_ns, ":device": stat.device, ":inode": stat.inode,
                ":birth": stat.birth_ns, ":sidecars": stat.sidecars,
                ":time": stat.mtime_ns.div_euclid(1_000_000_000), ":now": now,
            },
            |row| row.get(0),
        )
    }

    /// The photo's file is here now. `changed`: with other content or sidecars,
    /// so that it is to be read again and an old failure is void.
    pub fn place_photo(
        t: &Transaction,
        id: i64,
        root: i64,
        path: &Path,
        stat: Stat,
        changed: bool,
    ) -> rusqlite::Result<()> {
        t.prepare_cached(
            "UPDATE photo SET root_id = :root, rel_path = :path, size = :size, mtime_ns = :mtime,
               device = :device, inode = :inode, birth_ns = :birth, sidecars = :sidecars,
               state = 'present', missing_since = NULL, unread = unread OR :changed
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id, ":root": root, ":path": paths::to_bytes(path), ":size": stat.size,
            ":mtime": stat.mtime_ns, ":device": stat.device, ":inode": stat.inode,
            ":birth": stat.birth_ns, ":sidecars": stat.sidecars, ":changed": changed,
        })?;
        if changed {
            t.prepare_cached("DELETE FROM failure WHERE photo_id = ?1")?.execute([id])?;
        }
        Ok(())
    }

    /// The file is gone from a root that is there.
    pub fn miss_photo(t: &Transaction, id: i64, now: i64) -> rusqlite::Result<()> {
        t.prepare_cached(
            "UPDATE photo SET missing_since = ?2, state = 'missing'
             WHERE id = ?1 AND state <> 'missing'",
        )?
        .execute([id, now])
        .map(drop)
    }

    /// The file is there or not: the person does not want it.
    pub fn exclude_photo(t: &Transaction, id: i64) -> rusqlite::Result<()> {
        t.prepare_cached("UPDATE photo SET state = 'excluded' WHERE id = ?1")?
            .execute([id])
            .map(drop)
    }

    /// A photo that came since `after`, has the same bytes and name as this one,
    /// and is there: what moving a file between two file systems leaves, where the
    /// copy was seen before the original went. Its time may be another: many round
    /// it, or do not keep it.
    pub fn twin(t: &Transaction, id: i64, after: i64) -> rusqlite::Result<Option<Twin>> {
        let mut statement = t.prepare_cached(
            "SELECT twin.id AS id, twin.root_id AS root_id, twin.rel_path AS rel_path,
                    twin.size AS size, twin.mtime_ns AS mtime_ns, twin.device AS device,
                    twin.inode AS inode, twin.birth_ns AS birth_ns, twin.sidecars AS sidecars,
                    photo.rel_path AS old_path,
                    twin.sidecars <> photo.sidecars AS described_otherwise
             FROM photo JOIN photo AS twin USING (content_hash)
             WHERE photo.id = ?1 AND twin.id > photo.id AND twin.added_at >= ?2
               AND twin.state = 'present' AND twin.unread = 0 AND photo.unread = 0
             ORDER BY twin.mtime_ns <> photo.mtime_ns, twin.id",
        )?;
        let mut rows = statement.query([id, after])?;
        while let Some(row) = rows.next()? {
            let path = paths::from_bytes(row.get_ref("rel_path")?.as_blob()?);
            let old = paths::from_bytes(row.get_ref("old_path")?.as_blob()?);
            if path.file_name() == old.file_name() {
                let (id, root) = (row.get("id")?, row.get("root_id")?);
                let described_otherwise = row.get("described_otherwise")?;
                return Ok(Some(Twin { id, root, path, stat: stat(row)?, described_otherwise }));
            }
        }
        Ok(None)
    }

    /// Forgets a photo that turned out to be another one, `kept`, which takes its
    /// place and what the person said of it.
    pub fn forget_photo(t: &Transaction, id: i64, kept: i64) -> rusqlite::Result<()> {
        t.prepare_cached(
            "UPDATE photo SET favourite = 1
             WHERE id = ?2 AND (SELECT favourite FROM photo WHERE id = ?1)",
        )?
        .execute([id, kept])?;
        t.prepare_cached(
            "UPDATE photo SET stars = (SELECT stars FROM photo WHERE id = ?1)
             WHERE id = ?2 AND stars IS NULL",
        )?
        .execute([id, kept])?;
        tags::hand_over(t, id, kept)?;
        t.prepare_cached("DELETE FROM photo WHERE id = ?1")?.execute([id]).map(drop)
    }

    /// Runs several of the statements above as one change, and has the index of
    /// words follow. All that may change photos goes through here.
    pub fn change<T>(&self, change: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T> {
        self.database.write(|t| {
            let answer = change(t)?;
            words::catch_up(t)?;
            Ok(answer)
        })
    }

    /// How many present photos lie in each folder itself, by root and by the folder's
    /// path in it.
    pub fn photos_by_folder(&self) -> Result<HashMap<(i64, PathBuf), u64>> {
        self.database.read(|c| {
            let mut all =
                c.prepare_cached("SELECT root_id, rel_path FROM photo WHERE state = 'present'")?;
            let mut rows = all.query([])?;
            let mut folders: HashMap<(i64, PathBuf), u64> = HashMap::new();
            // Photos of a folder mostly came one after the other.
            let mut run: Option<((i64, PathBuf), u64)> = None;
            while let Some(row) = rows.next()? {
                let root: i64 = row.get(0)?;
                let path = paths::from_bytes(row.get_ref(1)?.as_blob()?);
                let folder = path.parent().unwrap_or(Path::new(""));
                match &mut run {
                    Some(((of, same), count)) if *of == root && same == folder => *count += 1,
                    _ => {
                        let next = ((root, folder.to_owned()), 1);
                        if let Some((place, count)) = run.replace(next) {
                            *folders.entry(place).or_default() += count;
                        }
                    }
                }
            }
            if let Some((place, count)) = run {
                *folders.entry(place).or_default() += count;
            }
            Ok(folders)
        })
    }

    /// The present photo at this place.
    pub fn photo_at(&self, root: i64, path: &Path) -> Result<Option<i64>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT id FROM photo WHERE root_id = ?1 AND rel_path = ?2 AND state = 'present'",
            )?
            .query_row(params![root, paths::to_bytes(path)], |row| row.get(0))
            .optional()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{ReadPhoto, Stored};

    const STAT: Stat = Stat {
        size: 10,
        mtime_ns: 5_000_000_000,
        device: Some(1),
        inode: Some(2),
        birth_ns: Some(3),
        sidecars: 0,
    };

    fn catalog() -> (tempfile::TempDir, Catalog, i64) {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let root = catalog.add_root(Path::new("/photos"), 0).unwrap();
        (dir, catalog, root)
    }

    fn add(catalog: &Catalog, root: i64, path: &str, stat: Stat) -> i64 {
        catalog.change(|t| Catalog::add_photo(t, root, Path::new(path), stat, 7)).unwrap()
    }

    fn ids(found: Vec<KnownPhoto>) -> Vec<i64> {
        let mut ids: Vec<i64> = found.into_iter().map(|photo| photo.id).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn places_hold_what_is_at_and_beneath_them_and_no_more() {
        let (_dir, catalog, root) = catalog();
        let paths = ["a", "a/b", "a/c/d", "a-b", "a0", "b", "a/gone"];
        let all: Vec<i64> = paths.map(|path| add(&catalog, root, path, STAT)).into();
        catalog.change(|t| Catalog::miss_photo(t, all[6], 9)).unwrap();
        let at = |places: &[&str]| {
            let places: Vec<PathBuf> = places.iter().map(PathBuf::from).collect();
            ids(catalog.known_photos(root, Some(&places)).unwrap())
        };
        assert_eq!(at(&["a"]), [all[0], all[1], all[2], all[6]]);
        assert_eq!(at(&["a/c", "b"]), [all[2], all[5]]);
        assert_eq!(ids(catalog.known_photos(root, None).unwrap()), all);
    }

    #[test]
    fn lookalikes_are_found_by_inode_or_by_size_and_time() {
        let (_dir, catalog, root) = catalog();
        let a = add(&catalog, root, "a", STAT);
        let b = add(&catalog, root, "b", Stat { size: 99, ..STAT });
        let c = add(&catalog, root, "c", Stat { inode: Some(77), ..STAT });
        add(&catalog, root, "d", Stat { inode: Some(78), size: 98, ..STAT });
        let mut found = ids(catalog.lookalikes(&[STAT]).unwrap());
        found.dedup();
        assert_eq!(found, [a, b, c]);
    }

    #[test]
    fn a_missing_photos_place_can_be_taken() {
        let (_dir, catalog, root) = catalog();
        let old = add(&catalog, root, "a", STAT);
        catalog.change(|t| Catalog::miss_photo(t, old, 9)).unwrap();
        let new = add(&catalog, root, "a", STAT);
        assert_ne!(old, new);
        assert_eq!(catalog.photo_at(root, Path::new("a")).unwrap(), Some(new));
        let missing = catalog.known_photos(root, None).unwrap().remove(0);
        assert_eq!(missing.presence, Presence::Missing { since: 9 });
    }

    #[test]
    fn a_twin_is_a_younger_photo_of_the_same_bytes_and_name() {
        let (_dir, catalog, root) = catalog();
        let rounded = Stat { mtime_ns: 4_000_000_000, ..STAT };
        let placed = [("x/a", STAT), ("y/b", STAT), ("z/a", rounded), ("w/a", STAT)];
        let all = placed.map(|(path, stat)| add(&catalog, root, path, stat));
        let read = ReadPhoto { hash: [7; 32], ..Default::default() };
        let batch: Vec<_> =
            all.iter().zip(placed).map(|(id, (_, stat))| (*id, stat, read.clone())).collect();
        assert_eq!(catalog.store_read(&batch).unwrap(), [Stored::Updated; 4]);
        let twin = |id, after| catalog.change(|t| Catalog::twin(t, id, after)).unwrap();
        let found = twin(all[0], 7).unwrap();
        assert_eq!((found.id, found.path.as_path()), (all[3], Path::new("w/a")), "the likest");
        catalog.change(|t| Catalog::miss_photo(t, all[3], 9)).unwrap();
        assert_eq!(twin(all[0], 7).map(|twin| twin.id), Some(all[2]), "FAT rounds times");
        let described = Stat { sidecars: 5, ..rounded };
        catalog
            .change(|t| Catalog::place_photo(t, all[2], root, Path::new("z/a"), described, false))
            .unwrap();
        assert!(!found.described_otherwise && twin(all[0], 7).unwrap().described_otherwise);
        assert_eq!(twin(all[0], 8), None, "the copy is an old one");
        assert_eq!(twin(all[3], 0), None, "the other one is older");
    }
}

//! The vectors of one model in memory, and the file that has them ready.
//!
//! `derived.sqlite` is where they are; reading a million rows of it takes
//! seconds. So full blocks of them stand once more in a vector file, in the order
//! in which they were stored, and loading reads that file and the few rows that
//! came after its last. Whatever is wrong with the file, it is written anew.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use afterimage_index::{CHUNK_ROWS, FileError, Index, Snapshot, Tag, VectorFile};
use parking_lot::Mutex;
use rayon::prelude::*;

use super::Library;
use crate::catalog::{Catalog, ContentHash};
use crate::derived::{Derived, ModelKey};
use crate::error::{Error, Result};
use crate::model::ModelInfo;
use crate::search::Sample;

/// Where vector files are, in the library's folder. It may be deleted at any time.
pub(crate) const FOLDER: &str = "vectors";

/// Rows that came while photos are embedded have their exact vectors in memory,
/// until there are so many of them or the work is done.
const LOOSE: usize = 16 * CHUNK_ROWS;

/// The loaded vectors of the models in use.
#[derive(Default)]
pub(super) struct Loaded {
    by_model: HashMap<ModelKey, Arc<Vectors>>,
    /// The state of the catalog that they were loaded in.
    foreign_version: Option<i64>,
}

/// The vectors of one model, by photo.
pub(crate) struct Vectors {
    key: ModelKey,
    dim: usize,
    path: PathBuf,
    index: Index,
    /// `None` before there is a block of rows, and where the disk has no room.
    file: Mutex<Option<Ready>>,
    /// Rows that were put since all were loaded.
    loose: AtomicUsize,
    /// Of so many rows; made when it is first needed.
    sample: Mutex<Option<(usize, Arc<Sample>)>>,
}

/// An open vector file.
struct Ready {
    /// Of the store when it was opened.
    stamp: [u8; 32],
    file: VectorFile,
}

impl Library {
    /// The vectors of a model, read at their first use, and again after another
    /// process has changed the library.
    pub fn vectors(&self, model: &ModelInfo) -> Result<Arc<Vectors>> {
        let key = self.key(model)?;
        let mut loaded = self.loaded.lock();
        let version = self.catalog.foreign_version();
        if version.is_some() && version != loaded.foreign_version {
            loaded.by_model.clear();
            loaded.foreign_version = version;
        }
        if let Some(vectors) = loaded.by_model.get(&key) {
            return Ok(vectors.clone());
        }
        let vectors =
            Arc::new(Vectors::load(&self.folder, &self.catalog, &self.derived, key, model.dim)?);
        loaded.by_model.insert(key, vectors.clone());
        Ok(vectors)
    }

    /// The vectors of a model loaded once more, for who measures what that costs.
    pub fn vectors_beside(&self, model: &ModelInfo) -> Result<Vectors> {
        let key = self.key(model)?;
        Vectors::load(&self.folder, &self.catalog, &self.derived, key, model.dim)
    }

    /// Those that are loaded.
    pub(super) fn loaded(&self) -> Vec<Arc<Vectors>> {
        self.loaded.lock().by_model.values().cloned().collect()
    }

    /// Those of a model, if they are loaded.
    pub(super) fn loaded_of(&self, key: ModelKey) -> Option<Arc<Vectors>> {
        self.loaded.lock().by_model.get(&key).cloned()
    }

    /// Forgets the vectors in memory; the next search loads them again.
    pub fn drop_vectors(&self) {
        self.loaded.lock().by_model.clear();
    }

    /// Has photos that are gone leave memory.
    pub fn forget_vectors(&self, photos: &HashSet<i64>) {
        self.loaded().iter().for_each(|vectors| vectors.remove(photos));
    }

    /// Deletes the files of models of this name.
    pub(super) fn remove_vector_files(&self, name: &str) -> Result<()> {
        for key in self.derived.models_named(name)? {
            let path = path(&self.folder, key);
            for file in [path.with_extension("lock"), path] {
                // One that stays costs room and is written anew when it is used.
                let _ = std::fs::remove_file(file);
            }
        }
        Ok(())
    }
}

/// Where the vectors of a model are kept ready.
fn path(library: &Path, key: ModelKey) -> PathBuf {
    library.join(FOLDER).join(format!("{}.vectors", key.number()))
}

/// Why all rows could not be loaded.
enum Fault {
    /// The file is of no use.
    File(FileError),
    Store(Error),
}

impl From<FileError> for Fault {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl Vectors {
    fn load(
        folder: &Path,
        catalog: &Catalog,
        derived: &Derived,
        key: ModelKey,
        dim: usize,
    ) -> Result<Self> {
        let vectors = Self {
            key,
            dim,
            path: path(folder, key),
            index: Index::new(dim),
            file: Mutex::new(None),
            loose: AtomicUsize::new(0),
            sample: Mutex::new(None),
        };
        vectors.settle(catalog, derived)?;
        Ok(vectors)
    }

    /// The rows as they are now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.index.snapshot()
    }

    /// Rows of a snapshot, taken evenly, by which questions are measured; `None`
    /// where there are too few. It is kept until the library has grown or shrunk by a
    /// tenth, for about as much changes in it then.
    pub fn sample(&self, snapshot: &Snapshot) -> Option<Arc<Sample>> {
        let rows = snapshot.len();
        let mut kept = self.sample.lock();
        if let Some((of, sample)) = &*kept
            && of.abs_diff(rows) <= of / 10
        {
            return Some(sample.clone());
        }
        let sample = Arc::new(Sample::of(snapshot.evenly(Sample::ROWS))?);
        *kept = Some((rows, sample.clone()));
        Some(sample)
    }

    /// Whose they are.
    pub(super) fn key(&self) -> ModelKey {
        self.key
    }

    /// Adds rows, photo and vector as little-endian f16, which are stored already.
    pub(super) fn put(&self, rows: &[(i64, Vec<u8>)]) {
        if rows.is_empty() {
            return;
        }
        let borrowed: Vec<_> = rows.iter().map(|(id, vector)| (*id, vector.as_slice())).collect();
        self.index.put(&borrowed);
        self.loose.fetch_add(rows.len(), Ordering::Relaxed);
    }

    /// Removes the rows of photos.
    pub(super) fn remove(&self, photos: &HashSet<i64>) {
        if !photos.is_empty() {
            self.index.remove(photos);
        }
    }

    /// Has the exact vectors of rows that were put leave memory, where there are
    /// many of them or `done` says that no more come.
    pub(super) fn tidy(&self, catalog: &Catalog, derived: &Derived, done: bool) -> Result<()> {
        let enough = if done { CHUNK_ROWS } else { LOOSE };
        if self.loose.load(Ordering::Relaxed) < enough {
            return Ok(());
        }
        self.settle(catalog, derived)
    }

    /// Brings the file up to date, and loads all rows: from it, and from the store
    /// what it lacks.
    fn settle(&self, catalog: &Catalog, derived: &Derived) -> Result<()> {
        let mut file = self.file.lock();
        self.loose.store(0, Ordering::Relaxed);
        let loaded = self
            .bring_up(&mut file, derived)
            .and_then(|()| self.rebuild(file.as_ref().map(|ready| &ready.file), catalog, derived));
        let fault = match loaded {
            Ok(()) => return Ok(()),
            Err(Fault::Store(error)) => return Err(error),
            Err(Fault::File(fault)) => fault,
        };
        tracing::warn!("{fault}; all vectors are read from the database");
        *file = None;
        if matches!(fault, FileError::Damaged { .. }) {
            // The next start writes it anew.
            let _ = std::fs::remove_file(&self.path);
        }
        match self.rebuild(None, catalog, derived) {
            Err(Fault::Store(error)) => Err(error),
            // No file was read.
            Ok(()) | Err(Fault::File(_)) => Ok(()),
        }
    }

    /// Opens the file, or makes it, and appends what it lacks, as far as that is
    /// full blocks.
    fn bring_up(&self, ready: &mut Option<Ready>, derived: &Derived) -> Result<(), Fault> {
        let stamp = derived.stamp(self.key)?;
        if ready.as_ref().is_some_and(|ready| ready.stamp != stamp) {
            *ready = None;
        }
        if ready.is_none() {
            *ready = self.open(stamp, derived)?;
        }
        match ready {
            Some(Ready { file, .. }) => {
                file.refresh()?;
                // What is in it can be read, also where the disk has no room for more.
                match self.append(file, derived) {
                    Err(Fault::File(fault)) => {
                        tracing::warn!(
                            "{fault}; vectors that came since are read from the database"
                        );
                        Ok(())
                    }
                    appended => appended,
                }
            }
            None if derived.has_as_many(self.key, CHUNK_ROWS)? => {
                *ready = self.make(stamp, derived)?;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The file as it is, where it belongs to these rows.
    fn open(&self, stamp: [u8; 32], derived: &Derived) -> Result<Option<Ready>, Fault> {
        let Some(file) = VectorFile::open(&self.path, self.dim, &stamp) else { return Ok(None) };
        if let Some(last) = file.blocks().checked_sub(1) {
            // A store that was put back to an earlier day gives its numbers again.
            let tag = file.tags(last)?.last().copied();
            if tag != derived.hash_at(self.key, file.position())? {
                return Ok(None);
            }
        }
        Ok(Some(Ready { stamp, file }))
    }

    fn make(&self, stamp: [u8; 32], derived: &Derived) -> Result<Option<Ready>, Fault> {
        let folder = self.path.parent().unwrap_or(&self.path);
        let made = std::fs::create_dir_all(folder)
            .map_err(|source| FileError::Io { path: folder.to_owned(), source })
            .map_err(Fault::File)
            .and_then(|()| {
                let fill = |file: &mut VectorFile| self.append(file, derived);
                VectorFile::create(&self.path, self.dim, &stamp, 0, fill)
            });
        match made {
            Ok(file) => Ok(Some(Ready { stamp, file })),
            // Another process makes it. Here all is read from the store this once.
            Err(Fault::File(FileError::Busy { .. })) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Appends the rows behind its last as far as they are full blocks.
    fn append(&self, file: &mut VectorFile, derived: &Derived) -> Result<(), Fault> {
        let bytes = 2 * self.dim;
        let mut tags: Vec<Tag> = Vec::new();
        let mut vectors: Vec<u8> = Vec::new();
        let appended = derived.vectors_after(self.key, file.position(), |seq, hash, vector| {
            // A damaged one is found by the check of the library.
            if vector.len() != bytes {
                return Ok(());
            }
            tags.push(*hash);
            vectors.extend_from_slice(vector);
            if tags.len() == CHUNK_ROWS {
                let rows: Vec<_> = tags.drain(..).zip(vectors.chunks_exact(bytes)).collect();
                file.append(&rows, seq)?;
                vectors.clear();
            }
            Ok(())
        });
        match appended {
            // Another process is about it, and has or will have the same.
            Err(Fault::File(FileError::Busy { .. })) => Ok(file.refresh()?),
            appended => appended,
        }
    }

    /// Loads all rows. Photos of the same bytes share a stored vector, but each is
    /// a row.
    fn rebuild(
        &self,
        file: Option<&VectorFile>,
        catalog: &Catalog,
        derived: &Derived,
    ) -> Result<(), Fault> {
        // Not before the index is held: of a photo that is stored later it is told.
        let photos = OnceLock::new();
        let photos = || photos.get_or_init(|| Photos::of(catalog));
        let keys_of = |tag: &Tag, keys: &mut Vec<i64>| {
            if let Ok(photos) = photos() {
                keys.extend(photos.with(tag));
            }
        };
        self.index.rebuild(file, keys_of, |add| {
            let photos = match photos() {
                Ok(photos) => photos,
                Err(error) => return Err(Fault::Store(Error::failed(error.message()))),
            };
            let after = file.map_or(0, VectorFile::position);
            derived.vectors_after(self.key, after, |_, hash, vector| {
                photos.with(hash).for_each(|photo| add(photo, vector));
                Ok(())
            })
        })
    }
}

/// Photos by their content.
struct Photos(Vec<(ContentHash, i64)>);

impl Photos {
    fn of(catalog: &Catalog) -> Result<Self> {
        let mut photos: Vec<_> =
            catalog.hashed_photos()?.into_iter().map(|(id, hash)| (hash, id)).collect();
        photos.par_sort_unstable();
        Ok(Self(photos))
    }

    /// Those of this content.
    fn with(&self, hash: &ContentHash) -> impl Iterator<Item = i64> + '_ {
        let first = self.0.partition_point(|(other, _)| other < hash);
        let hash = *hash;
        self.0[first..].iter().take_while(move |(other, _)| *other == hash).map(|(_, id)| *id)
    }
}

#[cfg(test)]
mod tests {
    use half::f16;
    use tempfile::TempDir;

    use super::*;
    use crate::catalog::{ReadPhoto, Stat};
    use crate::derived::Computed;

    const DIM: usize = 8;

    /// The stores of a library with one model, in which photos are made up.
    struct Stores {
        dir: TempDir,
        catalog: Catalog,
        derived: Derived,
        key: ModelKey,
        root: i64,
    }

    impl Stores {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let catalog = Catalog::open(dir.path()).unwrap();
            let derived = Derived::open(dir.path()).unwrap();
            let root = catalog.add_root(Path::new("/photos"), 0).unwrap();
            let key = derived.model("one", 1, "w").unwrap();
            Self { dir, catalog, derived, key, root }
        }

        /// Adds photos of these contents, with a vector for each.
        fn add(&self, contents: std::ops::Range<u64>) -> Vec<(i64, Vec<u8>)> {
            let stat = Stat {
                size: 1,
                mtime_ns: 1,
                device: None,
                inode: None,
                birth_ns: None,
                sidecars: 0,
            };
            let add = |t: &rusqlite::Transaction, content: u64| {
                let path = format!("{content}-{}.jpg", t.last_insert_rowid());
                Catalog::add_photo(t, self.root, Path::new(&path), stat, 0)
            };
            let ids: Vec<i64> = self
                .catalog
                .change(|t| contents.clone().map(|content| add(t, content)).collect())
                .unwrap();
            let hash = |content: u64| *blake3::hash(&content.to_le_bytes()).as_bytes();
            let computed: Vec<Computed> = contents
                .clone()
                .map(|c| Computed { hash: hash(c), vector: Some(vector(c)), thumbnail: None })
                .collect();
            self.derived.store(self.key, &computed).unwrap();
            let read: Vec<_> = contents
                .clone()
                .zip(&ids)
                .map(|(c, id)| (*id, stat, ReadPhoto { hash: hash(c), ..Default::default() }))
                .collect();
            self.catalog.store_read(&read).unwrap();
            ids.into_iter().zip(contents.map(vector)).collect()
        }

        fn load(&self) -> Vectors {
            Vectors::load(self.dir.path(), &self.catalog, &self.derived, self.key, DIM).unwrap()
        }

        fn file(&self) -> PathBuf {
            path(self.dir.path(), self.key)
        }

        /// All of these photos are there with their vectors, and no others.
        fn check(&self, vectors: &Vectors, photos: &[(i64, Vec<u8>)]) {
            let snapshot = vectors.snapshot();
            let mut keys: Vec<i64> = snapshot.keys().collect();
            keys.sort_unstable();
            let mut expected: Vec<i64> = photos.iter().map(|(id, _)| *id).collect();
            expected.sort_unstable();
            assert_eq!(keys, expected);
            for (id, vector) in photos.iter().step_by(97) {
                let found = snapshot.vector(*id).unwrap();
                let bytes: Vec<u8> =
                    found.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect();
                assert_eq!(bytes, *vector, "{id}");
            }
        }

        /// Blocks in the file.
        fn blocks(&self) -> usize {
            let stamp = self.derived.stamp(self.key).unwrap();
            VectorFile::open(&self.file(), DIM, &stamp).map_or(0, |file| file.blocks())
        }
    }

    /// Of length 1, another one for each content.
    fn vector(content: u64) -> Vec<u8> {
        let bytes = *blake3::hash(&content.to_be_bytes()).as_bytes();
        let values = bytes[..DIM].iter().map(|&byte| f32::from(byte) - 127.5);
        let length = values.clone().map(|v| v * v).sum::<f32>().sqrt();
        values.flat_map(|v| f16::from_f32(v / length).to_le_bytes()).collect()
    }

    #[test]
    fn full_blocks_are_read_from_the_file_and_the_rest_from_the_store() {
        let stores = Stores::new();
        let few = stores.add(0..100);
        stores.check(&stores.load(), &few);
        assert!(!stores.file().exists(), "it is not worth a file");
        let mut all = few;
        all.extend(stores.add(100..9000));
        // Copies are rows of their own.
        all.extend(stores.add(50..60));
        stores.check(&stores.load(), &all);
        assert_eq!(stores.blocks(), 2);
        // Once more, from the file that is there by now.
        stores.check(&stores.load(), &all);
        all.extend(stores.add(9000..13000));
        stores.check(&stores.load(), &all);
        assert_eq!(stores.blocks(), 3);
    }

    #[test]
    fn photos_that_come_meanwhile_leave_memory_once_they_are_a_block() {
        let stores = Stores::new();
        let mut all = stores.add(0..10);
        let vectors = stores.load();
        for from in (10..9010).step_by(500) {
            let added = stores.add(from..from + 500);
            vectors.put(&added);
            vectors.tidy(&stores.catalog, &stores.derived, false).unwrap();
            all.extend(added);
        }
        assert_eq!(stores.blocks(), 0);
        stores.check(&vectors, &all);
        vectors.tidy(&stores.catalog, &stores.derived, true).unwrap();
        assert_eq!(stores.blocks(), 2);
        stores.check(&vectors, &all);
        let gone: HashSet<i64> = all[..5000].iter().map(|(id, _)| *id).collect();
        vectors.remove(&gone);
        stores.check(&vectors, &all[5000..]);
    }

    #[test]
    fn deleted_vectors_are_not_found_in_an_old_file() {
        let stores = Stores::new();
        let all = stores.add(0..5000);
        stores.check(&stores.load(), &all);
        stores.derived.remove_vectors("one").unwrap();
        stores.check(&stores.load(), &[]);
        // Computed again, in another order.
        let again = stores.add(4000..5000);
        let vectors = stores.load();
        let twice: Vec<_> = all[4000..].iter().chain(&again).cloned().collect();
        stores.check(&vectors, &twice);
    }

    #[test]
    fn a_store_that_was_put_back_has_its_file_written_anew() {
        let stores = Stores::new();
        let mut all = stores.add(0..3000);
        let database = stores.dir.path().join(Derived::FILE);
        let earlier = stores.dir.path().join("earlier.sqlite");
        let copy = || {
            let from = rusqlite::Connection::open(&database).unwrap();
            from.execute("VACUUM INTO ?1", [earlier.to_str().unwrap()]).unwrap();
        };
        copy();
        stores.add(3000..6000);
        stores.load();
        assert_eq!(stores.blocks(), 1);
        let Stores { dir, catalog, derived, key, root } = stores;
        drop((derived, catalog));
        for more in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(dir.path().join(format!("{}{more}", Derived::FILE)));
        }
        std::fs::rename(&earlier, &database).unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let derived = Derived::open(dir.path()).unwrap();
        let stores = Stores { dir, catalog, derived, key, root };
        // The same numbers are given to other rows now.
        all.extend(stores.add(7000..10_000));
        stores.check(&stores.load(), &all);
    }

    #[test]
    fn a_damaged_file_costs_no_photo() {
        let stores = Stores::new();
        let all = stores.add(0..9000);
        stores.check(&stores.load(), &all);
        let mut bytes = std::fs::read(stores.file()).unwrap();
        // Within the codes of the first block.
        bytes[200_000] ^= 0xff;
        std::fs::write(stores.file(), bytes).unwrap();
        stores.check(&stores.load(), &all);
        assert!(!stores.file().exists());
        stores.check(&stores.load(), &all);
        assert_eq!(stores.blocks(), 2);
    }
}

//! The vector file: what `derived.sqlite` holds of one model, once more, in
//! blocks that load at disk speed.
//!
//! It is a cache: whatever is wrong with it, it is thrown away and written anew.
//! A header names the dimension and, by a stamp, the caller's model and version.
//! Blocks of [`CHUNK_ROWS`] rows follow, each with the tags of its rows (content
//! hashes), their codes as they are in memory, their exact vectors, and the
//! caller's position: up to where in its own order rows are included. Numbers
//! are little-endian, and every part starts on a page:
//!
//! ```text
//! header   4096  magic, version u32, dim u32, stamp, position u64, BLAKE3 of these
//! block    4096  BLAKE3 of all but the vectors, number u64, position u64, check u64
//!                tags (4096, 32) u8, scales (4096) f32, high and low plane
//!                (4096, plane bytes) u8 each, vectors (4096, dim) f16
//! ```
//!
//! A block's head is written once the rest is on the disk, so one without a valid
//! head was not finished: it is not there for readers, and the next writer writes
//! over it. Writers exclude each other by a lock on a file beside this one: a
//! lock on the file itself would keep readers out on Windows.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::buffer::Buffer;
use super::chunk::{CHUNK_ROWS, Codes};
use super::codes::Codec;

const MAGIC: &[u8; 8] = b"AfterVec";

/// To be raised with every change of the layout, of the rounding to codes or of
/// the rotation.
const VERSION: u32 = 1;

/// Of the header and of a block's head.
const PAGE: usize = 4096;

/// The bytes of the header that its checksum is of, and of a block's head.
const HEADER_USED: usize = 56;
const HEAD_USED: usize = 48;

/// What a row is known by: the content hash of its photo.
pub type Tag = [u8; 32];

/// What went wrong with a vector file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It should be thrown away.
    #[error("{path}: block {block} is damaged", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which of its blocks, from 0.
        block: usize,
    },
    /// It may be tried again.
    #[error("{path}: another process is writing to it, or has", path = path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The caller's mistake.
    #[error("a block is {CHUNK_ROWS} vectors of the file's dimension")]
    Shape,
}

/// A vector file as it was when it was opened, or last appended to.
pub struct VectorFile {
    path: PathBuf,
    codec: Codec,
    source: Arc<Source>,
    blocks: usize,
    position: u64,
    /// Whether it is being made, by one who has the lock.
    locked: bool,
}

/// An open file that exact vectors are read from.
pub struct Source {
    file: File,
    layout: Layout,
}

/// What is loaded of a block.
pub struct Block {
    pub tags: Vec<Tag>,
    pub codes: Codes,
}

/// Where the parts of a file of one dimension are, in bytes.
#[derive(Clone, Copy)]
struct Layout {
    dim: usize,
    tags: usize,
    scales: usize,
    planes: usize,
    vectors: usize,
    block: usize,
}

impl Layout {
    fn new(codec: &Codec) -> Self {
        let tags = PAGE;
        let scales = tags + CHUNK_ROWS * size_of::<Tag>();
        let planes = scales + CHUNK_ROWS * size_of::<f32>();
        let vectors = planes + 2 * CHUNK_ROWS * codec.plane_bytes();
        let dim = codec.dim();
        Self { dim, tags, scales, planes, vectors, block: vectors + CHUNK_ROWS * 2 * dim }
    }

    /// Where block `number` starts, or the first that is not there ends.
    fn at(&self, number: usize) -> u64 {
        PAGE as u64 + number as u64 * self.block as u64
    }
}

/// The numbers of a block's head.
struct Head {
    checksum: [u8; 32],
    position: u64,
}

impl Head {
    fn write(&self, number: usize) -> [u8; PAGE] {
        let mut page = [0; PAGE];
        page[..32].copy_from_slice(&self.checksum);
        page[32..40].copy_from_slice(&(number as u64).to_le_bytes());
        page[40..48].copy_from_slice(&self.position.to_le_bytes());
        let check = blake3::hash(&page[..HEAD_USED]);
        page[48..56].copy_from_slice(&check.as_bytes()[..8]);
        page
    }

    fn read(page: &[u8; PAGE], number: usize) -> Option<Self> {
        let checksum = *page.first_chunk::<32>()?;
        let position = u64::from_le_bytes(*page[40..].first_chunk::<8>()?);
        let head = Self { checksum, position };
        (head.write(number) == *page).then_some(head)
    }
}

impl VectorFile {
    /// The file at a path; `None` where there is none that can be used: of
    /// another dimension, stamp or version, or damaged.
    pub fn open(path: &Path, dim: usize, stamp: &[u8; 32]) -> Option<Self> {
        let opened = OpenOptions::new().read(true).write(true).open(path);
        // One that may only be read cannot be appended to, but searched.
        let file = opened.or_else(|_| File::open(path)).ok()?;
        let mut page = [0; PAGE];
        read_at(&file, &mut page, 0).ok()?;
        let position = u64::from_le_bytes(*page[48..].first_chunk::<8>()?);
        if page != header(dim, stamp, position) {
            return None;
        }
        let mut opened = Self::of(path, dim, file, position);
        opened.refresh().ok()?;
        Some(opened)
    }

    /// Writes a file anew: empty, then what `fill` appends to it. Whoever has the
    /// one before open keeps it; a crash leaves it in place.
    ///
    /// # Errors
    /// Where another process is writing it, the disk says no, or `fill` does.
    pub fn create<E: From<FileError>>(
        path: &Path,
        dim: usize,
        stamp: &[u8; 32],
        position: u64,
        fill: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<Self, E> {
        let _lock = lock(path)?;
        let new = path.with_extension("new");
        let failed = |source| FileError::Io { path: new.clone(), source };
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(true).clone();
        let file = options.open(&new).map_err(failed)?;
        write_at(&file, &header(dim, stamp, position), 0).map_err(failed)?;
        let mut made = Self::of(&new, dim, file, position);
        made.locked = true;
        fill(&mut made)?;
        made.locked = false;
        made.source.file.sync_all().map_err(failed)?;
        std::fs::rename(&new, path).map_err(failed)?;
        made.path = path.to_path_buf();
        Ok(made)
    }

    fn of(path: &Path, dim: usize, file: File, position: u64) -> Self {
        let codec = Codec::new(dim);
        let source = Arc::new(Source { file, layout: Layout::new(&codec) });
        Self { path: path.to_path_buf(), codec, source, blocks: 0, position, locked: false }
    }

    /// Notices blocks that another process has appended meanwhile.
    ///
    /// # Errors
    /// Where the disk says no.
    pub fn refresh(&mut self) -> Result<(), FileError> {
        let (blocks, position) = self.finished().map_err(|source| self.failed(source))?;
        (self.blocks, self.position) = (blocks, position.unwrap_or(self.position));
        Ok(())
    }

    /// How many blocks are finished, and the position of the last.
    fn finished(&self) -> io::Result<(usize, Option<u64>)> {
        let layout = self.source.layout;
        let len = self.source.file.metadata()?.len();
        let mut blocks = (len.saturating_sub(PAGE as u64) / layout.block as u64) as usize;
        let mut page = [0; PAGE];
        while blocks > 0 {
            read_at(&self.source.file, &mut page, layout.at(blocks - 1))?;
            if let Some(head) = Head::read(&page, blocks - 1) {
                return Ok((blocks, Some(head.position)));
            }
            blocks -= 1;
        }
        Ok((0, None))
    }

    /// Components of each vector.
    pub fn dim(&self) -> usize {
        self.codec.dim()
    }

    /// Blocks that it has.
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// Rows of all blocks.
    pub fn rows(&self) -> usize {
        self.blocks * CHUNK_ROWS
    }

    /// Up to where rows are included, in the caller's own order.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The open file, for rows that are read from it later.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Reads a block and checks it.
    ///
    /// # Errors
    /// Where the disk says no, or the block is not as it was written.
    ///
    /// # Panics
    /// Where there is no such block.
    pub fn block(&self, number: usize) -> Result<Block, FileError> {
        assert!(number < self.blocks, "there is no block {number}");
        let layout = self.source.layout;
        let mut page = [0; PAGE];
        let mut scales = vec![0; layout.planes - layout.scales];
        let mut planes = Buffer::new(layout.vectors - layout.planes);
        self.read(number, 0, &mut page)?;
        let tags = self.tags(number)?;
        self.read(number, layout.scales, &mut scales)?;
        self.read(number, layout.planes, planes.bytes_mut())?;
        let damaged = || FileError::Damaged { path: self.path.clone(), block: number };
        let head = Head::read(&page, number).ok_or_else(damaged)?;
        if checksum(&tags, &scales, planes.bytes()) != head.checksum {
            return Err(damaged());
        }
        let (scales, _) = scales.as_chunks();
        let scales = scales.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        Ok(Block { tags, codes: Codes::of(scales, planes) })
    }

    /// The tags of a block, not checked.
    ///
    /// # Errors
    /// Where the disk says no.
    pub fn tags(&self, number: usize) -> Result<Vec<Tag>, FileError> {
        let mut tags = vec![[0; 32]; CHUNK_ROWS];
        self.read(number, self.source.layout.tags, tags.as_flattened_mut())?;
        Ok(tags)
    }

    /// Appends a block of exactly [`CHUNK_ROWS`] rows, tag and vector (`dim`
    /// values as little-endian f16), with the position after them.
    ///
    /// # Errors
    /// `Busy` where another process is appending, or has since this one looked:
    /// then [`refresh`](Self::refresh) tells what is missing now.
    pub fn append(&mut self, rows: &[(Tag, &[u8])], position: u64) -> Result<(), FileError> {
        let dim = self.codec.dim();
        if rows.len() != CHUNK_ROWS || rows.iter().any(|(_, vector)| vector.len() != 2 * dim) {
            return Err(FileError::Shape);
        }
        let tags: Vec<_> = rows.iter().map(|(tag, _)| *tag).collect();
        let bytes = rows.iter().map(|(_, vector)| *vector).collect::<Vec<_>>().concat();
        let mut codes = Codes::new(&self.codec);
        codes.extend(&self.codec, &f16s(&bytes));
        let scales: Vec<u8> = codes.scales.iter().flat_map(|scale| scale.to_le_bytes()).collect();
        let checksum = checksum(&tags, &scales, codes.bytes());

        let _lock = if self.locked { None } else { Some(lock(&self.path)?) };
        let (blocks, _) = self.finished().map_err(|source| self.failed(source))?;
        if blocks != self.blocks {
            return Err(FileError::Busy { path: self.path.clone() });
        }
        let (file, layout) = (&self.source.file, self.source.layout);
        let start = layout.at(blocks);
        let head = Head { checksum, position };
        let write = || {
            file.set_len(start)?;
            let mut at = start + layout.tags as u64;
            for part in [tags.as_flattened(), &scales, codes.bytes(), &bytes] {
                write_at(file, part, at)?;
                at += part.len() as u64;
            }
            file.sync_data()?;
            write_at(file, &head.write(blocks), start)?;
            file.sync_data()
        };
        write().map_err(|source| self.failed(source))?;
        (self.blocks, self.position) = (blocks + 1, position);
        Ok(())
    }

    fn read(&self, block: usize, at: usize, bytes: &mut [u8]) -> Result<(), FileError> {
        let at = self.source.layout.at(block) + at as u64;
        read_at(&self.source.file, bytes, at).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> FileError {
        FileError::Io { path: self.path.clone(), source }
    }
}

impl Source {
    /// Reads the exact vectors of rows of a block from `row` on, one behind the
    /// other.
    ///
    /// # Errors
    /// Where the disk says no.
    pub fn vectors(&self, block: usize, row: usize, vectors: &mut [f32]) -> io::Result<()> {
        let mut bytes = vec![0; 2 * vectors.len()];
        let at = self.layout.vectors + row * 2 * self.layout.dim;
        read_at(&self.file, &mut bytes, self.layout.at(block) + at as u64)?;
        f16s(&bytes).convert_to_f32_slice(vectors);
        Ok(())
    }
}

fn f16s(bytes: &[u8]) -> Vec<f16> {
    bytes.as_chunks().0.iter().map(|pair| f16::from_le_bytes(*pair)).collect()
}

fn header(dim: usize, stamp: &[u8; 32], position: u64) -> [u8; PAGE] {
    let mut page = [0; PAGE];
    page[..8].copy_from_slice(MAGIC);
    page[8..12].copy_from_slice(&VERSION.to_le_bytes());
    page[12..16].copy_from_slice(&(dim as u32).to_le_bytes());
    page[16..48].copy_from_slice(stamp);
    page[48..56].copy_from_slice(&position.to_le_bytes());
    let check = blake3::hash(&page[..HEADER_USED]);
    page[56..88].copy_from_slice(check.as_bytes());
    page
}

fn checksum(tags: &[Tag], scales: &[u8], planes: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in [tags.as_flattened(), scales, planes] {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The right to write to a vector file, until it is dropped.
fn lock(path: &Path) -> Result<File, FileError> {
    let beside = path.with_extension("lock");
    let failed = |source| FileError::Io { path: beside.clone(), source };
    let options = OpenOptions::new().write(true).create(true).truncate(false).clone();
    let file = options.open(&beside).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FileError::Busy { path: path.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                bytes = &mut bytes[read..];
                at += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = &bytes[written..];
        at += written as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::tempdir;

    use super::*;

    const DIM: usize = 3;
    const STAMP: [u8; 32] = [7; 32];

    /// Rows of a block, different for every number.
    fn rows(number: u64) -> (Vec<Tag>, Vec<u8>) {
        let mut bytes = blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof();
        let mut tags = vec![[0; 32]; CHUNK_ROWS];
        bytes.fill(tags.as_flattened_mut());
        let value = |tag: &Tag, at: usize| f16::from_f32(f32::from(tag[at]) / 255.0 - 0.5);
        let values = |tag: &Tag| [0, 1, 2].map(|at| value(tag, at).to_le_bytes());
        let vectors = tags.iter().flat_map(values).flatten().collect();
        (tags, vectors)
    }

    fn append(file: &mut VectorFile, number: u64) -> Result<(), FileError> {
        let (tags, vectors) = rows(number);
        let rows: Vec<_> = tags.into_iter().zip(vectors.chunks(2 * DIM)).collect();
        file.append(&rows, number + 100)
    }

    fn create(path: &Path, blocks: u64) -> VectorFile {
        let fill = |file: &mut VectorFile| (0..blocks).try_for_each(|n| append(file, n));
        VectorFile::create(path, DIM, &STAMP, 9, fill).unwrap()
    }

    fn open(path: &Path) -> Option<VectorFile> {
        VectorFile::open(path, DIM, &STAMP)
    }

    /// The file holds these blocks, in this order.
    fn check(file: &VectorFile, numbers: &[u64]) {
        assert_eq!(file.blocks(), numbers.len());
        assert_eq!(file.position(), numbers.last().map_or(9, |number| number + 100));
        let codec = Codec::new(DIM);
        for (at, number) in numbers.iter().enumerate() {
            let (tags, vectors) = rows(*number);
            let block = file.block(at).unwrap();
            assert_eq!(block.tags, tags);
            let mut codes = Codes::new(&codec);
            codes.extend(&codec, &f16s(&vectors));
            assert_eq!(block.codes.scales, codes.scales);
            assert!(block.codes.bytes() == codes.bytes());
            let mut exact = vec![0.0; DIM * CHUNK_ROWS];
            file.source().vectors(at, 0, &mut exact).unwrap();
            assert_eq!(exact, f16s(&vectors).to_f32_vec());
        }
    }

    /// Changes bytes of a file.
    fn damage(path: &Path, at: u64, bytes: &[u8]) {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        write_at(&file, bytes, at).unwrap();
    }

    #[test]
    fn what_is_appended_is_read_again() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("vectors");
        assert!(open(&path).is_none());
        check(&create(&path, 0), &[]);
        let mut file = open(&path).unwrap();
        let mut other = open(&path).unwrap();
        append(&mut file, 1).unwrap();
        append(&mut file, 2).unwrap();
        check(&file, &[1, 2]);
        check(&open(&path).unwrap(), &[1, 2]);
        check(&other, &[]);
        assert!(matches!(append(&mut other, 3), Err(FileError::Busy { .. })));
        other.refresh().unwrap();
        append(&mut other, 3).unwrap();
        check(&open(&path).unwrap(), &[1, 2, 3]);
    }

    #[test]
    fn a_file_of_something_else_is_none() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("vectors");
        create(&path, 1);
        assert!(VectorFile::open(&path, DIM + 1, &STAMP).is_none());
        assert!(VectorFile::open(&path, DIM, &[8; 32]).is_none());
        for at in [0, 8, 12, 20, 50, 60, 100] {
            let good = std::fs::read(&path).unwrap();
            damage(&path, at, &[good[at as usize] ^ 1]);
            assert!(open(&path).is_none(), "{at}");
            std::fs::write(&path, good).unwrap();
        }
        for short in [&b""[..], b"AfterVec"] {
            std::fs::write(&path, short).unwrap();
            assert!(open(&path).is_none());
        }
    }

    #[test]
    fn a_damaged_block_is_recognised() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("vectors");
        let layout = create(&path, 2).source.layout;
        for part in [0, 40, layout.tags, layout.scales + 5, layout.planes, layout.vectors - 1] {
            let at = layout.at(0) + part as u64;
            let good = std::fs::read(&path).unwrap();
            damage(&path, at, &[good[at as usize] ^ 4]);
            let file = open(&path).unwrap();
            assert!(matches!(file.block(0), Err(FileError::Damaged { block: 0, .. })), "{part}");
            assert!(file.block(1).is_ok());
            std::fs::write(&path, good).unwrap();
        }
    }

    #[test]
    fn only_one_writes_at_a_time() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("vectors");
        let mut file = create(&path, 1);
        let held = lock(&path).unwrap();
        assert!(matches!(append(&mut file, 1), Err(FileError::Busy { .. })));
        let none = |_: &mut VectorFile| Ok::<_, FileError>(());
        let made = VectorFile::create(&path, DIM, &STAMP, 0, none);
        assert!(matches!(made, Err(FileError::Busy { .. })));
        check(&open(&path).unwrap(), &[0]);
        drop(held);
        append(&mut file, 1).unwrap();
        check(&file, &[0, 1]);
    }

    #[test]
    fn a_file_written_anew_leaves_readers_the_one_before() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("vectors");
        let before = create(&path, 2);
        let failed = VectorFile::create(&path, DIM, &STAMP, 9, |file| {
            append(file, 5)?;
            Err(FileError::Shape)
        });
        assert!(matches!(failed, Err(FileError::Shape)));
        check(&open(&path).unwrap(), &[0, 1]);
        let mut after = create(&path, 1);
        append(&mut after, 7).unwrap();
        check(&before, &[0, 1]);
        check(&open(&path).unwrap(), &[0, 7]);
    }

    #[test]
    fn a_block_is_all_its_rows() {
        let folder = tempdir().unwrap();
        let mut file = create(&folder.path().join("vectors"), 0);
        assert!(matches!(file.append(&[([0; 32], &[0; 6])], 1), Err(FileError::Shape)));
        let short = vec![([0; 32], &[0; 4][..]); CHUNK_ROWS];
        assert!(matches!(file.append(&short, 1), Err(FileError::Shape)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Wherever writing the last block stopped, those before it are there, and
        /// the next is written in its place.
        #[test]
        fn a_torn_block_is_not_there(missing in 1u64..1_500_000, cut in any::<bool>()) {
            let folder = tempdir().unwrap();
            let path = folder.path().join("vectors");
            let file = create(&path, 2);
            let layout = file.source.layout;
            let missing = missing % layout.block as u64 + 1;
            if cut {
                file.source.file.set_len(layout.at(2) - missing).unwrap();
            } else {
                // The head comes last, so it is what is missing.
                damage(&path, layout.at(1), &[0; PAGE]);
            }
            let mut torn = open(&path).unwrap();
            check(&torn, &[0]);
            append(&mut torn, 4).unwrap();
            check(&open(&path).unwrap(), &[0, 4]);
        }
    }
}

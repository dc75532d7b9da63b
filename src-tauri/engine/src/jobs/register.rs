//! Which photos are being decoded, told to the next start.
//!
//! A photo whose decoding ends the process, because the system ran out of memory
//! or by a fault that nothing catches, would do so at every start, and everything
//! behind it would wait for ever. So each photo stands in a small file of the
//! library while it is decoded. What a process leaves behind there, the next one
//! decodes last and by itself: all others are done by then, and if it happens
//! again it is known over which. Only a photo that was left behind twice more so
//! is given up. Who kills the application at any moment leaves some photos behind,
//! but hardly the same one three times.
//!
//! Nothing here is vital: where the file cannot be written, decoding goes on
//! without. It is never synced, since what power cuts end is no photo's fault.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use parking_lot::Mutex;

/// The file's name in the library's folder.
const FILE: &str = "decoding";

/// How often a photo that was left behind is decoded by itself.
const MOST_ALONE: u64 = 2;

/// Most records that are read; as many threads decode at a time at most.
const MOST_RECORDS: usize = 1024;

/// A record's bytes: both numbers, little-endian.
const RECORD: usize = 16;

/// A photo that is being decoded, or was left behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Record {
    /// The photo; 0 in a record that is free.
    id: i64,
    /// How often it was decoded by itself because it had been left behind.
    alone: u64,
}

/// The file, as one process that indexes keeps it.
pub(crate) struct Register(Mutex<State>);

struct State {
    /// `None` where it cannot be written.
    file: Option<File>,
    records: Vec<Record>,
    /// Photos left behind by earlier processes.
    left: HashSet<i64>,
}

/// A photo's stay in the register.
pub(crate) struct Entry<'a> {
    register: &'a Register,
    id: i64,
}

impl Register {
    /// Reads what an earlier process left in a library's folder.
    pub fn open(folder: &Path) -> Self {
        let (file, records) = match read(&folder.join(FILE)) {
            Ok((file, records)) => (Some(file), records),
            Err(error) => {
                tracing::debug!("what is being decoded is not noted: {error}");
                (None, Vec::new())
            }
        };
        let left = records.iter().map(|record| record.id).filter(|id| *id != 0).collect();
        Self(Mutex::new(State { file, records, left }))
    }

    /// Photos to be decoded last, each by itself.
    pub fn left_behind(&self) -> HashSet<i64> {
        self.0.lock().left.clone()
    }

    /// Whether a photo was left behind so often that it is not to be decoded.
    pub fn gives_up(&self, id: i64) -> bool {
        let state = self.0.lock();
        state.left.contains(&id)
            && state.records.iter().any(|it| it.id == id && it.alone >= MOST_ALONE)
    }

    /// Notes a photo until what this returns is dropped.
    pub fn enter(&self, id: i64) -> Entry<'_> {
        let mut state = self.0.lock();
        let is_left = state.left.contains(&id);
        let known = state.records.iter().position(|it| is_left && it.id == id);
        match known.or_else(|| state.records.iter().position(|it| it.id == 0)) {
            Some(at) if known.is_some() => state.records[at].alone += 1,
            Some(at) => state.records[at] = Record { id, alone: 0 },
            None => state.records.push(Record { id, alone: 0 }),
        }
        let changed = known.or_else(|| state.records.iter().position(|it| it.id == id));
        state.write(changed);
        Entry { register: self, id }
    }

    /// Has nothing of a photo left behind.
    pub fn forget(&self, id: i64) {
        let mut state = self.0.lock();
        state.left.remove(&id);
        while let Some(at) = state.records.iter().position(|it| it.id == id) {
            state.records[at] = Record::default();
            state.write(Some(at));
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.register.forget(self.id);
    }
}

impl State {
    fn write(&mut self, at: Option<usize>) {
        let (Some(file), Some(at)) = (&mut self.file, at) else { return };
        let Record { id, alone } = self.records[at];
        let mut bytes = [0; RECORD];
        bytes[..8].copy_from_slice(&id.to_le_bytes());
        bytes[8..].copy_from_slice(&alone.to_le_bytes());
        let place = SeekFrom::Start((at * RECORD) as u64);
        // In one piece, so that a process that ends leaves a whole record.
        let written = file.seek(place).and_then(|_| file.write_all(&bytes));
        if let Err(error) = written {
            tracing::debug!("what is being decoded is not noted: {error}");
            self.file = None;
        }
    }
}

fn read(path: &Path) -> io::Result<(File, Vec<Record>)> {
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take((MOST_RECORDS * RECORD) as u64).read_to_end(&mut bytes)?;
    let record = |bytes: &[u8; RECORD]| {
        let number = u128::from_le_bytes(*bytes);
        // What no process has written is taken for a free one.
        let (id, alone) = (number as i64, (number >> 64) as u64);
        if id > 0 { Record { id, alone } } else { Record::default() }
    };
    Ok((file, bytes.as_chunks().0.iter().map(record).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that ends while it has entered these.
    fn dies_over(folder: &Path, ids: &[i64]) {
        let register = Register::open(folder);
        ids.iter().for_each(|id| std::mem::forget(register.enter(*id)));
    }

    #[test]
    fn what_is_done_is_not_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::open(folder.path());
        let first = register.enter(3);
        drop(register.enter(4));
        let third = register.enter(5);
        drop(first);
        drop(register.enter(6));
        drop(third);
        assert!(Register::open(folder.path()).left_behind().is_empty());
        let bytes = std::fs::read(folder.path().join(FILE)).unwrap();
        assert_eq!(bytes, [0; 2 * RECORD], "records are used again");
    }

    #[test]
    fn a_photo_is_given_up_when_it_was_left_behind_alone_twice() {
        let folder = tempfile::tempdir().unwrap();
        dies_over(folder.path(), &[7, 8, 9]);
        let register = Register::open(folder.path());
        assert_eq!(register.left_behind(), [7, 8, 9].into());
        // One of them was well when it was alone.
        drop(register.enter(8));
        assert_eq!(register.left_behind(), [7, 9].into());
        for _ in 0..MOST_ALONE {
            let register = Register::open(folder.path());
            assert!(!register.gives_up(7) && !register.gives_up(9));
            dies_over(folder.path(), &[9]);
        }
        let register = Register::open(folder.path());
        assert_eq!(register.left_behind(), [7, 9].into());
        assert!(register.gives_up(9) && !register.gives_up(7), "nobody was alone with the other");
        register.forget(9);
        assert!(!register.gives_up(9));
        assert_eq!(Register::open(folder.path()).left_behind(), [7].into());
    }

    #[test]
    fn photos_in_company_are_never_given_up() {
        let folder = tempfile::tempdir().unwrap();
        for turn in 1..20 {
            dies_over(folder.path(), &[turn, turn + 100]);
            assert!((0..200).all(|id| !Register::open(folder.path()).gives_up(id)));
        }
    }

    #[test]
    fn without_the_file_or_with_nonsense_in_it_all_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), [0xFF; 37]).unwrap();
        assert!(Register::open(folder.path()).left_behind().is_empty());
        let nowhere = Register::open(&folder.path().join("nowhere"));
        drop(nowhere.enter(1));
        assert!(nowhere.left_behind().is_empty());
    }
}

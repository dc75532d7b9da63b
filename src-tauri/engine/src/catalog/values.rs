//! Values that the photos of the library have, and how many: what completion
//! offers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::{Connection, Row};

use super::{Catalog, paths};
use crate::error::Result;

/// Values are to be counted again when they are older than this. Counting reads all
/// photos, too much for every letter that is typed while photos come.
const FRESH: Duration = Duration::from_secs(10);

/// What the library knows values of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Known {
    Cameras,
    Lenses,
    /// Paths from the name of the root's own folder on, with slashes: each folder
    /// that holds photos or a folder with photos.
    Folders,
    /// Keywords, and the words above them in hierarchical ones.
    Tags,
    /// The nearest towns.
    Towns,
    /// Formats, as [`Format::name`](crate::decode::Format::name) has them.
    Formats,
}

impl Known {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Cameras, Self::Lenses, Self::Folders, Self::Tags, Self::Towns, Self::Formats];
}

/// A value that photos have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownValue {
    pub text: String,
    /// What tells it from others of its name: a town's region and country.
    pub detail: Option<String>,
    /// Present photos that have it.
    pub photos: u64,
}

/// What was counted, and when.
pub(super) type Cache = Mutex<HashMap<Known, (Instant, Arc<[KnownValue]>)>>;

impl Catalog {
    /// The values of present photos as they were last counted, most frequent first,
    /// and whether they are to be counted again: once for whoever is told so.
    pub fn known_values(&self, of: Known) -> Result<(Arc<[KnownValue]>, bool)> {
        if let Some((counted, values)) = self.values.lock().get_mut(&of) {
            let is_old = counted.elapsed() >= FRESH;
            if is_old {
                *counted = Instant::now();
            }
            return Ok((values.clone(), is_old));
        }
        Ok((self.count_values(of)?, false))
    }

    /// Counts them, which takes some hundredths of a second for 100,000 photos.
    pub fn count_values(&self, of: Known) -> Result<Arc<[KnownValue]>> {
        let mut values = self.database.read(|c| count(c, of))?;
        values.sort_by(|a, b| b.photos.cmp(&a.photos).then_with(|| a.text.cmp(&b.text)));
        let values: Arc<[KnownValue]> = values.into();
        self.values.lock().insert(of, (Instant::now(), values.clone()));
        Ok(values)
    }
}

fn count(c: &Connection, of: Known) -> rusqlite::Result<Vec<KnownValue>> {
    match of {
        Known::Cameras => single(c, "camera"),
        Known::Lenses => single(c, "lens"),
        Known::Formats => single(c, "format"),
        Known::Towns => towns(c),
        Known::Tags => tags(c),
        Known::Folders => folders(c),
    }
}

fn each(
    c: &Connection,
    columns: &str,
    whose: &str,
    mut take: impl FnMut(&Row) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    // By the order of the table: an index would lead through it at random.
    let sql =
        format!("SELECT {columns} FROM photo NOT INDEXED WHERE state = 'present' AND {whose}");
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

fn single(c: &Connection, column: &str) -> rusqlite::Result<Vec<KnownValue>> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    each(c, column, &format!("{column} <> ''"), |row| {
        let value = row.get_ref(0)?.as_str()?;
        match counts.get_mut(value) {
            Some(photos) => *photos += 1,
            None => drop(counts.insert(value.to_owned(), 1)),
        }
        Ok(())
    })?;
    let value = |(text, photos)| KnownValue { text, detail: None, photos };
    Ok(counts.into_iter().map(value).collect())
}

/// Towns of one name are one value, since a filter means them all; the first
/// one's region and country are told.
fn towns(c: &Connection) -> rusqlite::Result<Vec<KnownValue>> {
    let mut counts: HashMap<String, KnownValue> = HashMap::new();
    each(c, "city, region, country", "city <> ''", |row| {
        let city = row.get_ref(0)?.as_str()?;
        if let Some(town) = counts.get_mut(city) {
            town.photos += 1;
            return Ok(());
        }
        let around = [row.get_ref(1)?.as_str_or_null()?, row.get_ref(2)?.as_str_or_null()?];
        let around: Vec<&str> = around.into_iter().flatten().filter(|it| !it.is_empty()).collect();
        let detail = Some(around.join(", ")).filter(|detail| !detail.is_empty());
        let town = KnownValue { text: city.to_owned(), detail, photos: 1 };
        counts.insert(city.to_owned(), town);
        Ok(())
    })?;
    Ok(counts.into_values().collect())
}

/// Tags are one in any case; as the first photo writes it, it is told.
fn tags(c: &Connection) -> rusqlite::Result<Vec<KnownValue>> {
    let mut counts: HashMap<String, KnownValue> = HashMap::new();
    let mut of_photo: HashSet<String> = HashSet::new();
    let whose = "(keywords <> '[]' OR hierarchical_keywords <> '[]')";
    each(c, "keywords, hierarchical_keywords", whose, |row| {
        // What is no list of words, which nothing here writes, names no tag.
        let words = |column| -> rusqlite::Result<Vec<String>> {
            Ok(serde_json::from_str(row.get_ref(column)?.as_str()?).unwrap_or_default())
        };
        let (plain, trees) = (words(0)?, words(1)?);
        of_photo.clear();
        let parts = trees.iter().flat_map(|tree| tree.split(['|', '/']));
        for word in plain.iter().map(String::as_str).chain(parts).map(str::trim) {
            let key = word.to_lowercase();
            if word.is_empty() || of_photo.contains(&key) {
                continue;
            }
            let tag = counts.entry(key.clone());
            let new = || KnownValue { text: word.to_owned(), detail: None, photos: 0 };
            tag.or_insert_with(new).photos += 1;
            of_photo.insert(key);
        }
        Ok(())
    })?;
    Ok(counts.into_values().collect())
}

fn folders(c: &Connection) -> rusqlite::Result<Vec<KnownValue>> {
    // Few folders hold many photos: first those, then the folders above them.
    let mut holding: HashMap<(i64, Vec<u8>), u64> = HashMap::new();
    let separator = paths::to_bytes(std::path::Path::new(std::path::MAIN_SEPARATOR_STR));
    let mut last: (i64, Vec<u8>, u64) = (0, Vec::new(), 0);
    each(c, "root_id, rel_path", "1", |row| {
        let (root, path) = (row.get(0)?, row.get_ref(1)?.as_blob()?);
        let unit = separator.len();
        let end = path.chunks_exact(unit).rposition(|at| at == separator).map_or(0, |n| n * unit);
        let folder = &path[..end];
        // Photos of one folder mostly come one after the other.
        if last.2 == 0 || last.0 != root || last.1 != folder {
            let (root, folder, photos) = std::mem::replace(&mut last, (root, folder.to_vec(), 0));
            *holding.entry((root, folder)).or_default() += photos;
        }
        last.2 += 1;
        Ok(())
    })?;
    *holding.entry((last.0, last.1)).or_default() += last.2;
    let roots: HashMap<i64, String> = c
        .prepare_cached("SELECT id, path FROM root")?
        .query_map([], |row| {
            let path = paths::from_bytes(row.get_ref(1)?.as_blob()?);
            Ok((row.get(0)?, path.file_name().unwrap_or_default().to_string_lossy().into_owned()))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut counts: HashMap<String, u64> = HashMap::new();
    for ((root, folder), photos) in holding.into_iter().filter(|(_, photos)| *photos > 0) {
        let mut path = roots.get(&root).cloned().unwrap_or_default();
        let folder = paths::from_bytes(&folder);
        let mut within = folder.iter();
        loop {
            if !path.is_empty() {
                *counts.entry(path.clone()).or_default() += photos;
            }
            let Some(name) = within.next() else { break };
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&name.to_string_lossy());
        }
    }
    let value = |(text, photos)| KnownValue { text, detail: None, photos };
    Ok(counts.into_iter().map(value).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalog::{Near, ReadPhoto, Stat};
    use crate::metadata::Metadata;

    #[test]
    fn values_are_counted_by_the_photos_that_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let root = catalog.add_root(Path::new("/home/anna/Pictures"), 0).unwrap();
        let stat = Stat::default();
        let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let photos: [(&str, &str, &[&str], &[&str]); 5] = [
            ("a.jpg", "Canon EOS 5D", &["beach"], &[]),
            ("Trips/b.jpg", "Canon EOS 5D", &["Beach", "sea"], &["Places|Portugal|Lisbon"]),
            ("Trips/Lisbon/c.jpg", "Leica M3", &[], &["places|Lisbon"]),
            ("Trips/Lisbon/d.jpg", "Leica M3", &[], &[]),
            ("gone.jpg", "Leica M3", &["sea"], &[]),
        ];
        let mut last = 0;
        for (n, (path, camera, plain, trees)) in (1..).zip(photos) {
            let add = |t: &rusqlite::Transaction<'_>| {
                Catalog::add_photo(t, root, Path::new(path), stat, 0)
            };
            last = catalog.change(add).unwrap();
            let metadata = Metadata {
                camera: Some(camera.to_owned()),
                keywords: texts(plain),
                hierarchical_keywords: texts(trees),
                ..Default::default()
            };
            let near =
                Near { city: "Lisboa".into(), country: "Portugal".into(), ..Default::default() };
            let read = ReadPhoto {
                hash: [n; 32],
                metadata,
                near: Some(near).filter(|_| n < 3),
                ..Default::default()
            };
            catalog.store_read(&[(last, stat, read)]).unwrap();
        }
        catalog.change(|t| Catalog::miss_photo(t, last, 9)).unwrap();
        let found = |of| -> Vec<(String, u64)> {
            let (values, is_old) = catalog.known_values(of).unwrap();
            assert!(!is_old);
            values.iter().map(|value| (value.text.clone(), value.photos)).collect()
        };
        let expected = |list: &[(&str, u64)]| -> Vec<(String, u64)> {
            list.iter().map(|(text, photos)| ((*text).to_owned(), *photos)).collect()
        };
        assert_eq!(found(Known::Cameras), expected(&[("Canon EOS 5D", 2), ("Leica M3", 2)]));
        let folders = [("Pictures", 4), ("Pictures/Trips", 3), ("Pictures/Trips/Lisbon", 2)];
        assert_eq!(found(Known::Folders), expected(&folders));
        let tags = [("Lisbon", 2), ("Places", 2), ("beach", 2), ("Portugal", 1), ("sea", 1)];
        assert_eq!(found(Known::Tags), expected(&tags));
        assert_eq!(found(Known::Towns), expected(&[("Lisboa", 2)]));
        let towns = catalog.count_values(Known::Towns).unwrap();
        assert_eq!(towns[0].detail.as_deref(), Some("Portugal"));
        assert_eq!(found(Known::Lenses), []);
    }
}

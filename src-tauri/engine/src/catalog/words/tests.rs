use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::catalog::{Catalog, ReadPhoto, Stat, failures, photos, places, roots, settings};
use crate::metadata::Metadata;
use crate::sqlite::{Database, Depth, examine};

const NONE: [i64; 0] = [];

struct Fixture {
    dir: tempfile::TempDir,
    catalog: Catalog,
    root: i64,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        let root = catalog.add_root(Path::new("/home/anna/Pictures"), 0).unwrap();
        Self { dir, catalog, root }
    }

    fn add(&self, path: &str) -> i64 {
        self.catalog
            .change(|t| Catalog::add_photo(t, self.root, Path::new(path), Stat::default(), 0))
            .unwrap()
    }

    fn place(&self, id: i64, path: &str) {
        self.catalog
            .change(|t| {
                Catalog::place_photo(t, id, self.root, Path::new(path), Stat::default(), false)
            })
            .unwrap();
    }

    /// Reads a photo in which somebody wrote this.
    fn read(&self, id: i64, title: &str, description: &str, keywords: &[&str]) {
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let metadata = Metadata {
            title: said(title),
            description: said(description),
            keywords: keywords.iter().map(|word| (*word).to_owned()).collect(),
            ..Default::default()
        };
        let hash = [u8::try_from(id % 251).unwrap(); 32];
        let read = ReadPhoto { hash, metadata, ..Default::default() };
        self.catalog.store_read(&[(id, Stat::default(), read)]).unwrap();
    }

    fn found(&self, sentence: &str) -> Vec<i64> {
        let found = self.catalog.photos_with_words(sentence, 1000).unwrap();
        found.into_iter().map(|found| found.photo).collect()
    }

    fn fields(&self, sentence: &str) -> Why {
        self.catalog.photos_with_words(sentence, 1).unwrap()[0].fields
    }
}

#[test]
fn words_are_found_where_they_are_said_and_count_by_that() {
    let f = Fixture::new();
    let folder = f.add("Lisbon/1.jpg");
    let name = f.add("x/lisbon_02.jpg");
    let keyword = f.add("x/3.jpg");
    f.read(keyword, "", "", &["Lisbon", "tram"]);
    let title = f.add("x/4.jpg");
    f.read(title, "A day in Lisbon", "", &[]);
    let description = f.add("x/5.jpg");
    f.read(description, "", "The tram goes uphill, as trams in Lisbon do.", &[]);
    assert_eq!(f.found("lisbon"), [description, title, keyword, name, folder]);
    let matches = f.catalog.photos_with_words("lisbon", 2).unwrap();
    let expected = [(description, Why::DESCRIPTION), (title, Why::TITLE)];
    assert_eq!(matches, expected.map(|(photo, fields)| WordMatch { photo, fields }));

    // All words have to be said, wherever.
    assert_eq!(f.found("tram in lisbon"), [description, keyword]);
    f.place(keyword, "Lisbon/3.jpg");
    assert_eq!(
        f.catalog.photos_with_words("LISBON", 9).unwrap()[2],
        WordMatch { photo: keyword, fields: Why::KEYWORDS | Why::FOLDER }
    );
    assert_eq!(f.found("tram in paris"), NONE);
    for nothing in ["", "the of in", "...", "lisbon xyz"] {
        assert_eq!(f.found(nothing), NONE, "{nothing:?}");
    }
}

#[test]
fn names_are_found_however_they_are_written() {
    let f = Fixture::new();
    let phone = f.add("2019-06 Lisbon/IMG_2044.jpg");
    for asked in ["IMG_2044", "img 2044", "2044", "IMG2044", "img_204", "2019-06 Lisbon", "2019 06"]
    {
        assert_eq!(f.found(asked), [phone], "{asked}");
    }
    let humps = f.add("a/NewYorkTrip.jpeg");
    for asked in ["new york", "NewYork", "newyork", "new york trip", "york tri"] {
        assert_eq!(f.found(asked), [humps], "{asked}");
    }
    let scripts = f.add("Übersee/Cafe\u{301} 東京タワー.jpg");
    for asked in ["café", "CAFE", "東京", "übersee", "ubersee cafe"] {
        assert_eq!(f.found(asked), [scripts], "{asked}");
    }
    for asked in ["jpg", "jpeg", "lisb", "i", "2044 im", "anna"] {
        assert_eq!(f.found(asked), NONE, "{asked}");
    }
    assert_eq!(f.fields("york tri"), Why::NAME);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_unicode_is_found_by_what_of_it_is() {
    use std::os::unix::ffi::OsStrExt;
    let f = Fixture::new();
    let path = Path::new(std::ffi::OsStr::from_bytes(b"trip\xff/sea\xfe_1.jpg"));
    let add = |t: &Transaction<'_>| Catalog::add_photo(t, f.root, path, Stat::default(), 0);
    let id = f.catalog.change(add).unwrap();
    assert_eq!(f.found("trip sea"), [id]);
}

#[test]
fn what_most_photos_have_says_nothing() {
    let f = Fixture::new();
    let ids: Vec<i64> =
        (0..60).map(|n| f.add(&format!("Camera/IMG_{:04}.jpg", 2000 + n))).collect();
    for id in &ids[..30] {
        f.read(*id, "", "OLYMPUS DIGITAL CAMERA", &[]);
    }
    for common in ["img", "camera", "olympus", "img camera", "pictures"] {
        assert_eq!(f.found(common), NONE, "{common}");
    }
    // With a word that tells, they are passed over.
    assert_eq!(f.found("img 2044"), [ids[44]]);
    assert_eq!(f.found("pictures of 2044"), [ids[44]]);
    // A third may have one.
    for (n, id) in ids.iter().enumerate().take(20) {
        f.place(*id, &format!("Lisbon/{n}.jpg"));
    }
    assert_eq!(f.found("lisbon").len(), 20);
    f.place(ids[20], "Lisbon/20.jpg");
    assert_eq!(f.found("lisbon"), NONE);
}

#[test]
fn the_index_follows_whatever_becomes_of_a_photo() {
    let f = Fixture::new();
    let [a, b] = ["Rome/a.jpg", "Rome/b.jpg"].map(|path| f.add(path));
    assert_eq!(f.found("rome"), [b, a]);
    f.place(a, "Paris/a.jpg");
    assert_eq!((f.found("rome"), f.found("paris")), (vec![b], vec![a]));
    f.read(a, "Tower", "", &[]);
    f.read(a, "Bridge", "", &["river"]);
    assert_eq!((f.found("tower"), f.found("bridge river")), (vec![], vec![a]));

    f.catalog.change(|t| Catalog::miss_photo(t, b, 9)).unwrap();
    assert_eq!(f.found("rome"), NONE);
    f.place(b, "Rome/b.jpg");
    assert_eq!(f.found("rome"), [b]);
    f.catalog.change(|t| Catalog::exclude_photo(t, b)).unwrap();
    assert_eq!(f.found("rome"), NONE);
    f.place(b, "Rome/b.jpg");

    // One that was never read cannot be shown, so it is not found.
    f.catalog.store_failure(b, Stat::default(), &message!("cut off"), true, 9).unwrap();
    assert_eq!(f.found("rome"), NONE);
    f.catalog.forget_failures().unwrap();
    assert_eq!(f.found("rome"), [b]);

    // The root's own name counts as a folder's.
    let inner = f.catalog.add_root(Path::new("/home/anna/Pictures/Wedding"), 0).unwrap();
    let add =
        |t: &Transaction<'_>| Catalog::add_photo(t, inner, Path::new("c.jpg"), Stat::default(), 0);
    let c = f.catalog.change(add).unwrap();
    assert_eq!(f.found("wedding"), [c]);
    f.catalog.move_root(inner, Path::new("/mnt/Holiday")).unwrap();
    assert_eq!((f.found("wedding"), f.found("holiday")), (vec![], vec![c]));
    f.catalog.move_root(inner, Path::new("/home/anna/Pictures/Party")).unwrap();
    assert!(f.catalog.remove_root(inner, 9).unwrap());
    assert_eq!((f.found("party"), f.found("pictures party")), (vec![c], vec![c]));
    assert!(f.catalog.remove_root(f.root, 9).unwrap());
    assert_eq!((f.found("party"), f.found("paris")), (vec![], vec![]));
    assert!(f.catalog.restore_root(f.root, 9).unwrap());
    assert_eq!(f.found("party"), [c]);
}

#[test]
fn a_change_that_fails_leaves_words_and_photos_as_they_were() {
    let f = Fixture::new();
    let a = f.add("Rome/a.jpg");
    let failed: Result<()> = f.catalog.change(|t| {
        Catalog::place_photo(t, a, f.root, Path::new("Paris/a.jpg"), Stat::default(), false)?;
        catch_up(t)?;
        Err(rusqlite::Error::InvalidQuery)
    });
    assert!(failed.is_err());
    assert_eq!((f.found("rome"), f.found("paris")), (vec![a], vec![]));
}

#[test]
fn what_others_wrote_is_caught_up_with_when_the_catalog_is_opened() {
    let f = Fixture::new();
    let [a, b] = ["Rome/a.jpg", "Rome/b.jpg"].map(|path| f.add(path));
    let Fixture { dir, catalog, root } = f;
    drop(catalog);
    let other = Connection::open(dir.path().join(Catalog::FILE)).unwrap();
    other
        .execute("UPDATE photo SET rel_path = CAST('Oslo/a.jpg' AS BLOB) WHERE id = ?1", [a])
        .unwrap();
    other.execute("DELETE FROM photo WHERE id = ?1", [b]).unwrap();
    drop(other);
    let f = Fixture { catalog: Catalog::open(dir.path()).unwrap(), dir, root };
    assert_eq!((f.found("rome"), f.found("oslo")), (vec![], vec![a]));
}

/// The catalog as it was before words were indexed.
fn before_words() -> [&'static [Migration]; 4] {
    let before =
        |all: &'static [Migration]| &all[..all.iter().take_while(|step| step.version < 8).count()];
    [roots::MIGRATIONS, photos::MIGRATIONS, failures::MIGRATIONS, settings::MIGRATIONS].map(before)
}

#[test]
fn each_field_is_told_with_the_words_that_are_in_it() {
    let f = Fixture::new();
    let (id, other) = (f.add("Lisbon/tramway_1.jpg"), f.add("Lisbon/b.jpg"));
    f.read(id, "Yellow tram", "", &["tram", "hill"]);
    let of = |photo, sentence: &str| f.catalog.words_of(photo, sentence).unwrap();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let expected = [
        (Why::TITLE, words(&["yellow", "tram"])),
        (Why::KEYWORDS, words(&["tram"])),
        // The last word may be the beginning of one in a name.
        (Why::NAME, words(&["tram"])),
    ];
    assert_eq!(of(id, "a yellow Tram"), expected);
    assert_eq!(of(other, "in Lisbon"), [(Why::FOLDER, words(&["lisbon"]))]);
    for (photo, sentence) in [(other, "tram"), (id, "tram in snow"), (id, "the"), (99, "tram")] {
        assert_eq!(of(photo, sentence), [], "{sentence} of {photo}");
        assert!(!f.found(sentence).contains(&photo));
    }
}

#[test]
fn a_catalog_of_version_7_gets_its_words_and_marks() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(Catalog::FILE);
    let older = Database::open(&file, &before_words(), crate::catalog::remedy).unwrap();
    older
        .write(|t| {
            t.execute_batch(
                "INSERT INTO root (id, path, added_at) VALUES (1, CAST('/p/Trips' AS BLOB), 0);
                 INSERT INTO photo (id, root_id, rel_path, size, mtime_ns, time, added_at, title,
                     keywords, state)
                   VALUES (5, 1, CAST('Lisbon/a.jpg' AS BLOB), 1, 1, 1, 1, 'Tram', '[\"hill\"]',
                     'present'),
                   (6, 1, CAST('Lisbon/b.jpg' AS BLOB), 1, 1, 1, 1, NULL, '[]', 'missing');",
            )
        })
        .unwrap();
    drop(older);
    let f = Fixture { catalog: Catalog::open(dir.path()).unwrap(), dir, root: 1 };
    assert_eq!((f.found("trips lisbon"), f.found("hill tram")), (vec![5], vec![5]));
    assert!(!f.catalog.photo(5).unwrap().unwrap().favourite);
    assert_eq!(f.catalog.set_favourite(&[5, 6], true).unwrap(), Ok(vec![(5, false), (6, false)]));
    assert!(f.catalog.photo(5).unwrap().unwrap().favourite);
    f.catalog.examine().unwrap();
}

/// A library as a phone and ten years of trips make it.
fn path_of(n: u32) -> String {
    let trip = n / 100;
    let year = 2010 + trip % 10;
    let place = ["Lisbon", "Rome", "Oslo", "New York", "Home"][(n / 20_000) as usize % 5];
    format!("{year}/{year}-{:02} {place} {trip}/IMG_{n:06}.jpg", trip % 12 + 1)
}

#[test]
fn a_hundred_thousand_photos_are_indexed_found_and_moved_in_seconds() {
    const PHOTOS: u32 = 100_000;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(Catalog::FILE);
    let older = Database::open(&file, &before_words(), crate::catalog::remedy).unwrap();
    older
        .write(|t| {
            t.execute_batch("INSERT INTO root (id, path, added_at) VALUES (1, x'2F70', 0)")?;
            let mut add = t.prepare(
                "INSERT INTO photo (root_id, rel_path, size, mtime_ns, device, inode, birth_ns,
                   content_hash, time, width, height, color, format, camera, lens, city, region,
                   country, country_code, iso, aperture, focal_mm, exposure_s, added_at, keywords)
                 VALUES (1, ?1, ?2, ?2, 1, ?2, ?2, randomblob(32), ?2, 4000, 3000, 1, 'JPEG',
                   'Apple iPhone ' || (?2 % 7), 'iPhone back camera ' || (?2 % 5), 'Lisboa',
                   'Lisboa', 'Portugal', 'PT', 100, 1.8, 4.2, 0.01, 1, ?3)",
            )?;
            for n in 0..PHOTOS {
                let words = if n % 50 == 0 { "[\"beach\",\"family\"]" } else { "[]" };
                let path = paths::to_bytes(Path::new(&path_of(n)));
                add.execute(params![path, n, words])?;
            }
            Ok(())
        })
        .unwrap();
    drop(older);
    let before = file.metadata().unwrap().len();
    let began = Instant::now();
    let catalog = Catalog::open(dir.path()).unwrap();
    let upgraded = began.elapsed();
    let f = Fixture { catalog, dir, root: 1 };
    let began = Instant::now();
    f.catalog.database.read(|c| examine(c, Depth::Quick)).unwrap();
    let examined = began.elapsed();

    let mut figures = Vec::new();
    for (sentence, count) in [
        ("lisbon", 20_000),
        ("IMG_044123", 1),
        ("beach", 2_000),
        ("rome beach", 400),
        ("img", 0),
        ("2013 oslo", 2_000),
        ("two dogs running across a frosty field", 0),
        ("0441", 100),
    ] {
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            let found = f.catalog.photos_with_words(sentence, usize::MAX).unwrap();
            best = best.min(began.elapsed());
            assert_eq!(found.len(), count, "{sentence}");
        }
        figures.push(format!("{sentence:?} {count}: {best:?}"));
    }

    use crate::catalog::Known;
    for known in Known::ALL {
        let began = Instant::now();
        let values = f.catalog.count_values(known).unwrap();
        figures.push(format!("{known:?} {}: {:?}", values.len(), began.elapsed()));
    }

    // A folder above all of them is renamed: each leaves, then each comes.
    let ids: Vec<i64> =
        f.catalog.known_photos(1, None).unwrap().into_iter().map(|p| p.id).collect();
    let began = Instant::now();
    f.catalog
        .change(|t| {
            ids.iter().try_for_each(|id| Catalog::miss_photo(t, *id, 9))?;
            for (n, id) in (0..).zip(&ids) {
                let path = format!("Photos/{}", path_of(n));
                let stat = places::Stat::default();
                Catalog::place_photo(t, *id, 1, Path::new(&path), stat, false)?;
            }
            Ok(())
        })
        .unwrap();
    let moved = began.elapsed();
    let both: BTreeSet<usize> = ["lisbon", "photos lisbon"].map(|s| f.found(s).len()).into();
    assert_eq!(both, BTreeSet::from([1000]));
    let found = f.catalog.photos_with_words("lisbon", usize::MAX).unwrap();
    assert_eq!(found.len(), 20_000);

    let Fixture { dir, catalog, .. } = f;
    let bytes = catalog
        .database
        .read(|c| {
            let sql = "SELECT (SELECT coalesce(sum(length(block)), 0) FROM words_data)
                     + (SELECT count(*) * 12 FROM words_docsize)";
            c.query_row(sql, [], |row| row.get::<_, u64>(0))
        })
        .unwrap();
    drop(catalog);
    let after = dir.path().join(Catalog::FILE).metadata().unwrap().len();
    println!(
        "upgraded in {upgraded:?}, examined in {examined:?}, moved in {moved:?}; {} bytes a photo \
         before, {} after all, index {}",
        before / u64::from(PHOTOS),
        after / u64::from(PHOTOS),
        bytes / u64::from(PHOTOS)
    );
    figures.iter().for_each(|figure| println!("{figure}"));
    // Of what takes two or three seconds on two cores; this machine may be busy.
    assert!(upgraded < Duration::from_secs(30), "{upgraded:?}");
    assert!(moved < Duration::from_secs(60), "{moved:?}");
}

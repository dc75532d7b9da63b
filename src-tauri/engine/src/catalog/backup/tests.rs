//! On real files: what a backup holds, when it is made, and what restoring does.

use jiff::civil::date;

use super::*;
use crate::Code;
use crate::catalog::{Stat, photos, roots};
use crate::library::writer::Writer;
use crate::view::WriterKind;

const STAT: Stat = Stat {
    size: 10,
    mtime_ns: 5_000_000_000,
    device: Some(1),
    inode: Some(2),
    birth_ns: None,
    sidecars: 0,
};

fn library(photos: u32) -> (tempfile::TempDir, Catalog) {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(dir.path()).unwrap();
    add(&catalog, 0, photos);
    (dir, catalog)
}

fn add(catalog: &Catalog, from: u32, to: u32) {
    let root = catalog.add_root(Path::new("/photos"), 0).unwrap();
    catalog
        .change(|t| {
            for number in from..to {
                let path = format!("a folder of some length/IMG_{number:06}.jpg");
                Catalog::add_photo(t, root, Path::new(&path), STAT, 0)?;
            }
            Ok(())
        })
        .unwrap();
}

/// Spoils the pages in the middle of a file.
fn spoil(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let (from, to) = (bytes.len() / 2 / 4096 * 4096, bytes.len());
    bytes[from..to].fill(0xa5);
    fs::write(file, bytes).unwrap();
}

fn dates(library: &Path) -> Vec<Date> {
    automatic(library).into_iter().map(|backup| backup.date).collect()
}

/// Lets everything be in the one file.
fn close(dir: &Path, catalog: Catalog) -> PathBuf {
    drop(catalog);
    let file = dir.join(Catalog::FILE);
    assert!(!beside(&file, "-wal").exists());
    file
}

#[test]
fn one_backup_a_day_and_the_last_seven_are_kept() {
    let (dir, catalog) = library(3);
    for day in 1..=9 {
        assert!(catalog.keep_daily(date(2026, 2, day)).unwrap());
        assert!(!catalog.keep_daily(date(2026, 2, day)).unwrap());
    }
    let expected: Vec<Date> = (3..=9).rev().map(|day| date(2026, 2, day)).collect();
    assert_eq!(dates(dir.path()), expected);
    let newest = &automatic(dir.path())[0];
    assert!(newest.path.ends_with("backups/library-2026-02-09.sqlite"));
    let beside: Vec<_> = fs::read_dir(dir.path().join(FOLDER)).unwrap().collect();
    assert_eq!(beside.len(), 7, "nothing but backups");
}

#[test]
fn a_library_without_photos_is_not_backed_up() {
    let (dir, catalog) = library(0);
    assert!(!catalog.keep_daily(date(2026, 2, 1)).unwrap());
    assert!(dates(dir.path()).is_empty());
}

#[test]
fn a_damaged_catalog_never_replaces_a_backup() {
    let (dir, catalog) = library(20_000);
    catalog.keep_daily(date(2026, 2, 1)).unwrap();
    let file = close(dir.path(), catalog);
    spoil(&file);
    // The first pages are as they were: opening finds nothing.
    let catalog = Catalog::open(dir.path()).unwrap();
    assert!(catalog.read_only().is_none());
    let before = fs::read(&file).unwrap();
    for day in 2..20 {
        let made = catalog.keep_daily(date(2026, 2, day));
        assert!(!matches!(made, Ok(true)));
    }
    assert_eq!(dates(dir.path()), [date(2026, 2, 1)]);
    // It is known now, and nothing is written any more.
    assert!(catalog.read_only().unwrap().to_string().contains("is damaged"));
    assert!(catalog.add_root(Path::new("/more"), 0).is_err());
    drop(catalog);
    assert_eq!(fs::read(&file).unwrap(), before);

    // The next start opens the backup, says so and how to go back to it.
    let catalog = Catalog::open(dir.path()).unwrap();
    let reason = catalog.read_only().unwrap().to_string();
    let command = format!(
        "`afterimage --library {} library restore {}`",
        dir.path().display(),
        automatic(dir.path())[0].path.display()
    );
    assert!(reason.contains(&command) && reason.contains("2026-02-01"), "{reason}");
    assert_eq!(catalog.counts().unwrap().present, 20_000);
    assert_eq!(catalog.set_settings(&[("a", "b")]).unwrap_err().to_string(), reason);
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_or_cut_off_or_empty_is_replaced_by_its_backup() {
    for size in [None, Some(0), Some(100), Some(4096), Some(50_000)] {
        let (dir, catalog) = library(3000);
        catalog.keep_daily(date(2026, 2, 1)).unwrap();
        let file = close(dir.path(), catalog);
        match size {
            Some(size) => File::options().write(true).open(&file).unwrap().set_len(size).unwrap(),
            None => fs::write(&file, [7; 9000]).unwrap(),
        }
        let before = fs::read(&file).unwrap();
        let catalog = Catalog::open(dir.path()).unwrap();
        assert!(catalog.read_only().is_some(), "{size:?}");
        assert_eq!(catalog.counts().unwrap().present, 3000, "{size:?}");
        drop(catalog);
        assert_eq!(fs::read(&file).unwrap(), before, "{size:?}");
    }
}

/// What stands on the disk: the file, and the log beside it.
fn bytes(file: &Path) -> [Vec<u8>; 2] {
    [fs::read(file).unwrap(), fs::read(beside(file, "-wal")).unwrap()]
}

/// A library of many photos, and some more that are in its log only, since the
/// process that added them died.
fn crashed() -> (tempfile::TempDir, PathBuf) {
    let (dir, catalog) = library(20_000);
    catalog.keep_daily(date(2026, 2, 1)).unwrap();
    let file = close(dir.path(), catalog);
    let catalog = Catalog::open(dir.path()).unwrap();
    add(&catalog, 20_000, 20_003);
    // What a process that dies leaves behind is what is there while it lives.
    let left = tempfile::tempdir().unwrap();
    fs::create_dir(left.path().join(FOLDER)).unwrap();
    let newest = &automatic(dir.path())[0].path;
    for from in [&file, &beside(&file, "-wal"), newest] {
        fs::copy(from, left.path().join(from.strip_prefix(dir.path()).unwrap())).unwrap();
    }
    let file = left.path().join(Catalog::FILE);
    (left, file)
}

#[test]
fn a_crash_alone_is_no_damage() {
    let (dir, _) = crashed();
    let catalog = Catalog::open(dir.path()).unwrap();
    assert!(catalog.read_only().is_none());
    assert_eq!(catalog.counts().unwrap().present, 20_003);
    close(dir.path(), catalog);
}

#[test]
fn a_damaged_file_and_its_log_stay_as_they_are() {
    let damages: [fn(&Path); 4] = [
        |file| fs::write(file, [7; 9000]).unwrap(),
        |file| fs::write(file, "").unwrap(),
        |file| File::options().write(true).open(file).unwrap().set_len(300_000).unwrap(),
        spoil,
    ];
    for (n, damage) in damages.into_iter().enumerate() {
        let (dir, file) = crashed();
        damage(&file);
        let before = bytes(&file);
        for _ in 0..2 {
            let catalog = Catalog::open(dir.path()).unwrap();
            assert!(catalog.read_only().is_some(), "{n}");
            assert_eq!(catalog.counts().unwrap().present, 20_000, "{n}");
            assert!(backup(dir.path(), &dir.path().join("copy"), true).is_err(), "{n}");
            let troubles = sqlite::look_for_damage(&file, &MIGRATIONS).unwrap();
            assert!(!troubles.is_empty(), "{n}");
        }
        assert!(bytes(&file) == before, "{n}: something was written");
    }
}

#[test]
fn an_emptied_log_is_damage_even_without_a_backup() {
    let (dir, catalog) = library(100);
    let log = fs::read(dir.path().join("library.sqlite-wal")).unwrap();
    let file = close(dir.path(), catalog);
    fs::write(beside(&file, "-wal"), log).unwrap();
    fs::write(&file, "").unwrap();
    let before = bytes(&file);
    assert!(before[1].len() > 4096);
    let error = Catalog::open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("no automatic backup") && error.contains("restore"), "{error}");
    assert!(bytes(&file) == before);
}

#[test]
fn damage_that_shows_while_it_is_open_is_not_written_over_at_the_end() {
    let (dir, file) = crashed();
    let catalog = Catalog::open(dir.path()).unwrap();
    add(&catalog, 20_003, 20_005);
    spoil(&file);
    let before = bytes(&file);
    assert!(sqlite::is_damaged(&catalog.examine().unwrap_err()));
    assert!(catalog.set_settings(&[("a", "b")]).is_err());
    drop(catalog);
    assert!(bytes(&file) == before);
}

#[test]
fn nobody_begins_to_index_into_a_damaged_catalog_whatever_was_backed_up_today() {
    let (dir, catalog) = library(20_000);
    let today = jiff::Zoned::now().date();
    catalog.keep_daily(today).unwrap();
    let file = close(dir.path(), catalog);
    spoil(&file);
    let catalog = std::sync::Arc::new(Catalog::open(dir.path()).unwrap());
    let before = fs::read(&file).unwrap();
    assert!(catalog.read_only().is_none(), "its first pages are as they were");
    let refused = Writer::take(dir.path(), WriterKind::Index, &catalog).err().unwrap();
    assert!(refused.to_string().contains("is damaged"), "{refused}");
    drop(catalog);
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn a_damaged_backup_is_passed_over_for_an_older_one() {
    let (dir, catalog) = library(3000);
    catalog.keep_daily(date(2026, 2, 1)).unwrap();
    add(&catalog, 3000, 4000);
    catalog.keep_daily(date(2026, 2, 2)).unwrap();
    let file = close(dir.path(), catalog);
    spoil(&automatic(dir.path())[0].path);
    fs::write(&file, [7; 9000]).unwrap();
    let catalog = Catalog::open(dir.path()).unwrap();
    assert!(catalog.read_only().unwrap().to_string().contains("2026-02-01"));
    assert_eq!(catalog.counts().unwrap().present, 3000);
}

#[test]
fn a_backup_of_an_older_version_is_read_in_a_copy() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(FOLDER)).unwrap();
    let backup = dir.path().join(FOLDER).join("library-2026-02-01.sqlite");
    let older = [&roots::MIGRATIONS[..1], &photos::MIGRATIONS[..1]];
    let database = sqlite::Database::open(&backup, &older, crate::catalog::remedy).unwrap();
    database
        .write(|t| t.execute("INSERT INTO root (path, added_at) VALUES (x'2f61', 0)", []))
        .unwrap();
    drop(database);
    let before = fs::read(&backup).unwrap();
    fs::write(dir.path().join(Catalog::FILE), [7; 9000]).unwrap();
    let catalog = Catalog::open(dir.path()).unwrap();
    assert_eq!(catalog.roots().unwrap()[0].path, Path::new("/a"));
    assert!(catalog.settings().unwrap().is_empty());
    drop(catalog);
    assert_eq!(fs::read(&backup).unwrap(), before);
}

#[test]
fn without_a_backup_what_can_be_read_is_or_the_words_are_clear() {
    let (dir, catalog) = library(3000);
    let file = close(dir.path(), catalog);
    sqlite::set_mark(&file);
    // An index that misses a row: everything can be read.
    let writer = Connection::open(&file).unwrap();
    writer
        .execute_batch(
            "PRAGMA writable_schema = on;
             DELETE FROM sqlite_schema WHERE name = 'photo_by_hash'",
        )
        .unwrap();
    drop(writer);
    let catalog = Catalog::open(dir.path()).unwrap();
    let reason = catalog.read_only().unwrap().to_string();
    assert!(reason.contains("no automatic backup") && reason.contains("library restore FILE"));
    assert_eq!(catalog.counts().unwrap().present, 3000);
    drop(catalog);

    fs::write(&file, [7; 9000]).unwrap();
    let error = Catalog::open(dir.path()).err().unwrap();
    assert_eq!(error.code(), Code::Failed);
    assert!(error.to_string().contains("library restore FILE"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), [7; 9000]);
}

#[test]
fn restoring_keeps_the_damaged_file_and_puts_the_copy_in_its_place() {
    let (dir, catalog) = library(5);
    let copy = dir.path().join("copy.sqlite");
    backup(dir.path(), &copy, false).unwrap();
    let file = close(dir.path(), catalog);
    fs::write(&file, [7; 9000]).unwrap();
    for attempt in ["", "-2"] {
        let kept = restore(dir.path(), &copy, date(2026, 2, 1)).unwrap().unwrap();
        let expected = format!("library.sqlite.damaged-2026-02-01{attempt}");
        assert_eq!(kept, dir.path().join(expected));
        let catalog = Catalog::open(dir.path()).unwrap();
        assert!(catalog.read_only().is_none());
        assert_eq!(catalog.counts().unwrap().present, 5);
        // A log that is left must not be taken for the restored file's.
        add(&catalog, 5, 6);
        std::mem::forget(catalog);
    }
    assert_eq!(fs::read(dir.path().join("library.sqlite.damaged-2026-02-01")).unwrap(), [7; 9000]);
}

#[test]
fn what_is_no_backup_is_not_restored() {
    let (dir, catalog) = library(5);
    let file = close(dir.path(), catalog);
    let before = fs::read(&file).unwrap();
    let bad = dir.path().join("bad");
    let refused = |code: Code| {
        let error = restore(dir.path(), &bad, date(2026, 2, 1)).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(fs::read(&file).unwrap(), before);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left over");
    };
    fs::write(&bad, [7; 9000]).unwrap();
    refused(Code::Failed);
    fs::remove_file(&bad).unwrap();
    Connection::open(&bad).unwrap().execute_batch("CREATE TABLE a (x)").unwrap();
    refused(Code::Usage);
    Connection::open(&bad).unwrap().execute_batch("PRAGMA user_version = 9999").unwrap();
    refused(Code::NewerLibrary);
    assert_eq!(restore(dir.path(), &file, date(2026, 2, 1)).unwrap_err().code(), Code::Usage);
}

#[test]
fn a_backup_is_whole_while_others_write_and_replaces_nothing_unasked() {
    let (dir, catalog) = library(1000);
    let to = dir.path().join("copy.sqlite");
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for hundred in 10..40 {
                add(&catalog, 100 * hundred, 100 * (hundred + 1));
            }
        });
        let mut made = 0;
        while !writing.is_finished() || made == 0 {
            backup(dir.path(), &to, true).unwrap();
            let copy = Connection::open(&to).unwrap();
            let photos: u32 =
                copy.query_row("SELECT count(*) FROM photo", [], |row| row.get(0)).unwrap();
            assert!(photos >= 1000 && photos.is_multiple_of(100), "half a transaction: {photos}");
            made += 1;
        }
    });
    let error = backup(dir.path(), &to, false).unwrap_err();
    assert_eq!(error.code(), Code::Usage);
    assert!(error.to_string().contains("--force"), "{error}");
    assert!(backup(dir.path(), &dir.path().join(Catalog::FILE), true).is_err());
    assert!(backup(dir.path(), &dir.path().join("no/such"), true).is_err());
}

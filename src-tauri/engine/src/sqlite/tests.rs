use super::*;
use crate::Code;

const ONE: &[Migration] = &[Migration { version: 1, sql: "CREATE TABLE a (x)" }];
const TWO: &[Migration] = &[Migration { version: 2, sql: "CREATE TABLE b (y)" }];
const BAD: &[Migration] = &[Migration { version: 3, sql: "CREATE TABLE c (z); nonsense" }];

fn tables(database: &Database) -> Vec<String> {
    database
        .read(|c| {
            c.prepare("SELECT name FROM sqlite_schema ORDER BY name")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
        .unwrap()
}

fn delete_it() -> Message {
    message!("delete it")
}

#[test]
fn later_migrations_run_on_an_older_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    drop(Database::open(&path, &[ONE], delete_it).unwrap());
    let database = Database::open(&path, &[TWO, ONE], delete_it).unwrap();
    assert_eq!(tables(&database), ["a", "b"]);
}

#[test]
fn a_newer_file_is_refused_and_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    drop(Database::open(&path, &[ONE, TWO], delete_it).unwrap());
    let before = std::fs::read(&path).unwrap();
    let error = Database::open(&path, &[ONE], delete_it).err().unwrap();
    assert_eq!(error.code(), Code::NewerLibrary);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_failing_migration_leaves_nothing_half_done() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    drop(Database::open(&path, &[ONE], delete_it).unwrap());
    assert!(Database::open(&path, &[ONE, TWO, BAD], delete_it).is_err());
    assert_eq!(tables(&Database::open(&path, &[ONE], delete_it).unwrap()), ["a"]);
}

const PARENT: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE parent (id INTEGER PRIMARY KEY);
          CREATE TABLE child (parent INTEGER REFERENCES parent (id) ON DELETE CASCADE);
          INSERT INTO parent VALUES (1);
          INSERT INTO child VALUES (1);",
}];

#[test]
fn a_migration_may_build_a_table_anew_that_others_refer_to() {
    const ANEW: &[Migration] = &[Migration {
        version: 2,
        sql: "CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT);
              INSERT INTO new_parent (id) SELECT id FROM parent;
              DROP TABLE parent;
              ALTER TABLE new_parent RENAME TO parent;",
    }];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    drop(Database::open(&path, &[PARENT], delete_it).unwrap());
    let database = Database::open(&path, &[PARENT, ANEW], delete_it).unwrap();
    let children =
        |c: &Connection| c.query_row("SELECT count(*) FROM child", [], |row| row.get::<_, i64>(0));
    assert_eq!(database.read(children).unwrap(), 1);
    // And from then on references are enforced again.
    database.write(|t| t.execute("DELETE FROM parent", [])).unwrap();
    assert_eq!(database.read(children).unwrap(), 0);
}

#[test]
fn a_migration_that_breaks_a_reference_is_undone() {
    const BREAKS: &[Migration] = &[Migration { version: 2, sql: "DELETE FROM parent" }];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    drop(Database::open(&path, &[PARENT], delete_it).unwrap());
    let error = Database::open(&path, &[PARENT, BREAKS], delete_it).err().unwrap();
    assert!(error.to_string().contains("child"), "{error}");
    let database = Database::open(&path, &[PARENT], delete_it).unwrap();
    let parents =
        |c: &Connection| c.query_row("SELECT count(*) FROM parent", [], |row| row.get::<_, i64>(0));
    assert_eq!(database.read(parents).unwrap(), 1);
}

#[test]
fn a_file_that_is_no_database_is_called_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    std::fs::write(&path, [7u8; 5000]).unwrap();
    assert!(is_damaged(&Database::open(&path, &[ONE], delete_it).err().unwrap()));
}

#[test]
#[cfg(target_os = "linux")]
fn reading_beside_takes_no_lock_away() {
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    let database = Database::open(&path, &[ONE], delete_it).unwrap();
    database.write(|t| t.execute("INSERT INTO a VALUES (1)", [])).unwrap();
    let count = |c: &Connection| c.query_row("SELECT count(*) FROM a", [], |r| r.get::<_, i64>(0));
    let locked = || {
        let inode = format!(":{} ", path.metadata().unwrap().ino());
        std::fs::read_to_string("/proc/locks").unwrap().lines().any(|line| line.contains(&inode))
    };
    assert!(locked(), "SQLite holds one as long as the file is open");
    database
        .read(|one| {
            database
                .read(|other| Ok(count(one)? + count(other)?))
                .map_err(|_| rusqlite::Error::InvalidQuery)
        })
        .unwrap();
    examine(&reader(&path).unwrap(), Depth::Full).unwrap();
    assert_eq!(version(&path, &[ONE]).unwrap(), 1);
    drop(Database::open(&path, &[ONE], delete_it).unwrap());
    assert!(locked());
}

#[test]
fn readers_see_the_last_commit_while_a_write_is_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(&dir.path().join("x.sqlite"), &[ONE], delete_it).unwrap();
    let count = |database: &Database| {
        database.read(|c| c.query_row("SELECT count(*) FROM a", [], |r| r.get::<_, i64>(0)))
    };
    database
        .write(|t| {
            t.execute("INSERT INTO a VALUES (1)", [])?;
            assert_eq!(count(&database).unwrap(), 0);
            Ok(())
        })
        .unwrap();
    assert_eq!(count(&database).unwrap(), 1);
}

/// As a kill leaves a file while it is made, before it keeps a log.
#[test]
fn a_change_that_was_cut_off_is_taken_back_by_whoever_reads_first() {
    let dir = tempfile::tempdir().unwrap();
    let made = dir.path().join("made.sqlite");
    let mut connection = Connection::open(&made).unwrap();
    connection.execute_batch("PRAGMA cache_size = 2; CREATE TABLE a (x)").unwrap();
    let transaction = connection.transaction().unwrap();
    // More than its memory holds, so that some of it is written before its end.
    for _ in 0..100 {
        transaction.execute("INSERT INTO a VALUES (zeroblob(3000))", []).unwrap();
    }
    let path = dir.path().join("left.sqlite");
    std::fs::copy(&made, &path).unwrap();
    std::fs::copy(beside(&made, "-journal"), beside(&path, "-journal")).unwrap();
    assert!(is_cut_off(&path));

    let reader = reader(&path).unwrap();
    let rows: u64 = reader.query_row("SELECT count(*) FROM a", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0);
    assert!(!is_cut_off(&path));
    assert!(reader.execute("INSERT INTO a VALUES (1)", []).is_err(), "it only reads");
}

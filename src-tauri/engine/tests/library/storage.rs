//! What is kept on this computer is told as it is.

use std::fs;

use crate::support::Fixture;

#[test]
fn what_is_kept_is_told_with_its_size() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let library = f.dir.path().join("library");
    let bytes = |name: &str| fs::metadata(library.join(name)).map_or(0, |file| file.len());
    let storage = f.engine.storage().unwrap();
    assert_eq!(storage.library.path, library.join("library.sqlite"));
    assert_eq!(storage.derived.path, library.join("derived.sqlite"));
    assert_eq!(storage.models.path, library.join("models"));
    assert_eq!(storage.backups.path, library.join("backups"));
    let beside = ["", "-wal", "-shm"];
    let all = |name: &str| beside.iter().map(|more| bytes(&format!("{name}{more}"))).sum::<u64>();
    assert!(bytes("library.sqlite-wal") > 0, "what is in the log counts, too");
    assert_eq!(storage.library.bytes, all("library.sqlite"));
    assert!(storage.derived.bytes >= all("derived.sqlite") && storage.derived.bytes > 0);
    assert_eq!(storage.models.bytes, 0, "those of the application are not the person's");

    let backups = storage.backups.bytes;
    fs::create_dir_all(library.join("models/mine/deep")).unwrap();
    fs::write(library.join("models/mine/deep/weights"), [0; 1000]).unwrap();
    fs::write(library.join("models/list"), [0; 24]).unwrap();
    fs::create_dir_all(library.join("backups")).unwrap();
    fs::write(library.join("backups/library-2026-01-01.sqlite"), [0; 500]).unwrap();
    let storage = f.engine.storage().unwrap();
    assert_eq!((storage.models.bytes, storage.backups.bytes), (1024, backups + 500));
}

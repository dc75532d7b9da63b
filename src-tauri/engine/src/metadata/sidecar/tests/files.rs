use std::fs;
use std::path::PathBuf;

use super::super::file::Unreplaced;
use super::super::replace;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.xmp");
    (dir, path)
}

#[test]
fn a_file_is_made_replaced_and_nothing_is_left_beside_it() {
    let (dir, path) = folder();
    replace(&path, b"one", None).unwrap();
    replace(&path, b"two", Some(b"one")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_somebody_else_wrote_meanwhile_stays() {
    let (dir, path) = folder();
    let changed = |result| matches!(result, Err(Unreplaced::Changed { .. }));
    assert!(changed(replace(&path, b"new", Some(b"old"))));
    assert!(!path.exists());
    fs::write(&path, b"theirs").unwrap();
    for expected in [None, Some(&b"mine"[..]), Some(b"theirS"), Some(b"")] {
        assert!(changed(replace(&path, b"new", expected)));
    }
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_of_that_name_and_a_folder_that_is_missing_are_told() {
    let (dir, path) = folder();
    fs::create_dir(&path).unwrap();
    let error = replace(&path, b"new", None).unwrap_err().message().to_string();
    assert!(error.contains("a.xmp is not a file: move it away"), "{error}");
    let error =
        replace(&dir.path().join("x/a.xmp"), b"new", None).unwrap_err().message().to_string();
    assert!(error.starts_with("cannot change") && error.contains("x/a.xmp"), "{error}");
}

#[cfg(unix)]
#[test]
fn mode_bits_stay_and_links_are_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (dir, path) = folder();
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    // As any other program would have made it.
    let usual = dir.path().join("usual");
    fs::write(&usual, b"").unwrap();
    replace(&path, b"one", None).unwrap();
    assert_eq!(mode(&path), mode(&usual));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
    let link = dir.path().join("link.xmp");
    symlink("a.xmp", &link).unwrap();
    replace(&link, b"two", Some(b"one")).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"two".to_vec(), 0o664));

    fs::remove_file(&path).unwrap();
    let error = replace(&link, b"new", None).unwrap_err();
    assert!(matches!(error, Unreplaced::Astray { .. }), "{error:?}");
}

#[test]
fn a_file_that_is_read_only_is_told_and_stays() {
    let (_dir, path) = folder();
    fs::write(&path, b"old").unwrap();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    let error = replace(&path, b"new", Some(b"old")).unwrap_err().message().to_string();
    assert!(error.ends_with("a.xmp is read-only: make it writable, then write again"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

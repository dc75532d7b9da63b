//! The round trip through exiftool, which many programs use.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::*;

/// What exiftool says of a file, by group and name; `None` where it is not
/// installed.
fn told(path: &Path) -> Option<BTreeMap<String, serde_json::Value>> {
    let output = exiftool(&["-j", "-G1", "-struct", "-n"], path)?;
    let mut all: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_slice(&output).unwrap();
    let mut all = all.pop().unwrap();
    all.retain(|name, _| {
        !["System:", "File:", "ExifTool:", "SourceFile"].iter().any(|of| name.starts_with(of))
    });
    Some(all)
}

fn exiftool(arguments: &[&str], path: &Path) -> Option<Vec<u8>> {
    match Command::new("exiftool").args(arguments).arg(path).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let warned = String::from_utf8_lossy(&output.stderr).contains("Warning");
            assert!(!warned, "{}", String::from_utf8_lossy(&output.stderr));
            Some(output.stdout)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: exiftool is not installed, see scripts/setup.sh test");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn texts(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Array(all) => all.iter().flat_map(texts).collect(),
        serde_json::Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

#[test]
fn exiftool_reads_what_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.xmp");
    let new = merged(None, &Before::default(), &saying()).unwrap().unwrap();
    fs::write(&path, new.bytes).unwrap();
    let Some(told) = told(&path) else { return };
    assert_eq!(texts(&told["XMP-dc:Subject"]), saying().keywords);
    assert_eq!(texts(&told["XMP-lr:HierarchicalSubject"]), saying().hierarchical);
    assert_eq!(texts(&told["XMP-xmp:Rating"]), ["4"]);
    // Some of its versions make it a boolean.
    assert!(texts(&told["XMP-afterimage:Favourite"])[0].eq_ignore_ascii_case("true"));
}

#[test]
fn what_exiftool_writes_is_read_and_merged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.xmp");
    let arguments = [
        "-q",
        "-XMP-dc:Subject=cat",
        "-XMP-dc:Subject=R&B",
        "-XMP-lr:HierarchicalSubject=Animals|Cat",
        "-XMP-digiKam:TagsList=Animals/Cat",
        "-XMP-xmp:Rating=2",
        "-XMP-dc:Title-de=Katze",
        "-XMP-dc:Title=Cat",
        "-XMP-xmp:Label=Red",
        "-XMP-exif:GPSLatitude=38.7",
        "-XMP-iptcExt:LocationShown={City=Lisbon,CountryName=Portugal}",
        "-o",
    ];
    if exiftool(&arguments, &path).is_none() {
        return;
    }
    let old = fs::read(&path).unwrap();
    let read_first = read(&old);
    assert_eq!(read_first.keywords, ["cat", "R&B", "Cat"]);
    assert_eq!((read_first.rating, read_first.title.as_deref()), (Some(2), Some("Cat")));
    let before = told(&path).unwrap();
    let now = Saying { keywords: words(&["Cat", "night"]), ..saying() };
    let new = merged(Some(&old), &Before::default(), &now).unwrap().unwrap();
    assert_eq!(new.added, ["night", "Animals|Dog"]);
    fs::write(&path, &new.bytes).unwrap();

    let mut expected = before;
    let mut set = |name: &str, value: serde_json::Value| expected.insert(name.to_owned(), value);
    set("XMP-dc:Subject", serde_json::json!(["cat", "R&B", "night"]));
    set("XMP-lr:HierarchicalSubject", serde_json::json!(["Animals|Cat", "Animals|Dog"]));
    set("XMP-digiKam:TagsList", serde_json::json!(["Animals/Cat", "Animals/Dog", "night"]));
    set("XMP-xmp:Rating", serde_json::json!(4));
    set("XMP-afterimage:Favourite", serde_json::json!(true));
    let mut told_after = told(&path).unwrap();
    // Booleans are a matter of its version.
    told_after.insert("XMP-afterimage:Favourite".to_owned(), serde_json::json!(true));
    assert_eq!(told_after, expected);
    assert_eq!(read(&new.bytes).keywords, ["cat", "R&B", "night", "Cat", "Dog"]);
    assert_eq!(read(&new.bytes).favourite, Some(true));

    // And exiftool goes on from there without a loss.
    exiftool(&["-q", "-overwrite_original", "-XMP-dc:Subject+=later"], &path).unwrap();
    let again = fs::read(&path).unwrap();
    assert_eq!(read(&again).keywords, ["cat", "R&B", "night", "later", "Cat", "Dog"]);
    assert_eq!((read(&again).rating, read(&again).favourite), (Some(4), Some(true)));
    let back = Before { keywords: &words(&["night"]), hierarchical: &now.hierarchical };
    let back = merged(Some(&again), &back, &Saying::default()).unwrap().unwrap();
    assert_eq!(read(&back.bytes).keywords, ["cat", "R&B", "later", "Cat"]);
}

#[test]
fn foreign_properties_mean_to_exiftool_what_they_meant() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.xmp");
    fs::write(&path, FOREIGN).unwrap();
    let Some(mut before) = told(&path) else { return };
    fs::write(&path, changed(FOREIGN, &["gone"], &saying()).unwrap()).unwrap();
    let mut after = told(&path).unwrap();
    let ours = [
        "XMP-dc:Subject",
        "XMP-lr:HierarchicalSubject",
        "XMP-xmp:Rating",
        "XMP-afterimage:Favourite",
    ];
    assert_eq!(texts(&before["XMP-dc:Subject"]), ["foreign", "gone"]);
    assert_eq!(texts(&after["XMP-dc:Subject"]), ["foreign", "Dog", "R&B <live>"]);
    for name in ours {
        before.remove(name);
        after.remove(name);
    }
    assert!(before.len() >= 8, "{before:?}");
    assert_eq!(after, before);
}

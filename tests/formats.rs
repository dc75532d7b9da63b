//! A folder of many formats: every file is shown, or failed with a reason, or
//! counted as skipped.

use std::ffi::OsStr;

use crate::support::{Library, photos, text};

#[test]
fn every_file_of_many_formats_is_accounted_for() {
    let Some(folder) = photos("formats") else { return };
    let library = Library::new();
    let report = library.json(&[OsStr::new("index"), folder.as_os_str()]);
    let status = library.json(&["status"]);
    let failures = library.json(&["failures"]);
    let failures = failures.as_array().expect("a list");

    let count = |key: &str| report[key].as_u64().expect("a number") as usize;
    let files = std::fs::read_dir(&folder).expect("the folder is there").count();
    assert_eq!(count("added") + count("skipped"), files, "{report}");
    assert_eq!(count("skipped"), 0, "every format there can be decoded: {report}");
    assert_eq!(status["pending"], 0, "{status}");
    assert_eq!(status["failed"], failures.len(), "{status}");
    assert_eq!(count("failed"), failures.len(), "{report}");
    // Some are damaged on purpose; most are not.
    assert!(failures.len() * 2 < files, "{failures:?}");
    for failure in failures {
        let reason = text(&failure["reason"]);
        assert!(!reason.is_empty() && !reason.contains("broke down"), "{failure}");
        if ["heic", "heif", "avif"]
            .iter()
            .any(|it| text(&failure["path"]).to_lowercase().ends_with(it))
        {
            // Where the system has no libheif, which may be installed later.
            assert!(reason.contains("libheif"), "{failure}");
            assert_eq!(failure["permanent"], false, "{failure}");
        }
    }
}

//! `watch`: what happens to files while it runs is told as JSON lines, and
//! searches follow.

#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::{Library, eventually, interrupt, keys, photos, signal, some_photos};

/// A running `afterimage watch --json`, killed when dropped.
struct Watch {
    child: Child,
    lines: Receiver<Value>,
}

impl Watch {
    fn start(library: &Library) -> Self {
        let mut child = library
            .process(&["watch", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// The next change, which must be of this kind at this path.
    fn expect(&self, kind: &str, path: &Path) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("a change is told");
        assert_eq!(keys(&line), ["from", "id", "kind", "path"]);
        assert_eq!(line["kind"], kind, "{line}");
        assert_eq!(line["path"], path.to_str().unwrap(), "{line}");
        line
    }

    fn interrupt(&mut self) -> Option<i32> {
        interrupt(&self.child);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Gone already, where the test succeeded.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn changes_are_told_and_searches_follow() {
    let Some(folder) = some_photos(3) else { return };
    let Some(source) = photos("everyday") else { return };
    let library = Library::new();
    library.json(&[OsStr::new("index"), folder.path().as_os_str()]);
    let root = folder.path().canonicalize().unwrap();
    let search_shows = |path: &Path, shown: bool| {
        let path = path.to_str().unwrap();
        eventually(&format!("search shows {path}: {shown}"), || {
            library.found(&["search", "a photo", "--all"]).iter().any(|p| p == path) == shown
        });
    };
    let mut watch = Watch::start(&library);

    let photo = root.join("new.jpg");
    fs::copy(source.join("IMG_0050.jpg"), &photo).unwrap();
    let added = watch.expect("added", &photo);
    assert!(added["from"].is_null());
    search_shows(&photo, true);

    fs::copy(source.join("IMG_0060.jpg"), &photo).unwrap();
    let modified = watch.expect("modified", &photo);
    assert_eq!(modified["id"], added["id"]);
    // The vector is the new content's: the photo is its own best match.
    let example = source.join("IMG_0060.jpg");
    eventually("the new content is embedded", || {
        let found =
            library.found(&["search", "--image", example.to_str().unwrap(), "--limit", "1"]);
        found == [photo.to_str().unwrap()]
    });

    let deeper = root.join("deeper");
    fs::create_dir(&deeper).unwrap();
    let renamed = deeper.join("renamed.jpg");
    fs::rename(&photo, &renamed).unwrap();
    let moved = watch.expect("moved", &renamed);
    assert_eq!(moved["from"], photo.to_str().unwrap());
    assert_eq!(moved["id"], added["id"]);
    search_shows(&renamed, true);
    search_shows(&photo, false);

    fs::remove_file(&renamed).unwrap();
    let removed = watch.expect("removed", &renamed);
    assert_eq!(removed["id"], added["id"]);
    search_shows(&renamed, false);

    assert_eq!(watch.interrupt(), Some(0));
    assert!(watch.lines.try_recv().is_err(), "nothing else was told");
    assert_eq!(library.json(&["status"])["pending"], 0);
}

#[test]
fn what_changed_before_watching_began_is_told_too() {
    let Some(folder) = some_photos(2) else { return };
    let library = Library::new();
    library.json(&[OsStr::new("index"), folder.path().as_os_str()]);
    let gone = folder.path().canonicalize().unwrap().join("IMG_0002.jpg");
    fs::remove_file(&gone).unwrap();
    let mut watch = Watch::start(&library);
    watch.expect("removed", &gone);
    assert_eq!(watch.interrupt(), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn what_happened_while_events_were_lost_is_told() {
    let Some(folder) = some_photos(2) else { return };
    let most = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let most: u32 = most.trim().parse().unwrap();
    if most > 1 << 20 {
        eprintln!("skipped: this system keeps {most} events, too many to lose some");
        return;
    }
    let library = Library::new();
    library.json(&[OsStr::new("index"), folder.path().as_os_str()]);
    let root = folder.path().canonicalize().unwrap();
    let at = |name: &str| root.join(name);
    let mut watch = Watch::start(&library);
    fs::rename(at("IMG_0001.jpg"), at("first.jpg")).unwrap();
    watch.expect("moved", &at("first.jpg"));

    // While the program sleeps, its queue is filled by two files that are of no
    // interest, in turns: equal events would be one. What comes then is lost.
    signal(&watch.child, "-STOP");
    let noise = ["one.txt", "two.txt"].map(|name| fs::File::create(at(name)).unwrap());
    for n in 0..most + 1000 {
        noise[n as usize % 2].set_modified(SystemTime::now()).unwrap();
    }
    fs::rename(at("IMG_0002.jpg"), at("second.jpg")).unwrap();
    signal(&watch.child, "-CONT");
    watch.expect("moved", &at("second.jpg"));
    fs::rename(at("second.jpg"), at("third.jpg")).unwrap();
    watch.expect("moved", &at("third.jpg"));
    assert_eq!(watch.interrupt(), Some(0));
}

//! Two programs on one library, damaged files and a full disk: nothing is lost,
//! and what is so is said.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Library, eventually, everyday, keys, some_photos, text};

/// A running command, killed when dropped.
struct Running {
    child: Child,
    /// What it says on standard error.
    said: Receiver<String>,
}

impl Running {
    fn start<S: AsRef<OsStr>>(library: &Library, args: &[S]) -> Self {
        let mut child =
            library.process(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, said) = channel();
        thread::spawn(move || {
            // Ends when the test has heard enough.
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, said }
    }

    /// Waits until it says something with these words.
    fn says(&self, words: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.said.recv_timeout(left).unwrap_or_else(|_| panic!("never: {words}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    fn name(&self, command: &str) -> String {
        format!("`afterimage {command}` (process {})", self.child.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already, where the test succeeded.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn index(folder: &Path) -> [&OsStr; 2] {
    [OsStr::new("index"), folder.as_os_str()]
}

/// Runs a command that must end with this status; what it says.
fn complaint<S: AsRef<OsStr>>(library: &Library, args: &[S], status: i32) -> String {
    let assert = library.command(args).assert().code(status);
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

/// Keeps the library as an `index` would whose process is this one.
fn hold(library: &Library, words: &str) -> fs::File {
    let path = library.path().join("writer.lock");
    fs::write(&path, words).unwrap();
    let file = fs::File::open(path).unwrap();
    file.try_lock().unwrap();
    file
}

#[test]
fn a_second_index_says_who_is_at_work_and_goes_on_when_that_is_killed() {
    let Some(folder) = some_photos(150) else { return };
    let library = Library::new();
    let mut first = Running::start(&library, &index(folder.path()));
    first.says("photos");
    let mut second = Running::start(&library, &index(folder.path()));
    let waits = second.says("waiting for");
    assert!(waits.contains(&first.name("index")), "{waits}");
    // The lock vanishes with the process, however it ends.
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    assert_eq!(second.child.wait().unwrap().code(), Some(0));
    let status = library.json(&["status"]);
    assert_eq!((&status["photos"], &status["pending"]), (&150.into(), &0.into()));
}

#[test]
#[cfg(unix)]
fn waiting_ends_with_ctrl_c() {
    let Some(folder) = some_photos(1) else { return };
    let library = Library::new();
    let held = hold(&library, "index 4242\n");
    for command in [&index(folder.path())[..], &[OsStr::new("watch")]] {
        let mut waiting = Running::start(&library, command);
        waiting.says("waiting for `afterimage index` (process 4242)");
        crate::support::interrupt(&waiting.child);
        // As always: an index that was stopped has failed, a watch has not.
        let expected = if command.len() == 2 { 1 } else { 0 };
        assert_eq!(waiting.child.wait().unwrap().code(), Some(expected));
    }
    drop(held);
    assert_eq!(library.json(&index(folder.path()))["embedded"], 1);
}

#[test]
fn an_index_while_the_library_is_followed_ends_at_once_with_what_to_do() {
    let Some(folder) = some_photos(2) else { return };
    let Some(more) = some_photos(5) else { return };
    let library = Library::new();
    library.json(&index(folder.path()));
    let mut watch = Running::start(&library, &["watch"]);
    watch.says("following changes");
    eventually("the watch holds the library", || {
        fs::read_to_string(library.path().join("writer.lock")).is_ok_and(|w| w.contains("watch"))
    });
    for command in [&index(more.path())[..], &[OsStr::new("watch")]] {
        let began = Instant::now();
        let complaint = complaint(&library, command, 1);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(complaint.contains(&watch.name("watch")), "{complaint}");
        assert!(complaint.contains("leave it to that, or end it"), "{complaint}");
    }
    // What is small goes on: the folder was added, and the watch takes it up.
    eventually("the added folder is indexed", || {
        let status = library.json(&["status"]);
        status["photos"] == 7 && status["pending"] == 0
    });
    library.json(&["failures", "--retry"]);
    library.json(&["model", "use", "starter"]);
    watch.child.kill().unwrap();
    watch.child.wait().unwrap();
    assert_eq!(library.json(&index(more.path()))["photos"], 7);
}

#[test]
fn the_window_is_named_as_such() {
    let Some(folder) = some_photos(1) else { return };
    let library = Library::new();
    let _held = hold(&library, "window 4242\n");
    let complaint = complaint(&library, &index(folder.path()), 1);
    assert!(complaint.contains("Afterimage's window (process 4242)"), "{complaint}");
    assert!(complaint.contains("close the window"), "{complaint}");
}

#[test]
fn a_check_repairs_what_can_be_computed_again() {
    let Some(library) = Library::of_everyday() else { return };
    let report = library.json(&["library", "check"]);
    let contract = ["clean", "pending", "photos", "problems", "thumbnails", "unused", "vectors"];
    assert_eq!(keys(&report), contract);
    assert_eq!(report["clean"], true, "{report}");
    assert_eq!(report["problems"], Value::Array(Vec::new()));
    let hashes = report["vectors"].as_u64().unwrap();
    assert_eq!((&report["photos"], &report["thumbnails"]), (&350.into(), &hashes.into()));

    let derived = Connection::open(library.path().join("derived.sqlite")).unwrap();
    let damage = "UPDATE embedding SET vector = zeroblob(length(vector)) WHERE content_hash IN
                    (SELECT content_hash FROM embedding LIMIT 3)";
    derived.execute(damage, []).unwrap();
    drop(derived);
    let complaint = complaint(&library, &["library", "check", "--dry-run"], 1);
    assert!(complaint.contains("not repaired"), "{complaint}");
    let report = library.json(&["library", "check"]);
    let problem = &report["problems"][0];
    assert_eq!(keys(problem), ["count", "repaired", "store", "what"]);
    assert_eq!((&problem["store"], &problem["count"]), (&"derived".into(), &3.into()));
    assert_eq!((&problem["repaired"], &report["clean"]), (&true.into(), &false.into()));
    let report = library.json(&["library", "check"]);
    assert_eq!((&report["clean"], &report["pending"]), (&true.into(), &3.into()));
    assert_eq!(library.json(&["index"])["embedded"], 3);
}

#[test]
fn a_backup_is_made_checked_and_never_overwritten_unasked() {
    let Some(library) = Library::of_everyday() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy of it.sqlite");
    let backup = [OsStr::new("library"), OsStr::new("backup"), file.as_os_str()];
    assert_eq!(text(&library.json(&backup)["file"]), file.to_str().unwrap());
    let complaint = complaint(&library, &backup, 2);
    assert!(complaint.contains("--force"), "{complaint}");
    library.json(&[&backup[..], &[OsStr::new("--force")]].concat());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

    // Another library from it: all photos are known, and their vectors computed anew.
    let other = Library::new();
    let restore = [OsStr::new("library"), OsStr::new("restore"), file.as_os_str()];
    assert!(other.json(&restore)["kept"].is_null());
    assert_eq!(other.json(&["status"])["photos"], 350);
    other.command(&["library", "restore", "no/such/file"]).assert().code(2);
}

#[test]
fn an_index_keeps_a_backup_of_the_day() {
    let Some(folder) = some_photos(2) else { return };
    let library = Library::new();
    library.json(&index(folder.path()));
    let names = || -> Vec<String> {
        let entries = fs::read_dir(library.path().join("backups")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let [name] = &names()[..] else { panic!("{:?}", names()) };
    let date = name.strip_prefix("library-").and_then(|name| name.strip_suffix(".sqlite"));
    assert_eq!(date.map(str::len), Some("2026-01-31".len()), "{name}");
    library.json(&index(folder.path()));
    assert_eq!(names().len(), 1);
}

#[test]
fn a_damaged_library_answers_from_its_backup_until_it_is_restored() {
    let Some(library) = Library::of_everyday() else { return };
    // The index makes the backup of today.
    library.json(&["index"]);
    let catalog = library.path().join("library.sqlite");
    let damaged = vec![7u8; 20_000];
    fs::write(&catalog, &damaged).unwrap();

    let status = library.json(&["status"]);
    let reason = text(&status["read_only"]);
    assert_eq!(status["photos"], 350);
    let (_, command) = reason.split_once("run `").unwrap();
    let (command, then) = command.split_once('`').unwrap();
    assert_eq!(then, ", then start Afterimage again");
    let complaint_of = |args: &[&str], status| complaint(&library, args, status);
    assert!(complaint_of(&["search", "a dog"], 0).contains(&reason));
    assert!(!library.found(&["search", "a dog"]).is_empty());
    for refused in [&["index"][..], &["watch"], &["index", "."], &["failures", "--retry"]] {
        let complaint = complaint_of(refused, 1);
        assert!(complaint.contains(command), "{refused:?}: {complaint}");
    }
    let checked = library.command(&["library", "check", "--json"]).assert().code(1);
    let report: Value = serde_json::from_slice(&checked.get_output().stdout).unwrap();
    assert_eq!(report["problems"][0]["store"], "library", "{report}");
    assert_eq!(report["problems"][0]["repaired"], false, "{report}");
    complaint_of(&["library", "backup", "copy.sqlite"], 1);
    assert_eq!(fs::read(&catalog).unwrap(), damaged, "it was touched");

    // The command that is told, as it is told.
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("afterimage"));
    let words: Vec<&str> = words.collect();
    let kept = PathBuf::from(text(&library.json(&words)["kept"]));
    assert!(kept.to_str().unwrap().contains("library.sqlite.damaged-"));
    assert_eq!(fs::read(kept).unwrap(), damaged);
    let status = library.json(&["status"]);
    assert!(status["read_only"].is_null(), "{status}");
    let report = library.json(&["index"]);
    assert_eq!((&report["photos"], &report["embedded"]), (&350.into(), &0.into()));
}

#[test]
fn a_damaged_library_without_a_backup_is_told_in_clear_words() {
    let library = Library::new();
    fs::write(library.path().join("library.sqlite"), [7; 20_000]).unwrap();
    let complaint = complaint(&library, &["status"], 1);
    assert!(complaint.contains("is damaged and cannot be read"), "{complaint}");
    assert!(complaint.contains("library restore FILE"), "{complaint}");
}

/// Runs a script in a name space of its own, in which `$LIBRARY` is a disk of 6 MB,
/// `$1` the program and `$2` the photos. `None` where that is not permitted.
#[cfg(target_os = "linux")]
fn on_a_small_disk(library: &Library, photos: &Path, script: &str) -> Option<std::process::Output> {
    let mount = "mount -t tmpfs -o size=6m none \"$LIBRARY\"";
    let program = library.process::<&str>(&[]).get_program().to_owned();
    let unshare = |script: &str| {
        let mut command = std::process::Command::new("unshare");
        command.args(["-rm", "sh", "-ec", script, "sh"]).arg(&program).arg(photos);
        command.env("LIBRARY", library.path()).env("AFTERIMAGE_LIBRARY", library.path());
        command.env_remove("AFTERIMAGE_MODELS").env_remove("AFTERIMAGE_LOG");
        command.output()
    };
    if !unshare(mount).is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: a small disk cannot be mounted here");
        return None;
    }
    let output = unshare(&format!("{mount}\n{script}")).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
    Some(output)
}

#[test]
#[cfg(target_os = "linux")]
fn an_index_on_a_full_disk_ends_with_words_and_goes_on_when_there_is_room() {
    let Some(everyday) = everyday() else { return };
    let library = Library::new();
    let script = r#"
        code=0; "$1" index "$2" >&2 || code=$?
        echo "{\"code\": $code}"
        mount -o remount,size=200m "$LIBRARY"
        "$1" library check --json
        "$1" index --json
        "$1" library check --json
        "$1" status --json"#;
    let Some(output) = on_a_small_disk(&library, &everyday.photos, script) else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    let lines = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    let lines: Vec<Value> = lines.collect::<Result<_, _>>().unwrap();
    let [ended, before, report, after, status] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(ended["code"], 1, "{said}");
    assert!(said.contains("is full: make room"), "{said}");
    assert_eq!(before["clean"], true, "{before}");
    let stored = before["vectors"].as_u64().unwrap();
    assert!((1..350).contains(&stored), "the disk was full too early or late: {before}");
    assert_eq!(report["embedded"].as_u64().unwrap() + stored, after["vectors"].as_u64().unwrap());
    assert_eq!((&report["failed"], &after["clean"]), (&0.into(), &true.into()), "{report}");
    assert_eq!((&status["photos"], &status["pending"]), (&350.into(), &0.into()), "{status}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_watch_on_a_full_disk_pauses_and_goes_on_by_itself() {
    let Some(everyday) = everyday() else { return };
    let library = Library::new();
    let script = r#"
        "$1" index "$2" 2>/dev/null && exit 9
        said=$(mktemp); trap 'rm -f "$said"' EXIT
        "$1" watch >/dev/null 2>"$said" & watch=$!
        for _ in $(seq 600); do grep -q 'paused: the disk is full' "$said" && break; sleep 0.1; done
        grep -q 'paused: the disk is full' "$said" || { cat "$said" >&2; exit 8; }
        mount -o remount,size=200m "$LIBRARY"
        for _ in $(seq 120); do
            "$1" status --json | grep -q '"pending":0' && break; sleep 0.5
        done
        "$1" status --json
        kill -INT $watch; wait $watch
        cat "$said" >&2"#;
    let Some(output) = on_a_small_disk(&library, &everyday.photos, script) else { return };
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&status["photos"], &status["pending"]), (&350.into(), &0.into()), "{status}");
}

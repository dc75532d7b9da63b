//! Properties proved here: which photo a file is taken for, by which evidence,
//! and that a photo that was not looked for is never called gone.

use super::*;

const NOW: i64 = 1_000_000;

fn stamp(n: i64) -> Stamp {
    Stamp {
        size: 100 + n.unsigned_abs(),
        mtime_ns: 1_000 + n,
        file_id: Some((1, n)),
        birth_ns: Some(n),
        changed_ns: None,
    }
}

/// A file system that does not tell when a file was made.
fn unborn(n: i64) -> Stamp {
    Stamp { birth_ns: None, ..stamp(n) }
}

fn entry(path: &str, stamp: Stamp) -> FileEntry {
    FileEntry { root: 1, path: path.into(), stamp, sidecars: 0 }
}

fn known(id: i64, path: &str, stamp: Stamp) -> Known {
    let presence = Presence::Present;
    Known { id, root: 1, path: path.into(), stamp, sidecars: 0, presence, added_at: 0 }
}

fn missing(id: i64, path: &str, stamp: Stamp, since: i64) -> Known {
    Known { presence: Presence::Missing { since }, ..known(id, path, stamp) }
}

fn look(on_disk: Vec<FileEntry>, known: &[Known]) -> Vec<Change> {
    let ask = Questions {
        looked_at: &|_| true,
        excluded: &|_| false,
        gone: &|_, _| unreachable!("all places were looked at"),
        left_alone: &|_| false,
        renumbers: &|_| false,
        now: NOW,
    };
    diff(on_disk, known, &ask).changes
}

fn moved(id: i64, from: &str, entry: FileEntry) -> Change {
    Change::Moved { id, from_root: 1, from: from.into(), entry, edited: false }
}

fn removed(id: i64, path: &str) -> Change {
    Change::Removed { id, root: 1, path: path.into() }
}

#[test]
fn nothing_changed_is_no_change() {
    assert_eq!(look(vec![entry("a", stamp(1))], &[known(1, "a", stamp(1))]), []);
}

#[test]
fn new_edited_and_deleted_files_are_told_apart() {
    let edited = Stamp { size: 5, ..stamp(2) };
    let changes = look(
        vec![entry("new", stamp(9)), entry("edited", edited)],
        &[known(2, "edited", stamp(2)), known(3, "deleted", stamp(3))],
    );
    assert_eq!(
        changes,
        [
            Change::Modified { id: 2, entry: entry("edited", edited) },
            Change::Added(entry("new", stamp(9))),
            removed(3, "deleted"),
        ]
    );
}

#[test]
fn a_renamed_file_is_known_by_its_inode() {
    for stamp in [stamp(1), unborn(1)] {
        let changes = look(vec![entry("b", stamp)], &[known(1, "a", stamp)]);
        assert_eq!(changes, [moved(1, "a", entry("b", stamp))]);
    }
}

#[test]
fn a_file_renamed_and_edited_is_known_where_its_making_is() {
    let edited = |stamp| Stamp { size: 5, mtime_ns: 6, ..stamp };
    let there = entry("b", edited(stamp(1)));
    assert_eq!(
        look(vec![there.clone()], &[known(1, "a", stamp(1))]),
        [Change::Moved { id: 1, from_root: 1, from: "a".into(), entry: there, edited: true }]
    );
    let changes = look(vec![entry("b", edited(unborn(1)))], &[known(1, "a", unborn(1))]);
    assert!(matches!(changes[..], [Change::Added(_), Change::Removed { .. }]));
}

#[test]
fn a_file_moved_to_another_disk_is_known_by_size_time_and_name() {
    let there = Stamp { file_id: Some((2, 77)), birth_ns: Some(5), ..stamp(1) };
    let changes = look(vec![entry("x/a", there)], &[known(1, "a", stamp(1))]);
    assert!(matches!(changes[..], [Change::Moved { id: 1, .. }]));
    let changes = look(vec![entry("x/b", there)], &[known(1, "a", stamp(1))]);
    assert!(matches!(changes[..], [Change::Added(_), Change::Removed { .. }]));
}

#[test]
fn an_inode_used_again_is_not_a_move() {
    let reused = Stamp { size: 1, mtime_ns: 2, birth_ns: Some(99), ..stamp(1) };
    let changes = look(vec![entry("b", reused)], &[known(1, "a", stamp(1))]);
    assert!(matches!(changes[..], [Change::Added(_), Change::Removed { id: 1, .. }]));
}

#[test]
fn what_was_not_looked_at_is_not_removed() {
    let known = [known(1, "x/a", stamp(1)), known(2, "y/b", stamp(2))];
    let ask = Questions {
        looked_at: &|photo| photo.path.starts_with("x"),
        excluded: &|_| false,
        gone: &|_, _| true,
        left_alone: &|_| false,
        renumbers: &|_| false,
        now: NOW,
    };
    assert_eq!(diff(vec![], &known, &ask).changes, [removed(1, "x/a")]);
}

#[test]
fn a_file_that_left_a_place_not_looked_at_has_moved() {
    let known = [known(1, "x/a", stamp(1))];
    for gone in [true, false] {
        let ask = Questions {
            looked_at: &|photo| photo.path.starts_with("y"),
            excluded: &|_| false,
            gone: &|_, _| gone,
            left_alone: &|_| false,
            renumbers: &|_| false,
            now: NOW,
        };
        let changes = diff(vec![entry("y/b", stamp(1))], &known, &ask).changes;
        let expected = match gone {
            true => moved(1, "x/a", entry("y/b", stamp(1))),
            // A second name of the same file.
            false => Change::Added(entry("y/b", stamp(1))),
        };
        assert_eq!(changes, [expected]);
    }
}

#[test]
fn a_missing_photo_comes_back_and_is_not_removed_twice() {
    let gone = missing(1, "a", stamp(1), 0);
    assert_eq!(look(vec![], std::slice::from_ref(&gone)), []);
    let changes = look(vec![entry("a", stamp(1))], &[gone]);
    assert_eq!(changes, [moved(1, "a", entry("a", stamp(1)))]);
}

#[test]
fn a_name_used_again_long_after_is_a_new_photo() {
    let other = entry("a", stamp(2));
    let changes = look(vec![other.clone()], &[missing(1, "a", stamp(1), NOW - 5)]);
    assert_eq!(
        changes,
        [Change::Moved {
            id: 1,
            from_root: 1,
            from: "a".into(),
            entry: other.clone(),
            edited: true
        }]
    );
    let changes = look(vec![other.clone()], &[missing(1, "a", stamp(1), NOW - 86_400)]);
    assert_eq!(changes, [Change::Added(other)]);
}

#[test]
fn files_that_swap_names_swap_places() {
    let changes = look(
        vec![entry("a", stamp(2)), entry("b", stamp(1))],
        &[known(1, "a", stamp(1)), known(2, "b", stamp(2))],
    );
    assert_eq!(changes, [moved(2, "b", entry("a", stamp(2))), moved(1, "a", entry("b", stamp(1)))]);
}

#[test]
fn a_file_put_in_anothers_place_goes_on_and_the_other_is_gone() {
    let changes =
        look(vec![entry("a", stamp(2))], &[known(1, "a", stamp(1)), known(2, "b", stamp(2))]);
    assert_eq!(changes, [moved(2, "b", entry("a", stamp(2))), removed(1, "a")]);
}

#[test]
fn a_file_just_written_and_put_in_anothers_place_is_its_new_version() {
    let temporary = Known { added_at: NOW - 60, ..known(2, "a.tmp.jpg", stamp(2)) };
    let changes = look(vec![entry("a.jpg", stamp(2))], &[known(1, "a.jpg", stamp(1)), temporary]);
    assert_eq!(
        changes,
        [Change::Modified { id: 1, entry: entry("a.jpg", stamp(2)) }, removed(2, "a.tmp.jpg")]
    );
}

#[test]
fn a_drive_whose_inodes_are_numbered_anew_has_not_changed() {
    let again = Stamp { file_id: Some((9, 9)), birth_ns: None, ..stamp(1) };
    let ask = Questions {
        looked_at: &|_| true,
        excluded: &|_| false,
        gone: &|_, _| true,
        left_alone: &|_| false,
        renumbers: &|_| false,
        now: NOW,
    };
    let diff = diff(vec![entry("a", again)], &[known(1, "a", stamp(1))], &ask);
    assert_eq!(diff.changes, []);
    assert_eq!(diff.restamped, [(1, entry("a", again))]);
}

#[test]
fn a_second_name_of_a_file_is_a_photo_of_its_own() {
    let on_disk = vec![entry("a", stamp(1)), entry("b", stamp(1))];
    let changes = look(on_disk, &[known(1, "a", stamp(1))]);
    assert_eq!(changes, [Change::Added(entry("b", stamp(1)))]);
}

#[test]
fn other_sidecars_have_the_photo_read_again() {
    let described = FileEntry { sidecars: 7, ..entry("a", stamp(1)) };
    let changes = look(vec![described.clone()], &[known(1, "a", stamp(1))]);
    assert_eq!(changes, [Change::Modified { id: 1, entry: described }]);
}

#[test]
fn what_is_not_wanted_any_more_is_excluded_and_comes_back() {
    let all = [known(1, "a", stamp(1)), known(2, "raw/b", stamp(2))];
    let ask = Questions {
        looked_at: &|_| true,
        excluded: &|photo| photo.path.starts_with("raw"),
        gone: &|_, _| false,
        left_alone: &|_| false,
        renumbers: &|_| false,
        now: NOW,
    };
    let found = diff(vec![entry("a", stamp(1))], &all, &ask).changes;
    assert_eq!(found, [Change::Excluded { id: 2, root: 1, path: "raw/b".into() }]);
    let excluded = Known { presence: Presence::Excluded, ..known(2, "raw/b", stamp(2)) };
    assert_eq!(diff(vec![], std::slice::from_ref(&excluded), &ask).changes, []);
    let back = look(vec![entry("raw/b", stamp(2))], &[excluded]);
    assert_eq!(back, [moved(2, "raw/b", entry("raw/b", stamp(2)))]);
}

/// What a camera writes in a burst: within the two seconds that FAT tells apart.
fn shot(inode: i64, size: u64) -> Stamp {
    Stamp { size, mtime_ns: 7, file_id: Some((1, inode)), birth_ns: Some(7), changed_ns: None }
}

#[test]
fn inodes_that_slide_along_a_burst_move_nothing() {
    // One whose number another one has now is where it was.
    for sizes in [[10, 20], [10, 10]] {
        let [a, b] = sizes;
        let changes = look(
            vec![entry("a", shot(9, a)), entry("b", shot(1, b))],
            &[known(1, "a", shot(1, a)), known(2, "b", shot(2, b))],
        );
        assert_eq!(changes, [], "{sizes:?}");
    }
    // The first one was removed elsewhere, so each has the number of the one before.
    let burst =
        [known(1, "a", shot(1, 10)), known(2, "b", shot(2, 20)), known(3, "c", shot(3, 30))];
    let left = vec![entry("b", shot(1, 20)), entry("c", shot(2, 30))];
    assert_eq!(look(left, &burst), [removed(1, "a")]);
}

#[test]
fn inodes_of_a_file_system_that_gives_them_anew_prove_little() {
    let ask = Questions {
        looked_at: &|_| true,
        excluded: &|_| false,
        gone: &|_, _| unreachable!("all places were looked at"),
        left_alone: &|_| false,
        renumbers: &|_| true,
        now: NOW,
    };
    // Even where all of a burst are of one size.
    let burst =
        [known(1, "a", shot(1, 10)), known(2, "b", shot(2, 10)), known(3, "c", shot(3, 10))];
    let left = vec![entry("b", shot(1, 10)), entry("c", shot(2, 10))];
    assert_eq!(diff(left, &burst, &ask).changes, [removed(1, "a")]);
    // A file is not taken for another one that has its number and its minute.
    let other = entry("d", shot(1, 40));
    let changes = diff(vec![other.clone()], &burst[..1], &ask).changes;
    assert_eq!(changes, [Change::Added(other), removed(1, "a")]);
    let renamed = entry("d", shot(1, 10));
    assert_eq!(diff(vec![renamed.clone()], &burst[..1], &ask).changes, [moved(1, "a", renamed)]);
}

#[test]
fn files_of_one_size_and_time_that_swap_names_swap_places() {
    let changes = look(
        vec![entry("a", shot(2, 10)), entry("b", shot(1, 10))],
        &[known(1, "a", shot(1, 10)), known(2, "b", shot(2, 10))],
    );
    assert_eq!(
        changes,
        [moved(2, "b", entry("a", shot(2, 10))), moved(1, "a", entry("b", shot(1, 10)))]
    );
}

//! From photos that may belong together to groups of those that do.
//!
//! Chains are not followed: where a looks like b and b like c, a may be nothing
//! like c. So a group of edited versions is its keeper with what is near the
//! keeper itself, and a frame belongs to a burst if it is near the mean of the
//! frames before it. What is near only to a photo that is in a group already may
//! come up when that one is gone; nothing is suggested for a far relation.

use std::collections::HashMap;
use std::sync::Arc;

use super::keeper::{Candidate, by_worth, numbered};
use super::near::{FARTHEST, Near};
use crate::catalog::{ContentHash, CopyRow};
use crate::error::Result;
use crate::view::DuplicateKind;

// What follows was chosen by measuring (`tests.rs`): 350 everyday photos, their
// 61,075 pairs of different photos, and made edits of 50 and of 88 of them, with
// the starter. Of the pairs one has a distance of 12, one of 14 and all others
// more. Edits of light, colour, sharpness, size and quality, and a mark in the
// corner, stay within 6; more contrast and a crop by 2 % do so in 97 %, and all of
// them within 10; a crop by 5 % stays within 10 in 92 to 97 %; one by 10 % in
// 17 %, and counts as another picture. As half of the bits of each hash are set,
// distances are even.

/// Versions of a picture differ in at most so many bits of their hashes.
pub(super) const ALIKE: u32 = 10;

/// In so few bits differ all versions of the same detail, so that their vectors
/// need only rule out chance. The starter, which names things, tells some of them
/// apart: half of the size leaves 95 % of the cosines above 0.83, black and white
/// above 0.71, a picture of 125 pixels 90 % above 0.45. The median of other pairs
/// is 0.27.
const CLOSE: (u32, f32) = (6, 0.4);

/// Beyond that vectors must agree, and do: of crops all are above 0.96, of more
/// contrast 95 % above 0.94; of other pairs 1 % above 0.75, and 0.1 % above 0.89.
const FAR_COSINE: f32 = 0.85;

/// Where a vector is not there to be asked, so many bits are proof enough.
const ALL_BUT_EQUAL: u32 = 4;

/// Of the photos near one, so many are asked for their vectors, nearest first:
/// thousands of pages or screenshots share a hash that tells nothing.
const CROWD: usize = 256;

/// Of a larger crowd, so many are looked at to find the nearest.
const MOST_NEAR: usize = 16 * CROWD;

/// Frames of a burst follow each other within so many seconds. Cameras date
/// frames to the second, so that two that are one second apart may look two; a
/// finger on the release needs another.
pub(super) const GAP: i64 = 3;

/// A burst is no longer than this, in seconds: what goes on longer is a series,
/// of which a person wants more than one.
const SPAN: i64 = 60;

/// Frames of a burst have at least this cosine to the mean of those before.
pub(super) const SAME_SCENE: f32 = 0.8;

/// The vector of a photo's content, of length 1; `None` where it has none.
pub(super) type Vector = Option<Arc<[f32]>>;

/// What grouping asks for.
pub(super) struct Asking<'a> {
    /// The vector of a content.
    pub vector: &'a mut dyn FnMut(&ContentHash) -> Result<Vector>,
    /// An error once the question is void.
    pub check: &'a dyn Fn() -> Result<()>,
}

/// Groups of edited versions, each with its keeper first, then by worth. Photos
/// must differ in their content.
pub(super) fn edited(mut all: Vec<Candidate>, ask: &mut Asking<'_>) -> Result<Vec<Vec<Candidate>>> {
    const { assert!(ALIKE <= FARTHEST) };
    all.sort_by(|a, b| by_worth(DuplicateKind::Edited, a, b));
    let mut sharing: HashMap<u64, Vec<usize>> = HashMap::new();
    for (n, it) in all.iter().enumerate() {
        if let Some(look) = look(it) {
            sharing.entry(look).or_default().push(n);
        }
    }
    let (looks, sharing): (Vec<u64>, Vec<Vec<usize>>) = sharing.into_iter().unzip();
    let near = Near::of(looks);
    let mut taken = vec![false; all.len()];
    let mut groups = Vec::new();
    for keeper in 0..all.len() {
        let Some(look) = look(&all[keeper]).filter(|_| !taken[keeper]) else { continue };
        (ask.check)()?;
        let mut found: Vec<(u32, usize)> = Vec::new();
        near.visit(look, ALIKE, |position, distance| {
            // Those of more worth have had their turn.
            let others = sharing[position].iter().filter(|&&n| n > keeper && !taken[n]);
            found.extend(others.map(|&n| (distance, n)).take(MOST_NEAR - found.len()));
            found.len() < MOST_NEAR
        });
        found.sort_unstable();
        found.truncate(CROWD);
        let mut group = vec![keeper];
        for (distance, other) in found {
            let (a, b) = (&all[keeper], &all[other]);
            if !are_two_exposures(&a.row, &b.row) && is_version(a, b, distance, ask)? {
                group.push(other);
            }
        }
        if group.len() > 1 {
            group.sort_unstable();
            group.iter().for_each(|&n| taken[n] = true);
            groups.push(group);
        }
    }
    Ok(groups
        .into_iter()
        .map(|group| group.into_iter().map(|n| all[n].clone()).collect())
        .collect())
}

fn look(it: &Candidate) -> Option<u64> {
    it.print.and_then(|print| print.look)
}

fn is_version(a: &Candidate, b: &Candidate, distance: u32, ask: &mut Asking<'_>) -> Result<bool> {
    let vectors = (ask.vector)(&a.row.hash)?.zip((ask.vector)(&b.row.hash)?);
    Ok(are_versions(distance, vectors.map(|(a, b)| dot(&a, &b))))
}

/// Whether pictures are versions of one, by the bits that differ in their hashes,
/// and by the cosine of their vectors where both have one.
pub(super) fn are_versions(distance: u32, cosine: Option<f32>) -> bool {
    match cosine {
        Some(cosine) if distance <= CLOSE.0 => cosine >= CLOSE.1,
        Some(cosine) => distance <= ALIKE && cosine >= FAR_COSINE,
        None => distance <= ALL_BUT_EQUAL,
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Whether a camera took two photos one after the other, which look alike and are
/// no versions of each other: they say that they were taken within a minute, but
/// not at once, or they have different numbers.
fn are_two_exposures(a: &CopyRow, b: &CopyRow) -> bool {
    let same_camera = a.camera.is_some() && a.camera == b.camera;
    match (a.time - b.time).abs() {
        _ if !(a.is_dated && b.is_dated && same_camera) => false,
        0 => have_two_numbers(a, b),
        apart => apart <= SPAN,
    }
}

/// Whether the names differ in the number that cameras count up and in nothing
/// else: `IMG_0012.jpg` and `IMG_0013.jpg`.
fn have_two_numbers(a: &CopyRow, b: &CopyRow) -> bool {
    /// Cameras count with so many digits; people and programs number versions
    /// with fewer.
    const DIGITS: usize = 3;
    let stem = |row: &CopyRow| {
        let stem = row.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        numbered(&stem).map(str::to_owned).unwrap_or(stem)
    };
    let (a, b) = (stem(a), stem(b));
    match (number(&a), number(&b)) {
        (Some((before, one, after)), Some((as_before, other, as_after))) => {
            (before, after) == (as_before, as_after) && one != other && one.len() >= DIGITS
        }
        _ => false,
    }
}

/// The last number in a name, with what stands before and after it.
fn number(stem: &str) -> Option<(&str, &str, &str)> {
    let end = stem.rfind(|c: char| c.is_ascii_digit())? + 1;
    let begin = stem[..end].trim_end_matches(|c: char| c.is_ascii_digit()).len();
    Some((&stem[..begin], &stem[begin..end], &stem[end..]))
}

/// Frames that were taken one after the other and show the same, each in one
/// group at most, in the order in which they were taken.
pub(super) fn bursts(mut all: Vec<Candidate>, ask: &mut Asking<'_>) -> Result<Vec<Vec<Candidate>>> {
    all.retain(|it| it.row.is_dated && it.row.camera.is_some());
    all.sort_by(|a, b| {
        let order = |it: &Candidate| (it.row.time, it.row.id);
        (&a.row.camera, a.row.time, &a.row.path)
            .cmp(&(&b.row.camera, b.row.time, &b.row.path))
            .then(order(a).cmp(&order(b)))
    });
    let mut done: Vec<Burst> = Vec::new();
    // Two people with the same camera take photos of two things at once.
    let mut open: Vec<Burst> = Vec::new();
    for frame in all {
        (ask.check)()?;
        let Some(vector) = (ask.vector)(&frame.row.hash)? else { continue };
        let (goes_on, ended): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|burst| burst.is_open_to(&frame));
        done.extend(ended.into_iter().filter(|burst| burst.frames.len() > 1));
        open = goes_on;
        let likest = open
            .iter_mut()
            .map(|burst| (burst.cosine(&vector), burst))
            .filter(|(cosine, _)| *cosine >= SAME_SCENE)
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        match likest {
            Some((_, burst)) => burst.take(frame, &vector),
            None => open.push(Burst { frames: vec![frame], sum: vector.to_vec() }),
        }
    }
    done.extend(open.into_iter().filter(|burst| burst.frames.len() > 1));
    Ok(done.into_iter().map(|burst| burst.frames).collect())
}

struct Burst {
    frames: Vec<Candidate>,
    /// Of the vectors.
    sum: Vec<f32>,
}

impl Burst {
    fn is_open_to(&self, frame: &Candidate) -> bool {
        let (first, last) = (&self.frames[0].row, &self.frames[self.frames.len() - 1].row);
        first.camera == frame.row.camera
            && frame.row.time - last.time <= GAP
            && frame.row.time - first.time <= SPAN
    }

    fn cosine(&self, vector: &[f32]) -> f32 {
        dot(&self.sum, vector) / dot(&self.sum, &self.sum).sqrt().max(f32::MIN_POSITIVE)
    }

    fn take(&mut self, frame: Candidate, vector: &[f32]) {
        self.sum.iter_mut().zip(vector).for_each(|(sum, v)| *sum += v);
        self.frames.push(frame);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::derived::Fingerprint;
    use crate::duplicates::keeper::tests::candidate;

    fn seen(id: i64, path: &str, look: u64) -> Candidate {
        let print = Fingerprint { look: Some(look), sharpness: 1.0, clipped: 0.0 };
        Candidate { print: Some(print), ..candidate(id, path) }
    }

    fn taken(id: i64, path: &str, time: i64) -> Candidate {
        let mut it = seen(id, path, 0);
        (it.row.time, it.row.is_dated, it.row.camera) = (time, true, Some("x".into()));
        it
    }

    /// Asks with vectors of two components, by the angle that each id has.
    fn asking<T>(
        angle: impl Fn(i64) -> Option<f32>,
        run: impl FnOnce(&mut Asking<'_>) -> Result<T>,
    ) -> T {
        let mut vector = |hash: &ContentHash| {
            let of = |angle: f32| Arc::from([angle.cos(), angle.sin()]);
            Ok(angle(i64::from(hash[0])).map(of))
        };
        run(&mut Asking { vector: &mut vector, check: &|| Ok(()) }).unwrap()
    }

    fn ids(groups: Vec<Vec<Candidate>>) -> Vec<Vec<i64>> {
        groups.into_iter().map(|group| group.into_iter().map(|it| it.row.id).collect()).collect()
    }

    #[test]
    fn versions_are_near_their_keeper_and_chains_are_not_followed() {
        // Each 8 bits from the one before; the first is the best by its path.
        let chain = |n: i64| {
            seen(n, &format!("/p/{}", "a".repeat(n as usize)), (1u128 << (8 * n)) as u64 - 1)
        };
        let all: Vec<Candidate> = (1..=5).map(chain).collect();
        let groups = asking(|_| Some(0.0), |ask| edited(all.clone(), ask));
        assert_eq!(ids(groups), [[1, 2], [3, 4]]);
        let groups = asking(|id| Some(id as f32), |ask| edited(all.clone(), ask));
        assert!(groups.is_empty(), "their vectors differ");
        let groups = asking(|_| None, |ask| edited(all.clone(), ask));
        assert!(groups.is_empty(), "8 bits are no proof without vectors");
        let mut close = all;
        close[1].print = close[0].print;
        assert_eq!(ids(asking(|_| None, |ask| edited(close, ask))), [[1, 2]]);
    }

    #[test]
    fn photos_without_a_look_are_no_versions() {
        let flat = Fingerprint { look: None, sharpness: 0.0, clipped: 1.0 };
        let black = |id| Candidate { print: Some(flat), ..candidate(id, "/p/a") };
        let all = vec![black(1), black(2), candidate(3, "/p/b")];
        assert!(asking(|_| Some(0.0), |ask| edited(all, ask)).is_empty());
    }

    #[test]
    fn frames_are_not_versions_of_each_other_but_copies_of_one_frame_are() {
        let versions = |a: Candidate, b: Candidate| {
            !asking(|_| Some(0.0), |ask| edited(vec![a, b], ask)).is_empty()
        };
        let first = || taken(1, "/p/IMG_0012.jpg", 100);
        assert!(!versions(first(), taken(2, "/p/IMG_0013.jpg", 101)));
        assert!(!versions(first(), taken(2, "/p/IMG_0012-edit.jpg", 160)));
        assert!(!versions(first(), taken(2, "/p/IMG_0013.jpg", 100)), "ten frames a second");
        for version in
            ["IMG_0012-edit.jpg", "IMG_0012 (1).jpg", "IMG_0012.CR2", "IMG_0012-2.jpg", "x.jpg"]
        {
            assert!(versions(first(), taken(2, &format!("/p/{version}"), 100)), "{version}");
        }
        // Its clock was set right, or nothing is known of it.
        assert!(versions(first(), taken(2, "/p/IMG_0013.jpg", 3700)));
        assert!(versions(first(), seen(2, "/p/IMG_0013.jpg", 0)));
    }

    #[test]
    fn bursts_are_close_in_time_of_one_camera_and_of_one_scene() {
        let mut all: Vec<Candidate> = [100, 101, 104, 108, 109, 200]
            .iter()
            .zip(1..)
            .map(|(&t, n)| taken(n, "/p/a", t))
            .collect();
        let same = |_: i64| Some(0.0);
        assert_eq!(ids(asking(same, |ask| bursts(all.clone(), ask))), [vec![1, 2, 3], vec![4, 5]]);
        all[1].row.camera = Some("y".into());
        assert_eq!(ids(asking(same, |ask| bursts(all.clone(), ask))), [[4, 5]]);
        all[4].row.is_dated = false;
        assert!(asking(same, |ask| bursts(all.clone(), ask)).is_empty());
        // Two scenes at once, and a frame that was never seen by the model.
        let all: Vec<Candidate> =
            (1..=7).map(|n| taken(n, &format!("/p/{n}"), 100 + n / 2)).collect();
        let scene = |id: i64| (id != 5).then_some((id % 2) as f32);
        assert_eq!(ids(asking(scene, |ask| bursts(all, ask))), [vec![1, 3, 7], vec![2, 4, 6]]);
    }

    #[test]
    fn a_scene_that_changes_bit_by_bit_or_goes_on_for_long_is_not_one_burst() {
        let all: Vec<Candidate> = (1..=60).map(|n| taken(n, "/p/a", 3 * n)).collect();
        let groups = asking(|_| Some(0.0), |ask| bursts(all.clone(), ask));
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [21, 21, 18]);
        let turning = |id: i64| Some(id as f32 * 0.3);
        let groups = asking(turning, |ask| bursts(all, ask));
        for group in groups {
            let turned = group[group.len() - 1].row.id - group[0].row.id;
            assert!(turned as f32 * 0.3 < 1.6, "{turned}");
        }
    }

    proptest! {
        #[test]
        fn groups_are_those_that_comparing_all_gives(
            turned in prop::collection::vec(prop::collection::vec(0u32..64, 0..9), 2..50),
            angles in prop::collection::vec(0.0f32..1.0, 50),
        ) {
            let all: Vec<Candidate> = turned.iter().zip(1..).map(|(bits, id)| {
                seen(id, "/p/a", bits.iter().fold(0, |look, bit| look ^ 1 << bit))
            }).collect();
            let angle = |id: i64| Some(angles[id as usize - 1]);
            let groups = ids(asking(angle, |ask| edited(all.clone(), ask)));
            // By the definition: in order of worth, which is that of ids here.
            let mut left: BTreeSet<usize> = (0..all.len()).collect();
            let mut expected = Vec::new();
            while let Some(keeper) = left.pop_first() {
                let near = |&n: &usize| {
                    let differ = (look(&all[n]).unwrap() ^ look(&all[keeper]).unwrap()).count_ones();
                    are_versions(differ, Some((angles[n] - angles[keeper]).cos()))
                };
                let members: Vec<usize> = left.iter().copied().filter(near).collect();
                if !members.is_empty() {
                    members.iter().for_each(|n| { left.remove(n); });
                    let all = std::iter::once(keeper).chain(members);
                    expected.push(all.map(|n| n as i64 + 1).collect::<Vec<_>>());
                }
            }
            prop_assert_eq!(groups, expected);
        }
    }
}

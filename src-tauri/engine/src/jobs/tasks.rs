//! Which photos wait for which model.

use std::collections::HashSet;

use crate::catalog::{ContentHash, PendingPhoto};
use crate::model::ModelInfo;

/// A model's share of the work.
pub(crate) struct Task {
    pub model: ModelInfo,
    /// In the order in which they are worked on.
    pub photos: Vec<PendingPhoto>,
}

/// The photos that lack a reading, a vector or a thumbnail.
pub(crate) fn lacking(
    reachable: &[PendingPhoto],
    embedded: &HashSet<ContentHash>,
    thumbnailed: &HashSet<ContentHash>,
) -> Vec<PendingPhoto> {
    let done = |hash| embedded.contains(&hash) && thumbnailed.contains(&hash);
    let lacks = |photo: &&PendingPhoto| photo.unread || !photo.hash.is_some_and(done);
    reachable.iter().filter(lacks).copied().collect()
}

/// The photos that a model must see to go on finding what it would find had no
/// other one been chosen: those that came after the choice, with ids above
/// `newest_before`, and those that it knew and whose files changed. Photos that
/// it lacked before are left to the other model, which they would only delay.
pub(crate) fn slipping(
    reachable: &[PendingPhoto],
    embedded: &HashSet<ContentHash>,
    newest_before: i64,
) -> Vec<PendingPhoto> {
    let slips = |photo: &&PendingPhoto| {
        let known = photo.hash.is_some_and(|hash| embedded.contains(&hash));
        if photo.id > newest_before { photo.unread || !known } else { photo.unread && known }
    };
    reachable.iter().filter(slips).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: ContentHash = [1; 32];
    const FOREIGN: ContentHash = [2; 32];

    fn photo(id: i64, hash: Option<ContentHash>, unread: bool) -> PendingPhoto {
        PendingPhoto { id, hash, unread }
    }

    fn ids(photos: &[PendingPhoto]) -> Vec<i64> {
        photos.iter().map(|photo| photo.id).collect()
    }

    #[test]
    fn what_came_or_changed_after_the_choice_is_kept_findable() {
        let photos = [
            // Before the choice: found, edited since, not embedded, never read.
            photo(1, Some(KNOWN), false),
            photo(2, Some(KNOWN), true),
            photo(3, Some(FOREIGN), false),
            photo(4, Some(FOREIGN), true),
            photo(5, None, true),
            // After it: new, read by the other model alone, edited, done.
            photo(11, None, true),
            photo(12, Some(FOREIGN), false),
            photo(13, Some(KNOWN), true),
            photo(14, Some(KNOWN), false),
        ];
        assert_eq!(ids(&slipping(&photos, &[KNOWN].into(), 10)), [2, 11, 12, 13]);
        assert_eq!(ids(&slipping(&photos, &[KNOWN].into(), 0)), [2, 3, 4, 5, 11, 12, 13]);
    }

    #[test]
    fn what_lacks_a_reading_a_vector_or_a_thumbnail_is_worked_on() {
        let photos = [
            photo(1, Some(KNOWN), false),
            photo(2, Some(KNOWN), true),
            photo(3, Some(FOREIGN), false),
            photo(4, None, true),
        ];
        let all = [KNOWN, FOREIGN].into();
        assert_eq!(ids(&lacking(&photos, &[KNOWN].into(), &all)), [2, 3, 4]);
        assert_eq!(ids(&lacking(&photos, &all, &[FOREIGN].into())), [1, 2, 4]);
    }
}

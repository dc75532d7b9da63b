//! What is suggested for which photo.
//!
//! What stands out for a category ([`evidence`](super::evidence)) becomes a
//! suggestion as far as the photo's other suggestions leave room for it:
//!
//! - siblings that exclude each other share their odds: the softmax of their logarithms
//!   of odds, whose slope stands for the temperature, which not every model has;
//! - a category that follows from a narrower one, and is hardly surer than that, is not
//!   suggested beside it;
//! - a photo has at most [`MOST`].

use std::collections::HashMap;

use super::confidence::{LEAST, of_logit};
use super::evidence::Matches;
use super::vocabulary::Vocabulary;

/// Suggestions of one photo: more nobody reads.
pub(super) const MOST: usize = 12;

/// A category that is at least so sure speaks for those that it is a part of.
const IMPLIES: f32 = crate::view::LIKELY;

/// A wider one that is so much surer says something that the narrower does not: it is a
/// dog, and perhaps a terrier.
const SURER: f32 = 0.1;

/// A category for a photo, by its place in the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Suggestion {
    pub category: u16,
    pub confidence: f32,
}

/// The suggestions of all photos.
#[derive(Debug, Default)]
pub(super) struct Suggestions {
    /// By photo, the surest first.
    of_photo: HashMap<i64, Box<[Suggestion]>>,
    /// By category: photos, the surest first.
    of_category: Vec<Vec<(i64, f32)>>,
}

impl Suggestions {
    /// Of what stands out for each category of the vocabulary, in its order.
    pub fn of(vocabulary: &Vocabulary, matches: &[&Matches]) -> Self {
        let mut of_photo: HashMap<i64, Vec<Suggestion>> = HashMap::new();
        for (category, found) in (0u16..).zip(matches) {
            for one in &found.photos {
                let confidence = of_logit(one.logit);
                of_photo.entry(one.photo).or_default().push(Suggestion { category, confidence });
            }
        }
        let mut of_category = vec![Vec::new(); vocabulary.len()];
        let of_photo: HashMap<i64, Box<[Suggestion]>> = of_photo
            .into_iter()
            .map(|(photo, found)| {
                let kept = settled(vocabulary, found);
                for Suggestion { category, confidence } in &kept {
                    of_category[usize::from(*category)].push((photo, *confidence));
                }
                (photo, kept.into_boxed_slice())
            })
            .collect();
        for photos in &mut of_category {
            photos.sort_unstable_by(|(a, sure_a), (b, sure_b)| {
                sure_b.total_cmp(sure_a).then(b.cmp(a))
            });
        }
        Self { of_photo, of_category }
    }

    /// Of one photo, the surest first.
    pub fn of_photo(&self, photo: i64) -> &[Suggestion] {
        self.of_photo.get(&photo).map_or(&[], |found| found)
    }

    /// Of one category: photos, the surest first.
    pub fn of_category(&self, category: usize) -> &[(i64, f32)] {
        self.of_category.get(category).map_or(&[], Vec::as_slice)
    }
}

/// What is left of a photo's suggestions beside each other, the surest first.
fn settled(vocabulary: &Vocabulary, mut found: Vec<Suggestion>) -> Vec<Suggestion> {
    share_among_siblings(vocabulary, &mut found);
    found.retain(|one| one.confidence >= LEAST);
    // How sure the surest narrower one is.
    let mut implied: HashMap<usize, f32> = HashMap::new();
    for one in found.iter().filter(|one| one.confidence >= IMPLIES) {
        for wider in vocabulary.above(usize::from(one.category)) {
            let surest = implied.entry(wider).or_default();
            *surest = surest.max(one.confidence);
        }
    }
    found.retain(|one| {
        let narrower = implied.get(&usize::from(one.category));
        narrower.is_none_or(|surest| one.confidence > surest + SURER)
    });
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.category.cmp(&b.category)));
    found.truncate(MOST);
    found
}

/// Of siblings that exclude each other at most one is true: each keeps its share of
/// their odds, times the confidence that any of them is.
fn share_among_siblings(vocabulary: &Vocabulary, found: &mut [Suggestion]) {
    let group = |one: &Suggestion| {
        vocabulary
            .parent(usize::from(one.category))
            .filter(|parent| vocabulary.at(*parent).exclusive)
    };
    let mut groups: HashMap<usize, (f32, f32)> = HashMap::new();
    let odds = |one: &Suggestion| one.confidence / (1.0 - one.confidence).max(1e-6);
    for one in found.iter() {
        if let Some(group) = group(one) {
            let (sum, any) = groups.entry(group).or_default();
            *sum += odds(one);
            *any = any.max(one.confidence);
        }
    }
    for one in found {
        if let Some((sum, any)) = group(one).and_then(|group| groups.get(&group)) {
            one.confidence = any * odds(one) / sum.max(1e-6);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::confidence::logit;
    use super::super::evidence::Match;
    use super::*;
    use crate::tags::file::read;

    const TREE: &str = r#"
        [[category]]
        id = "animal"
        name = "Animal"
        prompts = ["an animal"]
        [[category]]
        id = "dog"
        name = "Dog"
        parent = "animal"
        prompts = ["a dog"]
        [[category]]
        id = "time"
        name = "Time"
        heading = true
        exclusive = true
        [[category]]
        id = "day"
        name = "Day"
        parent = "time"
        prompts = ["day"]
        [[category]]
        id = "night"
        name = "Night"
        parent = "time"
        prompts = ["night"]
    "#;

    /// What is suggested for photo 1, of these confidences.
    fn suggested(confidences: &[(&str, f32)]) -> Vec<(String, f32)> {
        let vocabulary = Vocabulary::of_categories(read(TREE).unwrap());
        let mut matches = vec![Matches::default(); vocabulary.len()];
        for (id, confidence) in confidences {
            let one = Match { photo: 1, logit: logit(*confidence) };
            matches[vocabulary.find(id).unwrap()].photos.push(one);
        }
        let suggestions = Suggestions::of(&vocabulary, &matches.iter().collect::<Vec<_>>());
        let name = |one: &Suggestion| {
            (
                vocabulary.at(one.category.into()).id.clone(),
                (one.confidence * 100.0).round() / 100.0,
            )
        };
        suggestions.of_photo(1).iter().map(name).collect()
    }

    #[test]
    fn the_surest_comes_first_and_what_is_unlikely_is_left_out() {
        let found = suggested(&[("night", 0.3), ("dog", 0.4), ("animal", 0.09)]);
        assert_eq!(found, [("dog".into(), 0.4), ("night".into(), 0.3)]);
    }

    #[test]
    fn what_follows_from_a_narrower_one_is_not_suggested_beside_it() {
        assert_eq!(suggested(&[("animal", 0.65), ("dog", 0.6)]), [("dog".into(), 0.6)]);
        let surer = suggested(&[("animal", 0.9), ("dog", 0.6)]);
        assert_eq!(surer, [("animal".into(), 0.9), ("dog".into(), 0.6)]);
        let unsure = suggested(&[("animal", 0.9), ("dog", 0.4)]);
        assert_eq!(unsure, [("animal".into(), 0.9), ("dog".into(), 0.4)]);
    }

    #[test]
    fn siblings_that_exclude_each_other_share_their_odds() {
        let found = suggested(&[("day", 0.8), ("night", 0.5)]);
        // Odds of 4 and 1.
        assert_eq!(found, [("day".into(), 0.64), ("night".into(), 0.16)]);
        assert_eq!(suggested(&[("day", 0.8)]), [("day".into(), 0.8)]);
        let even = suggested(&[("day", 0.9), ("night", 0.9)]);
        assert_eq!(even, [("day".into(), 0.45), ("night".into(), 0.45)]);
    }

    #[test]
    fn a_photo_gets_a_dozen_at_most() {
        let many: String = (0..20)
            .map(|n| format!("[[category]]\nid = \"c{n}\"\nname = \"C{n}\"\nprompts = [\"c\"]\n"))
            .collect();
        let vocabulary = Vocabulary::of_categories(read(&many).unwrap());
        let matches: Vec<Matches> = (0..20)
            .map(|n| Matches {
                photos: vec![Match { photo: 7, logit: n as f32 / 10.0 }],
                learned: false,
            })
            .collect();
        let suggestions = Suggestions::of(&vocabulary, &matches.iter().collect::<Vec<_>>());
        let of_photo = suggestions.of_photo(7);
        assert_eq!((of_photo.len(), of_photo[0].category), (MOST, 19));
        assert!(
            suggestions.of_category(3).is_empty(),
            "what a photo dropped, its category has not"
        );
        assert_eq!(suggestions.of_category(19).len(), 1);
    }
}

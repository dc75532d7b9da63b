//! Tags: what is suggested, decided, learned and taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use afterimage_engine::{
    Cancel, CategoryOrigin, Code, Decision, LIKELY, NewCategory, PhotoId, ReviewOf, SearchRequest,
    Why,
};

use crate::everyday::{self, Everyday};
use crate::support::Fixture;

fn go() -> Cancel {
    Cancel::default()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// All suggestions of a category, the surest first.
fn suggestions(everyday: &Everyday, category: &str) -> Vec<(String, f32)> {
    let page = everyday.engine.review(category, ReviewOf::Suggested, 0, usize::MAX, &go()).unwrap();
    assert_eq!(page.total, page.photos.len());
    let shown = page.photos.iter().map(|photo| (name(&photo.hit.path), photo.confidence.unwrap()));
    shown.collect()
}

/// Precision and recall of the likely ones among some photos.
fn judged(
    suggested: &[(String, f32)],
    relevant: &BTreeSet<String>,
    of: impl Fn(&String) -> bool,
) -> (f64, f64) {
    let likely: Vec<&String> = suggested
        .iter()
        .filter(|(name, confidence)| *confidence >= LIKELY && of(name))
        .map(|(name, _)| name)
        .collect();
    let right = likely.iter().filter(|name| relevant.contains(**name)).count() as f64;
    let wanted = relevant.iter().filter(|name| of(name)).count() as f64;
    (right / likely.len().max(1) as f64, right / wanted)
}

fn means(judged: &[(f64, f64)]) -> (f64, f64) {
    let count = judged.len() as f64;
    let sum = |of: fn(&(f64, f64)) -> f64| judged.iter().map(of).sum::<f64>() / count;
    (sum(|judged| judged.0), sum(|judged| judged.1))
}

/// The queries as categories; their names would else be those of bundled ones.
fn category(query: &str) -> String {
    format!("Query: {query}")
}

#[test]
fn suggestions_are_right_sure_as_they_say_and_learn() {
    let Some(everyday) = everyday::index() else { return };
    let queries = everyday.queries();
    for asked in &queries {
        let new = NewCategory {
            name: category(&asked.query),
            prompts: vec![asked.query.clone()],
            ..NewCategory::default()
        };
        everyday.engine.save_category(&new).unwrap();
    }

    // Right.
    let before: Vec<Vec<(String, f32)>> =
        queries.iter().map(|asked| suggestions(&everyday, &category(&asked.query))).collect();
    let all = |_: &String| true;
    let of_each: Vec<(f64, f64)> = queries
        .iter()
        .zip(&before)
        .map(|(asked, suggested)| judged(suggested, &asked.relevant, all))
        .collect();
    let (precision, recall) = means(&of_each);
    println!("precision {precision:.3}, recall {recall:.3}");
    assert!(precision >= 0.8, "precision {precision:.3} of {of_each:.2?}");
    assert!(recall >= 0.55, "recall {recall:.3} of {of_each:.2?}");

    // As sure as they say. What is not suggested has less than 0.1.
    let library: Vec<String> =
        everyday.engine.library().unwrap().iter().map(|hit| name(&hit.path)).collect();
    let photos = library.len();
    let mut bins = [(0, 0, 0.0); 10];
    for (asked, suggested) in queries.iter().zip(&before) {
        let mut found = asked.relevant.len();
        for (name, confidence) in suggested {
            let bin = &mut bins[((confidence * 10.0) as usize).min(9)];
            let right = asked.relevant.contains(name);
            found -= usize::from(right);
            *bin = (bin.0 + 1, bin.1 + usize::from(right), bin.2 + f64::from(*confidence));
        }
        bins[0] = (bins[0].0 + photos - suggested.len(), bins[0].1 + found, bins[0].2);
    }
    for (at, (count, right, sum)) in bins.into_iter().enumerate() {
        let (stated, observed) = (sum / count as f64, right as f64 / count as f64);
        println!("{at}: {count} photos, stated {stated:.2}, right {observed:.2}");
        assert!(
            count < 30 || (stated - observed).abs() <= 0.15,
            "of {count} photos of a confidence of {stated:.2} {observed:.2} are right"
        );
    }

    // They learn.
    let mut effect = (Vec::new(), Vec::new());
    for (asked, suggested) in queries.iter().zip(&before) {
        if asked.relevant.len() < 8 {
            continue;
        }
        let category = category(&asked.query);
        // As one goes through them, and then through others.
        let names = suggested.iter().map(|(name, _)| name).chain(&library);
        let (right, wrong): (Vec<&String>, Vec<&String>) =
            names.partition(|name| asked.relevant.contains(*name));
        let five = |names: Vec<&String>| -> Vec<String> {
            let mut five: Vec<String> = Vec::new();
            for name in names {
                if five.len() < 5 && !five.contains(name) {
                    five.push(name.clone());
                }
            }
            five
        };
        let (confirmed, wrong) = (five(right), five(wrong));
        let decide = |names: &[String], decision| {
            let photos: Vec<PhotoId> = names.iter().map(|name| everyday.id(name)).collect();
            everyday.engine.decide(&photos, &category, Some(decision), &go()).unwrap()
        };
        decide(&confirmed, Decision::Confirmed);
        let decided = decide(&wrong, Decision::Rejected);
        assert_eq!(decided.changed as usize, wrong.len());
        assert!(decided.learned.is_some(), "{category} learned nothing");
        let rest = |name: &String| !confirmed.contains(name) && !wrong.contains(name);
        let after = suggestions(&everyday, &category);
        assert!(after.iter().all(|(name, _)| rest(name)), "what is decided is not suggested");
        effect.0.push(judged(suggested, &asked.relevant, rest));
        effect.1.push(judged(&after, &asked.relevant, rest));
    }
    let (before_examples, after_examples) = (means(&effect.0), means(&effect.1));
    println!("{} learned: {before_examples:.3?}, {after_examples:.3?}", effect.0.len());
    assert!(effect.0.len() >= 5);
    assert!(after_examples.0 >= before_examples.0, "{before_examples:?} {after_examples:?}");
    assert!(after_examples.1 > before_examples.1, "{before_examples:?} {after_examples:?}");

    // And forget when that is taken back.
    while everyday.engine.undo_tags(None).unwrap().is_some() {}
    for (asked, suggested) in queries.iter().zip(&before) {
        assert_eq!(&suggestions(&everyday, &category(&asked.query)), suggested);
    }

    bundled_ones_fit(&everyday);
    a_name_becomes_a_category_by_examples(&everyday);
}

/// The categories that come with the application, for those of the queries that are
/// one of them.
fn bundled_ones_fit(everyday: &Everyday) {
    let same = BTreeMap::from([
        ("a dog", "dog"),
        ("a cat", "cat"),
        ("a bird", "bird"),
        ("a snake", "snake"),
        ("a fish", "fish"),
        ("a musical instrument", "musical-instrument"),
        ("a boat or ship", "boat"),
        ("a car", "car"),
        ("a spider", "spider"),
        ("a frog", "frog"),
        ("a bottle", "bottle"),
        ("a clock or watch", "clock"),
        ("a crab or lobster", "crab"),
        ("a butterfly", "butterfly"),
    ]);
    let tree = everyday.engine.tag_tree(&go()).unwrap();
    let place = |id: &str| tree.categories.iter().position(|one| one.category.id == id).unwrap();
    // A narrower one takes the place of a wider one.
    let below = |id: &str| -> Vec<String> {
        let mut ids = vec![id.to_owned()];
        for one in &tree.categories[place(id) + 1..] {
            match &one.category.parent {
                Some(parent) if ids.contains(parent) => ids.push(one.category.id.clone()),
                _ => break,
            }
        }
        ids
    };
    let of_each: Vec<(f64, f64)> = everyday
        .queries()
        .iter()
        .filter_map(|asked| Some((same.get(asked.query.as_str())?, asked)))
        .map(|(id, asked)| {
            let mut all: BTreeMap<String, f32> = BTreeMap::new();
            for (name, sure) in below(id).iter().flat_map(|id| suggestions(everyday, id)) {
                let best = all.entry(name).or_default();
                *best = best.max(sure);
            }
            let all: Vec<(String, f32)> = all.into_iter().collect();
            judged(&all, &asked.relevant, |_| true)
        })
        .collect();
    let (precision, recall) = means(&of_each);
    println!("{} bundled: precision {precision:.3}, recall {recall:.3}", of_each.len());
    assert!(precision >= 0.7 && recall >= 0.7, "{precision:.3} {recall:.3} of {of_each:.2?}");
    for one in everyday.engine.library().unwrap().iter().take(20) {
        let tags = everyday.engine.photo_tags(one.photo, &go()).unwrap();
        assert!(tags.len() <= 12, "{} tags of {}", tags.len(), one.path.display());
        assert!(tags.windows(2).all(|two| two[0].confidence >= two[1].confidence));
    }
}

fn a_name_becomes_a_category_by_examples(everyday: &Everyday) {
    let dogs = everyday.relevant("a dog");
    let photos: Vec<PhotoId> = dogs.iter().take(8).map(|name| everyday.id(name)).collect();
    let added = everyday.engine.add_tag(&photos[..4], "Rex & friends", &go()).unwrap();
    assert_eq!((added.changed, added.learned), (4, None));
    assert_eq!(suggestions(everyday, "Rex & friends"), [], "four are too few");
    let added = everyday.engine.add_tag(&photos[4..], "rex & FRIENDS", &go()).unwrap();
    assert!(added.learned.is_some_and(|learned| learned.before == 0 && learned.after > 5));
    let suggested = suggestions(everyday, "Rex & friends");
    let likely: Vec<&String> =
        suggested.iter().filter(|(_, sure)| *sure >= LIKELY).map(|(name, _)| name).collect();
    let right = likely.iter().filter(|name| dogs.contains(**name)).count();
    println!("by examples: {right} of {} likely ones are dogs", likely.len());
    assert!(right * 10 >= likely.len() * 8 && right >= 8, "{right} of {}", likely.len());
}

/// So many photos, indexed, in the order of their ids.
fn photos_in(fixture: &Fixture, count: u8) -> Vec<PhotoId> {
    (0..count).for_each(|seed| fixture.photo(&format!("{seed}.png"), seed));
    fixture.add();
    fixture.index();
    let mut photos: Vec<PhotoId> =
        fixture.engine.library().unwrap().iter().map(|hit| hit.photo).collect();
    photos.sort_unstable();
    assert_eq!(photos.len(), usize::from(count));
    photos
}

fn search(fixture: &Fixture, query: &str) -> Vec<PhotoId> {
    let request = SearchRequest { query: query.into(), ..Default::default() };
    let page = fixture.engine.search(&request, &go()).unwrap();
    assert_eq!(page.problems, [], "{query}");
    page.hits.iter().map(|hit| hit.photo).collect()
}

#[test]
fn what_is_decided_is_found_counted_and_taken_back() {
    let fixture = Fixture::new();
    let photos = photos_in(&fixture, 6);
    let engine = &fixture.engine;
    engine.add_tag(&photos[..2], "Dog", &go()).unwrap();
    engine.decide(&photos[2..3], "dog", Some(Decision::Confirmed), &go()).unwrap();
    engine.decide(&photos[3..4], "hund", Some(Decision::Rejected), &go()).unwrap();

    let mut found = search(&fixture, "tag:animal");
    found.sort_unstable();
    assert_eq!(found, photos[..3], "a narrower tag, and nothing that was rejected");
    assert_eq!(search(&fixture, "tag:puppy").len(), 3, "a synonym means it, too");
    assert_eq!(search(&fixture, "-tag:dog").len(), 3);
    assert_eq!(search(&fixture, "is:untagged").len(), 3, "rejecting is no tag");
    let tree = engine.tag_tree(&go()).unwrap();
    let counts = |id: &str| {
        let one = tree.categories.iter().find(|one| one.category.id == id).unwrap();
        (one.tagged, one.rejected)
    };
    assert_eq!((counts("dog"), counts("animal")), ((3, 1), (3, 0)));
    let tags = engine.photo_tags(photos[0], &go()).unwrap();
    let implied: Vec<&str> =
        tags.iter().filter(|tag| tag.implied).map(|tag| tag.category.as_str()).collect();
    assert!(implied.contains(&"animal"), "{tags:?}");

    assert_eq!(engine.undo_tags(None).unwrap().unwrap().words, "Dog rejected for 1 photo");
    assert_eq!(engine.undo_tags(None).unwrap().unwrap().words, "Dog confirmed for 1 photo");
    assert_eq!(search(&fixture, "tag:dog").len(), 2);
    assert_eq!(engine.undo_tags(None).unwrap().unwrap().words, "Dog added to 2 photos");
    assert_eq!(engine.undo_tags(None).unwrap(), None);
    assert_eq!(search(&fixture, "tag:dog").len(), 0);
}

#[test]
fn a_decision_is_taken_back_by_its_number_and_what_was_said_since_stays() {
    let fixture = Fixture::new();
    let photos = photos_in(&fixture, 3);
    let engine = &fixture.engine;
    let decide = |photos: &[PhotoId], category: &str, decision| {
        engine.decide(photos, category, decision, &go()).unwrap().batch
    };
    let dogs = |photo| {
        let tags = engine.decided_photo_tags(photo).unwrap();
        tags.into_iter().find(|tag| tag.category == "dog").and_then(|tag| tag.decision)
    };
    let first = decide(&photos[..2], "dog", Some(Decision::Tagged));
    assert_eq!(decide(&photos[..2], "dog", Some(Decision::Tagged)), None, "it was said already");
    let second = decide(&photos[1..], "dog", Some(Decision::Rejected));
    let cat = decide(&photos[..1], "cat", Some(Decision::Tagged));
    assert!(first < second && second < cat, "{first:?} {second:?} {cat:?}");

    let undone = engine.undo_tags(first).unwrap().unwrap();
    assert_eq!(undone.words, "Dog added to 2 photos");
    assert_eq!(undone.photos, photos[..1]);
    let rejected = Some(Decision::Rejected);
    assert_eq!(photos.iter().map(|one| dogs(*one)).collect::<Vec<_>>(), [None, rejected, rejected]);
    assert_eq!(search(&fixture, "tag:cat").len(), 1, "what was done between is as it was");
    assert_eq!(engine.undo_tags(first).unwrap_err().code(), Code::NotFound, "only once");
    engine.undo_tags(second).unwrap();
    assert_eq!(dogs(photos[1]), None, "as before both");

    // Numbers are not given twice: what is done now is not taken for what was.
    engine.undo_tags(cat).unwrap();
    let next = decide(&photos, "dog", Some(Decision::Confirmed));
    assert!(next > cat, "{next:?}");
    assert_eq!(engine.undo_tags(cat).unwrap_err().code(), Code::NotFound);
    assert_eq!(search(&fixture, "tag:dog").len(), 3);
}

#[test]
fn a_category_that_a_tag_made_goes_with_it_unless_it_is_used() {
    let fixture = Fixture::new();
    let photos = photos_in(&fixture, 2);
    let engine = &fixture.engine;
    let add = |photos: &[PhotoId], name| engine.add_tag(photos, name, &go()).unwrap().batch;
    let kite = add(&photos[..1], "Kite");
    assert_eq!(engine.undo_tags(kite).unwrap().unwrap().words, "Kite added to 1 photo");
    assert_eq!(engine.category("Kite").unwrap_err().code(), Code::NotFound);

    let kite = add(&photos[..1], "Kite");
    let again = add(&photos[1..], "Kite");
    engine.undo_tags(kite).unwrap();
    assert_eq!(search(&fixture, "tag:kite"), photos[1..], "another photo has it");
    engine.undo_tags(again).unwrap();
    assert!(engine.category("Kite").is_ok(), "it was not made for that one");

    let zeppelin = add(&photos[..1], "Zeppelin");
    let id = Some(engine.category("Zeppelin").unwrap().id);
    let prompts = vec!["an airship".to_owned()];
    let said = NewCategory { id, name: "Zeppelin".into(), prompts, ..NewCategory::default() };
    engine.save_category(&said).unwrap();
    engine.undo_tags(zeppelin).unwrap();
    assert!(engine.category("Zeppelin").is_ok(), "somebody said more of it");
}

#[test]
fn a_tag_is_found_by_its_name_alone() {
    let fixture = Fixture::new();
    let photos = photos_in(&fixture, 6);
    fixture.engine.add_tag(&photos[2..4], "Rexington", &go()).unwrap();
    for query in ["rexington", "the Rexington"] {
        let request = SearchRequest { query: query.into(), ..Default::default() };
        let page = fixture.engine.search(&request, &go()).unwrap();
        let mut first: Vec<PhotoId> = page.hits[..2].iter().map(|hit| hit.photo).collect();
        first.sort_unstable();
        assert_eq!(first, photos[2..4], "{query}");
        assert!(page.hits[..2].iter().all(|hit| hit.why.contains(Why::KEYWORDS)));
        assert!(!page.hits[2].why.contains(Why::KEYWORDS));
    }
}

#[test]
fn a_decision_is_for_all_photos_or_for_none() {
    let fixture = Fixture::new();
    let photos = photos_in(&fixture, 2);
    let engine = &fixture.engine;
    let some = [photos[0], PhotoId(999)];
    for error in [
        engine.decide(&some, "dog", Some(Decision::Tagged), &go()).unwrap_err(),
        engine.add_tag(&some, "New name", &go()).unwrap_err(),
        engine.decide(&photos, "no such thing", Some(Decision::Tagged), &go()).unwrap_err(),
    ] {
        assert_eq!(error.code(), Code::NotFound, "{error}");
    }
    assert!(engine.category("New name").is_err(), "nothing was made");
    let heading = engine.decide(&photos, "nature", Some(Decision::Tagged), &go()).unwrap_err();
    assert_eq!(heading.code(), Code::Usage);
    assert_eq!(engine.undo_tags(None).unwrap(), None);
    assert_eq!(search(&fixture, "-is:untagged").len(), 0);
}

#[test]
fn tags_stay_with_a_photo_that_moves() {
    let fixture = Fixture::new();
    let photos = photos_in(&fixture, 3);
    fixture.engine.add_tag(&photos[..1], "Keep me", &go()).unwrap();
    fixture.engine.set_rating(&photos[..1], Some(4)).unwrap();
    let path = fixture.engine.photo(photos[0]).unwrap().path;
    let new = path.with_file_name("another name.png");
    std::fs::rename(&path, &new).unwrap();
    fixture.index();
    let moved = fixture.engine.find_photo(&new).unwrap().unwrap();
    assert_eq!(search(&fixture, "tag:\"keep me\""), [moved]);
    assert_eq!(search(&fixture, "rating:4"), [moved]);
    assert_eq!(fixture.engine.photo(moved).unwrap().rating, Some(4));
    assert!(fixture.engine.set_rating(&[moved], Some(6)).is_err());
    fixture.engine.set_rating(&[moved], None).unwrap();
    assert_eq!(search(&fixture, "rating:4"), []);
}

#[test]
fn categories_are_made_changed_hidden_and_reset() {
    let fixture = Fixture::new();
    let photos = photos_in(&fixture, 2);
    let engine = &fixture.engine;
    let new = NewCategory {
        name: " Grandma's garden ".into(),
        parent: Some("garden".into()),
        prompts: vec!["a garden with a red bench".into(), " ".into()],
        ..NewCategory::default()
    };
    let made = engine.save_category(&new).unwrap();
    assert_eq!((made.name.as_str(), made.origin), ("Grandma's garden", CategoryOrigin::Own));
    assert_eq!(made.prompts.len(), 1, "a blank prompt is none");
    let again = engine.save_category(&new).unwrap_err();
    assert!(again.to_string().contains("already"), "{again}");
    let looped = NewCategory {
        id: Some("garden".into()),
        name: "Garden".into(),
        parent: Some(made.id.clone()),
        ..NewCategory::default()
    };
    assert_eq!(engine.save_category(&looped).unwrap_err().code(), Code::Usage);

    let dog = engine.category("dog").unwrap();
    let renamed = NewCategory {
        id: Some("dog".into()),
        name: "Woof".into(),
        parent: dog.parent.clone(),
        prompts: dog.prompts.clone(),
        synonyms: dog.synonyms.clone(),
        names: dog.names.clone(),
        ..NewCategory::default()
    };
    assert_eq!(engine.save_category(&renamed).unwrap().origin, CategoryOrigin::Changed);
    engine.add_tag(&photos[..1], "Woof", &go()).unwrap();
    assert_eq!(engine.reset_category("woof").unwrap(), dog);
    assert_eq!(search(&fixture, "tag:dog").len(), 1, "the tag is the same one");

    engine.remove_category("dog").unwrap();
    assert!(engine.category("dog").unwrap().hidden);
    assert_eq!(search(&fixture, "tag:dog").len(), 1, "hiding takes no tag away");
    engine.add_tag(&photos, "Grandma's garden", &go()).unwrap();
    let removed = engine.remove_category(&made.id).unwrap();
    assert_eq!(engine.category(&made.id).unwrap_err().code(), Code::NotFound);
    assert_eq!(search(&fixture, "is:untagged").len(), 1);
    let undone = engine.undo_tags(removed).unwrap().unwrap();
    assert_eq!(undone.photos.len(), 2, "it comes back with its tags: {}", undone.words);
    assert_eq!(engine.category(&made.id).unwrap().name, "Grandma's garden");
    engine.undo_tags(None).unwrap();
    assert_eq!(engine.remove_category(&made.id).unwrap(), None, "no photo has it");
    let again = NewCategory { id: Some(made.id.clone()), ..new };
    assert_eq!(engine.save_category(&again).unwrap(), made, "it is the same one");
    engine.remove_category(&made.id).unwrap();
    assert!(engine.reset_category("grandma's garden").is_err());
}

#[test]
fn categories_go_through_a_file() {
    let (one, other) = (Fixture::new(), Fixture::new());
    one.engine
        .save_category(&NewCategory {
            name: "Blaue Stunde".into(),
            prompts: vec!["a town at dusk".into()],
            ..NewCategory::default()
        })
        .unwrap();
    one.engine.remove_category("wedding").unwrap();
    let file = one.dir.path().join("mine.toml");
    std::fs::write(&file, one.engine.export_categories(false).unwrap()).unwrap();
    assert_eq!(other.engine.import_categories(&file).unwrap(), 2);
    assert_eq!(other.engine.import_categories(&file).unwrap(), 0, "it is so already");
    assert!(other.engine.category("wedding").unwrap().hidden);
    assert_eq!(other.engine.category("blaue stunde").unwrap().origin, CategoryOrigin::Own);

    let before = other.engine.categories().unwrap();
    std::fs::write(&file, "[[category]]\nid = \"x\"\nname = \"X\"\n").unwrap();
    let error = other.engine.import_categories(&file).unwrap_err();
    assert_eq!(error.code(), Code::Usage);
    let said = error.to_string();
    assert!(
        said.contains("mine.toml") && said.contains("line 1") && said.contains("prompts"),
        "{said}"
    );
    assert_eq!(other.engine.categories().unwrap(), before, "nothing of it was taken");
}

#[test]
fn another_librarys_category_is_not_taken_for_ones_own() {
    let (one, other) = (Fixture::new(), Fixture::new());
    let made = one.engine.save_category(&NewCategory { name: "One".into(), ..Default::default() });
    let file = one.dir.path().join("one.toml");
    std::fs::write(&file, one.engine.export_categories(false).unwrap()).unwrap();
    let photos = photos_in(&other, 2);
    other.engine.add_tag(&photos, "Two", &go()).unwrap();
    other.engine.import_categories(&file).unwrap();
    assert_eq!(other.engine.import_categories(&file).unwrap(), 0);
    assert_eq!(search(&other, "tag:two").len(), 2);
    assert_eq!(search(&other, "tag:one").len(), 0);
    assert_eq!(other.engine.category("One").unwrap().id, made.unwrap().id);
    std::fs::write(&file, "[[category]]\nid = \"hound\"\nname = \"Hund\"\nprompts = [\"a\"]\n")
        .unwrap();
    let error = other.engine.import_categories(&file).unwrap_err().to_string();
    assert!(error.contains("already"), "{error}");
}

#[test]
fn nothing_is_taken_of_records_with_a_name_that_cannot_be_one() {
    let fixture = Fixture::new();
    let photos = photos_in(&fixture, 1);
    let path = fixture.engine.photo(photos[0]).unwrap().path;
    let row = |name: &str| (path.clone(), name.to_owned(), Decision::Tagged);
    for bad in ["bad|name", "Nature", "\u{1b}[31m"] {
        let taken = fixture.engine.import_tags(&[row("Alpha"), row(bad)]);
        assert_eq!(taken.unwrap_err().code(), Code::Usage, "{bad}");
        assert!(fixture.engine.category("Alpha").is_err(), "{bad}");
    }
    let (changed, unknown) = fixture
        .engine
        .import_tags(&[row("Quagga"), row("quagga"), ("1".into(), "Dog".into(), Decision::Tagged)])
        .unwrap();
    assert_eq!((changed, unknown.len()), (1, 1));
}

#[test]
fn tags_go_through_records() {
    let (one, other) = (Fixture::new(), Fixture::new());
    let photos = photos_in(&one, 3);
    one.engine.add_tag(&photos[..2], "Mine", &go()).unwrap();
    one.engine.decide(&photos[1..2], "dog", Some(Decision::Rejected), &go()).unwrap();
    let records = one.engine.tag_records().unwrap();
    assert_eq!(records.len(), 3);
    let theirs = photos_in(&other, 3);
    let place = |photo: PhotoId| {
        let at = photos.iter().position(|one| *one == photo).unwrap();
        other.engine.photo(theirs[at]).unwrap().path
    };
    let mut rows: Vec<_> = records
        .iter()
        .map(|record| (place(record.photo), record.name.clone(), record.decision))
        .collect();
    rows.push(("/nowhere/x.jpg".into(), "Dog".into(), Decision::Tagged));
    let (changed, unknown) = other.engine.import_tags(&rows).unwrap();
    assert_eq!((changed, unknown.len()), (3, 1));
    assert_eq!(search(&other, "tag:mine").len(), 2);
    assert_eq!(other.engine.import_tags(&rows).unwrap().0, 0);
    other.engine.undo_tags(None).unwrap();
    assert_eq!(other.engine.tag_records().unwrap(), []);
}

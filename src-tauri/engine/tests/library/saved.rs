//! What the person marks and keeps: favourites, saved searches, questions asked.

use std::fs;

use afterimage_engine::{
    Cancel, Code, Crop, Example, ExampleSource, NewSavedSearch, PhotoId, Rated, SavedSearch,
    SearchRequest,
};

use crate::support::{Fixture, set};

fn new(name: &str, query: &str) -> NewSavedSearch {
    NewSavedSearch { name: name.into(), query: query.into(), ..Default::default() }
}

fn favourites(f: &Fixture) -> std::collections::BTreeSet<String> {
    let request = SearchRequest { query: "is:favourite".into(), ..Default::default() };
    let page = f.engine.search(&request, &Cancel::default()).unwrap();
    assert_eq!(page.problems, []);
    page.hits.iter().map(|hit| hit.path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_favourite_stays_one_wherever_its_file_goes_and_however_it_is_edited() {
    let f = Fixture::new();
    for (n, name) in (1..).zip(["a.png", "b.png", "c.png"]) {
        f.photo(name, n);
    }
    f.add();
    f.index();
    assert_eq!(favourites(&f), set(&[]));
    let (a, b) = (f.id("a.png"), f.id("b.png"));
    assert_eq!(f.engine.set_favourite(&[a, b], true).unwrap(), [a, b]);
    assert_eq!(f.engine.set_favourite(&[a, b, a], true).unwrap(), [], "they are already");
    assert_eq!(favourites(&f), set(&["a.png", "b.png"]));
    assert!(f.engine.photo(a).unwrap().favourite);

    fs::create_dir(f.path("deep")).unwrap();
    fs::rename(f.path("a.png"), f.path("deep/moved.png")).unwrap();
    f.photo("b.png", 9);
    f.index();
    assert_eq!(favourites(&f), set(&["moved.png", "b.png"]));

    // A file that goes and comes back.
    let bytes = fs::read(f.path("b.png")).unwrap();
    fs::remove_file(f.path("b.png")).unwrap();
    f.index();
    assert_eq!(favourites(&f), set(&["moved.png"]));
    fs::write(f.path("back.png"), bytes).unwrap();
    f.index();
    assert_eq!(favourites(&f), set(&["moved.png", "back.png"]));

    let f = f.reopen();
    assert_eq!(f.engine.set_favourite(&[a, a], false).unwrap(), [a]);
    assert_eq!(favourites(&f), set(&["back.png"]));
    let unknown = f.engine.set_favourite(&[a, PhotoId(999)], true).unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert!(!f.engine.photo(a).unwrap().favourite, "all or none");
}

#[test]
fn what_photos_had_before_they_were_rated_takes_it_back() {
    let f = Fixture::new();
    for (n, name) in (1..).zip(["a.png", "b.png", "c.png", "d.png"]) {
        f.photo(name, n);
    }
    fs::write(f.path("d.xmp"), rated(2)).unwrap();
    f.add();
    f.index();
    let [a, b, c, d] = ["a.png", "b.png", "c.png", "d.png"].map(|name| f.id(name));
    let before = f.engine.set_rating(&[a, b], Some(4)).unwrap();
    assert_eq!(before, [Rated { stars: None, photos: vec![a, b] }]);
    f.engine.set_rating(&[c], Some(-1)).unwrap();
    let before = f.engine.set_rating(&[c, a, b, d, a], Some(5)).unwrap();
    let group = |stars, photos: &[PhotoId]| Rated { stars, photos: photos.to_vec() };
    assert_eq!(before, [group(None, &[d]), group(Some(-1), &[c]), group(Some(4), &[a, b])]);
    // As the grid has it: what the file says counts where the person said nothing.
    let listed = || {
        let mut hits = f.engine.library().unwrap();
        hits.sort_by_key(|hit| hit.photo);
        hits.iter().map(|hit| (hit.photo, hit.rating, hit.favourite)).collect::<Vec<_>>()
    };
    f.engine.set_favourite(&[d], true).unwrap();
    assert!(listed().iter().all(|(photo, stars, on)| *stars == 5 && *on == (*photo == d)));
    for Rated { stars, photos } in before {
        f.engine.set_rating(&photos, stars).unwrap();
    }
    let mut expected = vec![(a, 4, false), (b, 4, false), (c, -1, false), (d, 2, true)];
    expected.sort();
    assert_eq!(listed(), expected);
    f.engine.set_rating(&[a], None).unwrap();
    assert!(listed().contains(&(a, 0, false)));
    let page = f
        .engine
        .search(
            &SearchRequest { query: "is:favourite".into(), ..Default::default() },
            &Cancel::default(),
        )
        .unwrap();
    assert_eq!((page.hits[0].photo, page.hits[0].rating), (d, 2));

    let unknown = f.engine.set_rating(&[a, PhotoId(999)], Some(1)).unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert!(listed().contains(&(a, 0, false)), "all or none");
    assert_eq!(f.engine.photo(a).unwrap().root, f.root().id);
}

/// What another program wrote beside a photo.
fn rated(stars: u8) -> String {
    format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>\
         <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='{stars}'/>\
         </rdf:RDF></x:xmpmeta>"
    )
}

#[test]
fn saved_searches_are_kept_whole_and_their_names_are_taken_once() {
    let f = Fixture::new();
    f.photo("a.png", 1);
    f.add();
    f.index();
    let a = f.id("a.png");
    let crop = Some(Crop { left: 0.1, top: 0.2, width: 0.3, height: 0.4 });
    let example = Example { source: ExampleSource::Photo(a), crop };
    let whole = NewSavedSearch {
        examples: vec![example],
        like: vec![a],
        unlike: vec![PhotoId(999)],
        ..new("  Summers ", " beach date:\"last summer\" ")
    };
    let kept = f.engine.save_search(&whole).unwrap();
    let f = f.reopen();
    let found = f.engine.saved_search("SUMMERS").unwrap();
    assert_eq!(found.query, "beach date:\"last summer\"", "as it was typed");
    assert_eq!((found.name.as_str(), found.id), ("Summers", kept.id));
    assert_eq!(found.examples, whole.examples);
    assert_eq!((found.like.as_slice(), found.unlike.as_slice()), (&[a][..], &[][..]));
    assert_eq!(f.engine.saved_searches().unwrap(), std::slice::from_ref(&found));

    let usage = |search: NewSavedSearch, says: &str| {
        let error = f.engine.save_search(&search).unwrap_err();
        assert_eq!(error.code(), Code::Usage);
        assert!(error.to_string().contains(says), "{error}");
    };
    usage(new("summers", "dog"), "choose another name");
    usage(new(" ", "dog"), "needs a name");
    usage(new(&"x".repeat(101), "dog"), "at most 100");
    usage(new("two\nlines", "dog"), "one line");
    usage(new("nothing", "  "), "nothing to save");
    for source in [ExampleSource::File("a.png".into()), ExampleSource::Picture(Vec::new().into())] {
        let examples = vec![Example { source, crop: None }];
        usage(NewSavedSearch { examples, ..new("file", "") }, "only photos of the library");
    }
    f.engine.save_search(&new(&"ü".repeat(100), "dog")).unwrap();

    let renamed = SavedSearch { name: "Winters".into(), query: "snow".into(), ..found };
    f.engine.update_saved_search(&renamed).unwrap();
    assert_eq!(f.engine.saved_search("winters").unwrap().query, "snow");
    f.engine.remove_saved_search(renamed.id).unwrap();
    let gone = f.engine.remove_saved_search(renamed.id).unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    assert_eq!(f.engine.update_saved_search(&renamed).unwrap_err().code(), Code::NotFound);
    assert_eq!(f.engine.saved_search("winters").unwrap_err().code(), Code::NotFound);
}

#[test]
fn what_was_asked_is_remembered_until_it_is_forgotten() {
    let f = Fixture::new();
    for query in ["dog", "cat", "dog"] {
        f.engine.remember_query(query).unwrap();
    }
    let f = f.reopen();
    assert_eq!(f.engine.history(50).unwrap(), ["dog", "cat"]);
    f.engine.forget_history().unwrap();
    assert!(f.engine.history(50).unwrap().is_empty());
}

#[test]
fn completion_offers_what_the_library_has() {
    let f = Fixture::new();
    for (n, name) in (1..).zip(["Trips/New York/a.png", "Trips/b.png", "Old/c.png"]) {
        f.photo(name, n);
    }
    f.add();
    f.index();
    let offered = |typed: &str| -> Vec<(String, Option<u64>)> {
        let completions = f.engine.complete(typed, typed.len()).unwrap();
        completions
            .into_iter()
            .map(|it| (format!("{}{}", &typed[..it.at.start], it.text), it.count))
            .collect()
    };
    let expected = |list: &[(&str, Option<u64>)]| -> Vec<(String, Option<u64>)> {
        list.iter().map(|(text, count)| ((*text).to_owned(), *count)).collect()
    };
    let folders = [("a folder:Trips", Some(2))];
    assert_eq!(offered("a folder:tr"), expected(&folders));
    assert_eq!(offered("folder:new"), expected(&[("folder:\"New York\"", Some(1))]));
    assert_eq!(offered("folder:trips/n"), expected(&[("folder:\"Trips/New York\"", Some(1))]));
    assert_eq!(
        offered("type:p"),
        expected(&[("type:png", Some(3)), ("type:psd", Some(0)), ("type:pnm", Some(0))])
    );
    assert_eq!(offered("camera:x"), []);
    assert_eq!(offered("cam"), expected(&[("camera:", None)]));
    // Twelve at most.
    assert_eq!(offered("type:").len(), 12);
}

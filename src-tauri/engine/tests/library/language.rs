//! Questions with filters, several sentences and words that are not wanted, on
//! real files: which photos answer, in which order, and what is said of words
//! that are not understood.

use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

use afterimage_engine::{Cancel, Code, Page, SearchRequest, Strength};

use crate::support::{Fixture, pattern};

/// Photos of three years, two folders and three shapes.
fn library() -> Fixture {
    let f = Fixture::new();
    for (n, (name, year, (width, height))) in (1..).zip([
        ("trips/lisbon/IMG_1.png", 2020, (60, 40)),
        ("trips/lisbon/IMG_2.png", 2021, (40, 60)),
        ("trips/DSC_3.jpg", 2021, (50, 50)),
        ("Übung/IMG_4.png", 2022, (60, 40)),
    ]) {
        let path = f.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let photo = image::imageops::thumbnail(&pattern(n), width, height);
        photo.save(&path).unwrap();
        // In the middle of the year, wherever this runs.
        let seconds = (f64::from(year - 1970) + 0.5 + f64::from(n) / 100.0) * 365.2425 * 86400.0;
        let time = UNIX_EPOCH + Duration::from_secs_f64(seconds);
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    f.add();
    f.index();
    f
}

fn ask(f: &Fixture, query: &str) -> Page {
    let request = SearchRequest { query: query.to_owned(), ..Default::default() };
    f.engine.search(&request, &Cancel::default()).unwrap()
}

/// The numbers in the names of the photos that answer, in their order.
fn found(f: &Fixture, query: &str) -> String {
    let page = ask(f, query);
    assert_eq!(page.problems, [], "{query}");
    assert_eq!(page.total, page.hits.len(), "{query}");
    let name = |hit: &afterimage_engine::Hit| hit.path.file_stem().unwrap().to_owned();
    page.hits.iter().map(|hit| name(hit).into_string().unwrap().pop().unwrap()).collect()
}

#[test]
fn filters_alone_list_by_date() {
    let f = library();
    for (query, expected) in [
        ("date:2021", "32"),
        ("date:2020..2021", "321"),
        ("date:>=2022", "4"),
        ("-date:2021", "41"),
        ("folder:trips", "321"),
        ("folder:trips/lisbon", "21"),
        ("folder:lis", ""),
        ("folder:übung", "4"),
        ("name:img_*", "421"),
        ("name:dsc", "3"),
        ("type:png", "421"),
        ("type:jpeg,heic", "3"),
        ("orientation:portrait", "2"),
        ("orientation:square OR date:2022", "43"),
        ("folder:trips -(type:jpeg OR date:2020)", "2"),
        ("mp:<0.002", ""),
        ("mp:>0.002", "4321"),
        ("size:>1B size:<1MB", "4321"),
        ("is:untagged", "4321"),
        ("has:gps", ""),
        ("-camera:canon", "4321"),
        ("rating:none", "4321"),
        ("rating:>=1", ""),
        ("date:2021 sort:oldest", "23"),
        ("sort:oldest", "1234"),
    ] {
        assert_eq!(found(&f, query), expected, "{query}");
    }
    assert!(ask(&f, "date:2021").hits.iter().all(|hit| hit.strength == Strength::Unscored));
}

#[test]
fn a_sentence_ranks_what_its_filters_let_in() {
    let f = library();
    let all = ask(&f, "a pattern");
    let some = ask(&f, "a pattern folder:trips");
    assert_eq!((all.total, some.total), (4, 3));
    // The same order and the same scores as without.
    let within: Vec<_> =
        all.hits.iter().filter(|hit| hit.path.starts_with(f.path("trips"))).collect();
    let scores = |hits: &mut dyn Iterator<Item = &afterimage_engine::Hit>| {
        hits.map(|hit| (hit.photo, hit.score)).collect::<Vec<_>>()
    };
    assert_eq!(scores(&mut within.into_iter()), scores(&mut some.hits.iter()));
    assert_eq!(ask(&f, "a pattern date:1990").total, 0);
    let by_date = ask(&f, "a pattern sort:date");
    let mut times: Vec<i64> = by_date.hits.iter().map(|hit| hit.time).collect();
    times.reverse();
    assert!(times.is_sorted() && times.len() == 4, "{times:?}");
}

#[test]
fn examples_and_sentences_are_weighed_together() {
    let f = library();
    let (one, two) = (f.id("trips/lisbon/IMG_1.png"), f.id("trips/lisbon/IMG_2.png"));
    let query = format!("similar:{}", one.0);
    assert!(ask(&f, &query).hits.iter().all(|hit| hit.photo != one), "it is no answer itself");
    let first = |query: &str| ask(&f, query).hits[0].photo;
    let image = f.path("trips/lisbon/IMG_2.png");
    assert_eq!(first(&format!("100:image:\"{}\" + a dog", image.display())), two);
    // A photo that is not wanted comes last.
    let without = ask(&f, &format!("a pattern -image:\"{}\"", image.display()));
    let with = ask(&f, "a pattern");
    let place = |page: &Page| page.hits.iter().position(|hit| hit.photo == two).unwrap();
    assert!(place(&without) >= place(&with));
    let score = |page: &Page| page.hits[place(page)].score;
    assert!(score(&without) < score(&with));
}

#[test]
fn what_is_not_understood_is_said_and_left_out() {
    let f = library();
    let page = ask(&f, "  a pattern date:someday folder:trips ");
    assert_eq!(page.total, 3);
    let [problem] = &page.problems[..] else { panic!("{:?}", page.problems) };
    assert_eq!(&page.query[problem.at.clone().unwrap()], "someday");
    let page = ask(&f, "near:Nowhereville");
    assert!(page.problems[0].message.to_string().contains("Nowhereville"), "{:?}", page.problems);
    assert_eq!(page.total, 0);
    let unasked = f.engine.search(&SearchRequest::default(), &Cancel::default()).unwrap_err();
    assert_eq!(unasked.code(), Code::Usage);
}

#[test]
fn alternatives_are_one_answer_in_which_no_photo_comes_twice() {
    let f = library();
    let page = ask(&f, "a pattern folder:lisbon OR a dog date:2021 OR date:2022");
    assert_eq!(page.total, 4);
    let mut ids: Vec<_> = page.hits.iter().map(|hit| hit.photo).collect();
    assert_eq!(page.hits[3].strength, Strength::Unscored, "by its filter alone");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert_eq!(page.strong + page.likely, 4, "who says OR means either as much");

    let page = ask(&f, "a pattern folder:lisbon OR date:2022 sort:oldest");
    let times: Vec<i64> = page.hits.iter().map(|hit| hit.time).collect();
    assert!(page.by_date && times.is_sorted() && times.len() == 3, "{times:?}");
    let page = ask(&f, "a pattern OR date:2022");
    assert_eq!((page.total, page.hits.len()), (4, 4));
}

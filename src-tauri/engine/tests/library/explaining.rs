//! Why a photo answers, and what resembles it.

use std::fs;

use afterimage_engine::{
    Cancel, Code, Example, ExampleSource, ExplainedPart, Explanation, PartKind, PhotoId,
    SearchRequest, Strength,
};
use rusqlite::Connection;

use crate::everyday::{Everyday, everyday};
use crate::support::Fixture;

fn request(query: &str) -> SearchRequest {
    SearchRequest { query: query.to_owned(), ..Default::default() }
}

fn explained(f: &Fixture, name: &str, request: &SearchRequest) -> Explanation {
    f.engine.explain(f.id(name), request, &Cancel::default()).unwrap()
}

/// The parts in words: kind, words, field, and whether they hold.
fn told(explanation: &Explanation) -> Vec<String> {
    let tell = |part: &ExplainedPart| {
        let sign = if part.holds { '+' } else { '-' };
        let field = part.field.map(|field| format!(" in {field}")).unwrap_or_default();
        format!("{sign} {}{field}: {}", part.kind.as_str(), part.words)
    };
    explanation.parts.iter().map(tell).collect()
}

fn library() -> Fixture {
    let f = Fixture::new();
    f.photo("trips/IMG_1.png", 1);
    f.photo("trips/tram in lisbon.png", 2);
    f.photo("home/IMG_3.png", 3);
    f.add();
    f.index();
    f
}

/// The same question of a photo of the 350.
fn of_everyday(everyday: &Everyday, photo: PhotoId, request: &SearchRequest) -> Explanation {
    everyday.engine.explain(photo, request, &Cancel::default()).unwrap()
}

#[test]
fn places_scores_and_strengths_are_those_of_the_search() {
    let Some(everyday) = everyday() else { return };
    let dog = everyday.id("IMG_0029.jpg");
    let requests = [
        request("a dog"),
        request("a dog - \"a leash\""),
        request("a dog OR a car OR name:IMG_001?"),
        request("a dog name:IMG_00* OR a car"),
        SearchRequest { similar_to: Some(dog), ..request("") },
        SearchRequest {
            like: vec![dog],
            unlike: vec![everyday.id("IMG_0333.jpg")],
            ..request("animal")
        },
    ];
    for request in requests {
        let page = everyday.engine.search(&request, &Cancel::default()).unwrap();
        // The first and last, and some between.
        for (place, hit) in page.hits.iter().enumerate().filter(|(at, _)| at % 23 == 0) {
            let why = of_everyday(everyday, hit.photo, &request);
            let told = (why.rank, why.ranked, why.strength);
            let expected = (Some(place + 1), page.total, hit.strength);
            assert_eq!(told, expected, "{request:?} {}", hit.path.display());
            let score = why.score.unwrap_or_default();
            assert!((score - hit.score).abs() < 1e-5, "{score} {} {request:?}", hit.score);
        }
    }
}

#[test]
fn each_part_has_a_score_of_its_own() {
    let Some(everyday) = everyday() else { return };
    let dog = everyday.id("IMG_0029.jpg");
    let why = of_everyday(everyday, dog, &request("\"a dog\" + \"a car\" - \"a crab or lobster\""));
    let [shown, not_shown, excluded] = &why.parts[..] else { panic!("{:?}", why.parts) };
    for (part, kind, holds) in [
        (shown, PartKind::Words, true),
        (not_shown, PartKind::Words, false),
        (excluded, PartKind::Excluded, true),
    ] {
        assert_eq!((part.kind, part.holds), (kind, holds), "{part:?}");
        // Alone, it is a question with this score.
        let page = everyday.ask(&format!("\"{}\"", part.words));
        let hit = page.hits.iter().find(|hit| hit.photo == dog).unwrap();
        assert!((part.score.unwrap() - hit.score).abs() < 1e-5, "{part:?}");
    }
    assert!(shown.spreads.unwrap() > 4.0, "{shown:?}");
    assert!(not_shown.spreads.unwrap() < 3.0, "{not_shown:?}");

    // What is not wanted pushes down the photo that shows it.
    let why = of_everyday(everyday, dog, &request("animal - \"a dog\""));
    assert!(!why.parts[1].holds && why.parts[1].spreads.unwrap() > 4.0, "{:?}", why.parts);
}

#[test]
fn examples_and_feedback_are_named_by_their_files() {
    let f = library();
    let (one, three) = (f.id("trips/IMG_1.png"), f.id("home/IMG_3.png"));
    let file = f.dir.path().join("elsewhere.png");
    fs::copy(f.path("home/IMG_3.png"), &file).unwrap();
    let bytes = fs::read(&file).unwrap().into();
    let picture = Example { source: ExampleSource::Picture(bytes), crop: None };
    let request = SearchRequest {
        images: vec![file],
        examples: vec![picture],
        like: vec![one, PhotoId(999)],
        unlike: vec![three],
        ..request(&format!("a dog -similar:{}", three.0))
    };
    let why = explained(&f, "trips/tram in lisbon.png", &request);
    let expected = [
        "+ words: a dog",
        "+ excluded: IMG_3.png",
        "+ example: elsewhere.png",
        "+ example: ",
        "+ like: IMG_1.png",
        "+ unlike: IMG_3.png",
    ];
    assert_eq!(told(&why), expected);
    assert!(why.parts.iter().all(|part| part.score.is_some()));
    // Three photos do not tell noise from hits.
    assert!(why.parts.iter().all(|part| part.spreads.is_none()));
    assert!(why.rank.is_some());
    assert_eq!((why.ranked, why.strength), (2, Strength::Likely));

    // The photo that is not wanted is an example, and so no answer.
    let why = explained(&f, "home/IMG_3.png", &request);
    assert_eq!((why.rank, why.ranked), (None, 2));
    assert!((why.parts[2].score.unwrap() - 1.0).abs() < 1e-3, "{:?}", why.parts);
}

#[test]
fn filters_are_told_one_by_one_also_of_a_photo_that_does_not_answer() {
    let f = library();
    let query = "a dog folder:trips -type:png added:last 2 days (name:tram OR type:jpeg)";
    let why = explained(&f, "home/IMG_3.png", &request(query));
    let expected = [
        "+ words: a dog",
        "- filter: folder:trips",
        "- filter: -type:png",
        "+ filter: added:last 2 days",
        "- filter: (name:tram OR type:jpeg)",
    ];
    assert_eq!(told(&why), expected);
    assert_eq!((why.rank, why.ranked), (None, 0));
    assert!(why.score.is_some(), "what it shows is the same");

    let why = explained(&f, "trips/IMG_1.png", &request("folder:trips type:jpeg,png"));
    assert_eq!(told(&why), ["+ filter: folder:trips", "+ filter: type:jpeg,png"]);
    let nothing = (why.score, why.strength, why.rank, why.ranked);
    assert_eq!(nothing, (None, Strength::Unscored, None, 0));
}

#[test]
fn of_alternatives_the_one_that_it_answers_is_told() {
    let f = library();
    let query = "a dog folder:home OR a cat folder:trips OR is:offline";
    let why = explained(&f, "trips/IMG_1.png", &request(query));
    assert_eq!(told(&why), ["+ words: a cat", "+ filter: folder:trips"]);
    let why = explained(&f, "home/IMG_3.png", &request(query));
    assert_eq!(told(&why), ["+ words: a dog", "+ filter: folder:home"]);
    let why = explained(&f, "home/IMG_3.png", &request("a cat folder:trips OR name:IMG_3"));
    assert_eq!(told(&why), ["+ filter: name:IMG_3"]);
    assert_eq!((why.strength, why.rank, why.ranked), (Strength::Unscored, Some(3), 3));
}

#[test]
fn words_that_are_written_name_their_field() {
    let f = library();
    let why = explained(&f, "trips/tram in lisbon.png", &request("a tram trips"));
    let text = ["+ text in name: tram", "+ text in folder: trips"];
    assert_eq!(told(&why)[1..], text);
    assert_eq!((why.rank, why.strength), (Some(1), Strength::Likely));
    // Not all words of it are said of this one.
    assert_eq!(told(&explained(&f, "trips/IMG_1.png", &request("a tram trips"))).len(), 1);
    // Each sentence counts.
    let why = explained(&f, "trips/tram in lisbon.png", &request("tram + snow"));
    assert_eq!(told(&why)[2..], ["- text in name: tram"]);

    f.engine.add_tag(&[f.id("home/IMG_3.png")], "funicular", &Cancel::default()).unwrap();
    let why = explained(&f, "home/IMG_3.png", &request("a funicular"));
    assert_eq!(told(&why)[1..], ["+ text in tags: a funicular"]);
    assert_eq!((why.rank, why.strength), (Some(1), Strength::Strong));
}

#[test]
fn a_photo_that_is_not_embedded_yet_has_no_scores() {
    let f = library();
    f.photo("trips/late tram.png", 9);
    let root = f.root().id;
    f.engine.scan(&[root], &Default::default(), &|_| {}).unwrap();
    let like = vec![f.id("trips/IMG_1.png")];
    let asked = SearchRequest { like, ..request("tram folder:trips - dog") };
    let why = explained(&f, "trips/late tram.png", &asked);
    let expected = [
        "- words: tram",
        "+ excluded: dog",
        "- like: IMG_1.png",
        "+ filter: folder:trips",
        "+ text in name: tram",
    ];
    assert_eq!(told(&why), expected);
    assert!(why.score.is_none() && why.parts.iter().all(|part| part.score.is_none()));
    // It is named as asked for, and so it is found.
    assert!(why.rank.is_some());
    let unnamed = explained(&f, "trips/late tram.png", &request("a dog"));
    assert_eq!((unnamed.rank, unnamed.strength), (None, Strength::Unscored));
    // As an example beside the words it says nothing, to others neither.
    let like = vec![f.id("trips/late tram.png")];
    let why = explained(&f, "home/IMG_3.png", &SearchRequest { like, ..request("a dog") });
    assert_eq!(told(&why), ["+ words: a dog", "- like: late tram.png"]);
}

#[test]
fn nothing_can_be_told_of_an_unknown_photo_or_question() {
    let f = library();
    let explain = |photo: i64, query: &str| {
        f.engine.explain(PhotoId(photo), &request(query), &Cancel::default()).unwrap_err().code()
    };
    assert_eq!(explain(999, "a dog"), Code::NotFound);
    assert_eq!(explain(f.id("home/IMG_3.png").0, " "), Code::Usage);
    let cancel = Cancel::default();
    cancel.cancel();
    let one = f.id("home/IMG_3.png");
    let error = f.engine.explain(one, &request("a dog"), &cancel).unwrap_err();
    assert_eq!(error.code(), Code::Cancelled);
}

#[test]
fn similar_photos_are_those_of_a_search_by_the_photo() {
    let f = library();
    let one = f.id("trips/IMG_1.png");
    let page = f.engine.similar(one, 1, &Cancel::default()).unwrap();
    assert_eq!((page.total, page.hits.len()), (2, 1));
    let asked = SearchRequest { similar_to: Some(one), ..Default::default() };
    let all = f.engine.search(&asked, &Cancel::default()).unwrap();
    assert!(all.hits.iter().all(|hit| hit.photo != one));
    assert_eq!(page.hits[0].photo, all.hits[0].photo);
    let unknown = f.engine.similar(PhotoId(999), 1, &Cancel::default()).unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[test]
fn what_was_added_is_found_by_day_and_put_in_that_order() {
    let f = library();
    // The library saw them on three days, not in the order of their numbers.
    let catalog = Connection::open(f.dir.path().join("library/library.sqlite")).unwrap();
    let now = jiff::Timestamp::now().as_second();
    for (name, days_ago) in [("trips/IMG_1.png", 1), ("home/IMG_3.png", 40)] {
        let values = (now - days_ago * 86_400, f.id(name).0);
        catalog.execute("UPDATE photo SET added_at = ?1 WHERE id = ?2", values).unwrap();
    }
    let found = |query: &str| -> Vec<String> {
        let page = f.engine.search(&request(query), &Cancel::default()).unwrap();
        assert_eq!(page.problems, [], "{query}");
        let name = |path: &std::path::Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
        page.hits.iter().map(|hit| name(&hit.path)).collect()
    };
    assert_eq!(found("added:last 30 days sort:added"), ["tram in lisbon", "IMG_1"]);
    assert_eq!(found("-added:last 30 days"), ["IMG_3"]);
    assert_eq!(found("sort:added"), ["tram in lisbon", "IMG_1", "IMG_3"]);
    assert_eq!(found("a pattern sort:added"), ["tram in lisbon", "IMG_1", "IMG_3"]);
    assert_eq!(found("a pattern added:yesterday,today"), found("a pattern added:last 2 days"));
}

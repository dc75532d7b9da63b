//! What is written beside photos, on real files.

use std::fs;
use std::path::PathBuf;

use afterimage_engine::{
    Cancel, Code, Decision, PhotoId, SidecarNaming, SidecarReport, SidecarSettings,
};

use crate::support::Fixture;

fn fixture() -> (Fixture, Vec<PhotoId>) {
    let fixture = Fixture::new();
    for (seed, name) in ["a.png", "b.png", "c.png", "c.jpg"].into_iter().enumerate() {
        fixture.photo(name, seed as u8);
    }
    fixture.add();
    fixture.index();
    let photos = ["a.png", "b.png", "c.png", "c.jpg"].map(|name| fixture.id(name)).to_vec();
    (fixture, photos)
}

fn switch_on(fixture: &Fixture, naming: SidecarNaming) {
    fixture.engine.set_sidecar_settings(SidecarSettings { write: true, naming }).unwrap();
}

fn write(fixture: &Fixture, dry_run: bool) -> SidecarReport {
    fixture.engine.write_sidecars(None, dry_run, &Cancel::default()).unwrap()
}

fn paths(report: &SidecarReport) -> Vec<PathBuf> {
    report.written.iter().map(|change| change.path.clone()).collect()
}

#[test]
fn nothing_is_written_unless_it_was_switched_on() {
    let (fixture, photos) = fixture();
    fixture.engine.add_tag(&photos, "Holiday", &Cancel::default()).unwrap();
    let error = fixture.engine.write_sidecars(None, false, &Cancel::default()).unwrap_err();
    assert_eq!(error.code(), Code::Usage);
    let dry = write(&fixture, true);
    assert_eq!((dry.written.len(), dry.failed.len()), (4, 0));
    assert_eq!(dry.written[0].adds, ["Holiday"]);
    assert!(paths(&dry).iter().all(|path| !path.exists()), "a dry run writes nothing");
}

#[test]
fn what_is_written_is_read_back_and_taken_back() {
    let (fixture, photos) = fixture();
    let engine = &fixture.engine;
    let go = Cancel::default();
    engine.decide(&photos[..1], "dog", Some(Decision::Confirmed), &go).unwrap();
    engine.decide(&photos[..1], "cat", Some(Decision::Rejected), &go).unwrap();
    engine.set_rating(&photos[..1], Some(4)).unwrap();
    engine.set_favourite(&photos[1..2], true).unwrap();
    switch_on(&fixture, SidecarNaming::Stem);
    let report = write(&fixture, false);
    assert_eq!(report.failed, []);
    assert_eq!(paths(&report), [fixture.path("a.xmp"), fixture.path("b.xmp")]);
    let adds = ["Dog", "Animals|Mammal|Dog", "rating 4"];
    assert!(adds.iter().skip(2).all(|word| report.written[0].adds.iter().any(|it| it == word)));
    assert_eq!(report.written[1].adds, ["favourite"]);
    assert_eq!(write(&fixture, false).written, [], "it says so already");

    fixture.index();
    let photo = engine.photo(photos[0]).unwrap();
    assert_eq!(photo.keywords, ["Dog"]);
    assert_eq!(photo.hierarchical_keywords.len(), 1);
    assert!(photo.hierarchical_keywords[0].ends_with("|Dog"), "{:?}", photo.hierarchical_keywords);
    assert_eq!(photo.rating, Some(4));
    assert!(engine.photo(photos[1]).unwrap().favourite);

    engine.decide(&photos[..1], "dog", None, &go).unwrap();
    engine.set_favourite(&photos[1..2], false).unwrap();
    let report = write(&fixture, false);
    assert!(report.written[0].removes.iter().any(|it| *it == "Dog"), "{report:?}");
    assert_eq!(report.written[1].removes, ["favourite"]);
    fixture.index();
    let photo = engine.photo(photos[0]).unwrap();
    assert_eq!((photo.keywords.len(), photo.hierarchical_keywords.len()), (0, 0));
    assert_eq!(photo.rating, Some(4));
}

#[test]
fn what_others_wrote_stays_and_a_photo_never_speaks_for_another() {
    let (fixture, photos) = fixture();
    let others = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:my="http://example.org/mine/" my:secret="42"><dc:subject><rdf:Bag><rdf:li>Mine</rdf:li><rdf:li>theirs</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"#;
    fs::write(fixture.path("a.xmp"), others).unwrap();
    fixture.index();
    fixture.engine.add_tag(&photos, "Mine", &Cancel::default()).unwrap();
    switch_on(&fixture, SidecarNaming::Stem);
    let report = write(&fixture, false);
    let mut names: Vec<String> = paths(&report)
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["b.xmp", "c.jpg.xmp", "c.png.xmp"], "a.xmp says it already");
    assert_eq!(fs::read_to_string(fixture.path("a.xmp")).unwrap(), others);
    fixture.engine.undo_tags(None).unwrap();
    write(&fixture, false);
    let left = fs::read_to_string(fixture.path("a.xmp")).unwrap();
    assert_eq!(left, others, "another program's word is not taken back");
    assert!(!fs::read_to_string(fixture.path("b.xmp")).unwrap().contains("Mine"));
}

#[test]
fn a_sidecar_that_cannot_be_written_is_told_and_stops_no_other() {
    let (fixture, photos) = fixture();
    fs::write(fixture.path("a.xmp"), "this is no XML").unwrap();
    fs::create_dir(fixture.path("b.xmp")).unwrap();
    fixture.engine.add_tag(&photos, "Mine", &Cancel::default()).unwrap();
    switch_on(&fixture, SidecarNaming::Stem);
    let report = write(&fixture, false);
    assert_eq!(report.written.len(), 2, "{report:?}");
    let (path, reason) = &report.failed[0];
    assert_eq!(path, &fixture.path("a.xmp"));
    assert!(
        reason.to_string().contains("line 1") && reason.to_string().contains("move"),
        "{reason}"
    );
    assert_eq!(fs::read_to_string(path).unwrap(), "this is no XML", "it is left as it is");

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let sidecar = fixture.path("c.png.xmp");
        fs::set_permissions(&sidecar, fs::Permissions::from_mode(0o444)).unwrap();
        let before = fs::read(&sidecar).unwrap();
        fixture.engine.undo_tags(None).unwrap();
        let report = write(&fixture, false);
        let told = report.failed.iter().find(|(path, _)| *path == sidecar).unwrap();
        let reason = told.1.to_string();
        assert!(reason.contains("read-only") || reason.contains("permi"), "{reason}");
        assert_eq!(fs::read(&sidecar).unwrap(), before);
        fs::set_permissions(&sidecar, fs::Permissions::from_mode(0o644)).unwrap();
        let report = write(&fixture, false);
        let change = report.written.iter().find(|change| change.path == sidecar).unwrap();
        assert_eq!(change.removes, ["Mine"], "what could not be taken back then is now");
    }
}

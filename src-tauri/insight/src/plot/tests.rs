//! Pictures:
//!
//! 1. Each is well-formed XML with a role, a title and a description.
//! 2. Marks are where their numbers are, inside the picture.
//! 3. Nothing that comes from outside breaks one.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;
use crate::plane::Cluster;

const LABELS: Labels<'static> =
    Labels { title: "Tom & <Jerry>", description: "\"Both\" rise.", across: "x", up: "y" };

/// The elements of a picture: name, attributes. Fails where it is not well-formed.
fn elements(svg: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let (mut found, mut depth) = (Vec::new(), 0);
    loop {
        let event = reader.read_event().unwrap();
        let (start, opens) = match &event {
            Event::Start(start) => (start, 1),
            Event::Empty(start) => (start, 0),
            Event::End(_) => {
                depth -= 1;
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        depth += opens;
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            (attribute.key.as_ref().to_string(), attribute.value.to_string())
        });
        let name = start.name().as_ref().to_string();
        found.push((name, attributes.collect()));
    }
    assert_eq!(depth, 0);
    found
}

fn attribute<'a>(element: &'a (String, Vec<(String, String)>), name: &str) -> &'a str {
    element.1.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

fn some_clusters(points: usize) -> Clusters {
    let cluster = Cluster { id: 0, centre: [0.0, 0.0], size: points };
    Clusters { clusters: vec![cluster], of_point: vec![Some(0); points] }
}

#[test]
fn every_picture_has_role_title_and_description_and_no_fixed_ink() {
    let bins = [Bins { name: "a", counts: &[1, 2] }, Bins { name: "b", counts: &[5, 0] }];
    let pictures = [
        histogram(&LABELS, -1.0, 1.0, &bins),
        lines(&LABELS, &[Line { name: "a", points: &[(1.0, 0.5), (2.0, 1.0)] }]),
        bars(&LABELS, &[Bar { name: "</text><script>", value: 0.5 }]),
        heat_map(&LABELS, &["cat", "dog"], &[3, 1, 0, 2]),
        scatter(&LABELS, &[[0.0, 0.0]], &some_clusters(1), &["Beach <3"]),
    ];
    for svg in &pictures {
        let found = elements(svg);
        assert_eq!((found[0].0.as_str(), attribute(&found[0], "role")), ("svg", "img"));
        let ids: Vec<&str> = attribute(&found[0], "aria-labelledby").split(' ').collect();
        assert_eq!((found[1].0.as_str(), attribute(&found[1], "id")), ("title", ids[0]));
        assert_eq!((found[2].0.as_str(), attribute(&found[2], "id")), ("desc", ids[1]));
        assert!(svg.contains("Tom &amp; &lt;Jerry&gt;") && svg.contains("&quot;Both&quot; rise."));
        assert!(svg.contains("prefers-color-scheme:dark") && !svg.contains("<script"));
        let texts = found.iter().filter(|element| element.0 == "text");
        let fixed = |fill: &str| fill.starts_with('#');
        assert!(texts.clone().all(|text| !fixed(attribute(text, "fill"))));
        assert!(texts.count() > 0 && attribute(&found[0], "fill") == "currentColor");
    }
}

#[test]
fn a_bar_is_as_long_as_its_value() {
    let svg = bars(
        &LABELS,
        &[
            Bar { name: "half", value: 50.0 },
            Bar { name: "all", value: 100.0 },
            Bar { name: "none", value: f64::NAN },
        ],
    );
    let widths: Vec<f64> = elements(&svg)
        .iter()
        .filter(|element| element.0 == "rect" && attribute(element, "height") == "14")
        .map(|element| attribute(element, "width").parse().unwrap())
        .collect();
    assert_eq!(widths, [192.0, 384.0, 0.0]);
    assert!(svg.contains(">100</text>") && svg.contains(">–</text>"));
}

#[test]
fn a_line_goes_from_corner_to_corner() {
    let points = [(0.0, 0.0), (f64::NAN, 1.0), (4.0, 1.0)];
    let svg = lines(&LABELS, &[Line { name: "a", points: &points }]);
    assert!(svg.contains("d=\"M64 312L624 40\""), "{svg}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn histograms_are_shares_so_that_few_stand_beside_many() {
    let bins = [Bins { name: "few", counts: &[1, 1] }, Bins { name: "many", counts: &[500, 500] }];
    let found = elements(&histogram(&LABELS, 0.0, 1.0, &bins));
    let paths: Vec<&str> = found
        .iter()
        .filter(|element| attribute(element, "fill-opacity") == ".18")
        .map(|element| attribute(element, "d"))
        .collect();
    assert_eq!(paths.len(), 2);
    assert_eq!(paths[0], paths[1]);
}

#[test]
fn a_field_is_as_dark_as_its_share_of_the_row_and_none_where_nothing_is() {
    let svg = heat_map(&LABELS, &["cat", "dog"], &[3, 1, 0, 2]);
    let found = elements(&svg);
    let opacities: Vec<&str> =
        found.iter().map(|e| attribute(e, "fill-opacity")).filter(|v| !v.is_empty()).collect();
    assert_eq!(opacities, ["0.78", "0.33", "1"]);
    assert!(svg.contains(">3</text>"));
}

#[test]
fn up_is_up_on_the_map_and_every_point_is_inside() {
    let points = [[-1.0, -1.0], [1.0, 1.0], [f32::NAN, 0.0]];
    let svg = scatter(&LABELS, &points, &some_clusters(3), &["all"]);
    assert!(svg.contains("d=\"M24 640h0M616 48h0\""), "{svg}");
}

#[test]
fn a_map_of_many_photos_is_short_enough_to_draw() {
    let points: Vec<Point> =
        (0..100_000).map(|n| [(n % 317) as f32 / 317.0, (n / 317) as f32 / 317.0]).collect();
    let svg = scatter(&LABELS, &points, &some_clusters(points.len()), &[]);
    assert!(svg.len() < 2_000_000, "{}", svg.len());
}

#[test]
fn nothing_to_draw_is_drawn() {
    elements(&histogram(&LABELS, -1.0, 1.0, &[]));
    elements(&histogram(&LABELS, -1.0, 1.0, &[Bins { name: "", counts: &[0; 100] }]));
    elements(&lines(&LABELS, &[Line { name: "", points: &[] }]));
    elements(&bars(&LABELS, &[]));
    elements(&heat_map(&LABELS, &[], &[]));
    elements(&scatter(&LABELS, &[], &some_clusters(0), &[]));
}

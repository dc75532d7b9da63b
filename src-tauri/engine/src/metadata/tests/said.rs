//! What people say of photos: XMP, IPTC, sidecars, and what counts of them.

use std::io::Write;
use std::time::{Duration, Instant};

use super::build::{Said, chunk, packet, records};
use super::*;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The simple properties as attributes, as most programs write them.
const ATTRIBUTES: &str = r#"xmp:Rating="4" xmp:Label="Red" xmp:CreateDate="2021-01-01T00:00:00"
    photoshop:DateCreated="2020-01-01" exif:DateTimeOriginal="2008-10-22T16:28:39.25+02:00"
    exif:GPSLatitude="43,28.0467N" exif:GPSLongitude="11,53,6.5E" exif:FNumber="28/10"
    exif:FocalLength="105/1" exif:ExposureTime="1/250" exifEX:PhotographicSensitivity="400"
    tiff:Make="Canon" tiff:Model="Canon EOS 5D" tiff:Orientation="6" aux:Lens="EF24-105mm"
    afterimage:Favourite="True""#;

/// The same as elements.
fn elements() -> String {
    let mut text = String::new();
    for attribute in ATTRIBUTES.replace('\n', " ").split_inclusive("\" ") {
        let (name, value) = attribute.trim().split_once('=').unwrap();
        text.push_str(&format!("<{name}>{}</{name}>\n", value.trim_matches('"')));
    }
    text
}

const LISTS: &str = r#"
    <dc:title><rdf:Alt><rdf:li xml:lang="de">Frost!</rdf:li>
      <rdf:li xml:lang="x-default"> Frost &amp; Hunde&#33; </rdf:li></rdf:Alt></dc:title>
    <dc:description><rdf:Alt><rdf:li xml:lang="en"><![CDATA[Two dogs
on a <field>]]></rdf:li></rdf:Alt></dc:description>
    <dc:subject><rdf:Bag><rdf:li>dog</rdf:li><rdf:li>field</rdf:li><rdf:li>dog</rdf:li><rdf:li/>
      </rdf:Bag></dc:subject>
    <lr:hierarchicalSubject><rdf:Bag><rdf:li>Places|Europe|Portugal</rdf:li>
      <rdf:li>dog</rdf:li></rdf:Bag></lr:hierarchicalSubject>
    <digiKam:TagsList><rdf:Seq><rdf:li>Places/Europe/Portugal</rdf:li>
      <rdf:li>People/Ana</rdf:li></rdf:Seq></digiKam:TagsList>"#;

fn all_said() -> Metadata {
    Metadata {
        taken_at: Some(1_224_692_919),
        utc_offset_min: Some(120),
        camera: some("Canon EOS 5D"),
        lens: some("EF24-105mm"),
        lat: Some(43.0 + 28.0467 / 60.0),
        lon: Some(11.0 + 53.0 / 60.0 + 6.5 / 3600.0),
        iso: Some(400),
        aperture: Some(2.8),
        focal_mm: Some(105.0),
        exposure_s: Some(0.004),
        orientation: Some(6),
        title: some("Frost & Hunde!"),
        description: some("Two dogs\non a <field>"),
        keywords: words(&["dog", "field", "Portugal", "Ana"]),
        hierarchical_keywords: words(&["Places|Europe|Portugal", "People|Ana"]),
        rating: Some(4),
        label: some("Red"),
        favourite: Some(true),
    }
}

#[test]
fn every_property_is_read_from_every_container() {
    for xmp in [packet(ATTRIBUTES, LISTS), packet("", &(elements() + LISTS))] {
        assert_eq!(read_sidecar(&xmp), Some(all_said()));
        for (container, bytes) in (Said { xmp: Some(xmp), ..Said::default() }).containers() {
            assert_eq!(read(&bytes), all_said(), "{container}");
        }
    }
}

#[test]
fn a_packed_packet_in_a_png_is_unpacked() {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&packet(ATTRIBUTES, LISTS)).unwrap();
    let text = [b"XML:com.adobe.xmp\0\x01\0\0\0", packed.finish().unwrap().as_slice()].concat();
    let png = |text: &[u8]| [b"\x89PNG\r\n\x1A\n", chunk(b"iTXt", text).as_slice()].concat();
    assert_eq!(read(&png(&text)), all_said());

    // A bomb is given up at the limit.
    let mut bomb = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..64).for_each(|_| bomb.write_all(&vec![b' '; 1 << 20]).unwrap());
    let text = [b"XML:com.adobe.xmp\0\x01\0\0\0", bomb.finish().unwrap().as_slice()].concat();
    let file = png(&text);
    assert_eq!(container::blocks(&file).xmp.map(|packet| packet.len()), Some(16 << 20));
    assert_eq!(read(&file), Metadata::default());
}

#[test]
fn webp_chunks_of_odd_length_are_padded() {
    let xmp = packet(ATTRIBUTES, LISTS);
    let length = u32::try_from(xmp.len()).unwrap().to_le_bytes();
    let odd = b"RIFF\0\0\0\0WEBPJUNK\x01\0\0\0x\0XMP ";
    assert_eq!(read(&[&odd[..], &length, &xmp].concat()), all_said());
}

fn iptc() -> Vec<u8> {
    records(&[
        (1, 90, b"\x1B%G"),
        (2, 0, b"\0\x04"),
        (2, 5, "Frühfrost".as_bytes()),
        (2, 25, b"dog"),
        (2, 25, "Wiese".as_bytes()),
        (2, 25, b"dog"),
        (2, 55, b"20081022"),
        (2, 60, b"162839+0200"),
        (2, 120, b"Two dogs\ron a field"),
    ])
}

fn iptc_said() -> Metadata {
    Metadata {
        taken_at: Some(1_224_692_919),
        utc_offset_min: Some(120),
        title: some("Frühfrost"),
        description: some("Two dogs\non a field"),
        keywords: words(&["dog", "Wiese"]),
        ..Metadata::default()
    }
}

#[test]
fn every_record_is_read_from_every_container() {
    let said = Said { iptc: Some(iptc()), ..Said::default() };
    for (container, bytes) in said.containers_with_iptc() {
        assert_eq!(read(&bytes), iptc_said(), "{container}");
    }
}

#[test]
fn records_in_older_letters_and_half_dates() {
    let title = |all: &[(u8, u8, &[u8])]| iptc::read(&records(all)).title;
    assert_eq!(title(&[(2, 5, b"Fr\xFChfrost")]), some("Frühfrost"));
    assert_eq!(title(&[(2, 5, "Frühfrost".as_bytes())]), some("Frühfrost"));
    assert_eq!(title(&[(1, 90, b"\x1B%G"), (2, 5, b"Fr\xFC")]), some("Fr\u{FFFD}"));
    // What is no record ends them, as do those that are longer than any text.
    let title = |before: &[u8]| {
        let after = records(&[(2, 5, b"title"), (2, 25, &[b'x'; 30_000]), (2, 25, &[b'x'; 9_000])]);
        iptc::read(&[before, &after].concat()).title
    };
    assert_eq!(title(b""), some("title"));
    assert_eq!(title(b"\x1C\x02\x00\0\x01x"), some("title"));
    assert_eq!(title(b"\x1D\x02\x00\0\x01x"), None);
    assert_eq!(title(b"\x1C\x02\x05\x80\x04\0\0\0\x01x"), None);
    let date = |all: &[(u8, u8, &[u8])]| {
        let read = iptc::read(&records(all));
        (read.taken_at, read.utc_offset_min)
    };
    let noon = Some(1_224_676_800);
    assert_eq!(date(&[(2, 55, b"20081022")]), (noon, None));
    assert_eq!(date(&[(2, 55, b"20081022"), (2, 60, b"      +0200")]), (noon, None));
    assert_eq!(date(&[(2, 55, b"20081022"), (2, 60, b"162839")]), (Some(1_224_692_919), None));
    assert_eq!(date(&[(2, 55, b"00000000"), (2, 60, b"162839")]), (None, None));
    assert_eq!(date(&[(2, 60, b"162839+0200")]), (None, None));
}

#[test]
fn names_go_by_their_address_not_by_their_prefix() {
    let other = String::from_utf8(packet(ATTRIBUTES, LISTS)).unwrap();
    let other = other.replace("dc:", "a:").replace(":dc=", ":a=");
    let other = other.replace("rdf:", "r:").replace(":rdf=", ":r=");
    assert_eq!(read_sidecar(other.as_bytes()), Some(all_said()));
    let foreign = String::from_utf8(packet(r#"xmp:Rating="4""#, LISTS)).unwrap();
    let foreign = foreign.replace("http://purl.org/dc/", "http://example.org/dc/");
    let read = read_sidecar(foreign.as_bytes()).unwrap();
    assert_eq!((read.title, read.rating), (None, Some(4)));
    assert_eq!(read.keywords, words(&["Portugal", "dog", "Ana"]));
}

#[test]
fn values_that_cannot_be_are_absent() {
    let check = |attributes: &str, elements: &str| {
        let read = read_sidecar(&packet(attributes, elements));
        assert_eq!(read, Some(Metadata::default()), "{attributes} {elements}");
    };
    check("", "");
    check(r#"xmp:Rating="6""#, "");
    check(r#"xmp:Rating="many""#, "");
    check(r#"xmp:Rating="NaN""#, "");
    check(r#"MicrosoftPhoto:Rating="101""#, "");
    check(r#"MicrosoftPhoto:Rating="NaN""#, "");
    check(r#"tiff:Orientation="9" exif:FNumber="1/0" exif:FocalLength="-5/1""#, "");
    check(r#"exif:GPSLatitude="43,28.0467N""#, "");
    check(r#"exif:GPSLatitude="43.5" exif:GPSLongitude="11.5""#, "");
    check(r#"exif:GPSLatitude="91,0N" exif:GPSLongitude="11,0E""#, "");
    check(r#"exif:GPSLatitude="0,0N" exif:GPSLongitude="0,0E""#, "");
    check(r#"photoshop:DateCreated="2008" xmp:CreateDate="0000-00-00T00:00:00""#, "");
    // Texts of structures are not the property's.
    check(
        "",
        "<dc:subject><rdf:Bag><rdf:li><rdf:Description><xmp:Label>x</xmp:Label></rdf:Description></rdf:li></rdf:Bag></dc:subject>",
    );
    let rating = |attributes| read_sidecar(&packet(attributes, "")).unwrap().rating;
    assert_eq!(rating(r#"xmp:Rating="-1""#), Some(-1));
    assert_eq!(rating(r#"xmp:Rating="4.0""#), Some(4));
    assert_eq!(rating(r#"MicrosoftPhoto:Rating="75""#), Some(4));
    let date = |attributes| read_sidecar(&packet(attributes, "")).unwrap().taken_at;
    assert_eq!(date(r#"photoshop:DateCreated="2008-10-22""#), Some(1_224_676_800));
    let both = r#"photoshop:DateCreated="2008-10-21" xmp:CreateDate="2008-10-22T16:28:39""#;
    assert_eq!(date(both), Some(1_224_692_919));
}

#[test]
fn xmp_comes_before_iptc_unless_iptc_changed_since() {
    let xmp = packet(r#"xmp:Rating="3""#, "<dc:title>XMP</dc:title><dc:subject>x</dc:subject>");
    let digest: [u8; 16] = Md5::digest(iptc()).into();
    let check = |digest, title: &str, keywords: &[&str]| {
        let said = Said { exif: vec![], xmp: Some(xmp.clone()), iptc: Some(iptc()), digest };
        for (container, bytes) in said.containers_with_iptc() {
            let read = read(&bytes);
            assert_eq!(read.title.as_deref(), Some(title), "{container}");
            assert_eq!(read.keywords, words(keywords), "{container}");
            // What only one of them says comes through either way.
            assert_eq!(read.description, iptc_said().description, "{container}");
            assert_eq!(read.rating, Some(3), "{container}");
        }
    };
    check(None, "XMP", &["x"]);
    check(Some(digest), "XMP", &["x"]);
    check(Some([0; 16]), "XMP", &["x"]);
    check(Some([9; 16]), "Frühfrost", &["dog", "Wiese"]);
}

#[test]
fn facts_are_the_cameras_and_words_are_peoples() {
    let (exif, camera) = full();
    let said = Said { exif, xmp: Some(packet(ATTRIBUTES, LISTS)), ..Said::default() };
    let people = all_said();
    let expected = Metadata {
        title: people.title,
        description: people.description,
        keywords: people.keywords,
        hierarchical_keywords: people.hierarchical_keywords,
        label: people.label,
        favourite: people.favourite,
        ..camera
    };
    for (container, bytes) in said.containers() {
        assert_eq!(read(&bytes), expected, "{container}");
    }
    // XMP knows the offset of EXIF's date only where it has the same date.
    let date = |text| ascii(Tag::DateTimeOriginal, text);
    let offset = |exif: Field| {
        let said = Said { exif: vec![exif], xmp: said.xmp.clone(), ..Said::default() };
        read(&said.jpeg()).utc_offset_min
    };
    assert_eq!(offset(date("2008:10:22 16:28:39")), Some(120));
    assert_eq!(offset(date("2008:10:22 17:28:39")), None);
}

#[test]
fn what_cameras_fill_in_is_not_believed_from_programs_either() {
    let filled = |text: &str| Said {
        exif: vec![ascii(Tag::Model, "S-1"), ascii(Tag::ImageDescription, "At the lake")],
        xmp: Some(packet("", &format!("<dc:description>{text}</dc:description>"))),
        iptc: Some(records(&[(2, 120, text.as_bytes())])),
        ..Said::default()
    };
    let description = |text| read(&filled(text).jpeg()).description;
    assert_eq!(description("KODAK Digital Still  Camera   "), some("At the lake"));
    assert_eq!(description("s-1"), some("At the lake"));
    assert_eq!(description("By the sea"), some("By the sea"));
}

#[test]
fn a_sidecar_wins_field_by_field_and_unites_keywords() {
    let photo = read(&Said { exif: full().0, ..Said::default() }.jpeg());
    let sidecar = read_sidecar(&packet(
        r#"xmp:Rating="0" exif:GPSLatitude="1,0N" exif:GPSLongitude="2,0E""#,
        "<dc:title>New</dc:title><dc:subject><rdf:Bag><rdf:li>snow</rdf:li><rdf:li>dog</rdf:li></rdf:Bag></dc:subject>",
    ));
    let expected = Metadata {
        title: some("New"),
        rating: Some(0),
        lat: Some(1.0),
        lon: Some(2.0),
        keywords: words(&["dog", "field", "snow"]),
        ..photo.clone()
    };
    assert_eq!(photo.clone().with_sidecar(sidecar_of(sidecar.unwrap())), expected);
    assert_eq!(photo.clone().with_sidecar(sidecar_of(Metadata::default())), photo);
    assert_eq!(Metadata::default().with_sidecar(sidecar_of(photo.clone())), photo);
    assert_eq!(photo.clone().with_sidecar(sidecar_of(all_said())).camera, all_said().camera);
    let other_date = Metadata { taken_at: Some(0), ..Metadata::default() };
    let moved = photo.clone().with_sidecar(sidecar_of(other_date));
    assert_eq!((moved.taken_at, moved.utc_offset_min), (Some(0), None));
    // The photo's own day says less than its moment; another day is a correction.
    let dated = |day| {
        let day = read_sidecar(&packet(&format!("photoshop:DateCreated='{day}'"), ""));
        photo.clone().with_sidecar(sidecar_of(day.unwrap())).taken_at
    };
    assert_eq!(dated("2008-10-22"), photo.taken_at);
    assert_eq!(dated("2008-10-23"), time::noon("2008-10-23"));
    // When a file was made is no correction, but better than nothing.
    let made = |photo: &Metadata, more: &str| {
        let xmp = packet(&format!("xmp:CreateDate='2020-01-02T03:04:05+01:00' {more}"), "");
        let dated = photo.clone().with_sidecar(super::super::read_sidecar(&xmp).unwrap());
        (dated.taken_at, dated.utc_offset_min)
    };
    let original = "exif:DateTimeOriginal='2020-01-02T03:04:06+01:00'";
    assert_eq!(made(&photo, ""), (photo.taken_at, photo.utc_offset_min));
    assert_eq!(made(&photo, original), (Some(1_577_934_246), Some(60)));
    assert_eq!(made(&Metadata::default(), ""), (Some(1_577_934_245), Some(60)));
}

fn sidecar_of(said: Metadata) -> Sidecar {
    Sidecar { said, dates_a_file: false }
}

/// What a sidecar says, wherever its date is from.
fn read_sidecar(bytes: &[u8]) -> Option<Metadata> {
    super::super::read_sidecar(bytes).map(|sidecar| sidecar.said)
}

#[test]
fn packets_in_other_encodings() {
    let text = String::from_utf8(packet(ATTRIBUTES, LISTS)).unwrap();
    let text = text.trim_start_matches('\u{FEFF}');
    let units =
        |unit: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(unit).collect() };
    let (little, big) = (units(u16::to_le_bytes), units(u16::to_be_bytes));
    for bytes in [
        [b"\xFF\xFE", little.as_slice()].concat(),
        [b"\xFE\xFF", big.as_slice()].concat(),
        little,
        big,
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        [b"\n ", text.as_bytes(), b"\n\0\0"].concat(),
    ] {
        assert_eq!(read_sidecar(&bytes), Some(all_said()), "{:?}", &bytes[..4]);
    }
    let latin = [text.as_bytes(), b"<!-- \xFC -->"].concat();
    assert_eq!(read_sidecar(&latin), Some(all_said()));
}

#[test]
fn what_is_no_xmp_is_none() {
    for bytes in [
        &b""[..],
        b"no XML",
        b"<",
        b"<html><body>x</body></html>",
        b"\xFF\xFE<",
        b"\xFF\xD8\xFF\xE1\0\x10",
        b"<rdf:RDF/>",
        br#"<RDF xmlns="http://example.org/"/>"#,
    ] {
        assert_eq!(read_sidecar(bytes), None, "{bytes:?}");
    }
}

#[test]
fn of_a_packet_that_breaks_off_the_beginning_counts() {
    let whole = packet(r#"xmp:Rating="4""#, "<dc:title>Frost</dc:title><broken");
    let read = read_sidecar(&whole).unwrap();
    assert_eq!((read.rating, read.title), (Some(4), some("Frost")));
}

/// Far more than anything hostile costs on a busy machine, and far less than it
/// would without a limit.
#[track_caller]
fn soon<T>(work: impl FnOnce() -> T) -> T {
    let before = Instant::now();
    let done = work();
    let took = before.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    done
}

#[test]
fn hostile_packets_are_refused_in_no_time() {
    let text = String::from_utf8(packet("", "<dc:title>&z;</dc:title>")).unwrap();
    let (_, body) = text.split_once("?>").unwrap();
    let mut laughs = "<!DOCTYPE x [<!ENTITY a \"ha\">".to_owned();
    for (this, next) in ('a'..='y').zip('b'..='z') {
        let many = format!("&{this};").repeat(10);
        laughs.push_str(&format!("<!ENTITY {next} \"{many}\">"));
    }
    let laughs = format!("<?xml version=\"1.0\"?>{laughs}]>{body}");
    assert_eq!(soon(|| read_sidecar(laughs.as_bytes())), None);
    let file = format!("<!DOCTYPE x [<!ENTITY z SYSTEM \"file:///etc/passwd\">]>{body}");
    assert_eq!(soon(|| read_sidecar(file.as_bytes())), None);
    // Without its definition an entity stands for nothing.
    assert_eq!(soon(|| read_sidecar(text.as_bytes())), Some(Metadata::default()));

    let within = |depth| {
        let xmp = String::from_utf8(packet(r#"xmp:Rating="4""#, "")).unwrap();
        let (_, xmp) = xmp.split_once("?>").unwrap();
        let xmp = format!("{}{xmp}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        read_sidecar(xmp.as_bytes()).and_then(|it| it.rating)
    };
    assert_eq!((within(20), within(100)), (Some(4), None));
    let deep = packet(r#"xmp:Rating="4""#, &"<dc:title>".repeat(1_000_000));
    assert_eq!(soon(|| read_sidecar(&deep)).unwrap().rating, Some(4));
    let names: String = (0..400_000).map(|n| format!("<a xmlns:p{n}='u{n}'>")).collect();
    assert_eq!(
        soon(|| read_sidecar(&packet(r#"xmp:Rating="4""#, &names))).unwrap().rating,
        Some(4)
    );
    let names: String = (0..400_000).map(|n| format!(" xmlns:p{n}='u{n}'")).collect();
    assert_eq!(soon(|| read_sidecar(&packet(&names, ""))), Some(Metadata::default()));
    let many: String = (0..100_000).map(|n| format!("<rdf:li>{n}</rdf:li>")).collect();
    let many = format!("<dc:subject><rdf:Bag>{many}</rdf:Bag></dc:subject><dc:title>x</dc:title>");
    let many = soon(|| read_sidecar(&packet("", &many))).unwrap();
    assert_eq!(many.keywords.len(), 1000);
    // Nothing more is kept than a packet can sensibly say.
    assert_eq!(many.title, None);
    let titled = |before: &str| {
        soon(|| read_sidecar(&packet("", &format!("{before}<dc:title>x</dc:title>"))))
            .unwrap()
            .title
    };
    assert_eq!((titled(&"<a/>".repeat(1000)), titled(&"<a/>".repeat(600_000))), (some("x"), None));
    let long = packet("", &format!("<dc:description>{}</dc:description>", "x".repeat(10 << 20)));
    assert!(soon(|| read_sidecar(&long)).unwrap().description.is_none_or(|it| it.len() <= 8192));
    let huge = packet("", &" ".repeat(50 << 20));
    assert_eq!(soon(|| read_sidecar(&huge)), None);
}

#[test]
fn big_files_are_not_walked_through() {
    // What looks like a packet among the pixels is none.
    let decoy = packet(r#"xmp:Rating="5""#, "");
    let said = Said { exif: full().0, ..Said::default() };
    let jpeg = [said.jpeg().as_slice(), &vec![0xFF; 64 << 20], &decoy].concat();
    assert_eq!(at_once(|| read(&jpeg)), full().1);
    // A segment among the pixels is none either.
    let mut jpeg = said.jpeg();
    let scan = jpeg.windows(2).position(|pair| pair == b"\xFF\xDA").unwrap();
    let segment = [b"http://ns.adobe.com/xap/1.0/\0", decoy.as_slice()].concat();
    let length = u16::try_from(segment.len() + 2).unwrap().to_be_bytes();
    let header = usize::from(u16::from_be_bytes([jpeg[scan + 2], jpeg[scan + 3]]));
    let at = scan + 2 + header;
    jpeg.splice(at..at, [b"\xFF\xE1", &length[..], &segment].concat());
    assert_eq!(read(&jpeg), full().1);
    // A TIFF whose pixels are anywhere: its directories are followed, no more.
    let tiff = block(&full().0);
    let mut fields = full().0;
    let tag = Tag(::exif::Context::Tiff, 50_000);
    fields.push(Field { tag, ifd_num: In::PRIMARY, value: Value::Byte(vec![1; 2 << 20]) });
    assert_eq!(read(&block(&fields)), full().1);
    let large = [tiff.as_slice(), &vec![0xFF; 64 << 20], &decoy].concat();
    assert_eq!(at_once(|| read(&large)), full().1);
}

/// In less time than it takes to look at 64 MiB; the quickest of some tries
/// counts, because other tests run beside this one.
#[track_caller]
fn at_once<T>(work: impl Fn() -> T) -> T {
    let timed = || {
        let before = Instant::now();
        let done = work();
        (before.elapsed(), done)
    };
    let (took, done) = (0..10).map(|_| timed()).min_by_key(|(took, _)| *took).unwrap();
    assert!(took < Duration::from_millis(5), "{took:?}");
    done
}

//! XMP packets of copies.

use std::fmt::Write;

use crate::metadata::Metadata;

/// What stands before the end of a packet.
const TAIL: &str = "<?xpacket end";

/// The packet, for an upright picture of this width and height, without the room that
/// was left in it for changes; `None` where it is no UTF-8.
pub(super) fn adapted(packet: &[u8], (width, height): (u32, u32)) -> Option<Vec<u8>> {
    let mut packet = std::str::from_utf8(packet).ok()?.to_owned();
    for (name, number) in [
        ("tiff:Orientation", 1),
        ("tiff:ImageWidth", width),
        ("tiff:ImageLength", height),
        ("exif:PixelXDimension", width),
        ("exif:PixelYDimension", height),
    ] {
        packet = with_number(&packet, name, number);
    }
    if let Some((before, after)) = packet.rsplit_once(TAIL) {
        packet = format!("{}\n{TAIL}{after}", before.trim_end());
    }
    Some(packet.into_bytes())
}

/// With another number wherever the property stands, as an attribute or an element.
fn with_number(packet: &str, name: &str, number: u32) -> String {
    let mut changed = String::with_capacity(packet.len());
    let mut rest = packet;
    while let Some(at) = rest.find(name) {
        let (before, from) = rest.split_at(at + name.len());
        changed += before;
        let value = from.trim_start_matches([' ', '\t', '\r', '\n', '=', '"', '\'', '>']);
        let digits = value.bytes().take_while(u8::is_ascii_digit).count();
        let opening = &from[..from.len() - value.len()];
        if digits > 0 && opening.contains(['"', '\'', '>']) {
            let _ = write!(changed, "{opening}{number}");
            rest = &value[digits..];
        } else {
            rest = from;
        }
    }
    changed + rest
}

/// A packet that says what people said of a photo; `None` where nobody said anything.
pub(super) fn packet(said: &Metadata) -> Option<Vec<u8>> {
    let mut properties = String::new();
    let mut add = |name: &str, kind: &str, language: &str, texts: &[String]| {
        if texts.is_empty() {
            return;
        }
        let items: String =
            texts.iter().map(|it| format!("<rdf:li{language}>{}</rdf:li>", escaped(it))).collect();
        let _ = writeln!(properties, "<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>");
    };
    let default = " xml:lang=\"x-default\"";
    add("dc:title", "Alt", default, said.title.as_slice());
    add("dc:description", "Alt", default, said.description.as_slice());
    add("dc:subject", "Bag", "", &said.keywords);
    add("lr:hierarchicalSubject", "Bag", "", &said.hierarchical_keywords);
    for (name, value) in [
        ("xmp:Rating", said.rating.map(|stars| stars.to_string())),
        ("xmp:Label", said.label.clone()),
    ] {
        if let Some(value) = value {
            let _ = writeln!(properties, "<{name}>{}</{name}>", escaped(&value));
        }
    }
    (!properties.is_empty()).then(|| {
        format!(
            "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
             <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
             <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
             <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
             xmlns:lr=\"http://ns.adobe.com/lightroom/1.0/\" \
             xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">\n\
             {properties}</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n{TAIL}=\"w\"?>"
        )
        .into_bytes()
    })
}

/// A text as XML takes it, without characters that it does not know.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '\t' | '\n' => escaped.push(c),
            '\u{FFFE}' | '\u{FFFF}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata;

    #[test]
    fn numbers_are_changed_however_they_are_written() {
        let old = "<a tiff:Orientation=\"6\" exif:PixelXDimension = '6000' tiff:OrientationX=\"7\">\
                   <tiff:Orientation>8</tiff:Orientation><exif:PixelYDimension>\n 40</x></a> \
                   exif:PixelYDimension 12   \n\n<?xpacket end=\"w\"?>";
        let new = "<a tiff:Orientation=\"1\" exif:PixelXDimension = '30' tiff:OrientationX=\"7\">\
                   <tiff:Orientation>1</tiff:Orientation><exif:PixelYDimension>\n 20</x></a> \
                   exif:PixelYDimension 12\n<?xpacket end=\"w\"?>";
        let adapted = adapted(old.as_bytes(), (30, 20)).unwrap();
        assert_eq!(String::from_utf8(adapted).unwrap(), new);
        assert_eq!(super::adapted(b"\xFF\xFE<\0", (1, 1)), None);
    }

    #[test]
    fn what_people_said_is_read_back() {
        let said = Metadata {
            title: Some("Tea & <cake>".into()),
            description: Some("One.\nTwo.".into()),
            keywords: vec!["tea".into(), "Kuchen \u{1F370}".into()],
            hierarchical_keywords: vec!["Food|Tea".into()],
            rating: Some(-1),
            label: Some("Red".into()),
            ..Metadata::default()
        };
        let packet = packet(&said).unwrap();
        let read = metadata::read_sidecar(&packet).unwrap();
        let read = Metadata::default().with_sidecar(read);
        assert_eq!((read.title, read.description), (said.title, said.description));
        assert!(said.keywords.iter().all(|word| read.keywords.contains(word)));
        assert_eq!(read.hierarchical_keywords, said.hierarchical_keywords);
        assert_eq!((read.rating, read.label), (said.rating, said.label));
        assert_eq!(super::packet(&Metadata::default()), None);
    }
}

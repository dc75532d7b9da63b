//! Packets made at random, of all forms that properties have.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Texts that are hard on XML.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z]{1,6}",
        Just("R&B <b>".to_owned()),
        Just("]]>".to_owned()),
        Just("\"it's\"".to_owned()),
        Just("Äpfel \u{1F34E}".to_owned()),
        Just("A\u{308}pfel".to_owned()),
        Just("and/or".to_owned()),
        Just("a  b\tc".to_owned()),
    ]
}

fn path() -> impl Strategy<Value = String> {
    vec("[a-zA-Z ]{0,3}[a-z]", 2..4).prop_map(|steps| steps.join("|"))
}

prop_compose! {
    fn said()(
        keywords in vec(name(), 0..5),
        hierarchical in vec(path(), 0..4),
        rating in proptest::option::of(-1_i8..=5),
        favourite in proptest::option::of(any::<bool>()),
    ) -> Saying {
        Saying { keywords, hierarchical, rating, favourite }
    }
}

/// A value or list of ours as others write it, in some form.
fn known() -> impl Strategy<Value = String> {
    let blank = prop_oneof![Just(""), Just("\n   "), Just("\r\n\t"), Just(" ")];
    let kind = prop_oneof![Just("Bag"), Just("Seq"), Just("Alt")];
    let names = prop_oneof![
        Just("dc:subject"),
        Just("q:hierarchicalSubject"),
        Just("digiKam:TagsList"),
        Just("MS:LastKeywordXMP")
    ];
    prop_oneof![
        (names.clone(), kind, vec("[a-zA-Z]{1,3}", 0..4), blank).prop_map(
            |(name, kind, items, blank)| {
                let items: String = items
                    .iter()
                    .map(|item| format!("{blank}<rdf:li>{item}</rdf:li><!--{item}-->"))
                    .collect();
                format!("{blank}<{name}><rdf:{kind}>{items}{blank}</rdf:{kind}></{name}>")
            }
        ),
        (names.clone(), "[a-z]{0,3}").prop_map(|(name, text)| format!("<{name}>{text}</{name}>")),
        names.prop_map(|name| format!("<{name}/>")),
        "[0-5]?".prop_map(|stars| format!("<xap:Rating>{stars}</xap:Rating>")),
        Just("<own:Favourite>True</own:Favourite>".to_owned()),
    ]
}

/// Something foreign, with a place for a number by which it is found again.
fn foreign() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("<!-- NN & < -->"),
        Just("<?fNN a=\"b\"?>"),
        Just("<f:a xml:lang='de'>NN&#xE4;&lt;<![CDATA[<&]]></f:a>"),
        Just("<f:b rdf:parseType=\"Resource\"><dc:subject>NN</dc:subject></f:b>"),
        Just("<f:c f:d = 'NN >' />"),
        Just("\n\t<n xmlns=\"urn:n\"><Rating>NN</Rating >\n</n>"),
    ]
}

const NAMES: &str = "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"
    xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:q='http://ns.adobe.com/lightroom/1.0/'
    xmlns:digiKam='http://www.digikam.org/ns/1.0/' xmlns:xap='http://ns.adobe.com/xap/1.0/'
    xmlns:MS='http://ns.microsoft.com/photo/1.0/' xmlns:own='http://afterimage.app/ns/1.0/'
    xmlns:f='urn:f'";

/// A packet and its foreign parts.
fn packets() -> impl Strategy<Value = (String, Vec<String>)> {
    // In turn, as far as there are as many.
    let content = (vec(known(), 0..4), vec(foreign(), 0..6));
    vec((content, any::<bool>(), any::<bool>()), 0..3).prop_map(|descriptions| {
        let mut all = Vec::new();
        let mut rdf = String::new();
        for ((known, foreign), has_attributes, has_lines) in descriptions {
            let attributes = if has_attributes { " xap:Rating='3' f:x=\"&gt;\"" } else { "" };
            let line = if has_lines { "\n  " } else { "" };
            let mut known = known.into_iter();
            let mut body = String::new();
            for part in foreign {
                let part = part.replace("NN", &format!("n{}.", all.len()));
                body.push_str(&known.next().unwrap_or_default());
                body.push_str(&part);
                all.push(part);
            }
            body.extend(known);
            rdf += &match body.as_str() {
                "" => format!("{line}<rdf:Description rdf:about=\"\"{attributes}/>"),
                _ => format!("{line}<rdf:Description{attributes}>{body}{line}</rdf:Description>"),
            };
        }
        (format!("<rdf:RDF {NAMES}>{rdf}\n</rdf:RDF>"), all)
    })
}

fn clean(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn has(names: &[String], name: &str) -> bool {
    use unicode_normalization::UnicodeNormalization;
    let key = |name: &str| name.nfc().collect::<String>().to_lowercase();
    names.iter().any(|other| key(other) == key(name))
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_written_once(
        (packet, foreign) in packets(),
        first in said(),
        second in said(),
    ) {
        let mut text = packet.into_bytes();
        let mut before = Before::default();
        for now in [&first, &second] {
            if let Some(new) = merged(Some(&text), &before, now).unwrap() {
                prop_assert_ne!(&new.bytes, &text);
                text = new.bytes;
            }
            before = Before { keywords: &now.keywords, hierarchical: &now.hierarchical };
            let shown = String::from_utf8_lossy(&text);
            prop_assert_eq!(merged(Some(&text), &before, now), Ok(None), "{}", shown);

            let read = read(&text);
            for word in &now.keywords {
                prop_assert!(has(&read.keywords, &clean(word)), "{word} is not in {shown}");
            }
            for path in &now.hierarchical {
                let steps: Vec<String> = path.split('|').map(clean).collect();
                let path = steps.join("|");
                prop_assert!(has(&read.hierarchical_keywords, &path), "{path} is not in {shown}");
            }
            if now.rating.is_some() {
                prop_assert_eq!(read.rating, now.rating, "{}", shown);
            }
            match now.favourite {
                Some(true) => prop_assert_eq!(read.favourite, Some(true)),
                Some(false) => prop_assert_eq!(read.favourite, None),
                None => {}
            }
            let mut at = 0;
            for part in &foreign {
                let found = shown[at..].find(part.as_str());
                prop_assert!(found.is_some(), "{part} is lost in {shown}");
                at += found.unwrap() + part.len();
            }
        }
    }

    #[test]
    fn what_is_taken_back_leaves_the_meaning_as_it_was((packet, _) in packets(), now in said()) {
        let old = read(packet.as_bytes());
        let now = Saying { rating: None, favourite: None, ..now };
        if let Some(new) = merged(Some(packet.as_bytes()), &Before::default(), &now).unwrap() {
            // Only what was new is taken back.
            let (paths, words): (Vec<_>, Vec<_>) =
                new.added.into_iter().partition(|name| now.hierarchical.iter().any(|path| {
                    path.split('|').map(clean).collect::<Vec<_>>().join("|") == *name
                }));
            let before = Before { keywords: &words, hierarchical: &paths };
            let back = merged(Some(&new.bytes), &before, &Saying::default()).unwrap();
            let back = back.map_or(new.bytes, |back| back.bytes);
            let again = read(&back);
            for word in &old.keywords {
                prop_assert!(has(&again.keywords, word));
            }
            prop_assert_eq!(again.rating, old.rating);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in vec(any::<u8>(), 0..200),
        (packet, _) in packets(),
        at in any::<prop::sample::Index>(),
        now in said(),
    ) {
        let _ = merged(Some(&bytes), &Before::default(), &now);
        let mut broken = packet.into_bytes();
        let at = at.index(broken.len());
        let end = (at + bytes.len() / 20).min(broken.len());
        broken.splice(at..end, bytes.iter().copied().take(3));
        if let Ok(Some(new)) = merged(Some(&broken), &Before::default(), &now) {
            // What is accepted stays acceptable.
            prop_assert_eq!(merged(Some(&new.bytes), &Before::default(), &now), Ok(None));
        }
    }
}

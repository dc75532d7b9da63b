//! Properties proved here:
//! 1. what is written is what the reader reads, and what exiftool reads
//!    (`mod`, `properties`, `exiftool`);
//! 2. what is foreign stays to the letter, and in its meaning for exiftool (all);
//! 3. what says so already is not written again (all);
//! 4. what cannot be merged is told with its place and left alone (`mod`);
//! 5. a file is replaced whole or not at all (`files`).

mod exiftool;
mod files;
mod properties;

use super::super::{Metadata, read_sidecar};
use super::*;

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn saying() -> Saying {
    Saying {
        keywords: words(&["Dog", "R&B <live>"]),
        hierarchical: words(&["Animals|Dog"]),
        rating: Some(4),
        favourite: Some(true),
    }
}

fn keywords(keywords: &[&str]) -> Saying {
    Saying { keywords: words(keywords), ..Saying::default() }
}

fn read(bytes: &[u8]) -> Metadata {
    Metadata::default().with_sidecar(read_sidecar(bytes).expect("XMP"))
}

/// A packet with this in its `rdf:RDF`.
fn packet(rdf: &str) -> String {
    format!(
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"\n  xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n \
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">{rdf}</rdf:RDF>\n\
         </x:xmpmeta>"
    )
}

fn changed(existing: &str, before: &[&str], now: &Saying) -> Option<String> {
    let before = words(before);
    let before = Before { keywords: &before, ..Before::default() };
    let merged = merged(Some(existing.as_bytes()), &before, now).unwrap()?;
    Some(String::from_utf8(merged.bytes).unwrap())
}

/// What stands between the tags of `rdf:RDF` when this is written to `rdf`.
fn in_rdf(rdf: &str, before: &[&str], now: &Saying) -> Option<String> {
    let new = changed(&packet(rdf), before, now)?;
    let start = new.find("rdf-syntax-ns#\">").unwrap() + "rdf-syntax-ns#\">".len();
    Some(new[start..new.find("</rdf:RDF>").unwrap()].to_owned())
}

#[test]
fn a_new_file_is_a_small_packet() {
    let new = merged(None, &Before::default(), &saying()).unwrap().unwrap();
    assert_eq!(new.added, ["Dog", "R&B <live>", "Animals|Dog"]);
    assert_eq!(new.removed, [""; 0]);
    let expected = "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>
<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"Afterimage\">
 <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">
  <rdf:Description rdf:about=\"\"
    xmlns:dc=\"http://purl.org/dc/elements/1.1/\"
    xmlns:lr=\"http://ns.adobe.com/lightroom/1.0/\"
    xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\"
    xmlns:afterimage=\"http://afterimage.app/ns/1.0/\"
    xmp:Rating=\"4\"
    afterimage:Favourite=\"True\">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Dog</rdf:li>
     <rdf:li>R&amp;B &lt;live&gt;</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>Animals|Dog</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end=\"w\"?>
";
    assert_eq!(String::from_utf8(new.bytes.clone()).unwrap(), expected);
    let read = read(&new.bytes);
    assert_eq!(read.keywords, saying().keywords);
    assert_eq!(read.hierarchical_keywords, saying().hierarchical);
    assert_eq!((read.rating, read.favourite), (Some(4), Some(true)));
    // A file that a crash left empty holds nothing that could be lost.
    for nothing in ["", " \n", "\0\0\0"] {
        assert_eq!(changed(nothing, &[], &saying()).as_deref(), Some(expected));
    }
    assert_eq!(merged(None, &Before::default(), &Saying::default()), Ok(None));
    let no = Saying { favourite: Some(false), ..Saying::default() };
    assert_eq!(merged(None, &Before::default(), &no), Ok(None));
}

#[test]
fn what_says_so_already_is_not_written_again() {
    let new = merged(None, &Before::default(), &saying()).unwrap().unwrap().bytes;
    assert_eq!(merged(Some(&new), &Before::default(), &saying()), Ok(None));
    // Nor is what is written in another way.
    let other = packet(
        "<rdf:Description xmlns:x=\"http://ns.adobe.com/xap/1.0/\"
          xmlns:a=\"http://afterimage.app/ns/1.0/\" a:Favourite=\"true\">
          <x:Rating> 4.0 </x:Rating><dc:subject>dog</dc:subject></rdf:Description>",
    );
    let now = Saying { rating: Some(4), favourite: Some(true), ..keywords(&["Dog"]) };
    assert_eq!(changed(&other, &[], &now), None);
}

#[test]
fn keywords_go_into_the_list_that_is_there_as_it_is_written() {
    let list = |kind: &str, items: &str| {
        format!(
            "<rdf:Description><dc:subject><rdf:{kind}>{items}</rdf:{kind}></dc:subject>\
             </rdf:Description>"
        )
    };
    for kind in ["Bag", "Seq", "Alt"] {
        assert_eq!(
            in_rdf(&list(kind, "<rdf:li>cat</rdf:li>"), &[], &keywords(&["dog", "CAT"])),
            Some(list(kind, "<rdf:li>cat</rdf:li><rdf:li>dog</rdf:li>"))
        );
        assert_eq!(
            in_rdf(&list(kind, "\n\t<rdf:li>cat</rdf:li>\n"), &[], &keywords(&["dog"])),
            Some(list(kind, "\n\t<rdf:li>cat</rdf:li>\n\t<rdf:li>dog</rdf:li>\n"))
        );
        assert_eq!(
            in_rdf(&list(kind, ""), &[], &keywords(&["dog"])),
            Some(list(kind, "<rdf:li>dog</rdf:li>"))
        );
    }
    // One that closes itself is opened.
    assert_eq!(
        in_rdf(
            "\r\n<rdf:Description rdf:about=''>\r\n <dc:subject>\r\n  <rdf:Bag />\r\n \
             </dc:subject>\r\n</rdf:Description>",
            &[],
            &keywords(&["dog"])
        )
        .as_deref(),
        Some(
            "\r\n<rdf:Description rdf:about=''>\r\n <dc:subject>\r\n  <rdf:Bag >\r\n   \
             <rdf:li>dog</rdf:li>\r\n  </rdf:Bag>\r\n </dc:subject>\r\n</rdf:Description>"
        )
    );
}

#[test]
fn keywords_without_a_list_get_one() {
    let listed = |items: &str| {
        Some(format!(
            "<rdf:Description><dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject></rdf:Description>"
        ))
    };
    let now = keywords(&["dog"]);
    let one = "<rdf:li>dog</rdf:li>";
    let two = "<rdf:li>R&amp;<![CDATA[B]]></rdf:li><rdf:li>dog</rdf:li>";
    for (old, new) in [
        ("<rdf:Description><dc:subject/></rdf:Description>", listed(one)),
        ("<rdf:Description><dc:subject> </dc:subject></rdf:Description>", listed(one)),
        ("<rdf:Description></rdf:Description>", listed(one)),
        ("<rdf:Description/>", listed(one)),
        (
            "<rdf:Description><dc:subject> R&amp;<![CDATA[B]]> </dc:subject></rdf:Description>",
            listed(two),
        ),
        ("<rdf:Description dc:subject=\"R&amp;B\"/>", listed(&two.replace("<![CDATA[B]]>", "B"))),
    ] {
        assert_eq!(in_rdf(old, &[], &now), new, "{old}");
    }
    let remark = "<rdf:Description><dc:subject><!--none--></dc:subject></rdf:Description>";
    assert_eq!(
        in_rdf(remark, &[], &now),
        Some(remark.replace("-->", &format!("--><rdf:Bag>{one}</rdf:Bag>")))
    );
}

#[test]
fn only_what_was_written_before_is_taken_back() {
    let list = |items: &str| {
        format!(
            "<rdf:Description>\n <dc:subject>\n  <rdf:Bag>\n{items}  </rdf:Bag>\n \
             </dc:subject>\n</rdf:Description>"
        )
    };
    let old = list("   <rdf:li>cat</rdf:li>\n   <rdf:li>dog</rdf:li>\n   <rdf:li>Dog</rdf:li>\n");
    // Spelt otherwise it is not what was written.
    let new = list("   <rdf:li>cat</rdf:li>\n   <rdf:li>Dog</rdf:li>\n");
    assert_eq!(in_rdf(&old, &["dog"], &keywords(&[])), Some(new));
    let new = list("   <rdf:li>dog</rdf:li>\n   <rdf:li>Dog</rdf:li>\n   <rdf:li>eel</rdf:li>\n");
    assert_eq!(in_rdf(&old, &["cat", "dog"], &keywords(&["dog", "eel"])), Some(new));
    // The last one takes the list along; the first can take another's place.
    let only = list("   <rdf:li>cat</rdf:li>\n");
    assert_eq!(
        in_rdf(&only, &["cat"], &keywords(&[])).as_deref(),
        Some("<rdf:Description>\n</rdf:Description>")
    );
    assert_eq!(
        in_rdf(&only, &["cat"], &keywords(&["Cat"])),
        Some(list("   <rdf:li>Cat</rdf:li>\n"))
    );
    let remarked = list("   <rdf:li>cat</rdf:li><!-- why -->\n");
    assert_eq!(
        in_rdf(&remarked, &["cat"], &keywords(&[])),
        Some(remarked.replace("\n   <rdf:li>cat</rdf:li>", ""))
    );
    for (old, new) in [
        ("<rdf:Description dc:subject='cat'/>", "<rdf:Description/>"),
        (
            "<rdf:Description><dc:subject>cat</dc:subject></rdf:Description>",
            "<rdf:Description></rdf:Description>",
        ),
    ] {
        assert_eq!(in_rdf(old, &["cat"], &keywords(&[])).as_deref(), Some(new));
        let eel = in_rdf(old, &["cat"], &keywords(&["eel"])).unwrap();
        assert!(eel.contains("<rdf:Bag><rdf:li>eel</rdf:li></rdf:Bag>") && !eel.contains("cat"));
    }
    let told = merged(
        Some(packet(&old).as_bytes()),
        &Before { keywords: &words(&["dog"]), ..Before::default() },
        &keywords(&["Cat", "eel"]),
    );
    let told = told.unwrap().unwrap();
    assert_eq!((told.added, told.removed), (words(&["eel"]), words(&["dog"])));
}

#[test]
fn values_are_changed_where_they_are_in_any_form_and_under_any_prefix() {
    let now = Saying { rating: Some(-1), favourite: Some(true), ..Saying::default() };
    let names = "xmlns:q='http://ns.adobe.com/xap/1.0/' xmlns:a='http://afterimage.app/ns/1.0/'";
    for (old, new) in [
        (" q:Rating='3' a:Favourite='False'/>", " q:Rating='-1' a:Favourite='True'/>"),
        (
            "><q:Rating>3</q:Rating><a:Favourite/></rdf:Description>",
            "><q:Rating>-1</q:Rating><a:Favourite>True</a:Favourite></rdf:Description>",
        ),
        // Of two that disagree neither is left behind.
        (
            " q:Rating='3'><q:Rating>5</q:Rating></rdf:Description>",
            " q:Rating='-1' a:Favourite=\"True\"><q:Rating>-1</q:Rating></rdf:Description>",
        ),
    ] {
        let of = |end: &str| format!("<rdf:Description {names}{end}");
        assert_eq!(in_rdf(&of(old), &[], &now), Some(of(new)));
    }
    let marked = "<rdf:Description xmlns:a='http://afterimage.app/ns/1.0/' a:Favourite='True'>
        <a:Favourite>True</a:Favourite></rdf:Description>";
    let unmarked = "<rdf:Description xmlns:a='http://afterimage.app/ns/1.0/'></rdf:Description>";
    let no = Saying { favourite: Some(false), ..Saying::default() };
    assert_eq!(in_rdf(marked, &[], &no).as_deref(), Some(unmarked));
    assert_eq!(in_rdf(marked, &[], &Saying::default()), None);
    assert_eq!(
        in_rdf(marked, &[], &Saying { rating: Some(9), ..no }).unwrap().matches("\"5\"").count(),
        1
    );
}

#[test]
fn what_is_missing_around_a_property_is_made() {
    // No description, no wrapper, RDF as the default namespace.
    let bare = "<RDF xmlns=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"/>";
    let new = changed(bare, &[], &saying()).unwrap();
    assert_eq!(read(new.as_bytes()).keywords, saying().keywords);
    assert!(new.contains("<Description xmlns:rdf=") && new.contains("<Bag><li>Dog</li>"), "{new}");
    let rdf = in_rdf("\n ", &[], &keywords(&["dog"])).unwrap();
    assert_eq!(
        rdf,
        "\n  <rdf:Description rdf:about=\"\">\n   <dc:subject>\n    <rdf:Bag>\n     \
         <rdf:li>dog</rdf:li>\n    </rdf:Bag>\n   </dc:subject>\n  </rdf:Description>\n "
    );
    assert_eq!(in_rdf("", &[], &Saying::default()), None);

    // A prefix that means something else keeps its meaning.
    let other = "<rdf:Description xmlns:xmp=\"urn:other\" xmp:Rating=\"x\"/>";
    let new = in_rdf(other, &[], &Saying { rating: Some(2), ..Saying::default() }).unwrap();
    assert_eq!(
        new,
        "<rdf:Description xmlns:xmp=\"urn:other\" xmp:Rating=\"x\" \
         xmlns:xmp2=\"http://ns.adobe.com/xap/1.0/\" xmp2:Rating=\"2\"/>"
    );
    // Of several descriptions the one that knows the name takes the property.
    let several = "<rdf:Description/>\n<rdf:Description xmlns:xap=\"http://ns.adobe.com/xap/1.0/\">\
                   <xap:Label>Red</xap:Label></rdf:Description>";
    let new = in_rdf(several, &[], &Saying { rating: Some(2), ..Saying::default() }).unwrap();
    assert_eq!(new, several.replace("1.0/\">", "1.0/\"\n  xap:Rating=\"2\">"));
}

#[test]
fn lists_of_digikam_and_microsoft_are_kept_in_step_and_never_added() {
    let of = |tags: &str, last: &str| {
        format!(
            "<rdf:Description xmlns:d=\"http://www.digikam.org/ns/1.0/\" \
             xmlns:m=\"http://ns.microsoft.com/photo/1.0/\"><d:TagsList><rdf:Seq>{tags}</rdf:Seq>\
             </d:TagsList><m:LastKeywordXMP><rdf:Bag>{last}</rdf:Bag></m:LastKeywordXMP>\
             </rdf:Description>"
        )
    };
    let li = |all: &[&str]| all.iter().map(|n| format!("<rdf:li>{n}</rdf:li>")).collect::<String>();
    let old = of(&li(&["Places/Rome", "Animals|Cat", "Old"]), &li(&["Animals/Cat"]));
    let now = Saying {
        // Rome and Dog are steps of paths; a stroke cannot be written there.
        keywords: words(&["rome", "Dog", "night", "and/or"]),
        hierarchical: words(&["Animals|Dog", "animals|cat", "a/b|c"]),
        ..Saying::default()
    };
    let new = in_rdf(&old, &["Old"], &now).unwrap();
    let tags = li(&["Places/Rome", "Animals|Cat", "Animals/Dog", "night"]);
    let last = li(&["Animals/Cat", "Animals/Dog", "rome", "night"]);
    let listed = of(&tags, &last);
    assert!(
        new.contains(&listed[listed.find("<d:").unwrap()..listed.find("</rdf:D").unwrap()]),
        "{new}"
    );
    // What was among the tags was not added by being written elsewhere, too.
    let first =
        merged(Some(packet(&old).as_bytes()), &Before::default(), &keywords(&["Old", "new"]));
    assert_eq!(first.unwrap().unwrap().added, ["new"]);
    let back = Before { keywords: &now.keywords, hierarchical: &now.hierarchical };
    let bytes = packet(&new).into_bytes();
    let again = merged(Some(&bytes), &back, &Saying::default()).unwrap().unwrap();
    let again = read(&again.bytes);
    assert_eq!(again.keywords, ["Rome", "Cat"]);
    assert!(again.hierarchical_keywords.contains(&"Animals|Cat".to_owned()));
}

#[test]
fn all_kinds_of_letters_stay_of_their_kind() {
    let text = packet("<rdf:Description dc:title=\"Über \u{1F436}\"/>");
    let marked = format!("\u{FEFF}{text}\n\0");
    let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    };
    let new = changed(&text, &[], &saying()).unwrap();
    let new_marked = format!("\u{FEFF}{new}\n\0");
    for (old, new) in [
        (marked.clone().into_bytes(), new_marked.clone().into_bytes()),
        (utf16(&text, u16::to_le_bytes), utf16(&new, u16::to_le_bytes)),
        (utf16(&text, u16::to_be_bytes), utf16(&new, u16::to_be_bytes)),
        (utf16(&marked, u16::to_le_bytes), utf16(&new_marked, u16::to_le_bytes)),
        (utf16(&marked, u16::to_be_bytes), utf16(&new_marked, u16::to_be_bytes)),
    ] {
        let merged = merged(Some(&old), &Before::default(), &saying()).unwrap().unwrap();
        assert_eq!(merged.bytes, new);
        assert_eq!(read(&merged.bytes).keywords, saying().keywords);
    }
}

#[test]
fn what_cannot_be_merged_is_told_with_its_place_and_what_to_do() {
    let error = |bytes: &[u8]| merged(Some(bytes), &Before::default(), &saying()).unwrap_err();
    let place = |line, column| Place { line, column };
    let deep = "<a>".repeat(70) + &"</a>".repeat(70);
    let many = format!("<a>{}</a>", "<b/>".repeat(xmp::MOST_EVENTS));
    // Names repeat in all that is within them.
    let names = |count: usize| -> String {
        (0..count).map(|n| format!(" xmlns:n{n}='urn:{}'", "x".repeat(2000))).collect()
    };
    let named = |count| {
        let names = format!("<rdf:RDF{}", names(count));
        packet(&"<rdf:Description/>".repeat(200)).replace("<rdf:RDF", &names)
    };
    let (named, too_named) = (named(100), named(200));
    let long = vec![b' '; xmp::LONGEST + 1];
    let latin =
        packet("").replace("<x:xmpmeta ", "<?xml version='1.0' encoding='latin1'?><x:xmpmeta ");
    let odd =
        packet("\n <rdf:Description><dc:subject rdf:parseType=\"Resource\"/></rdf:Description>");
    let cases: Vec<(&[u8], Option<Place>, &str)> = vec![
        (b"JFIF", Some(place(1, 1)), "repair it, or move it away"),
        (b"\n <a>\n  <b></a>", Some(place(3, 6)), "</b>"),
        (b"<a>\n<b>", Some(place(2, 1)), "<b> is opened and never closed"),
        (b"<a/>\n<a/>", Some(place(2, 1)), "follows the end"),
        (b"<a/>\n x", Some(place(1, 5)), "text outside"),
        (b"<a/>\n &amp;", Some(place(2, 2)), "text outside"),
        (b"\xEF\xBB\xBF<a>\n \xC4</a>", Some(place(2, 2)), "not UTF-8"),
        (b"\xFF\xFE<\0a\0/\0>", Some(place(1, 4)), "ends within"),
        (b"\xFF\xFE<\0\0\xD8a\0", Some(place(1, 2)), "half a character"),
        (b"\xFF\xFE\0\0<\0\0\0a\0\0\0", Some(place(1, 3)), "number 0"),
        (b"<a>\n<b c='1' c='2'/></a>", Some(place(2, 1)), "it has c twice"),
        (b"<a>\n<p:b/></a>", Some(place(2, 1)), "\u{201c}p:\u{201d} is not declared"),
        (b"<a>\n<b p:c=''/></a>", Some(place(2, 1)), "\u{201c}p:\u{201d} is not declared"),
        (b"<a>\n<b xmlns::c=''/></a>", Some(place(2, 1)), "xmlns::c\u{201d} is no name"),
        (b"<a>\n<b/c/></a>", Some(place(2, 1)), "is no name"),
        (b"<html/>", None, "has no rdf:RDF: move it away"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", Some(place(1, 1)), "DOCTYPE"),
        (deep.as_bytes(), Some(place(1, 193)), "64 elements within each other"),
        (many.as_bytes(), None, "1000000 parts in all"),
        (named.as_bytes(), None, "or 128 namespaces"),
        (too_named.as_bytes(), Some(place(3, 2)), "or 128 namespaces"),
        (&long, None, "16777217 bytes, and no more than 16777216"),
        (latin.as_bytes(), None, "written in latin1"),
        (odd.as_bytes(), Some(place(4, 19)), "dc:subject is written in a way"),
    ];
    for (bytes, at, message) in cases {
        let error = error(bytes).message().to_string();
        assert!(error.contains(message), "{error}, not {message}");
        if let Some(at) = at {
            assert!(error.contains(&at.to_string()), "{error}, not at {at}");
        }
    }
    let odd = "<rdf:Description xmlns:q='http://ns.adobe.com/xap/1.0/'><q:Rating><rdf:Bag/>\
               </q:Rating></rdf:Description>";
    let column = packet(odd).lines().nth(2).unwrap().find("<q:").unwrap() + 1;
    assert_eq!(
        error(packet(odd).as_bytes()).message().to_string(),
        format!(
            "xmp:Rating is written in a way that is not known (line 3, column {column}): remove \
             it there, or move the file away to have a new one written"
        )
    );
    // What need not change may be as odd as it likes.
    assert!(
        changed(&packet(odd), &[], &keywords(&["dog"]))
            .unwrap()
            .contains(odd.split('>').nth(1).unwrap())
    );
}

#[test]
fn everything_foreign_stays_to_the_letter() {
    let new = changed(FOREIGN, &["gone"], &saying()).unwrap();
    assert!(!new.contains("gone") && new.contains("<r:li>Dog</r:li>"), "{new}");
    let back = Before { keywords: &saying().keywords, hierarchical: &saying().hierarchical };
    let no = Saying { favourite: Some(false), ..Saying::default() };
    let back = merged(Some(new.as_bytes()), &back, &no).unwrap().unwrap();
    let back = String::from_utf8(back.bytes).unwrap();
    let kept = |text: &str| {
        text.replace("\n     <r:li>gone</r:li>", "").replace("Rating=\"2\"", "Rating=\"4\"")
    };
    // Only declarations are left of what was added.
    let declared = [
        " xmlns:lr=\"http://ns.adobe.com/lightroom/1.0/\"",
        " xmlns:afterimage=\"http://afterimage.app/ns/1.0/\"",
    ];
    let undeclared = declared.iter().fold(back, |text, name| text.replace(name, ""));
    assert_eq!(undeclared, kept(FOREIGN));
}

/// What other programs write, and more than they do.
const FOREIGN: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone='yes' ?>
<!-- of another program -->
<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk='XMP Core 4.4.0-Exiv2'  >
 <r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <r:Description r:about="" xmlns:crs="urn:raw" crs:Exposure2012="+0.50">
   <crs:ToneCurve><r:Seq><r:li>0, 0</r:li><r:li>255, 255</r:li></r:Seq></crs:ToneCurve>
   <?a processing instruction?>
  </r:Description >
  <r:Description r:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:d="http://purl.org/dc/elements/1.1/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
    xmp:Rating="2" xmp:Label='R&#233;d &quot;&amp;&quot;'>
   <d:title><r:Alt><r:li xml:lang="x-default">A&#160;title &lt;here&gt;</r:li>
    <r:li xml:lang="de">Ein Titel</r:li></r:Alt></d:title>
   <d:description><r:Alt>
    <r:li xml:lang="x-default"><![CDATA[<b>bold</b> & so on]]></r:li></r:Alt></d:description>
   <d:subject>
    <r:Bag>
     <r:li>foreign</r:li>
     <r:li>gone</r:li>
    </r:Bag>
   </d:subject>
   <xmpMM:History><r:Seq>
     <r:li stEvt:action="saved" stEvt:when="2021-01-01T00:00:00Z"/>
     <r:li r:parseType="Resource"><stEvt:action>derived</stEvt:action></r:li>
   </r:Seq></xmpMM:History>
   <unknown xmlns="urn:unknown"><subject>what?</subject>	<!-- a tab --></unknown>
  </r:Description>
 </r:RDF>
</x:xmpmeta>
                                                            
<?xpacket end="w"?>"#;

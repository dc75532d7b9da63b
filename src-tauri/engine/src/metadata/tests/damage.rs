//! Damaged bytes, of every container and for every parser.

use proptest::prelude::*;

use super::build::{Said, packet, records};
use super::*;

fn said() -> Said {
    let list =
        "<dc:subject><rdf:Bag><rdf:li>a</rdf:li><rdf:li>b &amp; c</rdf:li></rdf:Bag></dc:subject>";
    Said {
        exif: full().0,
        xmp: Some(packet(r#"xmp:Rating="3" exif:GPSLatitude="43,28.0467N""#, list)),
        iptc: Some(records(&[(1, 90, b"\x1B%G"), (2, 25, b"dog"), (2, 55, b"20081022")])),
        digest: Some([7; 16]),
    }
}

fn believable(metadata: &Metadata) -> Result<(), TestCaseError> {
    prop_assert_eq!(metadata.lat.is_some(), metadata.lon.is_some());
    prop_assert!(metadata.lat.is_none_or(|lat| lat.abs() <= 90.0));
    prop_assert!(metadata.lon.is_none_or(|lon| lon.abs() <= 180.0));
    prop_assert!(metadata.exposure_s.is_none_or(|s| s.is_finite() && s > 0.0));
    prop_assert!(metadata.rating.is_none_or(|stars| (-1..=5).contains(&stars)));
    prop_assert!(metadata.orientation.is_none_or(|it| (1..=8).contains(&it)));
    prop_assert!(metadata.utc_offset_min.is_none_or(|it| it.abs() <= 14 * 60));
    prop_assert!(metadata.keywords.iter().all(|word| !word.trim().is_empty()));
    Ok(())
}

/// Bytes changed, and cut or not.
fn damage(
    bytes: &mut Vec<u8>,
    changes: &[(prop::sample::Index, u8)],
    end: Option<prop::sample::Index>,
) {
    for (at, value) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *value;
    }
    if let Some(end) = end {
        bytes.truncate(end.index(bytes.len() + 1));
    }
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    // `read` and `read_sidecar` catch panics, so the parts within are called.

    #[test]
    fn damaged_files_never_panic(
        container in any::<prop::sample::Index>(),
        changes in changes(),
        end in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        static FILES: std::sync::LazyLock<Vec<(&str, Vec<u8>)>> =
            std::sync::LazyLock::new(|| said().containers());
        let mut bytes = container.get(&FILES).1.clone();
        damage(&mut bytes, &changes, end);
        believable(&embedded(&bytes))?;
    }

    #[test]
    fn damaged_packets_never_panic(
        changes in changes(),
        end in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = said().xmp.unwrap();
        damage(&mut bytes, &changes, end);
        if let Some(metadata) = xmp::read(&bytes) {
            believable(&metadata)?;
        }
    }

    #[test]
    fn damaged_records_never_panic(
        changes in changes(),
        end in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = said().iptc.unwrap();
        damage(&mut bytes, &changes, end);
        believable(&iptc::read(&bytes))?;
    }

    #[test]
    fn any_bytes_behind_any_mark_are_survived(
        mark in prop::sample::select(vec![
            &b"\xFF\xD8\xFF\xE1"[..], b"\xFF\xD8\xFF\xED", b"\x89PNG\r\n\x1A\n", b"II*\0\x08\0\0\0",
            b"MM\0*\0\0\0\x08", b"IIRO\x08\0\0\0", b"8BPS\0\x01", b"FUJIFILMCCD-RAW ",
            b"RIFF\0\0\0\0WEBP", b"\0\0\0\x08ftyp", b"\0\0\0\x0CJXL \r\n\x87\n", b"<",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [mark, &bytes].concat();
        believable(&embedded(&bytes))?;
        believable(&xmp::read(&bytes).unwrap_or_default())?;
        believable(&iptc::read(&bytes))?;
    }
}

#[test]
fn real_damaged_files_are_survived() {
    let Some(folder) = photos() else { return };
    let files: Vec<_> = std::fs::read_dir(folder.join("broken")).unwrap().flatten().collect();
    assert!(files.len() >= 80);
    for file in files {
        let bytes = std::fs::read(file.path()).unwrap();
        let before = std::time::Instant::now();
        let _ = embedded(&bytes);
        let took = before.elapsed();
        assert!(took.as_millis() < 1000, "{} took {took:?}", file.path().display());
    }
}

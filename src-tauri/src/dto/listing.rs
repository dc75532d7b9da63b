//! Photos in order, as bytes: the answer to a search, or the whole library.

use std::time::Duration;

use afterimage_engine as engine;

use engine::message;
use serde::Serialize;

use super::search::Problem;

/// The JSON header of a listing.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ListingHeader {
    /// Records that follow.
    pub count: usize,
    /// Where the first of them stands in the whole answer, from 0.
    pub offset: usize,
    /// Photos in the whole answer.
    pub total: usize,
    pub strong: usize,
    pub likely: usize,
    /// Photos are in the order of their dates.
    pub by_date: bool,
    pub took_ms: f64,
    pub ranking_ms: f64,
    pub model: String,
    pub query: String,
    /// What of the query could not be taken as it stands.
    pub problems: Vec<Problem>,
}

/// Bytes of one photo in a listing.
const RECORD_BYTES: usize = 32;

/// The answer to a search as a binary listing.
///
/// # Errors
/// As [`library_listing`].
pub fn page_listing(page: engine::Page) -> engine::Result<Vec<u8>> {
    let header = ListingHeader {
        count: page.hits.len(),
        offset: page.offset,
        total: page.total,
        strong: page.strong,
        likely: page.likely,
        by_date: page.by_date,
        took_ms: millis(page.took),
        ranking_ms: millis(page.ranking),
        problems: page.problems.iter().map(|it| Problem::of(it, &page.query)).collect(),
        model: page.model,
        query: page.query,
    };
    encode_listing(&header, &page.hits)
}

/// The whole library, found in `took`, as a binary listing.
///
/// # Errors
/// Where a photo's id does not fit the listing's 32 bits.
pub fn library_listing(hits: &[engine::Hit], took: Duration) -> engine::Result<Vec<u8>> {
    let count = hits.len();
    let header = ListingHeader {
        count,
        total: count,
        by_date: true,
        took_ms: millis(took),
        ..ListingHeader::default()
    };
    encode_listing(&header, hits)
}

/// Little endian: the header's length as u32, the header as JSON padded with
/// spaces so that the records begin 8-byte aligned, then a record for each photo:
/// id u32, width by height f32, score f32, red, green, blue, flags u8 (bits 0-1:
/// unscored, strong, likely, weak; bit 2: offline; bit 3: colour unknown), time f64,
/// version u32, why u8 (bits), rating i8 (-1 rejected, 0 none), marks u8 (bit 0:
/// favourite), and a byte of zero that keeps the records aligned. JSON for a hundred
/// thousand photos would be ten megabytes and take the page a second to read.
fn encode_listing(header: &ListingHeader, hits: &[engine::Hit]) -> engine::Result<Vec<u8>> {
    let mut json = serde_json::to_vec(header).map_err(|error| {
        engine::Error::failed(message!("cannot write a list of photos")).with(error)
    })?;
    json.resize((4 + json.len()).next_multiple_of(8) - 4, b' ');
    let mut bytes = Vec::with_capacity(4 + json.len() + hits.len() * RECORD_BYTES);
    bytes.extend(u32::try_from(json.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(json);
    for hit in hits {
        let id = u32::try_from(hit.photo.0).map_err(|error| {
            engine::Error::failed(message!("photo {photo} cannot be listed", photo = hit.photo.0))
                .with(error)
        })?;
        let strength: u8 = match hit.strength {
            engine::Strength::Unscored => 0,
            engine::Strength::Strong => 1,
            engine::Strength::Likely => 2,
            engine::Strength::Weak => 3,
        };
        bytes.extend(id.to_le_bytes());
        bytes.extend(hit.aspect.to_le_bytes());
        bytes.extend(hit.score.to_le_bytes());
        bytes.extend(hit.color.unwrap_or_default());
        let flags = u8::from(hit.offline) << 2 | u8::from(hit.color.is_none()) << 3;
        bytes.push(strength | flags);
        bytes.extend((hit.time as f64).to_le_bytes());
        bytes.extend(hit.version.to_le_bytes());
        bytes.push(hit.why.bits());
        bytes.extend(hit.rating.to_le_bytes());
        bytes.extend([u8::from(hit.favourite), 0]);
    }
    Ok(bytes)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn hit(id: i64) -> engine::Hit {
        engine::Hit {
            photo: engine::PhotoId(id),
            score: 0.25,
            strength: engine::Strength::Likely,
            why: engine::Why::PICTURE | engine::Why::NAME,
            path: PathBuf::from("a.jpg"),
            aspect: 1.5,
            color: Some([10, 20, 30]),
            time: 1_700_000_000,
            offline: true,
            version: 0x89ab_cdef,
            rating: -1,
            favourite: true,
        }
    }

    #[test]
    fn a_listing_is_laid_out_as_the_page_reads_it() {
        // Headers of all lengths modulo 8 keep the records aligned.
        for query in ["?", "a", "zwölf", "a dog", "日本", "nineteen characters"] {
            let first = 0..query.chars().next().map_or(0, char::len_utf8);
            let page = engine::Page {
                query: query.into(),
                model: "starter".into(),
                took: Duration::from_micros(12_500),
                ranking: Duration::from_micros(500),
                total: 9,
                strong: 1,
                likely: 1,
                offset: 4,
                by_date: true,
                problems: vec![engine::Problem {
                    at: Some(first),
                    message: engine::message!("unknown"),
                }],
                hits: vec![hit(7), hit(u32::MAX.into())],
            };
            let bytes = page_listing(page).unwrap();
            let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
            let start = 4 + length;
            assert_eq!(start % 8, 0);
            assert_eq!(bytes.len(), start + 2 * RECORD_BYTES);

            let header: serde_json::Value = serde_json::from_slice(&bytes[4..start]).unwrap();
            let expected = serde_json::json!({
                "count": 2, "total": 9, "strong": 1, "likely": 1, "offset": 4, "byDate": true,
                "tookMs": 12.5, "rankingMs": 0.5, "model": "starter", "query": query,
                "problems": [{
                    "from": 0, "to": 1, "message": { "parts": [{ "template": "unknown", "values": {} }] },
                }],
            });
            assert_eq!(header, expected);

            let record = &bytes[start..start + RECORD_BYTES];
            assert_eq!(record[..4], 7u32.to_le_bytes());
            assert_eq!(record[4..8], 1.5f32.to_le_bytes());
            assert_eq!(record[8..12], 0.25f32.to_le_bytes());
            assert_eq!(record[12..16], [10, 20, 30, 0b110]);
            assert_eq!(record[16..24], 1_700_000_000f64.to_le_bytes());
            assert_eq!(record[24..28], 0x89ab_cdefu32.to_le_bytes());
            assert_eq!(record[28..], [0b1_0001, 0xff, 1, 0]);
            assert_eq!(bytes[start + RECORD_BYTES..][..4], u32::MAX.to_le_bytes());
        }
    }

    #[test]
    fn an_empty_library_is_a_listing_without_records() {
        let bytes = library_listing(&[], Duration::ZERO).unwrap();
        let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        assert_eq!(bytes.len(), 4 + length);
        let header: serde_json::Value = serde_json::from_slice(&bytes[4..]).unwrap();
        assert_eq!(header["count"], 0);
    }

    #[test]
    fn an_id_that_does_not_fit_is_refused_rather_than_cut() {
        let error = library_listing(&[hit(1 << 32)], Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("4294967296"), "{error}");
    }
}

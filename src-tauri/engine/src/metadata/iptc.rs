//! IPTC-IIM: the records that agencies and older programs write.
//!
//! Reference: IPTC-NAA Information Interchange Model, version 4.2.

use super::text::{self, Words};
use super::{Metadata, time};

/// What the records of a block say.
pub(super) fn read(block: &[u8]) -> Metadata {
    let mut found = Found::default();
    for (record, data) in records(block) {
        let first = match record {
            // Escape sequence for UTF-8.
            (1, 90) => {
                found.is_utf8 |= data == b"\x1B%G";
                continue;
            }
            (2, 25) => {
                found.keywords.push(data);
                continue;
            }
            (2, 5) => &mut found.title,
            (2, 55) => &mut found.day,
            (2, 60) => &mut found.time,
            (2, 120) => &mut found.caption,
            _ => continue,
        };
        first.get_or_insert(data);
    }
    found.told()
}

#[derive(Default)]
struct Found<'a> {
    is_utf8: bool,
    title: Option<&'a [u8]>,
    caption: Option<&'a [u8]>,
    day: Option<&'a [u8]>,
    time: Option<&'a [u8]>,
    keywords: Vec<&'a [u8]>,
}

impl Found<'_> {
    fn told(&self) -> Metadata {
        // Many write UTF-8 without saying so, and what is not is hardly ever
        // valid by chance.
        let decode = |data: &[u8]| match self.is_utf8 {
            true => String::from_utf8_lossy(data).into_owned(),
            false => text::decode(data),
        };
        let mut keywords = Words::default();
        self.keywords.iter().for_each(|data| keywords.push(&decode(data)));

        let day = self.day.map(text::decode);
        let clock = self.time.map(text::decode);
        let moment =
            day.as_deref().zip(clock.as_deref()).and_then(|(day, clock)| moment(day, clock));
        Metadata {
            taken_at: moment.or_else(|| time::noon(day.as_deref()?)),
            utc_offset_min: moment.and_then(|_| time::offset(clock.as_deref()?)),
            title: self.title.and_then(|data| text::line(&decode(data))),
            description: self.caption.and_then(|data| text::lines(&decode(data))),
            keywords: keywords.into_vec(),
            ..Metadata::default()
        }
    }
}

/// "20081022" and "162839+0200".
fn moment(day: &str, clock: &str) -> Option<i64> {
    let digits = |text: &str, from: usize| text.get(from..from + 2).map(str::to_owned);
    let (hour, minute, second) = (digits(clock, 0)?, digits(clock, 2)?, digits(clock, 4)?);
    let (year, month, date) = (day.get(..4)?, digits(day, 4)?, digits(day, 6)?);
    time::seconds(&format!("{year}-{month}-{date} {hour}:{minute}:{second}"))
}

/// Record and data set, and the data.
fn records(mut rest: &[u8]) -> impl Iterator<Item = ((u8, u8), &[u8])> {
    std::iter::from_fn(move || {
        let (&[mark, record, set, high, low], after) = rest.split_first_chunk()?;
        let length = u16::from_be_bytes([high, low]);
        // Extended data sets, which say how long their length is, hold pictures.
        if mark != 0x1C || length & 0x8000 != 0 {
            return None;
        }
        let (data, after) = after.split_at_checked(length.into())?;
        rest = after;
        Some(((record, set), data))
    })
}

//! Dates as EXIF, IPTC and XMP write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The year of the oldest photograph that survives; scans of old prints carry
/// early dates, anything before is a mistake.
const FIRST_PHOTOGRAPH: i16 = 1826;

/// Seconds since 1970 of "2008:10:22 16:28:39", read as UTC.
///
/// Writers also use other separators, pad with spaces, leave out the seconds or
/// add fractions and offsets (both ignored). A blank or impossible date, and
/// one without a time of day, is `None`.
pub(super) fn seconds(text: &str) -> Option<i64> {
    // An offset's hours must not be taken for seconds that were left out.
    let text = digits_of_offset(text).map_or(text, |(before, ..)| before);
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let year = numbers.next().filter(|digits| digits.len() == 4)?.parse::<i16>().ok()?;
    let mut next = || numbers.next()?.parse::<i8>().ok();
    let (month, day, hour, minute) = (next()?, next()?, next()?, next()?);
    let second = next().unwrap_or(0);
    if year < FIRST_PHOTOGRAPH {
        return None;
    }
    as_utc(DateTime::new(year, month, day, hour, minute, second, 0).ok()?)
}

/// Seconds since 1970 of a day alone, "2008-10-22" or "20081022": its noon, which
/// is the same day in most places.
pub(super) fn noon(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year = digits.get(..4)?.parse().ok().filter(|&year: &i16| year >= FIRST_PHOTOGRAPH)?;
    let (month, day) = (digits.get(4..6)?.parse().ok()?, digits.get(6..)?.parse().ok()?);
    as_utc(DateTime::new(year, month, day, 12, 0, 0, 0).ok()?)
}

/// Minutes east of UTC of the offset that ends the text: "+02:00", "-0330", "Z".
pub(super) fn offset(text: &str) -> Option<i16> {
    if text.trim_end().ends_with(['Z', 'z']) {
        return Some(0);
    }
    let (_, sign, number) = digits_of_offset(text)?;
    let minutes = number / 100 * 60 + number % 100;
    // The farthest there are: 12 hours west and 14 east.
    (number % 100 < 60 && minutes <= 14 * 60).then_some(sign * minutes)
}

/// The text before an offset in digits, its sign, and its digits as a number.
fn digits_of_offset(text: &str) -> Option<(&str, i16, i16)> {
    let text = text.trim_end();
    let (before, digits) = text.split_at(text.rfind(['+', '-', '\u{2212}'])?);
    let sign = if digits.starts_with('+') { 1 } else { -1 };
    let digits: String = digits.chars().skip(1).filter(|&c| c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((before, sign, digits.parse().ok()?))
}

pub(super) fn as_utc(wall_clock: DateTime) -> Option<i64> {
    Some(wall_clock.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(seconds(text), expected, "{text:?}");
    }

    #[test]
    fn dates_as_cameras_and_programs_write_them() {
        check("1970:01:01 00:00:00", Some(0));
        check("2008:10:22 16:28:39", Some(1_224_692_919));
        check("2008-10-22 16:28:39", Some(1_224_692_919));
        check("2008-10-22T16:28:39.250+02:00", Some(1_224_692_919));
        check("2008:10:22 16:28", Some(1_224_692_880));
        check("2008-10-22T16:28+05:30", Some(1_224_692_880));
        check("2008-10-22T16:28-05:30", Some(1_224_692_880));
        check("2008-10-22T16:28\u{2212}0530", Some(1_224_692_880));
        check("2008-10-22T16:28Z", Some(1_224_692_880));
        check("2008-10-22T16:28:39Z", Some(1_224_692_919));
        check("2008:10: 2 16: 8: 9", Some(1_222_963_689));
        check("2024:02:29 00:00:00", Some(1_709_164_800));
        check("1901:05:03 12:00:00", Some(-2_166_868_800));
    }

    #[test]
    fn offsets_end_a_date_or_stand_alone() {
        for (text, expected) in [
            ("+02:00", Some(120)),
            ("-0330", Some(-210)),
            ("+14:00 ", Some(840)),
            ("Z", Some(0)),
            ("2008-10-22T16:28:39.25+02:00", Some(120)),
            ("2008-10-22T16:28:39-08:00", Some(-480)),
            ("162839+0530", Some(330)),
            ("2008-10-22T16:28:39", None),
            ("2008-10-22", None),
            ("2008:10:22 16:28", None),
            ("+15:00", None),
            ("+02:60", None),
            ("+2", None),
            ("   :  ", None),
            ("", None),
        ] {
            assert_eq!(offset(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_day_alone_is_its_noon() {
        for (text, expected) in [
            ("1970-01-01", Some(43_200)),
            ("19700101", Some(43_200)),
            ("1970:01:01", Some(43_200)),
            ("1970-02-30", None),
            ("1970-01", None),
            ("00000000", None),
            ("17000101", None),
        ] {
            assert_eq!(noon(text), expected, "{text:?}");
        }
    }

    #[test]
    fn impossible_and_blank_dates_are_refused() {
        for text in [
            "",
            "    :  :     :  :  ",
            "0000:00:00 00:00:00",
            "2023:02:29 00:00:00",
            "2023:13:01 00:00:00",
            "2023:01:01 24:00:00",
            "2023:01:01 00:60:00",
            "1700:01:01 00:00:00",
            "23:01:01 00:00:00",
            "2023:01:01",
            "99999:01:01 00:00:00",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,40}") {
            let _ = (seconds(&text), noon(&text));
            prop_assert!(offset(&text).is_none_or(|minutes| minutes.abs() <= 14 * 60));
        }

        #[test]
        fn a_real_date_comes_back(second in -4_544_000_000i64..32_503_680_000) {
            let time = jiff::Timestamp::from_second(second).unwrap().to_zoned(TimeZone::UTC);
            let text = time.strftime("%Y:%m:%d %H:%M:%S").to_string();
            prop_assert_eq!(seconds(&text), (time.year() >= FIRST_PHOTOGRAPH).then_some(second));
        }
    }
}

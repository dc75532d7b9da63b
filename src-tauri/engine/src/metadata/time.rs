//! EXIF dates.

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
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let year = numbers.next().filter(|digits| digits.len() == 4)?.parse::<i16>().ok()?;
    let mut next = || numbers.next()?.parse::<i8>().ok();
    let (month, day, hour, minute) = (next()?, next()?, next()?, next()?);
    let second = next().unwrap_or(0);
    if year < FIRST_PHOTOGRAPH {
        return None;
    }
    let wall_clock = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
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
        check("2008:10: 2 16: 8: 9", Some(1_222_963_689));
        check("2024:02:29 00:00:00", Some(1_709_164_800));
        check("1901:05:03 12:00:00", Some(-2_166_868_800));
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
            let _ = seconds(&text);
        }

        #[test]
        fn a_real_date_comes_back(second in -4_544_000_000i64..32_503_680_000) {
            let time = jiff::Timestamp::from_second(second).unwrap().to_zoned(TimeZone::UTC);
            let text = time.strftime("%Y:%m:%d %H:%M:%S").to_string();
            prop_assert_eq!(seconds(&text), (time.year() >= FIRST_PHOTOGRAPH).then_some(second));
        }
    }
}

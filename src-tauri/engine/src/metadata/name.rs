//! The date that phones and programs put into a file's name.
//!
//! Owns which names are believed. A number alone proves nothing: a name counts
//! only if it begins like one of those that are known to carry a date, holds a
//! whole and real one there, and no further digit touches it.

use jiff::civil::DateTime;

use super::time;

/// Years in which there were cameras that named files so, and will be.
const YEARS: std::ops::RangeInclusive<i64> = 1990..=2100;

/// When the photo was taken, in seconds since 1970, by its name: what the name
/// says read as UTC, like a camera's wall clock. Where only a day is given, noon,
/// which is the same day in most places.
///
/// Google's Pixel (`PXL_`) and those that count milliseconds name by UTC, not by
/// the wall clock; where they were taken nobody knows here, so they too are taken
/// as they are, some hours off at most.
pub fn date_from_name(file_name: &str) -> Option<i64> {
    let lower = file_name.to_lowercase();
    NAMES.iter().find_map(|(beginning, form)| {
        let rest = Rest(lower.strip_prefix(beginning)?);
        match form {
            Form::Moment => rest.moment(),
            Form::Day => rest.day_of_message(),
            Form::Milliseconds => rest.milliseconds(),
        }
    })
}

enum Form {
    /// Day and time.
    Moment,
    /// WhatsApp: a day, and a number of the message.
    Day,
    /// Since 1970.
    Milliseconds,
}

/// Beginnings in lower case, and what follows them.
#[rustfmt::skip]
const NAMES: &[(&str, Form)] = &[
    // Dropbox and many cameras begin with the date itself.
    ("", Form::Moment),
    // Android's cameras; some leave out the line.
    ("img_", Form::Moment), ("img", Form::Moment), ("img-", Form::Moment),
    ("vid_", Form::Moment), ("vid", Form::Moment), ("pano_", Form::Moment),
    ("mvimg_", Form::Moment), ("pxl_", Form::Moment), ("burst", Form::Moment),
    ("p_", Form::Moment), ("v_", Form::Moment), ("dsc_", Form::Moment), ("c360_", Form::Moment),
    ("photo_", Form::Moment), ("photo-", Form::Moment), ("photo ", Form::Moment),
    ("video_", Form::Moment), ("video-", Form::Moment),
    // Windows phones.
    ("wp_", Form::Moment),
    // Messengers.
    ("whatsapp image ", Form::Moment), ("whatsapp video ", Form::Moment), ("signal-", Form::Moment),
    ("img-", Form::Day), ("vid-", Form::Day),
    ("fb_img_", Form::Milliseconds), ("mmexport", Form::Milliseconds),
    // Pictures of screens.
    ("screenshot_", Form::Moment), ("screenshot-", Form::Moment), ("screenshot ", Form::Moment),
    ("screenshot from ", Form::Moment), ("screen shot ", Form::Moment),
    ("bildschirmfoto ", Form::Moment), ("bildschirmfoto vom ", Form::Moment),
    ("capture d’écran ", Form::Moment), ("captura de pantalla ", Form::Moment),
    ("schermafbeelding ", Form::Moment), ("schermata ", Form::Moment),
];

/// What is left of the name.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn moment(mut self) -> Option<i64> {
        let before = self.0;
        let (year, month, day) = self.day()?;
        let is_compact = before.len() - self.0.len() == 8;
        self.between(is_compact)?;
        let hour = self.digits(2).or_else(|| self.digits(1))?;
        let separator = self.separator();
        let minute = self.digits(2)?;
        if self.separator() != separator {
            return None;
        }
        let second = self.digits(2)?;
        let hour = match self.half_of_day() {
            None => hour,
            Some(_) if !(1..=12).contains(&hour) => return None,
            Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        };
        // Thousandths may follow at once.
        let fraction = self.0.bytes().take_while(u8::is_ascii_digit).count();
        (fraction == 0 || fraction == 3).then_some(())?;
        seconds([year, month, day, hour, minute, second])
    }

    fn day_of_message(mut self) -> Option<i64> {
        let (year, month, day) = (self.digits(4)?, self.digits(2)?, self.digits(2)?);
        let number = self.0.strip_prefix("-wa")?;
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        (digits >= 4).then_some(())?;
        seconds([year, month, day, 12, 0, 0])
    }

    fn milliseconds(self) -> Option<i64> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = self.0.get(..digits).filter(|_| digits == 13)?.parse().ok()?;
        let second = number / 1000;
        let time = jiff::Timestamp::from_second(second).ok()?;
        let year = time.to_zoned(jiff::tz::TimeZone::UTC).year();
        YEARS.contains(&i64::from(year)).then_some(second)
    }

    /// Four digits, two and two, all with the same separator or none.
    fn day(&mut self) -> Option<(i64, i64, i64)> {
        let year = self.digits(4)?;
        let separator = self.separator();
        let month = self.digits(2)?;
        if self.separator() != separator {
            return None;
        }
        Some((year, month, self.digits(2)?))
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = rest;
        digits.parse().ok()
    }

    fn separator(&mut self) -> Option<char> {
        let separator = self.0.chars().next().filter(|c| matches!(c, '-' | '_' | '.' | ':'))?;
        self.0 = &self.0[separator.len_utf8()..];
        Some(separator)
    }

    /// One mark, or a short word in the language of the system: " at ".
    fn between(&mut self, is_compact: bool) -> Option<()> {
        const WORDS: &[&str] = &[
            " at ", " um ", " à ", " a las ", " alle ", " om ", " kl. ", ", ", "--", "-", "_", " ",
            "t",
        ];
        self.0 = WORDS.iter().find_map(|word| self.0.strip_prefix(word)).or_else(|| {
            // Oppo writes all 14 digits in one.
            let follows = self.0.starts_with(|c: char| c.is_ascii_digit());
            (is_compact && follows).then_some(self.0)
        })?;
        Some(())
    }

    /// Whether it says that it was after noon; macOS puts a narrow space before.
    fn half_of_day(&mut self) -> Option<bool> {
        let rest = self.0.strip_prefix([' ', '\u{202F}', '\u{A0}'])?;
        let (half, rest) = rest.split_at_checked(2)?;
        let afternoon = match half {
            "am" => false,
            "pm" => true,
            _ => return None,
        };
        if rest.starts_with(char::is_alphanumeric) {
            return None;
        }
        self.0 = rest;
        Some(afternoon)
    }
}

fn seconds([year, month, day, hour, minute, second]: [i64; 6]) -> Option<i64> {
    YEARS.contains(&year).then_some(())?;
    let small = |number: i64| i8::try_from(number).ok();
    let date = DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    );
    time::as_utc(date.ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        let date = date_from_name(name).map(|it| jiff::Timestamp::from_second(it).unwrap());
        let text = date.map_or_else(String::new, |it| it.strftime("%Y-%m-%d %H:%M:%S").to_string());
        assert_eq!(text, expected, "{name:?}");
    }

    #[test]
    fn names_of_phones_and_programs() {
        let moment = "2019-05-12 14:30:15";
        for name in [
            "IMG_20190512_143015.jpg",
            "img_20190512_143015.JPG",
            "IMG20190512143015.jpg",
            "IMG-20190512-143015.jpg",
            "IMG_20190512_143015_1.jpg",
            "IMG_20190512_143015_HDR.jpg",
            "IMG_20190512_143015~2.jpg",
            "VID_20190512_143015.mp4",
            "VID20190512143015.mp4",
            "MVIMG_20190512_143015.jpg",
            "PANO_20190512_143015.jpg",
            "PXL_20190512_143015123.jpg",
            "PXL_20190512_143015123.MP.jpg",
            "PXL_20190512_143015123.PORTRAIT-01.COVER.jpg",
            "P_20190512_143015.jpg",
            "20190512_143015.jpg",
            "20190512_143015(0).jpg",
            "20190512_143015-COLLAGE.jpg",
            "20190512-143015.heic",
            "20190512143015.jpg",
            "Screenshot_20190512-143015.png",
            "Screenshot_20190512-143015_Chrome.jpg",
            "Screenshot_2019-05-12-14-30-15.png",
            "Screenshot_2019-05-12-14-30-15-123_com.example.png",
            "Screenshot 2019-05-12 at 14.30.15.png",
            "Screenshot 2019-05-12 at 2.30.15 PM.png",
            "Screenshot 2019-05-12 at 2.30.15\u{202F}PM.png",
            "Screen Shot 2019-05-12 at 14.30.15.png",
            "Screenshot from 2019-05-12 14-30-15.png",
            "Bildschirmfoto 2019-05-12 um 14.30.15.png",
            "Capture d’écran 2019-05-12 à 14.30.15.png",
            "WhatsApp Image 2019-05-12 at 14.30.15.jpeg",
            "WhatsApp Image 2019-05-12 at 14.30.15 (1).jpeg",
            "WhatsApp Image 2019-05-12 at 2.30.15 PM.jpeg",
            "PHOTO-2019-05-12-14-30-15.jpg",
            "signal-2019-05-12-143015.jpg",
            "signal-2019-05-12-14-30-15-123.jpg",
            "photo_2019-05-12_14-30-15.jpg",
            "photo_2019-05-12_14-30-15 (2).jpg",
            "2019-05-12 14.30.15.jpg",
            "2019-05-12 14.30.15-1.jpg",
            "2019-05-12_14-30-15.jpg",
            "2019-05-12T14:30:15.jpg",
            "WP_20190512_14_30_15_Pro.jpg",
            "FB_IMG_1557671415123.jpg",
            "mmexport1557671415123.jpg",
            "IMG_20190512_143015",
        ] {
            check(name, moment);
        }
        check("IMG-20190512-WA0003.jpg", "2019-05-12 12:00:00");
        check("VID-20190512-WA0003.mp4", "2019-05-12 12:00:00");
        check("Screenshot 2020-01-01 at 12.10.10 AM.png", "2020-01-01 00:10:10");
        check("Screenshot 2020-01-01 at 12.10.10 PM.png", "2020-01-01 12:10:10");
        check("IMG_20240229_235959.jpg", "2024-02-29 23:59:59");
    }

    #[test]
    fn other_numbers_are_no_dates() {
        for name in [
            "",
            "IMG_1234.jpg",
            "DSC_0001.jpg",
            "DSCN0010.jpg",
            "P1010001.JPG",
            "20190512.jpg",
            "2019-05-12.jpg",
            "IMG_20190512.jpg",
            "IMG_20190512_1430.jpg",
            "IMG_20191312_143015.jpg",
            "IMG_20190532_143015.jpg",
            "IMG_20190229_143015.jpg",
            "IMG_20190512_243015.jpg",
            "IMG_20190512_146015.jpg",
            "IMG_20190512_143060.jpg",
            "IMG_19890512_143015.jpg",
            "IMG_21010512_143015.jpg",
            "IMG_20190512_1430151.jpg",
            "IMG_20190512_14301512345.jpg",
            "IMG_120190512_143015.jpg",
            "x20190512_143015.jpg",
            "invoice 20190512_143015.pdf",
            "2019-05_12 14.30.15.jpg",
            "2019-05-1214.30.15.jpg",
            "201905121430151.jpg",
            "20190512 photo 143015.jpg",
            "2019-05-12 14.30-15.jpg",
            "IMG-20190512-WA.jpg",
            "IMG-20190532-WA0003.jpg",
            "Screenshot 2020-01-01 at 13.10.10 PM.png",
            "FB_IMG_155767141512.jpg",
            "FB_IMG_15576714151234.jpg",
            "FB_IMG_0000000000001.jpg",
            "FB_IMG_9999999999999.jpg",
            "1557671415123.jpg",
            "10203040_506070.jpg",
            "IMG_２０190512_143015.jpg",
        ] {
            check(name, "");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_survived(name in "\\PC{0,40}") {
            let _ = date_from_name(&name);
        }

        #[test]
        fn what_begins_well_is_survived(
            beginning in prop::sample::select(NAMES.iter().map(|it| it.0).collect::<Vec<_>>()),
            rest in "[0-9_. :ampTà-]{0,30}",
        ) {
            if let Some(second) = date_from_name(&format!("{beginning}{rest}")) {
                let time = jiff::Timestamp::from_second(second).unwrap();
                let year = time.to_zoned(jiff::tz::TimeZone::UTC).year();
                prop_assert!(YEARS.contains(&i64::from(year)));
            }
        }

        #[test]
        fn a_date_that_was_written_comes_back(second in 631_152_000i64..4_133_980_800) {
            let time = jiff::Timestamp::from_second(second).unwrap();
            for pattern in [
                "IMG_%Y%m%d_%H%M%S.jpg",
                "PXL_%Y%m%d_%H%M%S042.jpg",
                "Screenshot 2 from",
                "Screenshot from %Y-%m-%d %H-%M-%S.png",
                "WhatsApp Image %Y-%m-%d at %I.%M.%S %p.jpeg",
                "%Y-%m-%d %H.%M.%S.jpg",
            ] {
                let expected = pattern.contains('%').then_some(second);
                let name = time.strftime(pattern).to_string();
                prop_assert_eq!(date_from_name(&name), expected, "{}", name);
            }
        }

        #[test]
        fn numbers_without_a_known_beginning_are_no_dates(name in "[a-z]{1,3}[0-9]{1,7}") {
            prop_assert_eq!(date_from_name(&name), None);
        }
    }
}

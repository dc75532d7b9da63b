//! What is proved here:
//!
//! 1. Any text is read without panic; problems and pieces lie inside it, on
//!    borders of characters, in order; nothing but blanks is between pieces.
//! 2. What is printed is read again as the same query, without a problem; a query
//!    made by others is, too.
//! 3. Filters in parentheses hold for the photos for which they say so.
//! 4. Time grows with the length of the text, whatever the text.
//! 5. Dates mean what their table says, on any day.
//! 6. Completion offers what can be typed.

use std::fmt::Write;
use std::time::{Duration, Instant};

use jiff::civil::{Date, date};
use proptest::prelude::*;
use proptest::sample::select;

use super::examples::TODAY;
use super::strategies::{bits, date_text, formula, holds, query};
use super::*;

/// Checks all that holds for every text.
#[track_caller]
fn check_any(text: &str, today: Date) -> Parsed {
    let parsed = parse(text, today);
    let mut end = 0;
    for Piece { at, .. } in &parsed.pieces {
        assert!(end <= at.start && at.start < at.end, "{text:?}: {:?}", parsed.pieces);
        assert!(text[end..at.start].chars().all(lexer::is_blank), "{text:?}: {:?}", parsed.pieces);
        assert!(text.is_char_boundary(at.end), "{text:?}: {at:?}");
        end = at.end;
    }
    assert!(text[end..].chars().all(lexer::is_blank), "{text:?}: {:?}", parsed.pieces);
    let mut begin = 0;
    for Problem { at, message } in &parsed.problems {
        assert!(begin <= at.start && at.start < at.end, "{text:?}: {message} {at:?}");
        assert!(text.get(at.clone()).is_some(), "{text:?}: {message} {at:?}");
        assert!(!message.to_string().is_empty());
        begin = at.start;
    }
    assert!(parsed.query.alternatives.len() <= MAX_ALTERNATIVES);
    check_round_trip(&parsed.query, today);
    parsed
}

#[track_caller]
fn check_round_trip(query: &Query, today: Date) {
    let printed = query.to_string();
    let again = parse(&printed, today);
    assert_eq!(&again.query, query, "{printed:?}");
    assert_eq!(again.problems, [], "{printed:?}");
    assert_eq!(again.query.to_string(), printed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check_any(&text, TODAY);
    }

    #[test]
    fn any_printable_text_is_read(text in "\\PC{0,60}") {
        check_any(&text, TODAY);
    }

    #[test]
    fn what_looks_like_a_query_is_read(text in bits()) {
        check_any(&text, TODAY);
    }

    #[test]
    fn parentheses_quotes_and_signs_are_read(text in "[()\"\\-+ aO R:2,“„]{0,120}") {
        check_any(&text, TODAY);
    }

    #[test]
    fn any_value_of_any_filter_is_read(
        row in select(FILTERS), value in "[-0-9.,<>=/kKMmBib* \"a-z]{0,12}", rest in "[ a-z0-9]{0,9}",
    ) {
        check_any(&format!("{}:{value} {rest}", row.name), TODAY);
    }

    #[test]
    fn every_beginning_of_a_query_is_read(text in bits()) {
        for (end, _) in text.char_indices() {
            check_any(&text[..end], TODAY);
        }
    }

    #[test]
    fn a_query_is_read_as_it_is_printed(query in query()) {
        check_round_trip(&query, TODAY);
    }

    #[test]
    fn filters_hold_as_they_say(formula in formula()) {
        let text = formula.text();
        let parsed = check_any(&text, TODAY);
        prop_assert_eq!(&parsed.problems, &[]);
        for tags in 0..8 {
            let [alternative] = &parsed.query.alternatives[..] else { panic!("{text}") };
            prop_assert_eq!(holds(&alternative.filter, tags), formula.holds(tags), "{}", text);
        }
    }

    #[test]
    fn dates_are_read_on_any_day(
        text in date_text(), year in -9999i16..=9999, month in 1i8..=12, day in 1i8..=28,
    ) {
        let today = date(year, month, day);
        if let Some(dates) = dates::read(&text, today) {
            prop_assert!(dates.from.is_some() || dates.to.is_some());
            prop_assert!(dates.from.zip(dates.to).is_none_or(|(from, to)| from < to));
            prop_assert_eq!(dates::read(&dates.to_string(), TODAY), Some(dates));
        }
        check_any(&format!("date:{text}"), today);
    }

    #[test]
    fn completion_stays_inside_the_text(text in bits(), cursor in 0usize..200) {
        for completion in complete(&text, cursor) {
            let (Completion::Offer { at, .. } | Completion::Wanted { at, .. }) = completion;
            prop_assert!(text.get(at).is_some());
        }
    }
}

#[test]
fn two_texts_are_asked_together() {
    let check = |one: &str, other: &str, expected: &str| {
        let both = parse(&both(one, other), TODAY);
        assert_eq!(both.problems, [], "{one:?} {other:?}");
        assert_eq!(both.query.to_string(), expected, "{one:?} {other:?}");
    };
    check("sunset date:2021", "sea -people", "sunset sea -people date:2021");
    check("dog OR cat", "snow", "dog + snow OR cat + snow");
    // Between filters alone OR makes no alternatives, and binds weaker all the same.
    let filters = parse(&both("tag:a OR tag:b", "dog"), TODAY).query;
    assert_eq!((filters.alternatives.len(), filters.alternatives[0].terms.len()), (1, 1));
    check("snow", "dog OR cat", "snow + dog OR snow + cat");
    check("dog OR cat sort:date", "type:heic", "dog type:heic OR cat type:heic sort:date");
    check("dog", " ", "dog");
    check("", "cat OR dog", "cat OR dog");
}

#[test]
fn long_texts_take_time_by_their_length() {
    /// Of what takes a few hundredths of a second, on a busy machine without
    /// optimisation; what grows with the square takes minutes.
    const PATIENCE: Duration = Duration::from_secs(10);
    const LENGTH: usize = 100_000;
    for bit in [
        "(",
        ")",
        "()",
        "\"",
        "-",
        "- ",
        "(-",
        "a ",
        "a",
        "dog OR ",
        "(dog OR cat) ",
        "OR ",
        "NOT ",
        "2:",
        "2:a ",
        "a(",
        "a(b)",
        "(a OR ",
        "-(a ",
        "date:x ",
        "date:last ",
        "date:2021 ",
        "date:a,",
        "tag:",
        "tag:a,",
        "tag:\"",
        "foo:bar ",
        "size:1MB ",
        "near:a ",
        "near:a b ",
        "sort:date ",
        "“",
        ",",
        ":",
        "+",
        "image:a ",
        "🐕",
        "(tag:a OR tag:b) ",
        "-(a OR tag:b) ",
        "((((((((((((dog OR cat) tag:a) tag:b) tag:c) tag:d) tag:e) tag:f) g) h) i) j) k) ",
    ] {
        let text = bit.repeat(LENGTH / bit.len());
        let began = Instant::now();
        check_any(&text, TODAY);
        for cursor in [LENGTH / 2, LENGTH] {
            complete(&text, cursor);
        }
        let took = began.elapsed();
        assert!(took < PATIENCE, "{bit:?} takes {took:?}");
    }
}

#[test]
fn a_hundred_thousand_parentheses_are_one_problem_of_depth() {
    let text = format!("{}dog{}", "(".repeat(100_000), ")".repeat(100_000));
    let parsed = check_any(&text, TODAY);
    assert_eq!(parsed.query.to_string(), "dog");
    let [problem] = &parsed.problems[..] else { panic!("{:?}", parsed.problems) };
    assert_eq!(problem.at, 32..33);
    assert!(problem.message.to_string().contains("more than 32 parentheses"));
}

#[test]
fn alternatives_that_multiply_are_cut_and_told() {
    let parsed = check_any("(a OR b) (c OR d) (e OR f) (g OR h) (i OR j) tag:x", TODAY);
    assert_eq!(parsed.query.alternatives.len(), MAX_ALTERNATIVES);
    assert_eq!(parsed.query.alternatives[0].to_string(), "a + c + e + g + i tag:x");
    assert_eq!(parsed.query.alternatives[15].to_string(), "a + d + f + h + j tag:x");
    assert_eq!(parsed.problems.len(), 1);
}

#[test]
fn the_box_is_told_what_each_part_is() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut pieces = String::new();
        for Piece { at, kind } in check_any(text, TODAY).pieces {
            let _ = write!(pieces, "{kind:?} {:?}, ", &text[at]);
        }
        assert_eq!(pieces.trim_end_matches(", "), expected);
    }
    check("sunset at  the sea", r#"Words "sunset at  the sea""#);
    check("sunset -people here", r#"Words "sunset", Excluded "-people", Words "here""#);
    check(
        "2:dog + snow - red leash",
        r#"Weight "2:", Words "dog", Operator "+", Words "snow", Operator "-", Excluded "red leash""#,
    );
    check("NOT \"a b\"", r#"Operator "NOT", Excluded "\"a b\"""#);
    check("-\"a b\"c", r#"Excluded "-\"a b\"", Words "c""#);
    check("-date:last summer dog", r#"ExcludedFilter "-date:last summer", Words "dog""#);
    check("near:Lisbon 50 km", r#"Filter "near:Lisbon 50 km""#);
    check("-2:cat", r#"Operator "-", Weight "2:", Excluded "cat""#);
    check("a -b", r#"Words "a", Excluded "-b""#);
    check("NOT -b", r#"Operator "NOT", Words "-b""#);
    check(
        "image:a -similar:2 sort:date",
        r#"Example "image:a", Excluded "-similar:2", Sort "sort:date""#,
    );
    check(
        "-(a OR -tag:b)",
        r#"Operator "-", Parenthesis "(", Excluded "a", Operator "OR", Filter "-tag:b", Parenthesis ")""#,
    );
    check("a \"b c\" d  e", r#"Words "a", Words "\"b c\"", Words "d  e""#);
    check("- a -b c", r#"Operator "-", Excluded "a", Excluded "-b", Excluded "c""#);
    check("foo:bar is:x", r#"Words "foo:bar", Filter "is:x""#);
    check("foo:\"bar\"", r#"Words "foo:", Words "\"bar\"""#);
}

#[test]
fn a_filter_that_is_not_understood_is_left_out() {
    for row in FILTERS {
        if matches!(row.values, Values::Open | Values::Path) {
            continue;
        }
        let text = format!("dog {}:?,? tag:a", row.name);
        let parsed = check_any(&text, TODAY);
        match row.key {
            Key::Near => assert_eq!(parsed.problems, [], "{text}"),
            _ => assert_eq!(parsed.query.to_string(), "dog tag:a", "{text}"),
        }
    }
}

#[test]
fn what_help_says_is_accepted() {
    for row in FILTERS {
        assert!(!row.accepts.is_empty(), "{}", row.name);
        for text in row.accepts {
            let parsed = check_any(text, TODAY);
            assert_eq!(parsed.problems, [], "{text}");
            assert_eq!(parsed.pieces.len(), 1, "{text}");
        }
        if let Values::Closed(list) | Values::Dates(list) = row.values {
            for (value, _) in list {
                let text = format!("{}:{}", row.name, value_text(value));
                assert_eq!(check_any(&text, TODAY).problems, [], "{text}");
            }
        }
    }
}

#[test]
fn a_measured_number_is_what_would_be_written_so() {
    let holds = |text: &str, number: f64| match &parse(text, TODAY).query.alternatives[0].filter {
        Filter::Is(
            Condition::Megapixels(span) | Condition::Aperture(span) | Condition::Focal(span),
        ) => span.contains(number),
        Filter::Is(Condition::Size(span)) => span.contains(number as u64),
        other => panic!("{other}"),
    };
    assert!(holds("mp:12", 12.19) && holds("mp:12", 11.5) && !holds("mp:12", 12.5));
    assert!(holds("f:2.8", 2.8) && holds("f:2.8", 2.799_999) && !holds("f:2.8", 2.9));
    assert!(holds("mm:50", 49.7) && !holds("mm:50", 52.0));
    assert!(holds("mm:24-35", 24.0) && holds("mm:24-35", 35.0) && !holds("mm:24-35", 35.1));
    assert!(holds("mp:>12", 12.1) && !holds("mp:>12", 12.0));
    assert!(holds("size:10MB", 10_400_000.0) && !holds("size:10MB", 10_500_000.0));
    assert!(holds("size:>10MB", 10_000_001.0) && !holds("size:>10MB", 10_000_000.0));
    assert!(holds("size:500B", 500.0) && !holds("size:500B", 501.0));
}

#[test]
fn words_for_dates_follow_the_calendar() {
    #[track_caller]
    fn check(today: Date, text: &str, expected: &str) {
        let dates = dates::read(text, today).map(|dates| dates.to_string());
        assert_eq!(dates.as_deref(), Some(expected), "{text} on {today}");
    }
    let new_year = date(2024, 1, 1); // A Monday.
    check(new_year, "yesterday", "2023-12-31");
    check(new_year, "this week", "2024-01-01..2024-01-07");
    check(new_year, "last week", "2023-12-25..2023-12-31");
    check(new_year, "last weekend", "2023-12-30..2023-12-31");
    check(new_year, "monday", "2024-01-01");
    check(new_year, "last monday", "2023-12-25");
    check(new_year, "last month", "2023-12");
    check(new_year, "last year", "2023");
    check(new_year, "january", "2024-01");
    check(new_year, "last january", "2023-01");
    check(new_year, "december", "2023-12");
    check(new_year, "winter", "2023-12..2024-02");
    check(new_year, "last winter", "2022-12..2023-02");
    let leap = date(2024, 2, 29); // A Thursday.
    check(leap, "last year", "2023");
    check(leap, "1 month ago", "2024-01");
    check(leap, "last 12 months", "2023-03..2024-02");
    check(leap, "4 years ago", "2020");
    check(leap, "last 1 days", "2024-02-29");
    check(leap, "last day", "2024-02-28");
    check(leap, "thu", "2024-02-29");
    check(leap, "winter", "2023-12..2024-02");
    let march = date(2024, 3, 1);
    check(march, "last winter", "2023-12..2024-02");
    check(march, "winter", "2023-12..2024-02");
    check(march, "spring", "2024-03..2024-05");
    check(march, "last month", "2024-02");
    let july = date(2026, 7, 4); // A Saturday.
    check(july, "summer", "2026-06..2026-08");
    check(july, "this summer", "2026-06..2026-08");
    check(july, "last summer", "2025-06..2025-08");
    check(july, "weekend", "2026-07-04..2026-07-05");
    check(july, "last weekend", "2026-06-27..2026-06-28");
    check(july, "last july", "2025-07");
    check(july, "last june", "2026-06");
    check(july, "august", "2025-08");
    check(date(2026, 12, 31), "3 months ago", "2026-09");
    check(date(2026, 5, 31), "3 months ago", "2026-02");
    check(date(2026, 5, 31), "last month", "2026-04");
    for none in ["", "..", ">", "june..", "mon 2020", "13 june", "0 days ago", "last 0 days", "ju"]
    {
        let dates = dates::read(none, july);
        assert_eq!(dates.is_some(), none == "june..", "{none}: {dates:?}");
    }
    assert_eq!(dates::read("today", date(9999, 12, 31)), None, "no year that can be printed");
}

#[test]
fn dates_hold_the_first_day_and_not_the_one_after_the_last() {
    let dates = dates::read("2019-06..2021-08", TODAY).unwrap();
    assert!(dates.contains(date(2019, 6, 1)) && dates.contains(date(2021, 8, 31)));
    assert!(!dates.contains(date(2019, 5, 31)) && !dates.contains(date(2021, 9, 1)));
}

#[test]
fn the_cursor_is_offered_what_fits() {
    /// The cursor is at the bar.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let cursor = text.find('|').unwrap();
        let text = text.replace('|', "");
        let typed: Vec<String> = complete(&text, cursor)
            .into_iter()
            .map(|completion| match completion {
                Completion::Offer { at, text: offered, .. } => {
                    format!("{}{offered}{}", &text[..at.start], &text[at.end..])
                }
                Completion::Wanted { key, prefix, at } => {
                    format!("{key:?} {prefix:?} for {:?}", &text[at])
                }
            })
            .collect();
        assert_eq!(typed, expected, "{text}");
    }
    check("da|", &["date:"]);
    check("dog ra|", &["dog rating:"]);
    check("-ca|", &["-camera:"]);
    check("(OR|I", &["(orientation:", "(sort:"]);
    check("meg|", &["mp:"]);
    check("s|", &["rating:", "suggested:", "size:", "sort:", "similar:"]);
    check("|", &[]);
    check("dog |", &[]);
    check("|dog", &[]);
    check("xyz|", &[]);
    check("is:|", &["is:favourite", "is:untagged", "is:offline", "is:rejected"]);
    check("is:f| dog", &["is:favourite dog"]);
    check("is:F|oo", &["is:favourite"]);
    check("type:heic,j|", &["type:heic,jpeg", "type:heic,jxl"]);
    check("type:j|,heic", &["type:jpeg,heic", "type:jxl,heic"]);
    check("orientation:p|", &["orientation:portrait"]);
    check("-has:d|", &["-has:description"]);
    check("sort:r|", &["sort:relevance"]);
    check("date:\"last s|", &["date:\"last spring\"", "date:\"last summer\""]);
    check("date:y|", &["date:yesterday"]);
    check("camera:ca|", &[r#"Camera "ca" for "ca""#]);
    check("tag:|", &[r#"Tag "" for """#]);
    check("tag:\"New Y|", &[r#"Tag "New Y" for "\"New Y""#]);
    check("tag:\"New| York\" dog", &[r#"Tag "New" for "\"New York\"""#]);
    check("folder:a,b|", &[r#"Folder "b" for "b""#]);
    check("near:Lis|", &[r#"Near "Lis" for "Lis""#]);
    check("iso:1|", &[]);
    check("\"da|", &[]);
}

#[test]
fn a_cursor_inside_a_character_or_behind_the_text_does_no_harm() {
    assert_eq!(complete("é", 1), []);
    assert_eq!(complete("da", 99).len(), 1);
}

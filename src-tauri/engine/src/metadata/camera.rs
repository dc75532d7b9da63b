//! One name from the two fields in which cameras introduce themselves.

/// Make and model in one, naming the maker once: "Canon" and "Canon EOS 5D"
/// give "Canon EOS 5D", "SANYO Electric Co.,Ltd." and "SX113" give
/// "SANYO Electric SX113".
pub(super) fn name(make: Option<String>, model: Option<String>) -> Option<String> {
    match (make, model) {
        (Some(make), Some(model)) if shares_a_word(&make, &model) => Some(model),
        (Some(make), Some(model)) => Some(format!("{} {model}", without_legal_form(&make))),
        (Some(make), None) => Some(without_legal_form(&make)),
        (None, model) => model,
    }
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase)
}

fn shares_a_word(make: &str, model: &str) -> bool {
    words(make).filter(|word| !is_legal_form(word)).any(|word| words(model).any(|w| w == word))
}

fn without_legal_form(make: &str) -> String {
    let kept: Vec<&str> = make
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .take_while(|word| !is_legal_form(&word.trim_end_matches('.').to_lowercase()))
        .collect();
    if kept.is_empty() { make.to_owned() } else { kept.join(" ") }
}

fn is_legal_form(word: &str) -> bool {
    matches!(word, "ag" | "co" | "company" | "corp" | "corporation" | "gmbh" | "inc" | "ltd")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(make: &str, model: &str, expected: Option<&str>) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        assert_eq!(name(some(make), some(model)).as_deref(), expected, "{make:?}, {model:?}");
    }

    #[test]
    fn the_maker_is_named_once() {
        check("Canon", "Canon EOS 5D", Some("Canon EOS 5D"));
        check("NIKON CORPORATION", "NIKON D70", Some("NIKON D70"));
        check("EASTMAN KODAK COMPANY", "KODAK DC240 ZOOM", Some("KODAK DC240 ZOOM"));
        check("Jolla", "Jolla", Some("Jolla"));
        check("Apple", "iPhone 6", Some("Apple iPhone 6"));
        check("Sony", "E5823", Some("Sony E5823"));
        check("OLYMPUS OPTICAL CO.,LTD", "C960Z,D460Z", Some("OLYMPUS OPTICAL C960Z,D460Z"));
        check("Minolta Co., Ltd.", "DiMAGE 7", Some("Minolta DiMAGE 7"));
        check("HP Inc.", "Inc 5", Some("HP Inc 5"));
    }

    #[test]
    fn one_field_is_enough() {
        check("Canon", "", Some("Canon"));
        check("", "QSS", Some("QSS"));
        check("Co.", "", Some("Co."));
        check("", "", None);
    }
}

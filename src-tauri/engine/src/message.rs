//! What the engine says to people: English sentences that a face can say in another
//! language, because what is put into them is kept apart.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A message with its values: `message!("cannot read {path}", path = path.display())`.
///
/// The first argument is English and names what is put into it, as a literal, so that
/// translators find it; each value is given by its name, as `name = value` or, for a
/// variable of that name, as `name`. Values are anything that can be displayed.
#[macro_export]
macro_rules! message {
    ($template:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::Message::new(
            $template,
            &[$((stringify!($name), &$crate::message!(@value $name $(= $value)?))),*],
        )
    };
    (@value $name:ident) => { $name };
    (@value $name:ident = $value:expr) => { $value };
}

/// Words of the engine's own that are put into a message, or are one by themselves: a
/// literal, so that translators find it.
#[macro_export]
macro_rules! phrase {
    ($words:literal) => {
        $words
    };
}

/// What is said to a person: one sentence without a full stop, perhaps with its
/// causes. Displayed, it is English, the causes after colons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Message(Vec<Part>);

/// A part of a [`Message`]: what happened, or the cause of the part before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// English with `{names}` where values belong: what translations are looked up
    /// by. Empty for the words of somebody else, which are the value "words".
    pub template: String,
    /// What to put in, by name.
    pub values: Vec<(String, String)>,
}

impl Message {
    /// What [`message!`](crate::message) makes.
    #[doc(hidden)]
    pub fn new(template: &'static str, values: &[(&str, &dyn fmt::Display)]) -> Self {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.to_string()));
        Self(vec![Part { template: template.to_owned(), values: values.collect() }])
    }

    /// A [`phrase!`](crate::phrase) by itself.
    pub(crate) fn of(phrase: &'static str) -> Self {
        Self::new(phrase, &[])
    }

    /// The words of somebody else, such as a library or the system: they are passed on
    /// as they are.
    pub fn verbatim(words: impl fmt::Display) -> Self {
        let values = vec![("words".to_owned(), words.to_string())];
        Self(vec![Part { template: String::new(), values }])
    }

    /// The same with its cause; a cause that only says the same again is left out.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Self>) -> Self {
        for part in cause.into().0 {
            let words = part.to_string();
            let told = self.0.last().map(Part::to_string).unwrap_or_default();
            if words.is_empty() || told.contains(&words) {
                continue;
            }
            // Wrappers like to repeat the words of what they wrap.
            if !told.is_empty() && words.contains(&told) {
                self.0.pop();
            }
            self.0.push(part);
        }
        self
    }

    /// What happened, and its causes in their order.
    pub fn into_parts(self) -> Vec<Part> {
        self.0
    }

    /// The form in which a database keeps it.
    pub(crate) fn stored(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_else(|_| self.to_string())
    }

    /// The other way. Before this form there was plain English: that is verbatim.
    pub(crate) fn from_stored(stored: &str) -> Self {
        serde_json::from_str(stored).unwrap_or_else(|_| Self::verbatim(stored))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(": ")?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |name: &str| {
            self.values.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
        };
        if self.template.is_empty() {
            return f.write_str(value("words").unwrap_or_default());
        }
        for piece in pieces(&self.template) {
            match piece {
                Piece::Words(words) => f.write_str(words)?,
                // A name without a value stays visible.
                Piece::Value(name) => match value(name) {
                    Some(value) => f.write_str(value)?,
                    None => write!(f, "{{{name}}}")?,
                },
            }
        }
        Ok(())
    }
}

impl From<&std::io::Error> for Message {
    fn from(error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        // An error that somebody worded has no number of the system.
        if error.raw_os_error().is_none() {
            return Self::verbatim(error);
        }
        match error.kind() {
            ErrorKind::NotFound => message!("it is not there"),
            ErrorKind::PermissionDenied => message!("permission denied"),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => message!("the disk is full"),
            ErrorKind::ReadOnlyFilesystem => message!("the disk is read-only"),
            ErrorKind::TimedOut => message!("it took too long"),
            _ => Self::verbatim(error),
        }
    }
}

impl PartialEq<str> for Message {
    fn eq(&self, english: &str) -> bool {
        let words = self.to_string();
        words == english
    }
}

impl PartialEq<&str> for Message {
    fn eq(&self, english: &&str) -> bool {
        self == *english
    }
}

#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Words(&'a str),
    Value(&'a str),
}

/// A template cut at its `{names}`.
fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let value = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        if let Some((name, after)) = value {
            rest = after;
            return Some(Piece::Value(name));
        }
        // Past a brace that is none of a name, too.
        let end = rest.char_indices().skip(1).find(|(_, c)| *c == '{').map_or(rest.len(), |c| c.0);
        let (words, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Words(words))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_stand_where_the_template_names_them() {
        let name = "{b}";
        let message = message!("{a} and {b}, {a}", a = name, b = 2 + 1);
        // A value is no template.
        assert_eq!(message, "{b} and 3, {b}");
        assert_eq!(message!("nothing to put in"), "nothing to put in");
    }

    #[test]
    fn causes_follow_and_say_nothing_twice() {
        let cause = |words: &str| Message::verbatim(words);
        let message = message!("cannot read {path}", path = "a.jpg");
        let whole = message.clone().because(cause("unplugged")).because(cause("no such device"));
        assert_eq!(whole, "cannot read a.jpg: unplugged: no such device");
        assert_eq!(message.clone().because(cause("a.jpg")), "cannot read a.jpg");
        let repeated = message.because(cause("error: cannot read a.jpg"));
        assert_eq!(repeated, "error: cannot read a.jpg");
    }

    #[test]
    fn what_the_system_says_often_is_worded_here() {
        let gone = std::fs::read("/nowhere/at/all").unwrap_err();
        assert_eq!(Message::from(&gone), "it is not there");
        let own = std::io::Error::new(std::io::ErrorKind::NotFound, "said by somebody");
        assert_eq!(Message::from(&own), "said by somebody");
    }

    proptest! {
        #[test]
        fn a_stored_message_is_read_as_it_was(words in ".*", value in ".*") {
            let message = message!("cannot read {path}", path = value);
            let message = message.because(Message::verbatim(words));
            prop_assert_eq!(Message::from_stored(&message.stored()), message);
        }

        #[test]
        fn plain_words_of_older_versions_stay_what_they_are(words in "[^\\[].*") {
            prop_assert_eq!(Message::from_stored(&words).to_string(), words);
        }

        #[test]
        fn no_template_is_cut_short(template in ".*") {
            let together: String = pieces(&template)
                .map(|piece| match piece {
                    Piece::Words(words) => words.to_owned(),
                    Piece::Value(name) => format!("{{{name}}}"),
                })
                .collect();
            prop_assert_eq!(together, template);
        }
    }
}

//! The engine's one error: what was attempted, on which path, why it failed
//! and, where there is something to do, what to do next.

use std::error::Error as StdError;
use std::fmt;

use crate::decode::DecodeError;
use crate::message::Message;

/// The engine's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a caller may want to branch on. Anything else is in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The request itself is wrong: a folder that is not there, an empty query.
    Usage,
    /// The thing named does not exist: an unknown photo, no installed model.
    NotFound,
    /// The library was written by a newer version and was left untouched.
    NewerLibrary,
    /// A newer request or the person stopped it.
    Cancelled,
    /// It was tried and went wrong.
    Failed,
}

/// An error with its [`Code`], a message for people and the cause.
#[derive(Debug)]
pub struct Error {
    code: Code,
    message: Message,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    fn new(code: Code, message: Message) -> Self {
        Self { code, message, source: None }
    }

    /// The request itself is wrong.
    pub fn usage(message: Message) -> Self {
        Self::new(Code::Usage, message)
    }

    /// The thing named does not exist.
    pub fn not_found(message: Message) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// The library was written by a newer version.
    pub fn newer_library(message: Message) -> Self {
        Self::new(Code::NewerLibrary, message)
    }

    /// The work was stopped on request.
    pub fn cancelled() -> Self {
        Self::new(Code::Cancelled, message!("stopped"))
    }

    /// It was tried and went wrong.
    pub fn failed(message: Message) -> Self {
        Self::new(Code::Failed, message)
    }

    /// Adds the cause, shown after the message.
    pub fn with(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What happened and why: the message, and the causes after it.
    pub fn message(&self) -> Message {
        let mut said = self.message.clone();
        let mut cause = self.source.as_ref().map(|s| s.as_ref() as &(dyn StdError + 'static));
        while let Some(error) = cause {
            // What the engine words says its own causes; going on would say them twice.
            let (words, whole) = worded(error);
            said = said.because(words);
            cause = if whole { None } else { error.source() };
        }
        said
    }

    /// The first cause of type `E`, however deep.
    pub(crate) fn cause<E: StdError + 'static>(&self) -> Option<&E> {
        let mut cause = self.source.as_ref().map(|s| s.as_ref() as &(dyn StdError + 'static));
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref::<E>() {
                return Some(found);
            }
            cause = match error.downcast_ref::<Error>() {
                Some(own) => return own.cause(),
                None => error.source(),
            };
        }
        None
    }

    /// What a caller may branch on.
    pub fn code(&self) -> Code {
        self.code
    }
}

/// What an error says, and whether that says its causes, too.
fn worded(error: &(dyn StdError + 'static)) -> (Message, bool) {
    if let Some(own) = error.downcast_ref::<Error>() {
        (own.message(), true)
    } else if let Some(error) = error.downcast_ref::<DecodeError>() {
        (error.reason.clone(), true)
    } else if let Some(error) = error.downcast_ref::<std::io::Error>() {
        (Message::from(error), false)
    } else {
        (Message::verbatim(error), false)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl StdError for Error {}

/// Says what was attempted when a foreign error comes up.
pub trait Context<T> {
    /// Wraps the error in an [`Error`] of code [`Code::Failed`].
    fn context(self, message: impl FnOnce() -> Message) -> Result<T>;
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> Context<T> for Result<T, E> {
    fn context(self, message: impl FnOnce() -> Message) -> Result<T> {
        self.map_err(|source| {
            let source = source.into();
            // A wrapped engine error keeps what callers branch on.
            let code = source.downcast_ref::<Error>().map_or(Code::Failed, Error::code);
            Error { code, message: message(), source: Some(source) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_prints_every_cause_once() {
        let io = std::io::Error::other("disk on fire");
        let inner = Error::usage(message!("cannot read a.jpg")).with(io);
        let outer: Result<()> = Err(inner).context(|| message!("indexing stopped"));
        let outer = outer.unwrap_err();
        assert_eq!(outer.to_string(), "indexing stopped: cannot read a.jpg: disk on fire");
        assert_eq!(outer.code(), Code::Usage);
    }
}

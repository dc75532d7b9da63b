//! The engine's one error: what was attempted, on which path, why it failed
//! and, where there is something to do, what to do next.

use std::error::Error as StdError;
use std::fmt;

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
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), source: None }
    }

    /// The request itself is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// The thing named does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// The library was written by a newer version.
    pub fn newer_library(message: impl Into<String>) -> Self {
        Self::new(Code::NewerLibrary, message)
    }

    /// The work was stopped on request.
    pub fn cancelled() -> Self {
        Self::new(Code::Cancelled, "stopped")
    }

    /// It was tried and went wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Code::Failed, message)
    }

    /// Adds the cause, shown after the message.
    pub fn with(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = self.source.as_ref().map(|s| s.as_ref() as &dyn StdError);
        let mut told = self.message.clone();
        while let Some(error) = cause {
            // Wrappers like to repeat the words of what they wrap.
            let words = error.to_string();
            if !words.contains(&told) && !told.contains(&words) {
                write!(f, ": {words}")?;
            }
            told = words;
            // This type prints its own causes; going on would print them twice.
            cause = if error.is::<Error>() { None } else { error.source() };
        }
        Ok(())
    }
}

impl StdError for Error {}

/// Says what was attempted when a foreign error comes up.
pub trait Context<T> {
    /// Wraps the error in an [`Error`] of code [`Code::Failed`].
    fn context<M: Into<String>>(self, message: impl FnOnce() -> M) -> Result<T>;
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> Context<T> for Result<T, E> {
    fn context<M: Into<String>>(self, message: impl FnOnce() -> M) -> Result<T> {
        self.map_err(|source| {
            let source = source.into();
            // A wrapped engine error keeps what callers branch on.
            let code = source.downcast_ref::<Error>().map_or(Code::Failed, Error::code);
            Error { code, message: message().into(), source: Some(source) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_prints_every_cause_once() {
        let io = std::io::Error::other("disk on fire");
        let inner = Error::usage("cannot read a.jpg").with(io);
        let outer: Result<()> = Err(inner).context(|| "indexing stopped");
        let outer = outer.unwrap_err();
        assert_eq!(outer.to_string(), "indexing stopped: cannot read a.jpg: disk on fire");
        assert_eq!(outer.code(), Code::Usage);
    }
}

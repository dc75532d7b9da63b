//! How a command ended, and the number the shell sees for it.

use std::io;
use std::process;

use afterimage_engine::{Code, Error};

/// The three exit statuses of the command line's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: done, even where single photos failed.
    Done,
    /// 1: it was tried and went wrong, or was stopped.
    Failed,
    /// 2: what was asked for cannot be right, whatever the state of the disk:
    /// unknown options, an empty query, a library of a newer version.
    Usage,
}

/// Why a command stopped short.
#[derive(Debug)]
pub enum Failure {
    /// The engine could not do it.
    Engine(Error),
    /// The answer could not be written to standard output.
    Output(io::Error),
}

impl Failure {
    /// Whether the reader of our output went away (`afterimage … | head`).
    /// It has what it wanted: no error, and nothing to say.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl ExitCode {
    /// clap's own answers: help and version are what was asked for.
    pub fn of_usage(error: &clap::Error) -> Self {
        if error.use_stderr() { Self::Usage } else { Self::Done }
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Output(_) if failure.is_broken_pipe() => Self::Done,
            Failure::Output(_) => Self::Failed,
            Failure::Engine(error) => match error.code() {
                Code::Usage | Code::NewerLibrary => Self::Usage,
                Code::NotFound | Code::Cancelled | Code::Failed => Self::Failed,
            },
        }
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(match code {
            ExitCode::Done => 0,
            ExitCode::Failed => 1,
            ExitCode::Usage => 2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(failure: impl Into<Failure>) -> ExitCode {
        ExitCode::from(&failure.into())
    }

    #[test]
    fn errors_map_to_the_contract() {
        assert_eq!(code(Error::usage(afterimage_engine::message!("empty query"))), ExitCode::Usage);
        assert_eq!(
            code(Error::newer_library(afterimage_engine::message!("from tomorrow"))),
            ExitCode::Usage
        );
        assert_eq!(
            code(Error::not_found(afterimage_engine::message!("no model"))),
            ExitCode::Failed
        );
        assert_eq!(code(Error::cancelled()), ExitCode::Failed);
        assert_eq!(code(Error::failed(afterimage_engine::message!("disk full"))), ExitCode::Failed);
    }

    #[test]
    fn a_broken_pipe_is_no_error() {
        assert_eq!(code(io::Error::from(io::ErrorKind::BrokenPipe)), ExitCode::Done);
        assert_eq!(code(io::Error::from(io::ErrorKind::StorageFull)), ExitCode::Failed);
    }
}

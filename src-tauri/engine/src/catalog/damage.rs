//! A damaged catalog: what is opened in its place, and what is said of it.
//!
//! The damaged file itself is never written, renamed or brought up to date. Only
//! [`restore`](super::backup::restore) moves it aside, when the person says so.

use std::path::Path;

use super::backup::{self, Backup};
use super::{Catalog, MIGRATIONS, remedy};
use crate::error::{Context, Error, Result};
use crate::message::Message;
use crate::sqlite::{self, Database, Depth, examine};

/// Whether the catalog's file is there without content, although there are
/// backups: it was cut off. SQLite would take it for a new one.
pub(super) fn is_emptied(folder: &Path) -> bool {
    let empty = |name: &str| folder.join(name).metadata().is_ok_and(|file| file.len() == 0);
    empty(Catalog::FILE) && !backup::automatic(folder).is_empty()
}

/// Looks for damage where the last process to write the catalog did not close
/// it: opening it for writing would bring its log into the damaged file.
///
/// # Errors
/// One for which [`is_damaged`](sqlite::is_damaged) holds where there is any.
pub(super) fn look_behind_a_crash(file: &Path) -> Result<()> {
    if !sqlite::is_logged(file) {
        return Ok(());
    }
    sqlite::reader(file)
        .and_then(|reader| examine(&reader, Depth::Quick))
        .context(|| message!("cannot open {file}", file = file.display()))
}

/// Opens the newest good backup for reading or, where there is none, what can
/// still be read of the damaged file.
///
/// # Errors
/// Where neither can be opened.
pub(super) fn open_instead(folder: &Path, cause: &str) -> Result<Catalog> {
    let path = folder.join(Catalog::FILE);
    for found in backup::automatic(folder) {
        let reason = reason(folder, cause, &found);
        match Database::open_for_reading(&found.path, &MIGRATIONS, remedy, reason) {
            Ok(database) => return Ok(Catalog::of(folder, database)),
            Err(error) => tracing::warn!("{error}; an older backup is tried"),
        }
    }
    let reason = message!(
        "{path} is damaged ({cause}), and there is no automatic backup of it. It was left as it is \
         and is open for reading only; some photos may be missing. If you have a copy, go back to \
         it with `{program} library restore FILE`; else rename the file away to begin anew. Your \
         photos are not affected",
        path = path.display(),
        cause,
        program = program(folder)
    );
    let unreadable = |error: Error| {
        Error::failed(message!(
            "{path} is damaged and cannot be read, and there is no automatic backup of it. If you \
             have a copy, go back to it with `{program} library restore FILE`; else rename the \
             file away to begin anew. Your photos are not affected",
            path = path.display(),
            program = program(folder)
        ))
        .with(error)
    };
    let database =
        Database::open_damaged(&path, &MIGRATIONS, remedy, reason).map_err(unreadable)?;
    let catalog = Catalog::of(folder, database);
    // What every face asks first; where that fails there is nothing to show.
    let asked =
        catalog.roots().and_then(|_| catalog.settings()).and_then(|_| catalog.library(None));
    asked.map_err(unreadable)?;
    Ok(catalog)
}

fn reason(folder: &Path, cause: &str, found: &Backup) -> Message {
    message!(
        "{path} is damaged ({cause}) and was left as it is. Shown is the library as it was on \
         {date}, for reading only: nothing is indexed or changed. To go on from there, run \
         `{program} library restore {backup}`, then start Afterimage again",
        path = folder.join(Catalog::FILE).display(),
        cause,
        date = found.date,
        program = program(folder),
        backup = quoted(&found.path)
    )
}

/// The command line's name, with the library that is meant.
fn program(folder: &Path) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    format!("afterimage --library {}", quoted(&folder))
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,@%".contains(c);
    if text.chars().all(plain) {
        text.into_owned()
    } else if cfg!(windows) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_path_is_quoted_where_a_shell_would_break_it() {
        assert_eq!(quoted(Path::new("/a/b-c.sqlite")), "/a/b-c.sqlite");
        assert_eq!(quoted(Path::new("/my photos/it's")), "'/my photos/it'\\''s'");
    }
}

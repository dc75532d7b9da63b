//! A sidecar's way to the disk: at once and whole, or not at all.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::message::Message;

/// Why a file was not replaced. It is as it was.
#[derive(Debug)]
pub enum Unreplaced {
    /// It may not be written to.
    ReadOnly {
        /// The file itself, where the path is a link to it.
        path: PathBuf,
    },
    /// Somebody else wrote, made or removed it meanwhile.
    Changed {
        /// The file itself, where the path is a link to it.
        path: PathBuf,
    },
    /// It is a folder, a device or the like.
    NotAFile {
        /// What stands there.
        path: PathBuf,
    },
    /// A link that leads nowhere.
    Astray {
        /// The link.
        path: PathBuf,
    },
    /// The system said no.
    Io {
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Unreplaced {
    /// What is said of it.
    pub fn message(&self) -> Message {
        match self {
            Self::ReadOnly { path } => message!(
                "{path} is read-only: make it writable, then write again",
                path = path.display()
            ),
            Self::Changed { path } => message!(
                "{path} was changed by another program meanwhile: write again",
                path = path.display()
            ),
            Self::NotAFile { path } => message!(
                "{path} is not a file: move it away, then write again",
                path = path.display()
            ),
            Self::Astray { path } => message!(
                "{path} is a link to a file that is not there: remove it, then write again",
                path = path.display()
            ),
            Self::Io { path, source } => message!(
                "cannot change {path}; see that its folder can be written to and the disk is not \
                 full",
                path = path.display()
            )
            .because(source),
        }
    }
}

/// Gives a file this content, if it still has the `expected` one; `None`: if it is
/// still not there. Whoever reads it meanwhile, or after a power cut, finds the
/// old content or the new one. Links are followed; mode bits stay, and the owner
/// where that is allowed; hard links and extended attributes do not.
///
/// # Errors
/// [`Unreplaced`]; the file is as it was.
pub fn replace(path: &Path, bytes: &[u8], expected: Option<&[u8]>) -> Result<(), Unreplaced> {
    let path = &followed(path)?;
    let failed = |source| Unreplaced::Io { path: path.clone(), source };
    let old = examined(path, expected)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".afterimage-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Less what the person's mask takes away.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut new = builder.tempfile_in(folder).map_err(failed)?;
    new.write_all(bytes).map_err(failed)?;
    if let Some(old) = &old {
        keep_rights(new.as_file(), old).map_err(failed)?;
    }
    new.as_file().sync_all().map_err(failed)?;
    // As late as can be: what remains is the moment between this and the next call.
    examined(path, expected)?;
    let placed = match old {
        Some(_) => new.persist(path),
        None => new.persist_noclobber(path),
    };
    placed.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => Unreplaced::Changed { path: path.clone() },
        _ => failed(error.error),
    })?;
    #[cfg(unix)]
    {
        // The name must survive a power cut, too; where it cannot, the file does.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

fn followed(path: &Path) -> Result<PathBuf, Unreplaced> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    if !is_link {
        return Ok(path.to_owned());
    }
    fs::canonicalize(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Unreplaced::Astray { path: path.to_owned() },
        _ => Unreplaced::Io { path: path.to_owned(), source },
    })
}

/// Of the file that is there, if it is as expected and may be written to.
fn examined(path: &Path, expected: Option<&[u8]>) -> Result<Option<Metadata>, Unreplaced> {
    let at = || path.to_owned();
    let failed = |source| Unreplaced::Io { path: path.to_owned(), source };
    let there = match fs::metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match expected {
                None => Ok(None),
                Some(_) => Err(Unreplaced::Changed { path: at() }),
            };
        }
        Err(error) => return Err(failed(error)),
    };
    if !there.is_file() {
        return Err(Unreplaced::NotAFile { path: at() });
    }
    let Some(expected) = expected else { return Err(Unreplaced::Changed { path: at() }) };
    let is_as_long = usize::try_from(there.len()).is_ok_and(|length| length == expected.len());
    if !is_as_long || fs::read(path).map_err(failed)? != expected {
        return Err(Unreplaced::Changed { path: at() });
    }
    // A new file could take its place, but that it may not be written was meant.
    if there.permissions().readonly() {
        return Err(Unreplaced::ReadOnly { path: at() });
    }
    match OpenOptions::new().write(true).open(path) {
        Ok(_) => Ok(Some(there)),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(Unreplaced::ReadOnly { path: at() })
        }
        Err(error) => Err(failed(error)),
    }
}

fn keep_rights(new: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Giving files away is for administrators, giving them to a group is not.
        let _ = fchown(new, Some(old.uid()), None);
        let _ = fchown(new, None, Some(old.gid()));
    }
    new.set_permissions(old.permissions())
}

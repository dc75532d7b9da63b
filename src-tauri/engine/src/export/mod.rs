//! Copies of photos in another folder: as they are, or smaller, in another format,
//! without what they say.
//!
//! Owns what copies are called ([`pattern`], [`names`]), how they are made
//! ([`encode`], [`container`], [`exif`], [`xmp`]) and how they come to the disk
//! ([`write`]). A photo's own file is only ever read. One photo that cannot be copied
//! costs no other one: it is told with the reason.

mod container;
mod encode;
mod exif;
mod names;
mod pattern;
mod write;
mod xmp;

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::catalog::PhotoRow;
use crate::decode::{self, Detail, Format, Limits, Support};
use crate::error::{Context, Error, Result};
use crate::jobs::{Budget, Cancel};
use crate::message::Message;
use crate::view::{ExportFormat, ExportProgress, ExportRequest, Exported, NotExported, PhotoId};
use crate::{Engine, no_photo, regular};
use encode::{Making, Target};
use names::{Name, Names};
use pattern::{Facts, Pattern};
use write::Unwritten;

/// What the photos that are at work may take of memory together. One that needs more
/// goes alone.
const MEMORY: u64 = 768 << 20;

impl Engine {
    /// Copies photos to a folder, where no file is ever replaced: a name that is taken
    /// gets a number, as in `name (2).jpg`. The photos' own files are only read.
    /// `progress` is called after each photo, on the calling thread.
    ///
    /// Copied byte by byte, with the time at which it was changed, is a file of which
    /// nothing is to change. Of a JPEG, PNG or WebP that is only to say nothing, the
    /// pixels stay as they are, bit by bit. All else is decoded whole, turned upright,
    /// made smaller and encoded with its colour profile, eight bits a colour,
    /// transparency laid on white; of RAW photos it is the preview in them. Sidecars
    /// stay where they are.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) for a request that cannot be right, such as
    /// a pattern with unknown fields; [`Code::Failed`](crate::Code::Failed) where the
    /// folder is not there and cannot be made; [`Code::Cancelled`](crate::Code::Cancelled)
    /// once `cancel` is, which leaves the copies that are whole. What becomes of single
    /// photos is in the answer.
    pub fn export(
        &self,
        request: &ExportRequest,
        cancel: &Cancel,
        progress: &dyn Fn(ExportProgress),
    ) -> Result<Exported> {
        let pattern = checked(request)?;
        let folder = &request.folder;
        if !folder.is_absolute() {
            let shown = folder.display();
            return Err(Error::usage(message!(
                "{path} is no absolute path: name the whole one",
                path = shown
            )));
        }
        fs::create_dir_all(folder).context(|| {
            message!(
                "the folder {folder} cannot be made: choose another one",
                folder = folder.display()
            )
        })?;
        let plans = self.planned(request, &pattern)?;
        let making = Making {
            quality: request.quality,
            longest_edge: request.longest_edge,
            metadata: request.metadata,
        };
        let export = Export { folder, making, budget: Budget::new(MEMORY), cancel };
        let failed = export.run(&plans, progress)?;
        let written = (plans.len() - failed.len()) as u64;
        Ok(Exported { written, failed, folder: folder.clone() })
    }

    /// The name that a photo's copy gets, with extension, where no file has it yet.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) as [`export`](Self::export), whatever the
    /// folder; [`Code::NotFound`](crate::Code::NotFound) for an unknown photo.
    pub fn export_name(&self, photo: PhotoId, request: &ExportRequest) -> Result<String> {
        let pattern = checked(request)?;
        let row = self.0.catalog.photo(photo.0)?.ok_or_else(|| no_photo(photo))?;
        let photos = once(&request.photos);
        let number = photos.iter().position(|&it| it == photo).map_or(1, |at| at + 1);
        let (_, name) = planned_one(&row, request, &pattern, (number, photos.len()));
        Ok(name.to_string())
    }

    /// What is to be done, each copy with a name of its own.
    fn planned(&self, request: &ExportRequest, pattern: &Pattern) -> Result<Vec<Plan>> {
        let photos = once(&request.photos);
        let mut names = Names::of(&request.folder);
        let mut plans = Vec::with_capacity(photos.len());
        for (number, photo) in (1..).zip(&photos) {
            let plan = match self.0.catalog.photo(photo.0)? {
                None => Plan {
                    path: PathBuf::new(),
                    size: 0,
                    copy: Err(message!(
                        "there is no photo {photo} in this library",
                        photo = photo.0
                    )),
                },
                Some(row) => {
                    let copy = absent(&row).map_or_else(
                        || {
                            let (way, name) =
                                planned_one(&row, request, pattern, (number, photos.len()));
                            Ok((way, names.give(name)))
                        },
                        Err,
                    );
                    Plan { size: row.stat.size, path: row.path, copy }
                }
            };
            plans.push(plan);
        }
        Ok(plans)
    }
}

/// A photo and what becomes of it.
struct Plan {
    path: PathBuf,
    /// Of its file, in bytes.
    size: u64,
    /// How its copy is made and what it is called; or why there is none.
    copy: Result<(Way, Name), Message>,
}

/// How a copy is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Byte by byte.
    Whole,
    /// With the same pixels, saying nothing; encoded where that cannot be.
    Bare(Target),
    /// Encoded.
    Encoded(Target),
}

/// Whether a request can be right, but for its folder; its pattern.
fn checked(request: &ExportRequest) -> Result<Pattern> {
    if !(1..=100).contains(&request.quality) {
        return Err(Error::usage(message!(
            "the quality cannot be {quality}: choose one from 1 to 100",
            quality = request.quality
        )));
    }
    if request.longest_edge == Some(0) {
        return Err(Error::usage(message!(
            "a picture has at least one pixel: choose a longest edge above 0"
        )));
    }
    Pattern::parse(&request.pattern)
}

/// The photos in their order, each once.
fn once(photos: &[PhotoId]) -> Vec<PhotoId> {
    let mut seen = HashSet::new();
    photos.iter().copied().filter(|photo| seen.insert(*photo)).collect()
}

/// Why a photo's file is not even looked for.
fn absent(row: &PhotoRow) -> Option<Message> {
    if row.offline {
        return Some(message!(
            "its folder cannot be reached now: connect its drive, then export again"
        ));
    }
    (!row.present).then(gone)
}

fn gone() -> Message {
    message!("its file is not there any more: index its folder, then look for it again")
}

fn planned_one(
    row: &PhotoRow,
    request: &ExportRequest,
    pattern: &Pattern,
    (number, last): (usize, usize),
) -> (Way, Name) {
    let read = row.read.as_ref();
    let said = read.map(|read| &read.metadata);
    let name = row.path.file_stem().unwrap_or_default().to_string_lossy();
    let facts = Facts {
        name: &name,
        time: row.time,
        number,
        last,
        rating: row.stars.or(said.and_then(|said| said.rating)).unwrap_or_default(),
        camera: said.and_then(|said| said.camera.as_deref()).unwrap_or_default(),
    };
    let way = way(row, request);
    // The photo's own where it fits: `.JPG` and `.jpeg` stay what they are.
    let own = row.path.extension().map(|it| it.to_string_lossy().into_owned());
    let own = own.filter(|_| match way {
        Way::Whole => true,
        Way::Bare(target) => own_target(&row.path) == Some(target),
        Way::Encoded(target) => {
            request.format == ExportFormat::Original && own_target(&row.path) == Some(target)
        }
    });
    let extension = own.unwrap_or_else(|| match way {
        Way::Whole => String::new(),
        Way::Bare(target) | Way::Encoded(target) => target.extension().to_owned(),
    });
    (way, Name::new(pattern.fill(&facts), extension))
}

fn way(row: &PhotoRow, request: &ExportRequest) -> Way {
    let target = match request.format {
        ExportFormat::Jpeg => return Way::Encoded(Target::Jpeg),
        ExportFormat::Png => return Way::Encoded(Target::Png),
        ExportFormat::WebP => return Way::Encoded(Target::WebP),
        ExportFormat::Original => match &row.read {
            Some(read) => known_target(&read.format),
            None => own_target(&row.path),
        },
    };
    // One that is small enough already is not encoded again.
    let fits = request.longest_edge.is_none_or(|longest| {
        let size = row.read.as_ref().filter(|read| read.width > 0 && !row.unread);
        size.is_some_and(|read| read.width.max(read.height) <= longest)
    });
    match target {
        _ if fits && request.metadata => Way::Whole,
        Some(target) if fits => Way::Bare(target),
        target => Way::Encoded(target.unwrap_or(Target::Jpeg)),
    }
}

/// By the name of the format that the content was found to have.
fn known_target(format: &str) -> Option<Target> {
    [Format::Jpeg, Format::Png, Format::WebP]
        .into_iter()
        .find(|known| known.name() == format)
        .and_then(Target::of)
}

/// By the extension.
fn own_target(path: &Path) -> Option<Target> {
    match decode::support(path) {
        Support::Decodable(format) => Target::of(format),
        _ => None,
    }
}

/// An export under way.
struct Export<'a> {
    folder: &'a Path,
    making: Making,
    budget: Budget,
    cancel: &'a Cancel,
}

/// Why there is no copy.
enum Trouble {
    /// In plain words, with what to do.
    Photo(Message),
    Cancelled,
}

impl Export<'_> {
    /// Makes all copies, a thread a core; those that were not made, in order.
    fn run(&self, plans: &[Plan], progress: &dyn Fn(ExportProgress)) -> Result<Vec<NotExported>> {
        let total = plans.len() as u64;
        let next = AtomicUsize::new(0);
        let (tell, told) = mpsc::channel();
        let mut failed = Vec::new();
        let mut done = 0;
        thread::scope(|scope| {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            for _ in 0..cores.min(plans.len()) {
                let (tell, next) = (tell.clone(), &next);
                scope.spawn(move || {
                    while !self.cancel.is_cancelled() {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(plan) = plans.get(at) else { return };
                        match self.make(plan) {
                            Ok(()) => drop(tell.send((at, None))),
                            Err(Trouble::Photo(reason)) => drop(tell.send((at, Some(reason)))),
                            Err(Trouble::Cancelled) => return,
                        }
                    }
                });
            }
            drop(tell);
            for (at, reason) in told {
                failed.extend(reason.map(|reason| (at, reason)));
                done += 1;
                progress(ExportProgress { done, total });
            }
        });
        if done < total {
            return Err(Error::cancelled());
        }
        failed.sort_unstable_by_key(|(at, _)| *at);
        let path = |at: usize| plans[at].path.clone();
        Ok(failed.into_iter().map(|(at, reason)| NotExported { path: path(at), reason }).collect())
    }

    fn make(&self, plan: &Plan) -> Result<(), Trouble> {
        let (way, name) = plan.copy.as_ref().map_err(|reason| Trouble::Photo(reason.clone()))?;
        let made = panic::catch_unwind(AssertUnwindSafe(|| match way {
            Way::Whole => write::copy(&plan.path, self.folder, name, self.cancel)
                .map_err(|error| self.unwritten(error)),
            Way::Bare(target) => self.encode(plan, name, *target, true),
            Way::Encoded(target) => self.encode(plan, name, *target, false),
        }));
        made.unwrap_or_else(|_| {
            let reason = message!("the program failed over it; please report this file");
            Err(Trouble::Photo(reason))
        })
    }

    fn encode(&self, plan: &Plan, name: &Name, target: Target, bare: bool) -> Result<(), Trouble> {
        let limits = Limits::default();
        let mut room = self.budget.take(plan.size.min(limits.max_file_bytes));
        let bytes = regular::read(&plan.path, limits.max_file_bytes)
            .map_err(|error| self.unwritten(Unwritten::Reading(error)))?;
        let same = if bare { encode::bare(&bytes, target) } else { None };
        let file = match same {
            Some(file) => file,
            None => {
                let undecoded = |error: decode::DecodeError| {
                    Trouble::Photo(message!(
                        "it cannot be decoded: {reason}; as original, in its size and with what it \
                         says, it is copied all the same",
                        reason = error.reason
                    ))
                };
                let picture = decode::open(&bytes, &limits, Detail::Full).map_err(undecoded)?;
                // As much again for a smaller one, its colours and the file of it.
                room.grow(picture.memory().saturating_mul(2));
                self.go_on()?;
                let picture = picture.decode(&mut |more| room.grow(more)).map_err(undecoded)?;
                self.go_on()?;
                encode::encode(&bytes, picture, target, &self.making).map_err(Trouble::Photo)?
            }
        };
        write::write(self.folder, name, &file, self.cancel).map_err(|error| self.unwritten(error))
    }

    fn go_on(&self) -> Result<(), Trouble> {
        if self.cancel.is_cancelled() { Err(Trouble::Cancelled) } else { Ok(()) }
    }

    fn unwritten(&self, error: Unwritten) -> Trouble {
        Trouble::Photo(match error {
            Unwritten::Cancelled => return Trouble::Cancelled,
            Unwritten::Reading(error) if error.kind() == ErrorKind::NotFound => gone(),
            Unwritten::Reading(error) => {
                message!("its file cannot be read: see to it, then export again").because(&error)
            }
            Unwritten::Writing(error) => self.words_of_writing(&error),
        })
    }

    fn words_of_writing(&self, error: &io::Error) -> Message {
        let folder = self.folder.display();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                message!(
                    "there is no room in {folder}: make some, or choose another folder",
                    folder
                )
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                message!("nothing may be written to {folder}: choose another folder", folder)
            }
            ErrorKind::NotFound => message!(
                "{folder} is not there any more: connect its drive, or choose another folder",
                folder
            ),
            ErrorKind::FileTooLarge => {
                message!(
                    "the file is larger than any that {folder} takes: choose another folder",
                    folder
                )
            }
            _ => message!("it cannot be written to {folder}: choose another folder", folder)
                .because(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_disk_refuses_is_told_with_what_to_do() {
        let cancel = Cancel::default();
        let making = Making { quality: 90, longest_edge: None, metadata: true };
        let folder = Path::new("/copies");
        let export = Export { folder, making, budget: Budget::new(1), cancel: &cancel };
        for (kind, says) in [
            (ErrorKind::StorageFull, "there is no room in /copies: make some"),
            (ErrorKind::QuotaExceeded, "there is no room in /copies: make some"),
            (ErrorKind::ReadOnlyFilesystem, "nothing may be written to /copies"),
            (ErrorKind::PermissionDenied, "nothing may be written to /copies"),
            (ErrorKind::NotFound, "/copies is not there any more: connect its drive"),
            (ErrorKind::TimedOut, "it cannot be written to /copies"),
        ] {
            let words = export.words_of_writing(&kind.into()).to_string();
            assert!(words.starts_with(says) && words.contains("choose another folder"), "{words}");
        }
    }
}

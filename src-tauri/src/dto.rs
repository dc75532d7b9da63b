//! What crosses to the page: the engine's values in the words of the front end.
//! `ui/src/lib/backend/dto.ts` is written from these types; a test holds the two
//! together.
//!
//! Ids, counts and times become JavaScript numbers, exact up to 2^53. Paths turn
//! into text here, where what is no Unicode is replaced; the page names photos by
//! id alone.

mod about;
mod duplicates;
mod explain;
mod export;
mod files;
mod folders;
mod insight;
mod listing;
mod message;
mod models;
mod opinions;
mod policy;
mod search;
mod tags;

use std::path::Path;

use afterimage_engine as engine;
use serde::{Deserialize, Serialize};

pub use about::{About, Storage};
pub use duplicates::{DuplicateGroup, DuplicateKind, Restored, Trashed};
pub use explain::Explanation;
pub use export::{ExportProgress, ExportRequest, Exported};
pub use files::Application;
pub use folders::Folder;
pub use insight::{Insight, map_bytes};
pub use listing::{library_listing, page_listing};
pub use message::Message;
pub use models::{Install, Model, Preparing, Removed, models};
pub use opinions::Rated;
pub use policy::{Conditions, Effort, Policy};
pub use search::{
    Completion, NewSavedSearch, Pictures, Reading, SavedSearch, SearchRequest, bytes,
};
pub use tags::{
    Category, Decided, Decision, NewCategory, PhotoTag, ReviewOf, ReviewPage, SidecarReport,
    SidecarSettings, TagTree,
};

/// What the library holds and what it works with.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    pub photos: u64,
    /// Photos that wait to be indexed.
    pub pending: u64,
    pub failed: u64,
    /// Files in formats that cannot be read yet.
    pub skipped: u64,
    /// The model in use; null where none is installed.
    pub model: Option<String>,
    /// The model whose index answers; another one until the one in use is ready.
    pub serving: Option<String>,
    /// How far that is; null where it is ready.
    pub preparing: Option<Preparing>,
    /// What computes, in words.
    pub device: String,
    /// Why it is not a faster one.
    pub device_reason: Option<Message>,
    pub roots: Vec<Root>,
    pub paused: bool,
    /// Why nothing can be changed and what to do, where the library is damaged.
    pub read_only: Option<Message>,
}

impl Overview {
    /// The library at a glance, as it is worked on now.
    pub fn new(status: engine::Status, paused: bool) -> Self {
        let engine::Status {
            photos,
            pending,
            failed,
            skipped,
            model,
            model_problem: _,
            serving,
            preparing,
            models: _,
            device: engine::DeviceReport { asked: _, used, reason: device_reason },
            roots,
            read_only,
        } = status;
        let device = match used {
            engine::DeviceChoice::Auto | engine::DeviceChoice::Cpu => "CPU",
            engine::DeviceChoice::Cuda => "NVIDIA GPU",
            engine::DeviceChoice::Metal => "Apple GPU",
        };
        Self {
            photos,
            pending,
            failed,
            skipped,
            model,
            serving,
            preparing: preparing.map(Preparing::from),
            device: device.to_owned(),
            device_reason: device_reason.map(Message::from),
            roots: roots.into_iter().map(Root::from).collect(),
            paused,
            read_only: read_only.map(Message::from),
        }
    }
}

/// Whether a folder can be reached.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum RootState {
    Online,
    Offline,
    Unreadable,
    Polling,
}

/// What a person does not want to have of a folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Exclusions {
    /// Names at any depth (`*.png`) or, with a slash, paths from the folder.
    pub patterns: Vec<String>,
    /// Leave out what begins with a dot.
    pub hidden: bool,
    /// Leave out folders with a file `.nomedia`.
    pub no_media: bool,
    /// Leave out smaller files.
    pub min_bytes: u64,
}

impl From<engine::Exclusions> for Exclusions {
    fn from(exclusions: engine::Exclusions) -> Self {
        let engine::Exclusions { patterns, hidden, no_media, min_bytes } = exclusions;
        Self { patterns, hidden, no_media, min_bytes }
    }
}

impl From<Exclusions> for engine::Exclusions {
    fn from(exclusions: Exclusions) -> Self {
        let Exclusions { patterns, hidden, no_media, min_bytes } = exclusions;
        Self { patterns, hidden, no_media, min_bytes }
    }
}

/// A folder that the library follows.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Root {
    pub id: i64,
    pub path: String,
    pub state: RootState,
    /// Why it is polled, if it is.
    pub reason: Option<Message>,
    pub photos: u64,
    pub exclusions: Exclusions,
}

impl From<engine::Root> for Root {
    fn from(root: engine::Root) -> Self {
        let engine::Root { id, path, state, reason, photos, exclusions } = root;
        let state = match state {
            engine::RootState::Online => RootState::Online,
            engine::RootState::Offline => RootState::Offline,
            engine::RootState::Unreadable => RootState::Unreadable,
            engine::RootState::Polling => RootState::Polling,
        };
        let (reason, exclusions) = (reason.map(Message::from), exclusions.into());
        Self { id: id.0, path: text(&path), state, reason, photos, exclusions }
    }
}

/// All that is known of a photo. Times are seconds since 1970, sizes are bytes,
/// dimensions are pixels of the upright photo.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Photo {
    pub id: i64,
    /// The id of its root.
    pub root: i64,
    pub path: String,
    pub name: String,
    pub folder: String,
    pub size: u64,
    /// When it was taken, or else when its file was changed.
    pub time: i64,
    /// What tells `time`.
    pub time_source: TimeSource,
    /// The camera's wall clock read as UTC; null where the file does not say.
    pub taken_at: Option<i64>,
    /// How far that clock was ahead of UTC, in minutes.
    pub utc_offset_min: Option<i16>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub camera: Option<String>,
    pub lens: Option<String>,
    pub format: String,
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    pub iso: Option<u32>,
    pub aperture: Option<f64>,
    pub focal_mm: Option<f64>,
    pub exposure_s: Option<f64>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub keywords: Vec<String>,
    /// With the words above them: `Places|Portugal|Lisbon`.
    pub hierarchical_keywords: Vec<String>,
    /// 1 to 5; 0 for none, -1 for rejected.
    pub rating: Option<i8>,
    pub label: Option<String>,
    /// The person marked it.
    pub favourite: bool,
    /// The nearest town.
    pub near: Option<Near>,
    pub offline: bool,
    /// Whether the photo is indexed, and so can be found.
    pub embedded: bool,
}

/// A town with its region and country.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Near {
    pub city: String,
    pub region: String,
    pub country: String,
}

/// What tells when a photo was taken.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum TimeSource {
    Picture,
    Name,
    File,
}

impl From<engine::Photo> for Photo {
    fn from(photo: engine::Photo) -> Self {
        let engine::Photo {
            id,
            root,
            path,
            name,
            folder,
            size,
            time,
            time_source,
            taken_at,
            utc_offset_min,
            width,
            height,
            camera,
            lens,
            lat,
            lon,
            iso,
            aperture,
            focal_mm,
            exposure_s,
            title,
            description,
            keywords,
            hierarchical_keywords,
            rating,
            label,
            favourite,
            near,
            format,
            offline,
            embedded,
        } = photo;
        let time_source = match time_source {
            engine::TimeSource::Picture => TimeSource::Picture,
            engine::TimeSource::Name => TimeSource::Name,
            engine::TimeSource::File => TimeSource::File,
        };
        Self {
            id: id.0,
            root: root.0,
            path: text(&path),
            name,
            folder: text(&folder),
            size,
            time,
            time_source,
            taken_at,
            utc_offset_min,
            width,
            height,
            camera,
            lens,
            format,
            lat,
            lon,
            iso,
            aperture,
            focal_mm,
            exposure_s,
            title,
            description,
            keywords,
            hierarchical_keywords,
            rating,
            label,
            favourite,
            near: near.map(|(city, region, country)| Near { city, region, country }),
            offline,
            embedded,
        }
    }
}

/// A photo that could not be indexed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    pub photo: i64,
    pub path: String,
    pub reason: Message,
    /// True where only a change of the file can help.
    pub permanent: bool,
    pub when: i64,
}

impl From<engine::Failure> for Failure {
    fn from(failure: engine::Failure) -> Self {
        let engine::Failure { photo, path, reason, permanent, when } = failure;
        Self { photo: photo.0, path: text(&path), reason: reason.into(), permanent, when }
    }
}

/// What the engine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Step {
    Scanning,
    LoadingModel,
    Indexing,
    Idle,
    Paused,
    /// Another process indexes this library.
    Waiting,
    DiskFull,
    /// The policy has the work wait; the effort says for what.
    Deferred,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub step: Step,
    pub done: u64,
    pub total: u64,
    pub failed: u64,
    /// Photos a second over the last seconds.
    pub rate: f64,
    pub seconds_left: Option<f64>,
    /// For what it waits, or why it does not go faster.
    pub effort: Effort,
}

impl From<engine::Progress> for Progress {
    fn from(progress: engine::Progress) -> Self {
        let engine::Progress { step, done, total, failed, rate, seconds_left, effort } = progress;
        let step = match step {
            engine::Step::Scanning => Step::Scanning,
            engine::Step::LoadingModel => Step::LoadingModel,
            engine::Step::Indexing => Step::Indexing,
            engine::Step::Idle => Step::Idle,
            engine::Step::Paused => Step::Paused,
            engine::Step::Waiting(_) => Step::Waiting,
            engine::Step::DiskFull => Step::DiskFull,
            engine::Step::Deferred => Step::Deferred,
        };
        Self { step, done, total, failed, rate, seconds_left, effort: effort.into() }
    }
}

/// What the page may branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    Usage,
    NotFound,
    NewerLibrary,
    Cancelled,
    Failed,
}

/// Why a command did not do what it was asked, in plain words.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CommandError {
    pub code: ErrorCode,
    pub message: Message,
}

impl From<engine::Error> for CommandError {
    fn from(error: engine::Error) -> Self {
        let code = match error.code() {
            engine::Code::Usage => ErrorCode::Usage,
            engine::Code::NotFound => ErrorCode::NotFound,
            engine::Code::NewerLibrary => ErrorCode::NewerLibrary,
            engine::Code::Cancelled => ErrorCode::Cancelled,
            engine::Code::Failed => ErrorCode::Failed,
        };
        Self { code, message: error.message().into() }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use ts_rs::TS;

    use super::*;

    #[test]
    fn the_engines_codes_keep_their_names() {
        let error = CommandError::from(engine::Error::newer_library(engine::message!(
            "made by {version}",
            version = "9.0"
        )));
        let json = serde_json::to_value(error).unwrap();
        let part =
            serde_json::json!({"template": "made by {version}", "values": {"version": "9.0"}});
        let message = serde_json::json!({"parts": [part]});
        assert_eq!(json, serde_json::json!({"code": "newerLibrary", "message": message}));
    }

    /// Set to write the front end's file instead of comparing it.
    const WRITE: &str = "AFTERIMAGE_WRITE_BINDINGS";

    #[test]
    fn the_front_ends_types_are_these() {
        keep("ui/src/lib/backend/dto.ts", &bindings());
    }

    /// Compares a file of the front end with what it should be, or writes it.
    pub(super) fn keep(file: &str, written: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(&path, written).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == written,
            "{file} is not what the sources say; write it with\n    \
             {WRITE}=1 cargo test -p afterimage-desktop"
        );
    }

    fn bindings() -> String {
        let config = ts_rs::Config::new().with_large_int("number");
        let mut out = String::from(
            "/**\n * What the desktop shell sends, name for name. Written from \
             src-tauri/src/dto.rs by a test\n * there; change the types in Rust.\n */\n",
        );
        declare::<Overview>(&config, &mut out);
        declare::<Preparing>(&config, &mut out);
        declare::<RootState>(&config, &mut out);
        declare::<Exclusions>(&config, &mut out);
        declare::<Root>(&config, &mut out);
        declare::<Near>(&config, &mut out);
        declare::<TimeSource>(&config, &mut out);
        declare::<Photo>(&config, &mut out);
        declare::<Failure>(&config, &mut out);
        declare::<policy::Pace>(&config, &mut out);
        declare::<Policy>(&config, &mut out);
        declare::<Conditions>(&config, &mut out);
        declare::<Effort>(&config, &mut out);
        declare::<Step>(&config, &mut out);
        declare::<Progress>(&config, &mut out);
        declare::<ErrorCode>(&config, &mut out);
        declare::<message::MessagePart>(&config, &mut out);
        declare::<Message>(&config, &mut out);
        declare::<CommandError>(&config, &mut out);
        declare::<search::Problem>(&config, &mut out);
        declare::<listing::ListingHeader>(&config, &mut out);
        declare::<search::PieceKind>(&config, &mut out);
        declare::<search::Piece>(&config, &mut out);
        declare::<Reading>(&config, &mut out);
        declare::<Completion>(&config, &mut out);
        declare::<search::Crop>(&config, &mut out);
        declare::<search::Example>(&config, &mut out);
        declare::<SavedSearch>(&config, &mut out);
        declare::<DuplicateKind>(&config, &mut out);
        declare::<duplicates::DuplicatePhoto>(&config, &mut out);
        declare::<DuplicateGroup>(&config, &mut out);
        declare::<duplicates::NotTrashed>(&config, &mut out);
        declare::<Trashed>(&config, &mut out);
        declare::<Restored>(&config, &mut out);
        declare::<Folder>(&config, &mut out);
        declare::<Rated>(&config, &mut out);
        declare::<Application>(&config, &mut out);
        declare::<explain::Strength>(&config, &mut out);
        declare::<explain::PartKind>(&config, &mut out);
        declare::<explain::ExplainedPart>(&config, &mut out);
        declare::<Explanation>(&config, &mut out);
        declare::<export::ExportFormat>(&config, &mut out);
        declare::<ExportRequest>(&config, &mut out);
        declare::<ExportProgress>(&config, &mut out);
        declare::<export::NotExported>(&config, &mut out);
        declare::<Exported>(&config, &mut out);
        declare::<about::StoredAt>(&config, &mut out);
        declare::<Storage>(&config, &mut out);
        declare::<About>(&config, &mut out);
        declare::<models::Recommendation>(&config, &mut out);
        declare::<models::ModelState>(&config, &mut out);
        declare::<Model>(&config, &mut out);
        declare::<Install>(&config, &mut out);
        declare::<Removed>(&config, &mut out);
        declare::<tags::CategoryOrigin>(&config, &mut out);
        declare::<Category>(&config, &mut out);
        declare::<TagTree>(&config, &mut out);
        declare::<Decision>(&config, &mut out);
        declare::<PhotoTag>(&config, &mut out);
        declare::<ReviewOf>(&config, &mut out);
        declare::<tags::ReviewPhoto>(&config, &mut out);
        declare::<ReviewPage>(&config, &mut out);
        declare::<tags::Learned>(&config, &mut out);
        declare::<Decided>(&config, &mut out);
        declare::<NewCategory>(&config, &mut out);
        declare::<tags::SidecarNaming>(&config, &mut out);
        declare::<SidecarSettings>(&config, &mut out);
        declare::<tags::SidecarFailure>(&config, &mut out);
        declare::<tags::SidecarExample>(&config, &mut out);
        declare::<SidecarReport>(&config, &mut out);
        declare::<insight::Plot>(&config, &mut out);
        declare::<insight::InsightWarning>(&config, &mut out);
        declare::<insight::Figure>(&config, &mut out);
        declare::<Insight>(&config, &mut out);
        declare::<insight::MapCluster>(&config, &mut out);
        out
    }

    /// Writes a type as the front end's formatter would: a struct as an interface
    /// with a field a line, an enum as a union of strings.
    fn declare<T: TS>(config: &ts_rs::Config, out: &mut String) {
        out.push('\n');
        comment(T::docs().as_deref(), "", out);
        let body = T::inline(config);
        if body.contains("} | {") {
            // A union of objects, one a line.
            let parts = body.split(" | {").map(|part| part.trim_matches(|c| "{} ,".contains(c)));
            let parts = parts.map(|part| part.replace("\"kind\"", "kind").replace(", ", "; "));
            let parts: Vec<String> = parts.map(|part| format!("\n  | {{ {part} }}")).collect();
            out.push_str(&format!("export type {} ={};\n", T::ident(config), parts.concat()));
            return;
        }
        let Some(fields) = body.strip_prefix('{').and_then(|body| body.strip_suffix('}')) else {
            let name = T::ident(config);
            let line = format!("export type {name} = {body};\n");
            // The formatter's width, and the line's end.
            let broken = match (line.len(), body.len()) {
                (..=101, _) => line,
                (_, ..=97) => format!("export type {name} =\n  {body};\n"),
                _ => format!("export type {name} =\n  | {};\n", body.replace(" | ", "\n  | ")),
            };
            out.push_str(&broken);
            return;
        };
        out.push_str(&format!("export interface {} {{\n", T::ident(config)));
        let mut rest = fields.trim();
        while !rest.is_empty() {
            if let Some((docs, after)) = rest.split_once("*/")
                && docs.starts_with("/**")
            {
                comment(Some(&format!("{docs}*/")), "  ", out);
                rest = after.trim_start();
            }
            let (field, after) = first_field(rest);
            let field = field.trim();
            let array = field
                .split_once(": Array<")
                .and_then(|(name, of)| Some((name, of.strip_suffix('>')?)));
            match array {
                Some((name, of)) => out.push_str(&format!("  {name}: {of}[];\n")),
                None => out.push_str(&format!("  {field};\n")),
            }
            rest = after.trim_start();
        }
        out.push_str("}\n");
    }

    /// Up to a comma that stands in no angle brackets, and what is behind it.
    fn first_field(fields: &str) -> (&str, &str) {
        let mut depth = 0;
        for (at, c) in fields.char_indices() {
            match c {
                '<' => depth += 1,
                '>' => depth -= 1,
                ',' if depth == 0 => return (&fields[..at], &fields[at + 1..]),
                _ => {}
            }
        }
        (fields, "")
    }

    /// Writes a documentation comment, on one line where it has one.
    fn comment(docs: Option<&str>, indent: &str, out: &mut String) {
        let Some(docs) = docs else { return };
        let lines: Vec<&str> = docs
            .lines()
            .map(|line| line.trim().trim_start_matches("/**").trim_start_matches("*/"))
            .map(|line| line.trim_start_matches('*').trim())
            .filter(|line| !line.is_empty())
            .collect();
        match lines[..] {
            [] => {}
            [line] => out.push_str(&format!("{indent}/** {line} */\n")),
            _ => {
                out.push_str(&format!("{indent}/**\n"));
                for line in lines {
                    out.push_str(&format!("{indent} * {line}\n"));
                }
                out.push_str(&format!("{indent} */\n"));
            }
        }
    }
}

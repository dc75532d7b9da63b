//! Libraries of many photos that nobody took, and what such a library costs.
//!
//! The files are there, each of a few bytes, so that folders are looked at and
//! watched as always; what reading them would have told is made up: a vector in
//! a random direction, a thumbnail of one grey, cameras and dates.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::drawings::Drawing;
use super::machine::resident_bytes;
use super::{go_on, scratch};
use crate::catalog::ReadPhoto;
use crate::derived::Computed;
use crate::error::{Context, Error, Result};
use crate::jobs::{Cancel, Control, Step};
use crate::metadata::Metadata;
use crate::model::{Embedding, Encoder};
use crate::view::{Event, SearchRequest};
use crate::{Engine, OpenOptions};

/// Photos in a folder.
const TOGETHER: usize = 100;

/// Photos stored at once.
const AT_ONCE: usize = 2000;

/// When they were taken, in seconds since 1970: from 2004 on, for twenty years.
const FIRST_DAY: i64 = 1_073_000_000;
const YEARS: i64 = 20 * 365 * 86_400;

/// Where a question is given, one photo of so many answers it.
const ANSWERS: usize = 50;

/// Longer than it takes until memory is given back; see `jobs::follow`.
const REST: Duration = Duration::from_secs(20);

/// How long a library is waited for that does not come to rest.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a window costs that is open on a library, searched once and left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    /// Photos in the library.
    pub photos: usize,
    /// The model in use.
    pub model: String,
    /// Components of each vector.
    pub dim: usize,
    /// The memory of this process, file pages included; `None` where the system
    /// does not tell.
    pub resident_bytes: Option<u64>,
}

impl Idle {
    /// Makes a library of `photos` photos, which is deleted afterwards, follows
    /// and searches it as the window does, and waits until it rests.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) where no model is installed;
    /// where the library cannot be written; when it was stopped.
    pub fn measure(photos: usize, options: OpenOptions, control: &Control) -> Result<Self> {
        let scratch = scratch()?;
        let folder = scratch.path().join("photos");
        let options = OpenOptions {
            library: scratch.path().join("library"),
            // Towers go when nobody uses them; here nobody waits minutes for it.
            unload_after: Some(Duration::from_secs(1)),
            ..options
        };
        make(&Engine::open(options.clone())?, &folder, photos, None, &[Drawing::grey()?], control)?;

        let engine = Engine::open(options)?;
        let (sender, rests) = mpsc::channel();
        let _background = engine.start(move |event| {
            if let Event::Progress(progress) = event
                && progress.step == Step::Idle
            {
                // Whoever waited may have given up.
                let _ = sender.send(());
            }
        });
        let began = Instant::now();
        while rests.recv_timeout(Duration::from_secs(1)).is_err() {
            go_on(control)?;
            if began.elapsed() > PATIENCE {
                return Err(Error::failed(message!("the library did not come to rest")));
            }
        }
        let query = SearchRequest { query: "a dog".into(), limit: Some(100), ..Default::default() };
        let page = engine.search(&query, &Cancel::default())?;
        if page.total != photos {
            return Err(Error::failed(message!(
                "{total} of {photos} photos were ranked",
                total = page.total,
                photos
            )));
        }
        let rested = Instant::now();
        while rested.elapsed() < REST {
            go_on(control)?;
            std::thread::sleep(Duration::from_millis(200));
        }
        let model = engine.current_model()?;
        Ok(Self { photos, model: model.id, dim: model.dim, resident_bytes: resident_bytes() })
    }
}

/// Makes a library of photos that nobody took, and leaves it, for the window to be
/// measured on: `library` and `photos` in a folder that is not there yet. The photos
/// have the shapes and the colours of real ones.
///
/// # Errors
/// [`Code::Usage`](crate::Code::Usage) where the folder is there; as [`Idle::measure`].
pub fn make_library(
    dir: &Path,
    photos: usize,
    options: OpenOptions,
    control: &Control,
) -> Result<()> {
    if dir.exists() {
        return Err(Error::usage(message!(
            "{dir} is there already: name a folder that is not there yet",
            dir = dir.display()
        )));
    }
    let options = OpenOptions { library: dir.join("library"), ..options };
    let folder = dir.join("photos");
    fs::create_dir_all(&folder)
        .context(|| message!("cannot make {folder}", folder = folder.display()))?;
    make(&Engine::open(options)?, &folder, photos, None, &Drawing::many()?, control)
}

/// Fills a library, and a folder that it has for its only root. Some of the photos
/// answer the question `shown`; each looks like one of the drawings.
pub(super) fn make(
    engine: &Engine,
    folder: &Path,
    photos: usize,
    shown: Option<&str>,
    drawings: &[Drawing],
    control: &Control,
) -> Result<()> {
    for number in 0..photos {
        let within = folder.join(format!("{:04}", number / TOGETHER));
        if number % TOGETHER == 0 {
            go_on(control)?;
            fs::create_dir_all(&within).context(|| {
                message!("cannot make the folder {within}", within = within.display())
            })?;
        }
        let file = within.join(format!("IMG_{number:06}.jpg"));
        fs::write(&file, number.to_le_bytes())
            .context(|| message!("cannot write {file}", file = file.display()))?;
    }
    let root = engine.add_root(folder)?;
    engine.scan(&[root.id], control, &|_| {})?;
    let library = &engine.0;
    let model = library.in_use()?.current;
    let key = library.key(&model)?;
    let shown = match shown {
        Some(text) => library.encoders.get(&model)?.encode_texts(&[text])?.pop(),
        None => None,
    };
    let mut random = Random(1);
    for batch in library.catalog.reachable_photos()?.chunks(AT_ONCE) {
        go_on(control)?;
        let mut computed = Vec::with_capacity(batch.len());
        let mut read = Vec::with_capacity(batch.len());
        for photo in batch {
            let row = library.catalog.photo(photo.id)?;
            let row =
                row.ok_or_else(|| Error::failed(message!("a photo went while it was made up")))?;
            let hash = *blake3::hash(&photo.id.to_le_bytes()).as_bytes();
            let number = photo.id.unsigned_abs() as usize;
            let drawing = &drawings[number % drawings.len()];
            let (width, height) = (drawing.size.width, drawing.size.height);
            let near = shown.as_ref().filter(|_| number.is_multiple_of(ANSWERS));
            computed.push(Computed {
                hash,
                vector: Some(random.direction(model.dim, near.map(Embedding::as_slice))?),
                thumbnail: Some(drawing.thumbnail()),
            });
            let metadata = Metadata {
                camera: Some(["Camera Mark II", "Phone 7", "Compact Z"][number % 3].to_owned()),
                iso: Some(100 << (number % 7)),
                taken_at: Some(FIRST_DAY + (number % photos) as i64 * YEARS / photos as i64),
                ..Metadata::default()
            };
            read.push((
                photo.id,
                row.stat,
                ReadPhoto { hash, width, height, metadata, ..Default::default() },
            ));
        }
        library.derived.store(key, &computed)?;
        library.catalog.store_read(&read)?;
    }
    Ok(())
}

/// Marsaglia's xorshift: the same library every time.
struct Random(u64);

impl Random {
    /// Between 0 and 1.
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }

    /// A vector of length 1 in a random direction, or between that and another one,
    /// as little-endian f16. Sums of four even numbers are near enough to normal
    /// ones.
    fn direction(&mut self, dim: usize, near: Option<&[f32]>) -> Result<Vec<u8>> {
        let values: Vec<f32> =
            (0..dim).map(|_| (0..4).map(|_| self.next()).sum::<f32>() - 2.0).collect();
        let mut vector = Embedding::from_raw(values)?;
        if let Some(near) = near {
            let between = vector.as_slice().iter().zip(near).map(|(a, b)| 2.0 * a + b).collect();
            vector = Embedding::from_raw(between)?;
        }
        Ok(vector.to_f16_le_bytes())
    }
}

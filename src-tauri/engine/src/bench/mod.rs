//! Measurements of this machine, through the calls that people wait for.
//!
//! What is measured is a [`Subject`]: a model that is installed, or a well-known
//! one of random weights. One convention: a speed is the median of a few rounds
//! after one call that is not counted, since others use the machine, too.

mod architecture;
mod crowd;
mod drawings;
mod machine;
mod questions;
mod tags;
mod vectors;

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use image::{ImageReader, RgbImage};
use parking_lot::Mutex;
use tempfile::TempDir;

use crate::decode::{self, Detail, Limits, THUMBNAIL_SIDE};
use crate::error::{Context, Error, Result};
use crate::jobs::{Control, Progress, Step};
use crate::model::{Encoder, Guarded};
use crate::scan::{self, Seen};
use crate::{
    Code, DeviceChoice, EmbedInput, Engine, ModelState, OpenOptions, PairCheck, Precision,
};

pub use architecture::Architecture;
pub use crowd::{Idle, make_library};
pub use machine::{Machine, peak_bytes};
pub use questions::Questions;
pub use tags::Tags;
pub use vectors::Vectors;

/// Rounds that a speed is the median of.
const ROUNDS: usize = 5;

/// Tokens that a text may have: a word between start and end at least, and no
/// more than CLIP's context, to which a longer text is cut.
const TOKENS: RangeInclusive<usize> = 3..=77;

/// Megapixels at which a class of photos ends and the next begins.
const CLASSES: [(f64, &str); 4] =
    [(1.0, "<1"), (6.0, "1-6"), (12.0, "6-12"), (f64::INFINITY, ">12")];

/// A model to measure.
#[derive(Debug)]
pub struct Subject {
    /// What it is called.
    pub name: String,
    folder: PathBuf,
    /// Where weights were made up; deleted with this.
    _scratch: Option<TempDir>,
}

impl Subject {
    /// A well-known architecture, an installed model by its id, or a folder that
    /// holds one.
    ///
    /// # Errors
    /// [`Code::Usage`] where it is none of them, a model that cannot be used, or
    /// a device that this build does not know; when it was stopped.
    pub fn find(name: &str, options: &OpenOptions, control: &Control) -> Result<Self> {
        // Before weights are made up for nothing.
        if let Some(device) = options.device.filter(|&device| device != DeviceChoice::Auto) {
            device.device()?;
        }
        if let Some(architecture) = Architecture::find(name) {
            let scratch = scratch()?;
            let folder = scratch.path().join(name);
            fs::create_dir(&folder)
                .context(|| message!("cannot make {folder}", folder = folder.display()))?;
            architecture.write(&folder)?;
            go_on(control)?;
            return Ok(Self { name: name.to_owned(), folder, _scratch: Some(scratch) });
        }
        let model = options.models().find(name).map_err(|error| match error.code() {
            Code::NotFound => {
                let known: Vec<_> = architecture::ARCHITECTURES.iter().map(|a| a.name).collect();
                Error::usage(message!(
                    "no model \"{name}\": name one of {file}, an installed one, or a folder",
                    name,
                    file = known.join(", ")
                ))
            }
            _ => error,
        })?;
        if let ModelState::Broken(reason) = model.state {
            return Err(Error::usage(message!(
                "the model {name} cannot be used: {reason}",
                name,
                reason
            )));
        }
        let folder = fs::canonicalize(&model.folder)
            .context(|| message!("cannot open {folder}", folder = model.folder.display()))?;
        Ok(Self { name: model.id, folder, _scratch: None })
    }

    /// Options for a library that has this model alone, as one that came with the
    /// application: those are taken as they are, and nothing is written into their
    /// folders.
    fn alone(&self, library: PathBuf, options: OpenOptions) -> OpenOptions {
        let bundled_models = self.folder.parent().map(Path::to_owned).into_iter().collect();
        OpenOptions { library, models: None, bundled_models, ..options }
    }

    /// Has the library embed with it, whatever its weights are.
    fn used_by(&self, engine: &Engine) -> Result<()> {
        let id = self.folder.file_name().unwrap_or_default().to_string_lossy();
        engine.use_model(&id, PairCheck::Skipped).map(drop)
    }

    /// Opens it. Its towers load when they are first used.
    ///
    /// # Errors
    /// Where the model or the device cannot be used.
    pub fn open(&self, device: DeviceChoice, precision: Precision) -> Result<Towers> {
        Ok(Towers { encoder: Guarded::open(&self.folder, device, precision)?, precision })
    }
}

/// An error once the work was stopped, so that whoever measures leaves the way
/// on which made-up weights are deleted.
fn go_on(control: &Control) -> Result<()> {
    if control.is_stopped() {
        return Err(Error::failed(message!("stopped: nothing more was measured")));
    }
    Ok(())
}

fn scratch() -> Result<TempDir> {
    tempfile::tempdir().context(|| message!("cannot make a temporary folder to measure in"))
}

/// How fast something was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    /// How often it was done in a second: the median of the rounds.
    pub per_second: f64,
    /// Rounds that were measured.
    pub rounds: usize,
}

impl Speed {
    /// Calls `work` again and again for about `time`, and once before. A call
    /// does as many things as it returns.
    fn measure(
        time: Duration,
        control: &Control,
        mut work: impl FnMut() -> Result<usize>,
    ) -> Result<Self> {
        let mut work = || {
            go_on(control)?;
            work()
        };
        work()?;
        let began = Instant::now();
        let mut rounds = Vec::with_capacity(ROUNDS);
        // What takes longer than a round is called less often, once at least.
        while rounds.len() < ROUNDS && (rounds.is_empty() || began.elapsed() < time) {
            let round = Instant::now();
            let mut done = 0;
            while done == 0 || round.elapsed() < time / ROUNDS as u32 {
                done += work()?;
            }
            rounds.push(done as f64 / round.elapsed().as_secs_f64());
        }
        go_on(control)?;
        rounds.sort_by(f64::total_cmp);
        Ok(Self { per_second: rounds[rounds.len() / 2], rounds: rounds.len() })
    }

    /// How long one takes, in milliseconds.
    pub fn ms(self) -> f64 {
        1e3 / self.per_second
    }
}

/// An open model.
pub struct Towers {
    encoder: Guarded,
    precision: Precision,
}

impl Towers {
    /// What computes. Until a tower was used, what will be tried first.
    pub fn device(&self) -> DeviceChoice {
        self.encoder.report().used
    }

    /// How exactly it computes.
    pub fn precision(&self) -> Precision {
        precision_on(self.device(), self.precision)
    }

    /// Components of a vector.
    pub fn dim(&self) -> usize {
        self.encoder.dim()
    }

    /// Embeds texts and image files once each, and returns how many seconds that
    /// took; with towers that are not loaded yet, the wait of who just started.
    ///
    /// # Errors
    /// As [`Engine::embed`]; when it was stopped.
    pub fn embed(&self, inputs: &[EmbedInput], control: &Control) -> Result<f64> {
        let began = Instant::now();
        for input in inputs {
            go_on(control)?;
            crate::embed(&self.encoder, slice::from_ref(input))?;
        }
        let seconds = began.elapsed().as_secs_f64();
        go_on(control)?;
        Ok(seconds)
    }

    /// Images a second through the image tower, `batch` of them a call, prepared
    /// beforehand.
    ///
    /// # Errors
    /// [`Code::Usage`] for a batch of none; where the tower fails; when it was
    /// stopped.
    pub fn images(&self, batch: usize, time: Duration, control: &Control) -> Result<Speed> {
        if batch == 0 {
            return Err(Error::usage(message!("a batch must have at least one image")));
        }
        // Unlike each other, as photos are; a tower may not profit from zeros.
        let noise = |seed: usize| {
            let mut state = seed as u32 + 1;
            RgbImage::from_fn(256, 256, |_, _| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let [_, r, g, b] = state.to_le_bytes();
                [r, g, b].into()
            })
        };
        let inputs: Vec<RgbImage> =
            (0..batch).map(|seed| self.encoder.preprocess(&noise(seed))).collect::<Result<_>>()?;
        Speed::measure(time, control, || Ok(self.encoder.encode_images(&inputs)?.len()))
    }

    /// Texts a second through the text tower, one a call, each of so many of
    /// CLIP's tokens; another vocabulary may cut them into more.
    ///
    /// # Errors
    /// [`Code::Usage`] for fewer tokens than a text has, and for more than fit;
    /// where the tower fails; when it was stopped.
    pub fn texts(&self, tokens: usize, time: Duration, control: &Control) -> Result<Speed> {
        let text = text_of(tokens)?;
        Speed::measure(time, control, || Ok(self.encoder.encode_texts(&[&text])?.len()))
    }

    /// Photos a second that are read, decoded, and made into a thumbnail and the
    /// image tower's input, on so many threads: what indexing does but for
    /// embedding and storing.
    ///
    /// # Errors
    /// [`Code::Usage`] for no thread, and for no photos; where a photo cannot be
    /// decoded, which [`readable`](Self::readable) leaves out; when it was stopped.
    pub fn decode(
        &self,
        class: &SizeClass,
        threads: usize,
        time: Duration,
        control: &Control,
    ) -> Result<Speed> {
        if threads == 0 {
            return Err(Error::usage(message!("decoding needs at least one thread")));
        }
        let photos = &class.photos;
        if photos.is_empty() {
            return Err(Error::usage(message!("there are no photos to decode")));
        }
        // So many that no thread idles for long while another has the last one.
        let count = photos.len().max(8 * threads);
        let pass = || {
            let next = AtomicUsize::new(0);
            let work = || -> Result<()> {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok(());
                    }
                    go_on(control)?;
                    self.prepare(&photos[number % photos.len()])?;
                }
            };
            thread::scope(|scope| {
                let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                let ended = workers.into_iter().map(|worker| {
                    worker
                        .join()
                        .unwrap_or_else(|_| Err(Error::failed(message!("a decoder panicked"))))
                });
                ended.collect::<Result<()>>()
            })?;
            Ok(count)
        };
        Speed::measure(time, control, pass)
    }

    /// Those photos of a class that can be decoded; maybe none.
    ///
    /// # Errors
    /// When it was stopped.
    pub fn readable(&self, class: &SizeClass, control: &Control) -> Result<SizeClass> {
        let mut photos = Vec::with_capacity(class.photos.len());
        for photo in &class.photos {
            go_on(control)?;
            if self.prepare(photo).is_ok() {
                photos.push(photo.clone());
            }
        }
        Ok(SizeClass { photos, ..*class })
    }

    /// Does with a photo what indexing does before it is embedded.
    fn prepare(&self, photo: &Path) -> Result<()> {
        let cannot = || message!("cannot read {photo}", photo = photo.display());
        let bytes = fs::read(photo).context(cannot)?;
        let decoded = self.decoded(&bytes).context(cannot)?;
        decode::thumbnail(&decoded, THUMBNAIL_SIDE).context(cannot)?;
        self.encoder.preprocess(&decoded.rgb)?;
        Ok(())
    }

    /// A photo's pixels, as many as indexing asks for.
    fn decoded(&self, bytes: &[u8]) -> Result<decode::Decoded, decode::DecodeError> {
        let detail = Detail::indexed(self.encoder.least_side());
        decode::decode(bytes, &Limits::default(), detail)
    }
}

/// How exactly images are computed where `precision` was asked for: the choice
/// is the processor's alone, and only if it gains by it.
fn precision_on(device: DeviceChoice, precision: Precision) -> Precision {
    if device == DeviceChoice::Cpu { precision.here() } else { Precision::F32 }
}

/// A text of so many of CLIP's tokens, start and end included.
fn text_of(tokens: usize) -> Result<String> {
    if !TOKENS.contains(&tokens) {
        let (least, most) = (TOKENS.start(), TOKENS.end());
        return Err(Error::usage(message!(
            "a text cannot have {tokens} tokens: {least} to {most} with start and end",
            tokens,
            least,
            most
        )));
    }
    let known = ["a", "photo", "of", "the", "dog", "in", "snow", "with", "two", "people"];
    Ok(known.into_iter().cycle().take(tokens - 2).collect::<Vec<_>>().join(" "))
}

/// Photos of about one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeClass {
    /// From so many to so many million pixels, such as `1-6`, `<1` or `>12`.
    pub megapixels: &'static str,
    photos: Vec<PathBuf>,
}

impl SizeClass {
    /// The photos in a folder and beneath it, by their size, small ones first.
    /// Those whose size cannot be told are left out.
    ///
    /// # Errors
    /// [`Code::Usage`] where there is no such folder, or no photo in it;
    /// [`Code::Failed`] where the size of none of them can be told.
    pub fn of_folder(folder: &Path) -> Result<Vec<Self>> {
        let found = photos(folder)?;
        let count = found.len();
        let mut classes: BTreeMap<usize, Vec<PathBuf>> = BTreeMap::new();
        for photo in found {
            let Some(pixels) = pixels(&photo) else { continue };
            let class = CLASSES.iter().position(|&(end, _)| (pixels as f64) < end * 1e6);
            classes.entry(class.unwrap_or(CLASSES.len() - 1)).or_default().push(photo);
        }
        if classes.is_empty() {
            return Err(none_read(count, folder));
        }
        let class = |(class, photos): (usize, _)| Self { megapixels: CLASSES[class].1, photos };
        Ok(classes.into_iter().map(class).collect())
    }

    /// How many photos it has.
    pub fn photos(&self) -> usize {
        self.photos.len()
    }
}

/// The photos in a folder and beneath it by their names, in order: one at least.
///
/// # Errors
/// [`Code::Usage`] where there is no such folder, or no photo in it.
pub fn photos(folder: &Path) -> Result<Vec<PathBuf>> {
    let classify = |path: &Path| match decode::support(path) {
        decode::Support::Decodable(_) => Seen::Photo,
        decode::Support::NotYet(_) | decode::Support::NotAPhoto => Seen::Other,
    };
    fs::read_dir(folder).map_err(|e| {
        Error::usage(message!("cannot list {folder}", folder = folder.display())).with(e)
    })?;
    let walker = scan::Walker {
        root: 0,
        root_path: folder,
        other_roots: &[],
        rules: &scan::Rules::none(),
        classify: &classify,
        entering: &|_| {},
    };
    let mut found = walker.walk(None).photos;
    if found.is_empty() {
        return Err(no_photos(folder));
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found.into_iter().map(|photo| folder.join(photo.path)).collect())
}

fn no_photos(folder: &Path) -> Error {
    Error::usage(message!("no photos found in {folder}", folder = folder.display()))
}

/// So many photos were found, and nothing could be measured with any.
fn none_read(count: usize, folder: &Path) -> Error {
    let of =
        if count == 1 { "the only photo".to_owned() } else { format!("any of {count} photos") };
    Error::failed(message!("cannot read {of} in {folder}", of, folder = folder.display()))
}

/// How many pixels a photo has by its header.
fn pixels(photo: &Path) -> Option<u64> {
    let bytes = fs::read(photo).ok()?;
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let (width, height) = reader.into_dimensions().ok()?;
    Some(u64::from(width) * u64::from(height))
}

/// What indexing a folder took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pipeline {
    /// Photos that were decoded, embedded and stored.
    pub photos: u64,
    /// Photos that could not be.
    pub failed: u64,
    /// From the first look at the folder to the last commit.
    pub seconds: f64,
    /// The part of it in which the model was loaded, which a run of a large
    /// library pays once.
    pub loading: f64,
    /// What computed the vectors.
    pub device: DeviceChoice,
    /// How exactly.
    pub precision: Precision,
    /// It was stopped before everything was done.
    pub stopped: bool,
}

impl Pipeline {
    /// Photos a second once the model is loaded.
    pub fn per_second(&self) -> f64 {
        self.photos as f64 / (self.seconds - self.loading).max(1e-9)
    }

    /// Indexes a folder into a library of its own, which is deleted afterwards.
    ///
    /// # Errors
    /// [`Code::Usage`] where there is no such folder, or no photo in it;
    /// [`Code::Failed`] where none of them can be read; else as [`Engine::index`].
    pub fn measure(
        folder: &Path,
        subject: &Subject,
        options: OpenOptions,
        control: &Control,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self> {
        let library = scratch()?;
        let precision = options.precision.unwrap_or_default();
        let engine = Engine::open(subject.alone(library.path().to_owned(), options))?;
        let root = engine.add_root(folder)?;
        subject.used_by(&engine)?;

        let loading = Mutex::new((None, Duration::ZERO));
        let watch = |now: Progress| {
            let (began, total) = &mut *loading.lock();
            if now.step == Step::LoadingModel {
                began.get_or_insert_with(Instant::now);
            } else if let Some(began) = began.take() {
                *total += began.elapsed();
            }
            progress(now);
        };
        let report = engine.index(&[root.id], control, &watch)?;
        // A speed of nothing says nothing.
        if report.embedded == 0 && !report.stopped {
            return Err(match report.failed {
                0 => no_photos(folder),
                failed => none_read(failed as usize, folder),
            });
        }
        let loading = loading.lock().1.as_secs_f64();
        let device = engine.device().used;
        Ok(Self {
            photos: report.embedded,
            failed: report.failed,
            seconds: report.seconds,
            loading,
            device,
            precision: precision_on(device, precision),
            stopped: report.stopped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CLIP_TOKENIZER;

    #[test]
    fn a_text_has_the_tokens_that_it_should() {
        let tokenizer = tokenizers::Tokenizer::from_bytes(CLIP_TOKENIZER).unwrap();
        for tokens in [3, 5, 12, 77] {
            let encoding = tokenizer.encode(text_of(tokens).unwrap(), true).unwrap();
            assert_eq!(encoding.len(), tokens);
        }
        for tokens in [0, 2, 78] {
            assert_eq!(text_of(tokens).unwrap_err().code(), Code::Usage);
        }
    }

    #[test]
    fn a_speed_counts_what_a_call_does() {
        let mut calls = 0;
        let speed = Speed::measure(Duration::ZERO, &Control::default(), || {
            calls += 1;
            thread::sleep(Duration::from_millis(2));
            Ok(4)
        })
        .unwrap();
        assert_eq!((calls, speed.rounds), (2, 1));
        assert!(speed.per_second <= 2000.0 && speed.ms() >= 0.5, "{speed:?}");
    }

    #[test]
    fn a_measurement_ends_once_it_is_stopped() {
        let control = Control::default();
        let mut calls = 0;
        let stopped = Speed::measure(Duration::from_secs(600), &control, || {
            calls += 1;
            if calls == 3 {
                control.stop();
            }
            Ok(1)
        });
        assert!(stopped.unwrap_err().to_string().contains("stopped"));
        assert_eq!(calls, 3);
    }

    #[test]
    fn photos_are_told_apart_by_size() {
        let folder = tempfile::tempdir().unwrap();
        let photo = |name: &str, width, height| {
            RgbImage::new(width, height).save(folder.path().join(name)).unwrap();
        };
        photo("small.png", 10, 10);
        photo("also-small.jpg", 30, 20);
        photo("large.png", 2000, 1000);
        fs::write(folder.path().join("broken.jpg"), "no picture").unwrap();
        let classes = SizeClass::of_folder(folder.path()).unwrap();
        let counts: Vec<_> = classes.iter().map(|c| (c.megapixels, c.photos.len())).collect();
        assert_eq!(counts, [("<1", 2), ("1-6", 1)]);
    }
}

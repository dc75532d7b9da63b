//! The pipeline that makes pending photos findable.
//!
//! Threads, one a core, read, hash and decode; the calling thread embeds whole
//! batches; one thread stores. The queues between them are short and the files
//! and pictures of the decoding threads share a budget, so memory holds a few
//! photos, not the library.
//!
//! While the work is to be polite, one more thread, of low priority, decodes in
//! place of those, and another one embeds, a few photos at a time. They are
//! threads of their own since none gets its priority back. Between any two
//! photos, or few, the run looks what it may do now.
//!
//! Results are stored in batches, derived data first: the catalog never claims
//! what the derived store does not hold, so a process that dies at any moment
//! loses the batch in flight and nothing else. Photos that were being decoded when
//! it died are decoded last, each by itself ([`Register`]).

use std::borrow::Cow;
use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use image::RgbImage;
use parking_lot::Mutex;

use super::budget::{Budget, Room};
use super::control::{Control, Progress, RateMeter, Step};
use super::now;
use super::photo_file::{Trouble, describe, read_file};
use super::register::Register;
use crate::catalog::{
    Catalog, ContentHash, Failed, PendingPhoto, ReadPhoto, Stat, Stored, given_up,
};
use crate::decode::{self, DecodeError, Detail, Format, Limits, THUMBNAIL_SIDE};
use crate::derived::{Computed, Derived, ModelKey, Size, ThumbnailRow};
use crate::error::{Error, Result};
use crate::model::{self, Encoder};
use crate::priority;

/// Photos stored in one transaction, and the longest that a finished one waits.
const STORE_PHOTOS: usize = 64;
const STORE_AFTER: Duration = Duration::from_millis(500);

/// How often the embedding thread looks around while it waits for photos.
const TICK: Duration = Duration::from_millis(100);

/// Photos that are embedded together while the work is polite: on one core more
/// gain nothing, and the run is to notice within seconds what it may do.
const POLITE_BATCH: usize = 4;

/// What files and their pixels may take while they are decoded: for a core, a
/// photo of an ordinary size; beside that, one of 30 megapixels whose format
/// has to be decoded whole. Larger ones go alone.
const MEMORY: u64 = 96 << 20;
const MEMORY_PER_CORE: u64 = 8 << 20;

/// What a run needs.
pub(crate) struct Pipeline<'a> {
    pub catalog: &'a Catalog,
    pub derived: &'a Derived,
    pub encoder: Arc<dyn Encoder>,
    pub model: ModelKey,
    pub register: &'a Register,
    pub control: &'a Control,
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Told of photos whose vectors are stored, and of photos that failed and
    /// have none any more.
    pub stored: &'a (dyn Fn(&[Searchable], &[i64]) + Sync),
}

/// A photo's id and its vector, as little-endian f16.
pub(crate) type Searchable = (i64, Vec<u8>);

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub embedded: u64,
    /// Read, and found to have a vector already.
    pub reused: u64,
    pub failed: u64,
    /// Found to be a missing photo at a new place.
    pub moved: u64,
    /// Changed or gone since they were listed; the next scan sees them.
    pub passed_over: Vec<i64>,
}

/// A photo between two stages.
struct Decoded {
    id: i64,
    stat: Stat,
    read: ReadPhoto,
    thumbnail: Option<ThumbnailRow>,
    /// The image tower's input, where there is no vector yet.
    input: Option<RgbImage>,
}

/// Photos to be embedded together.
#[derive(Default)]
struct Batch {
    photos: Vec<Decoded>,
    /// Photos of the same bytes as others of this batch, or of those before it.
    copies: Vec<Decoded>,
    /// Hashes of photos whose vectors may not be stored yet.
    recent: VecDeque<ContentHash>,
}

impl Batch {
    /// More photos than are ever between two stages.
    const RECENT: usize = 1024;

    /// Adds a photo, to be embedded unless it is a copy of one that is.
    fn push(&mut self, mut photo: Decoded) {
        let hash = photo.read.hash;
        if self.recent.contains(&hash) {
            photo.input = None;
            self.copies.push(photo);
            return;
        }
        self.recent.truncate(Self::RECENT - 1);
        self.recent.push_front(hash);
        self.photos.push(photo);
    }
}

enum Outcome {
    Decoded(Box<Decoded>),
    Failed {
        id: i64,
        stat: Stat,
        error: DecodeError,
    },
    PassedOver(i64),
    /// A store failed, for which no photo is to blame.
    Broken(Error),
}

enum Finished {
    Read { decoded: Box<Decoded>, vector: Option<Vec<u8>> },
    Failed { id: i64, stat: Stat, error: DecodeError },
    PassedOver(i64),
}

impl Pipeline<'_> {
    /// Works through `pending` in its order. `interrupted` is asked several
    /// times a second; once it is true, the run stores what is in flight and
    /// ends.
    ///
    /// # Errors
    /// Where the model cannot be used or a store cannot be written. What is
    /// wrong with a single photo is recorded with it instead.
    pub fn run(&self, pending: &[PendingPhoto], interrupted: &dyn Fn() -> bool) -> Result<Totals> {
        if pending.is_empty() {
            return Ok(Totals::default());
        }
        let _running = self.control.run();
        let total = pending.len() as u64;
        let meter = Mutex::new(RateMeter::new());
        while self.control.is_held() {
            if self.control.is_stopped() || interrupted() {
                return Ok(Totals::default());
            }
            self.report(&meter, 0, 0, total);
            self.control.wait_while_held(TICK);
        }
        self.check_model()?;
        let left = self.register.left_behind();
        let (alone, usual): (Vec<PendingPhoto>, Cow<[PendingPhoto]>) = match left.is_empty() {
            true => (Vec::new(), pending.into()),
            false => {
                let (alone, usual) = pending.iter().partition(|photo| left.contains(&photo.id));
                (alone, Cow::Owned(usual))
            }
        };
        let (done, failed) = (AtomicU64::new(0), AtomicU64::new(0));
        let tick = || {
            let (done, failed) = (done.load(Ordering::Relaxed), failed.load(Ordering::Relaxed));
            self.report(&meter, done, failed, total);
            self.control.is_stopped() || interrupted()
        };
        let mut totals = Totals::default();
        // Over one of the last ones this process may end: each begins when all that
        // is before it is stored.
        for photos in [&*usual].into_iter().chain(alone.chunks(1)) {
            if !photos.is_empty() && !tick() {
                self.work_through(photos, &tick, &mut totals, &done, &failed)?;
            }
        }
        Ok(totals)
    }

    /// Works through photos on all cores until they are stored, or `tick` is true.
    fn work_through(
        &self,
        photos: &[PendingPhoto],
        tick: &dyn Fn() -> bool,
        totals: &mut Totals,
        done: &AtomicU64,
        failed: &AtomicU64,
    ) -> Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        let batch = self.encoder.batch_size().max(1);
        let budget = Budget::new(MEMORY + MEMORY_PER_CORE * cores as u64);
        // A batch to embed next, or room for what all cores finish meanwhile.
        let (decoded_in, decoded_out) = bounded::<Outcome>((2 * batch).max(cores));
        let (finished_in, finished_out) = bounded::<Finished>(2 * STORE_PHOTOS);
        let next = AtomicUsize::new(0);
        let halt = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let polite = (0..cores).map(|_| false).chain([true]);
            for polite in polite {
                let sender = decoded_in.clone();
                let (next, halt, budget) = (&next, &halt, &budget);
                scope.spawn(move || self.read_all(polite, photos, next, halt, budget, &sender));
            }
            drop(decoded_in);
            let storing = scope.spawn(move || self.store_all(finished_out, totals, done, failed));
            let tick = || {
                if tick() {
                    halt.store(true, Ordering::Release);
                }
                halt.load(Ordering::Acquire)
            };
            let embedding = self.embed_all(&decoded_out, &finished_in, batch, &tick);
            // A stage that gave up must not leave the others waiting for it.
            halt.store(true, Ordering::Release);
            drop((finished_in, decoded_out));
            // The storing thread's error is the cause where both have one.
            storing
                .join()
                .map_err(|_| Error::failed(message!("the storing thread panicked")))??;
            embedding
        })
    }

    /// Loads the image tower before any photo can be blamed for its absence.
    fn check_model(&self) -> Result<()> {
        (self.progress)(Progress::at(Step::LoadingModel));
        self.compute(|| self.try_model())
    }

    /// Computes on all cores, or on one, as the work may now.
    fn compute<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        if self.control.effort().is_polite() { model::politely(work) } else { work() }
    }

    /// Whether the model works, told by a picture that cannot be at fault.
    fn try_model(&self) -> Result<()> {
        let grey = RgbImage::from_pixel(64, 64, image::Rgb([127; 3]));
        let input = self.encoder.preprocess(&grey)?;
        self.encoder.encode_images(&[input]).map(drop)
    }

    fn report(&self, meter: &Mutex<RateMeter>, done: u64, failed: u64, total: u64) {
        let mut meter = meter.lock();
        let effort = self.control.effort();
        let step = match self.control.is_paused() {
            true => Step::Paused,
            false if effort.waits() => Step::Deferred,
            false => Step::Indexing,
        };
        let rate = if step != Step::Indexing {
            meter.reset();
            0.0
        } else {
            meter.mark(Instant::now(), done)
        };
        (self.progress)(Progress {
            step,
            done,
            total,
            failed,
            rate,
            seconds_left: (rate > 0.0).then(|| (total - done) as f64 / rate),
            effort,
        });
    }

    /// Reads photos until there are no more, in turn with those threads that are
    /// polite, or are not, where this one is not, or is.
    fn read_all(
        &self,
        polite: bool,
        pending: &[PendingPhoto],
        next: &AtomicUsize,
        halt: &AtomicBool,
        budget: &Budget,
        sender: &Sender<Outcome>,
    ) {
        if polite {
            priority::lower();
        }
        loop {
            while !halt.load(Ordering::Acquire) {
                if self.control.is_held() {
                    self.control.wait_while_held(TICK);
                } else if self.control.effort().is_polite() == polite {
                    break;
                } else if next.load(Ordering::Relaxed) >= pending.len() {
                    return;
                } else {
                    self.control.wait_for_turn(polite, TICK);
                }
            }
            if halt.load(Ordering::Acquire) {
                return;
            }
            let Some(photo) = pending.get(next.fetch_add(1, Ordering::Relaxed)) else {
                // Those whose turn it is not need not wait for it any more.
                self.control.look_around();
                return;
            };
            if sender.send(self.read_one(photo, budget)).is_err() {
                return;
            }
        }
    }

    fn read_one(
        &self,
        &PendingPhoto { id, unread, .. }: &PendingPhoto,
        budget: &Budget,
    ) -> Outcome {
        let row = match self.catalog.photo(id) {
            // What changed since it was listed may be another model's first.
            Ok(Some(row)) if row.present && (unread || !row.unread) => row,
            Ok(_) => return Outcome::PassedOver(id),
            Err(error) => return Outcome::Broken(error),
        };
        if self.register.gives_up(id) {
            let error = DecodeError { reason: given_up(), permanent: false };
            return Outcome::Failed { id, stat: row.stat, error };
        }
        let limits = Limits::default();
        let mut room = budget.take(row.stat.size.min(limits.max_file_bytes));
        let bytes = match read_file(&row.path, row.stat, limits.max_file_bytes) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Outcome::PassedOver(id),
            Err(error) => return Outcome::Failed { id, stat: row.stat, error },
        };
        let entry = self.register.enter(id);
        let decoded = panic::catch_unwind(AssertUnwindSafe(|| {
            self.decode_one(&row.path, row.stat, &bytes, &limits, &mut room)
        }));
        drop(entry);
        let decoded = decoded.unwrap_or_else(|_| {
            let reason = message!("the program failed over it; please report this file");
            Err(DecodeError { reason, permanent: true }.into())
        });
        match decoded {
            Ok((read, thumbnail, input)) => {
                Outcome::Decoded(Box::new(Decoded { id, stat: row.stat, read, thumbnail, input }))
            }
            Err(Trouble::Photo(error)) => Outcome::Failed { id, stat: row.stat, error },
            Err(Trouble::Store(error)) => Outcome::Broken(error),
            Err(Trouble::Changed) => Outcome::PassedOver(id),
        }
    }

    /// What the bytes tell, with only those parts computed that are not stored.
    fn decode_one(
        &self,
        path: &Path,
        listed: Stat,
        bytes: &[u8],
        limits: &Limits,
        room: &mut Room<'_>,
    ) -> Result<(ReadPhoto, Option<ThumbnailRow>, Option<RgbImage>), Trouble> {
        let hash = *blake3::hash(bytes).as_bytes();
        let picture = self.derived.picture(&hash).map_err(Trouble::Store)?;
        let embedded = self.derived.vector(self.model, &hash).map_err(Trouble::Store)?.is_some();
        if let (Some((size, average)), true) = (picture, embedded) {
            let format = Format::of(bytes).map_or("", Format::name);
            return Ok((describe(path, listed, bytes, hash, size, average, format)?, None, None));
        }
        let detail = Detail::indexed(self.encoder.least_side());
        let opened = decode::open(bytes, limits, detail)?;
        room.grow(opened.memory());
        let decoded = opened.decode(&mut |bytes| room.grow(bytes))?;
        let (width, height) = decoded.size;
        let size = Size { width, height };
        let (average, thumbnail) = match picture {
            Some((_, average)) => (average, None),
            None => {
                let thumbnail = decode::thumbnail(&decoded, THUMBNAIL_SIDE)?;
                let average = thumbnail.average;
                (average, Some(ThumbnailRow { size, average, jpeg: thumbnail.jpeg }))
            }
        };
        let input = if embedded {
            None
        } else {
            let input = self.encoder.preprocess(&decoded.rgb).map_err(|error| DecodeError {
                reason: message!("it cannot be prepared for the model").because(error.message()),
                // Another model may, or this one when there is more memory.
                permanent: false,
            })?;
            Some(input)
        };
        tracing::debug!("decoded {}", path.display());
        let format = decoded.format.name();
        let read = describe(path, listed, bytes, hash, size, average, format)?;
        Ok((read, thumbnail, input))
    }

    fn embed_all(
        &self,
        decoded: &Receiver<Outcome>,
        finished: &Sender<Finished>,
        batch_size: usize,
        tick: &dyn Fn() -> bool,
    ) -> Result<()> {
        let mut batch = Batch { photos: Vec::with_capacity(batch_size), ..Batch::default() };
        let gone = |_| Error::failed(message!("the storing thread ended early"));
        loop {
            tick();
            match decoded.recv_timeout(TICK) {
                Ok(Outcome::Decoded(photo)) if photo.input.is_some() => batch.push(*photo),
                Ok(Outcome::Decoded(photo)) => {
                    finished.send(Finished::Read { decoded: photo, vector: None }).map_err(gone)?;
                }
                Ok(Outcome::Failed { id, stat, error }) => {
                    finished.send(Finished::Failed { id, stat, error }).map_err(gone)?;
                }
                Ok(Outcome::PassedOver(id)) => {
                    finished.send(Finished::PassedOver(id)).map_err(gone)?;
                }
                Ok(Outcome::Broken(error)) => return Err(error),
                // Nothing came for a moment: what is here need not wait longer.
                Err(RecvTimeoutError::Timeout) => {
                    self.embed(&mut batch, finished, tick)?;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.embed(&mut batch, finished, tick)?;
                    return Ok(());
                }
            }
            let polite = self.control.effort().is_polite();
            let enough = if polite { POLITE_BATCH.min(batch_size) } else { batch_size };
            if batch.photos.len() >= enough {
                self.embed(&mut batch, finished, tick)?;
            }
        }
    }

    /// Embeds what was decoded, as many together as the work may now.
    fn embed(
        &self,
        batch: &mut Batch,
        finished: &Sender<Finished>,
        tick: &dyn Fn() -> bool,
    ) -> Result<()> {
        let Batch { photos, copies, .. } = batch;
        while !photos.is_empty() {
            while self.control.effort().waits() {
                if tick() {
                    // A run that ends while it may not work leaves these to the
                    // next one: they are still pending.
                    photos.clear();
                    copies.clear();
                    return Ok(());
                }
                self.control.wait_while_held(TICK);
            }
            let polite = self.control.effort().is_polite();
            let most = if polite { POLITE_BATCH } else { photos.len() };
            self.embed_together(photos.drain(..most.min(photos.len())).collect(), finished)?;
        }
        // After their originals, whose vectors are stored by the time that those
        // of the copies are asked for.
        for copy in copies.drain(..) {
            finished
                .send(Finished::Read { decoded: Box::new(copy), vector: None })
                .map_err(|_| Error::failed(message!("the storing thread ended early")))?;
        }
        Ok(())
    }

    fn embed_together(&self, mut batch: Vec<Decoded>, finished: &Sender<Finished>) -> Result<()> {
        let inputs: Vec<RgbImage> = batch.iter_mut().filter_map(|p| p.input.take()).collect();
        if inputs.is_empty() {
            return Ok(());
        }
        let encode = |inputs: &[RgbImage]| self.compute(|| self.encoder.encode_images(inputs));
        let together = encode(&inputs);
        tracing::debug!("embedded {} photos", inputs.len());
        if together.is_err() {
            // A model that fails altogether must not be blamed on the photos.
            self.compute(|| self.try_model())?;
        }
        for (index, decoded) in batch.into_iter().enumerate() {
            // One bad photo must not fail its neighbours: they go singly then.
            let vector = match &together {
                Ok(vectors) => vectors.get(index).map(|v| v.to_f16_le_bytes()).ok_or_else(|| {
                    Error::failed(message!("the model answered with too few vectors"))
                }),
                Err(_) => encode(&inputs[index..=index]).and_then(|v| {
                    v.first().map(|v| v.to_f16_le_bytes()).ok_or_else(Error::cancelled)
                }),
            };
            let message = match vector {
                Ok(vector) => Finished::Read { decoded: Box::new(decoded), vector: Some(vector) },
                Err(error) => Finished::Failed {
                    id: decoded.id,
                    stat: decoded.stat,
                    error: DecodeError {
                        reason: message!("the model cannot embed it").because(error.message()),
                        permanent: false,
                    },
                },
            };
            finished
                .send(message)
                .map_err(|_| Error::failed(message!("the storing thread ended early")))?;
        }
        Ok(())
    }

    fn store_all(
        &self,
        finished: Receiver<Finished>,
        totals: &mut Totals,
        done: &AtomicU64,
        failed: &AtomicU64,
    ) -> Result<()> {
        let mut batch = Vec::with_capacity(STORE_PHOTOS);
        let mut oldest: Option<Instant> = None;
        loop {
            let wait =
                oldest.map_or(STORE_AFTER, |since| STORE_AFTER.saturating_sub(since.elapsed()));
            let message = finished.recv_timeout(wait);
            let ended = matches!(message, Err(RecvTimeoutError::Disconnected));
            if let Ok(message) = message {
                batch.push(message);
                oldest.get_or_insert_with(Instant::now);
            }
            let due = oldest.is_some_and(|since| since.elapsed() >= STORE_AFTER);
            if ended || due || batch.len() >= STORE_PHOTOS {
                let count = batch.len() as u64;
                self.store(std::mem::take(&mut batch), totals)?;
                failed.store(totals.failed, Ordering::Relaxed);
                done.fetch_add(count, Ordering::Relaxed);
                oldest = None;
            }
            if ended {
                return Ok(());
            }
        }
    }

    fn store(&self, batch: Vec<Finished>, totals: &mut Totals) -> Result<()> {
        let mut computed = Vec::new();
        let mut read = Vec::new();
        let mut vectors = Vec::new();
        let mut hidden = Vec::new();
        for message in batch {
            match message {
                Finished::Read { decoded, vector } => {
                    let Decoded { id, stat, read: photo, thumbnail, .. } = *decoded;
                    let hash = photo.hash;
                    computed.push(Computed { hash, vector: vector.clone(), thumbnail });
                    vectors.push(vector);
                    read.push((id, stat, photo));
                }
                Finished::Failed { id, stat, error } => {
                    let DecodeError { reason, permanent } = error;
                    let stored = self.catalog.store_failure(id, stat, &reason, permanent, now())?;
                    // It need not be known any longer over what a process ended.
                    self.register.forget(id);
                    match stored {
                        Failed::Stale => totals.passed_over.push(id),
                        Failed::Shown => totals.failed += 1,
                        Failed::Hidden => {
                            totals.failed += 1;
                            hidden.push(id);
                        }
                    }
                }
                Finished::PassedOver(id) => totals.passed_over.push(id),
            }
        }
        self.derived.store(self.model, &computed)?;
        let outcomes = self.catalog.store_read(&read)?;
        let mut searchable = Vec::with_capacity(read.len());
        for ((outcome, (id, _, photo)), vector) in outcomes.into_iter().zip(&read).zip(vectors) {
            let kept = match outcome {
                Stored::Stale => {
                    totals.passed_over.push(*id);
                    continue;
                }
                Stored::Updated => *id,
                Stored::Moved { kept } => {
                    totals.moved += 1;
                    kept
                }
            };
            let vector = match vector {
                Some(vector) => {
                    totals.embedded += 1;
                    Some(vector)
                }
                None => {
                    totals.reused += 1;
                    self.derived.vector(self.model, &photo.hash)?
                }
            };
            searchable.extend(vector.map(|vector| (kept, vector)));
        }
        (self.stored)(&searchable, &hidden);
        Ok(())
    }
}

#[cfg(test)]
mod tests;

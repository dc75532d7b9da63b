//! An encoder that runs on a GPU and never fails where the processor would not.
//!
//! ```text
//! inputs ─► has the tower shown that it computes what the processor does?
//!             │ yes: the GPU ─► out of memory: half as many inputs at once
//!             │                 any other failure ─┐
//!             └ no: the processor, from now on ◄───┘ where that one answers
//! ```
//!
//! What a GPU and the processor compute is so close that vectors of both may
//! be stored side by side: 0.9999 in f32, above 0.98 in 8 bits.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use image::RgbImage;
use parking_lot::Mutex;

use super::{Affinity, DeviceChoice, DeviceReport, Embedding, Encoder, Precision, load};
use crate::error::{Error, Result};
use crate::message::Message;

/// The least cosine between what the GPU and the processor make of the same
/// input. Rounding leaves more than 0.9999; a wrong kernel, hardly ever 0.9.
const LEAST_COSINE: f32 = 0.999;

/// The texts of the self-test, a short and a longer one.
const TEXTS: [&str; 2] = ["a dog", "snow on the mountains behind a lake at sunset"];

/// A model's encoder on the device that was asked for, or on the processor
/// where that device cannot be used. Opening one is cheap, as for any encoder.
pub struct Guarded {
    asked: DeviceChoice,
    /// Its towers load only where the GPU's are not used.
    cpu: Arc<dyn Encoder>,
    /// The processor at its most exact, which a GPU is compared with.
    judge: Arc<dyn Encoder>,
    place: Mutex<Place>,
    /// When the text tower was last used; held while it is warmed.
    texts_used: Mutex<Option<Instant>>,
}

struct Place {
    gpu: Option<Arc<Gpu>>,
    /// Why there is none, or none any more.
    reason: Option<Message>,
}

struct Gpu {
    choice: DeviceChoice,
    encoder: Arc<dyn Encoder>,
    images: Tower,
    texts: Tower,
}

/// What is known of a tower on the GPU.
struct Tower {
    /// It computes what the processor does; held while that is tried.
    trusted: Mutex<bool>,
    /// So many inputs at once do not exhaust the GPU's memory, as far as known.
    most: AtomicUsize,
}

impl Tower {
    fn new(trusted: bool) -> Self {
        Self { trusted: Mutex::new(trusted), most: AtomicUsize::new(usize::MAX) }
    }
}

impl Guarded {
    /// Opens the model in a folder on a device.
    ///
    /// # Errors
    /// When the model cannot be used, or a GPU that was asked for by name cannot
    /// be opened.
    pub fn open(folder: &Path, asked: DeviceChoice, precision: Precision) -> Result<Self> {
        let cpu = load(folder, DeviceChoice::Cpu, precision)?;
        let judge = load(folder, DeviceChoice::Cpu, Precision::F32)?;
        let gpu = match asked.resolved() {
            DeviceChoice::Auto | DeviceChoice::Cpu => None,
            gpu => Some(load(folder, gpu, precision)),
        };
        Self::new(asked, cpu, judge, gpu)
    }

    fn new(
        asked: DeviceChoice,
        cpu: Arc<dyn Encoder>,
        judge: Arc<dyn Encoder>,
        gpu: Option<Result<Arc<dyn Encoder>>>,
    ) -> Result<Self> {
        let untried = DeviceReport::untried(asked);
        // Who names a GPU has chosen it; only `auto` is to be convinced.
        let trusted = asked != DeviceChoice::Auto;
        let place = match gpu {
            None => Place { gpu: None, reason: untried.reason },
            Some(Ok(encoder)) => {
                let (images, texts) = (Tower::new(trusted), Tower::new(trusted));
                let gpu = Gpu { choice: untried.used, encoder, images, texts };
                Place { gpu: Some(Arc::new(gpu)), reason: None }
            }
            Some(Err(error)) if trusted => return Err(error),
            Some(Err(error)) => Place { gpu: None, reason: Some(error.message()) },
        };
        Ok(Self { asked, cpu, judge, place: Mutex::new(place), texts_used: Mutex::default() })
    }

    /// What computes, and why.
    pub fn report(&self) -> DeviceReport {
        let place = self.place.lock();
        let used = place.gpu.as_ref().map_or(DeviceChoice::Cpu, |gpu| gpu.choice);
        DeviceReport { asked: self.asked, used, reason: place.reason.clone() }
    }

    /// Loads the text tower for a question that is being typed. Returns at once
    /// where it is loading, or was used within `recently` (`None`: ever).
    ///
    /// # Errors
    /// Where the tower cannot be loaded.
    pub fn warm_texts(&self, recently: Option<Duration>) -> Result<()> {
        let Some(mut used) = self.texts_used.try_lock() else { return Ok(()) };
        let is_recent = |used: Instant| recently.is_none_or(|time| used.elapsed() < time);
        if !used.is_some_and(is_recent) {
            self.encode_texts(&["a photo"])?;
            *used = Some(Instant::now());
        }
        Ok(())
    }

    fn gpu(&self) -> Option<Arc<Gpu>> {
        self.place.lock().gpu.clone()
    }

    /// Uses the processor from now on; the GPU's memory is given back.
    fn fall_back(&self, reason: Message) {
        let mut place = self.place.lock();
        // Two threads may fail together: the first reason is the cause.
        if place.gpu.take().is_some() {
            tracing::warn!("the processor computes from now on: {reason}");
            place.reason = Some(reason);
        }
    }

    fn encode<T>(
        &self,
        inputs: &[T],
        tower: fn(&Gpu) -> &Tower,
        encode: impl Fn(&dyn Encoder, &[T]) -> Result<Vec<Embedding>>,
        test: impl Fn(&dyn Encoder) -> Result<Vec<Embedding>>,
    ) -> Result<Vec<Embedding>> {
        let mut vectors = Vec::with_capacity(inputs.len());
        let mut rest = inputs;
        while !rest.is_empty() {
            let Some(gpu) = self.gpu() else {
                vectors.extend(encode(&*self.cpu, rest)?);
                break;
            };
            let tower = tower(&gpu);
            if let Err(reason) = self.trust(&gpu, tower, &test)? {
                self.fall_back(reason);
                continue;
            }
            let (part, others) = rest.split_at(rest.len().min(tower.most.load(Ordering::Relaxed)));
            match encode(&*gpu.encoder, part) {
                Ok(encoded) => vectors.extend(encoded),
                Err(error) if part.len() > 1 && is_out_of_memory(&error) => {
                    tracing::debug!("{} inputs at once are too many for the GPU", part.len());
                    tower.most.store(part.len() / 2, Ordering::Relaxed);
                    continue;
                }
                Err(error) => {
                    // Where the processor fails, too, the input is at fault.
                    vectors.extend(encode(&*self.cpu, part)?);
                    self.fall_back(why(&error));
                }
            }
            rest = others;
        }
        Ok(vectors)
    }

    /// Has a tower show, once, that it computes what the processor does; else
    /// why it is not to be used.
    ///
    /// # Errors
    /// Where the model fails on the processor.
    fn trust(
        &self,
        gpu: &Gpu,
        tower: &Tower,
        test: impl Fn(&dyn Encoder) -> Result<Vec<Embedding>>,
    ) -> Result<Result<(), Message>> {
        let mut trusted = tower.trusted.lock();
        if *trusted {
            return Ok(Ok(()));
        }
        let expected = test(&*self.judge)?;
        // It may be as large as the model, and is not needed again.
        self.judge.unload_idle(Duration::ZERO);
        let computed = match test(&*gpu.encoder) {
            Ok(computed) => computed,
            Err(error) => return Ok(Err(why(&error))),
        };
        let worst = std::iter::zip(&expected, &computed)
            .map(|(one, other)| cosine(one, other))
            .fold(1.0, f32::min);
        if worst < LEAST_COSINE || computed.len() != expected.len() {
            return Ok(Err(message!(
                "the GPU computes other numbers than the processor (cosine {worst}, at least \
                 {least} is asked)",
                worst = format_args!("{worst:.3}"),
                least = LEAST_COSINE
            )));
        }
        *trusted = true;
        // Both copies of the weights were only for this comparison.
        self.cpu.unload_idle(Duration::ZERO);
        Ok(Ok(()))
    }
}

impl Encoder for Guarded {
    fn dim(&self) -> usize {
        self.cpu.dim()
    }

    fn preprocess(&self, rgb: &RgbImage) -> Result<RgbImage> {
        self.cpu.preprocess(rgb)
    }

    fn least_side(&self) -> u32 {
        self.cpu.least_side()
    }

    fn encode_images(&self, batch: &[RgbImage]) -> Result<Vec<Embedding>> {
        self.encode(
            batch,
            |gpu| &gpu.images,
            |encoder, images| encoder.encode_images(images),
            |encoder| encoder.encode_images(&pictures(encoder)?),
        )
    }

    fn encode_texts(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        let vectors = self.encode(
            texts,
            |gpu| &gpu.texts,
            |encoder, texts| encoder.encode_texts(texts),
            |encoder| encoder.encode_texts(&TEXTS),
        )?;
        if let Some(mut used) = self.texts_used.try_lock() {
            *used = Some(Instant::now());
        }
        Ok(vectors)
    }

    fn batch_size(&self) -> usize {
        self.gpu().map_or_else(
            || self.cpu.batch_size(),
            |gpu| gpu.encoder.batch_size().min(gpu.images.most.load(Ordering::Relaxed)),
        )
    }

    fn unload_idle(&self, idle: Duration) -> bool {
        let gpu = self.gpu().is_some_and(|gpu| gpu.encoder.unload_idle(idle));
        self.cpu.unload_idle(idle) || gpu
    }

    fn affinity(&self) -> Option<Affinity> {
        self.cpu.affinity()
    }
}

/// The pictures of the self-test: one of slow changes, one of sharp edges.
fn pictures(encoder: &dyn Encoder) -> Result<Vec<RgbImage>> {
    let slow = |x: u32, y: u32| [x as u8, y as u8, (255 - x / 2 - y / 2) as u8].into();
    let sharp = |x: u32, y: u32| {
        let dark = (x / 16 + y / 16).is_multiple_of(2);
        if dark { [200, 30, 40].into() } else { [20, 90, 230].into() }
    };
    let pictures = [RgbImage::from_fn(256, 256, slow), RgbImage::from_fn(256, 256, sharp)];
    pictures.iter().map(|picture| encoder.preprocess(picture)).collect()
}

fn cosine(one: &Embedding, other: &Embedding) -> f32 {
    std::iter::zip(one.as_slice(), other.as_slice()).map(|(a, b)| a * b).sum()
}

fn why(error: &Error) -> Message {
    if is_out_of_memory(error) {
        message!("the GPU has too little memory for this model")
    } else {
        message!("the GPU failed").because(error.message())
    }
}

/// Whether the error says that the GPU's memory is exhausted. candle hands on
/// what the driver says, in types that exist only in builds for that GPU.
fn is_out_of_memory(error: &Error) -> bool {
    const SIGNS: [&str; 4] = [
        // cudarc's driver and cuBLAS errors, as they print themselves.
        "CUDA_ERROR_OUT_OF_MEMORY",
        "CUBLAS_STATUS_ALLOC_FAILED",
        // candle-metal-kernels, where a buffer cannot be made; Metal itself,
        // where the memory ends later.
        "Failed to create metal resource: Buffer",
        "Insufficient Memory",
    ];
    let words = error.to_string();
    SIGNS.iter().any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    //! There is no GPU here: fakes stand for one that lacks memory, computes
    //! something else, or breaks.

    use super::*;
    use crate::error::Context;

    /// An encoder of three numbers a picture, and of what can go wrong.
    #[derive(Default)]
    struct Fake {
        /// More inputs at once exhaust its memory.
        most: Option<usize>,
        /// It fails with these words after so many calls.
        breaks: Option<(usize, &'static str)>,
        /// Its numbers are wrong.
        wrong: bool,
        /// The size of each batch, in order.
        batches: Mutex<Vec<usize>>,
    }

    impl Fake {
        fn encode(&self, raw: Vec<[f32; 3]>) -> Result<Vec<Embedding>> {
            let mut batches = self.batches.lock();
            batches.push(raw.len());
            if let Some((calls, words)) = self.breaks
                && batches.len() > calls
            {
                return Err(Error::failed(Message::verbatim(words)));
            }
            if self.most.is_some_and(|most| raw.len() > most) {
                return Err(Error::failed(message!("the image tower failed")).with(out_of_memory()));
            }
            let turn = |[a, b, c]: [f32; 3]| if self.wrong { vec![b, c, a] } else { vec![a, b, c] };
            raw.into_iter().map(|raw| Embedding::from_raw(turn(raw))).collect()
        }
    }

    fn out_of_memory() -> candle_core::Error {
        let words = "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")";
        candle_core::Error::Cuda(words.into())
    }

    impl Encoder for Fake {
        fn dim(&self) -> usize {
            3
        }

        fn preprocess(&self, rgb: &RgbImage) -> Result<RgbImage> {
            Ok(rgb.clone())
        }

        fn least_side(&self) -> u32 {
            1
        }

        fn encode_images(&self, batch: &[RgbImage]) -> Result<Vec<Embedding>> {
            let raw = |image: &RgbImage| image.get_pixel(0, 0).0.map(|v| 1.0 + f32::from(v));
            self.encode(batch.iter().map(raw).collect())
        }

        fn encode_texts(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
            self.encode(texts.iter().map(|text| [1.0, text.len() as f32, 9.0]).collect())
        }

        fn batch_size(&self) -> usize {
            8
        }

        fn unload_idle(&self, _: Duration) -> bool {
            false
        }
    }

    fn guarded(asked: DeviceChoice, gpu: Fake) -> (Guarded, Arc<Fake>, Arc<Fake>) {
        let (cpu, gpu) = (Arc::new(Fake::default()), Arc::new(gpu));
        let mut guarded =
            Guarded::new(asked, cpu.clone(), cpu.clone(), Some(Ok(gpu.clone()))).unwrap();
        // What a build for that GPU would say; this one knows none.
        let place = guarded.place.get_mut();
        Arc::get_mut(place.gpu.as_mut().unwrap()).unwrap().choice = DeviceChoice::Cuda;
        (guarded, cpu, gpu)
    }

    fn photos(count: u8) -> Vec<RgbImage> {
        (0..count).map(|n| RgbImage::from_pixel(2, 2, [n, 2 * n, 77].into())).collect()
    }

    /// The vectors are those of the processor, in order, whatever computed them.
    fn check(guarded: &Guarded, count: u8) {
        let photos = photos(count);
        let expected = Fake::default().encode_images(&photos).unwrap();
        assert_eq!(guarded.encode_images(&photos).unwrap(), expected);
    }

    #[test]
    fn a_gpu_that_computes_the_same_is_used() {
        let (guarded, cpu, gpu) = guarded(DeviceChoice::Auto, Fake::default());
        check(&guarded, 5);
        check(&guarded, 5);
        let report = guarded.report();
        assert_eq!((report.used, report.reason), (DeviceChoice::Cuda, None));
        // The two pictures of the self-test, once; then only the photos.
        assert_eq!((&*cpu.batches.lock(), &*gpu.batches.lock()), (&vec![2], &vec![2, 5, 5]));
    }

    #[test]
    fn a_gpu_that_computes_something_else_is_not_used() {
        let (guarded, _, gpu) =
            guarded(DeviceChoice::Auto, Fake { wrong: true, ..Fake::default() });
        check(&guarded, 3);
        let report = guarded.report();
        assert_eq!(report.used, DeviceChoice::Cpu);
        assert!(report.reason.unwrap().to_string().contains("other numbers"));
        assert_eq!(*gpu.batches.lock(), [2]);
    }

    #[test]
    fn each_tower_is_tested_when_it_is_first_used() {
        let (guarded, cpu, gpu) = guarded(DeviceChoice::Auto, Fake::default());
        let texts = guarded.encode_texts(&["a cat", "a horse", "a fox"]).unwrap();
        assert_eq!(texts.len(), 3);
        assert_eq!((&*cpu.batches.lock(), &*gpu.batches.lock()), (&vec![2], &vec![2, 3]));
        check(&guarded, 1);
        assert_eq!(*gpu.batches.lock(), [2, 3, 2, 1]);
    }

    #[test]
    fn a_gpu_named_by_the_person_is_taken_at_their_word() {
        let (guarded, cpu, _) =
            guarded(DeviceChoice::Cuda, Fake { wrong: true, ..Fake::default() });
        guarded.encode_images(&photos(3)).unwrap();
        assert_eq!(guarded.report().used, DeviceChoice::Cuda);
        assert!(cpu.batches.lock().is_empty());
    }

    #[test]
    fn too_little_memory_halves_the_batch() {
        let fake = Fake { most: Some(2), ..Fake::default() };
        let (guarded, cpu, gpu) = guarded(DeviceChoice::Cuda, fake);
        check(&guarded, 8);
        assert_eq!(guarded.batch_size(), 2);
        check(&guarded, 3);
        assert_eq!(*gpu.batches.lock(), [8, 4, 2, 2, 2, 2, 2, 1]);
        assert_eq!(guarded.report().used, DeviceChoice::Cuda);
        assert!(cpu.batches.lock().is_empty());
    }

    #[test]
    fn too_little_memory_for_one_falls_back_for_good() {
        let fake = Fake { most: Some(0), ..Fake::default() };
        let (guarded, cpu, gpu) = guarded(DeviceChoice::Cuda, fake);
        check(&guarded, 4);
        check(&guarded, 4);
        assert_eq!((&*cpu.batches.lock(), &*gpu.batches.lock()), (&vec![1, 3, 4], &vec![4, 2, 1]));
        let report = guarded.report();
        assert_eq!((report.asked, report.used), (DeviceChoice::Cuda, DeviceChoice::Cpu));
        assert!(report.reason.unwrap().to_string().contains("too little memory"));
        assert_eq!(Arc::strong_count(&gpu), 1, "the GPU's memory was not given back");
    }

    #[test]
    fn a_gpu_that_breaks_falls_back_with_its_reason() {
        let fake = Fake { breaks: Some((1, "an illegal address")), ..Fake::default() };
        let (guarded, _, gpu) = guarded(DeviceChoice::Cuda, fake);
        check(&guarded, 2);
        check(&guarded, 2);
        check(&guarded, 2);
        assert_eq!(*gpu.batches.lock(), [2, 2]);
        assert!(guarded.report().reason.unwrap().to_string().contains("an illegal address"));
    }

    #[test]
    fn an_input_that_fails_everywhere_does_not_discredit_the_gpu() {
        let broken = || Fake { breaks: Some((0, "not a number")), ..Fake::default() };
        let gpu: Arc<dyn Encoder> = Arc::new(broken());
        let cpu = Arc::new(broken());
        let guarded = Guarded::new(DeviceChoice::Cuda, cpu.clone(), cpu, Some(Ok(gpu))).unwrap();
        assert!(guarded.encode_images(&photos(1)).is_err());
        assert_eq!(guarded.report().reason, None);
        assert!(guarded.gpu().is_some());
    }

    #[test]
    fn a_gpu_that_cannot_be_opened_fails_only_who_named_it() {
        let open = |asked| {
            let gpu = Err(Error::failed(message!("cannot use the GPU: no driver")));
            let cpu = Arc::new(Fake::default());
            Guarded::new(asked, cpu.clone(), cpu, Some(gpu))
        };
        assert!(open(DeviceChoice::Cuda).is_err());
        let guarded = open(DeviceChoice::Auto).unwrap();
        check(&guarded, 2);
        assert!(guarded.report().reason.unwrap().to_string().contains("no driver"));
    }

    #[test]
    fn warming_loads_once_and_again_when_it_was_long_ago() {
        let cpu = Arc::new(Fake::default());
        let guarded = Guarded::new(DeviceChoice::Cpu, cpu.clone(), cpu.clone(), None).unwrap();
        let warm = |recently| guarded.warm_texts(recently).unwrap();
        warm(None);
        warm(None);
        warm(Some(Duration::from_secs(3600)));
        assert_eq!(cpu.batches.lock().len(), 1);
        warm(Some(Duration::ZERO));
        assert_eq!(cpu.batches.lock().len(), 2);
        // Somebody else is loading it.
        let loading = guarded.texts_used.lock();
        warm(Some(Duration::ZERO));
        drop(loading);
        assert_eq!(cpu.batches.lock().len(), 2);
    }

    #[test]
    fn exhausted_memory_is_known_by_what_candle_says() {
        use candle_core::Error as Candle;
        let said = |error: Candle| {
            let wrapped: Result<()> = Err(error).context(|| message!("the image tower failed"));
            is_out_of_memory(&wrapped.unwrap_err())
        };
        assert!(said(out_of_memory()));
        assert!(said(out_of_memory().context(message!("matmul"))));
        assert!(said(Candle::Cuda("CublasError(CUBLAS_STATUS_ALLOC_FAILED)".into())));
        assert!(said(Candle::Msg("Metal error Failed to create metal resource: Buffer".into())));
        assert!(said(Candle::Msg(
            "Metal error Command buffer had following error: Insufficient Memory \
             (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)"
                .into()
        )));
        assert!(!said(Candle::Cuda(
            "DriverError(CUDA_ERROR_ILLEGAL_ADDRESS, \"an illegal memory access\")".into()
        )));
        assert!(!said(Candle::Msg("Failed to create metal resource: CommandQueue".into())));
    }
}

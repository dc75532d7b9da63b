//! What the application and its decoding processes say to each other.
//!
//! A process greets with [`GREETING`] on a line of its own; whatever came before
//! it on its standard output is skipped. Then each request is answered by one
//! answer: a head of fixed length, little-endian, and what it announces. Both
//! sides come from one build (the greeting holds the version), so nothing here
//! needs to stay compatible; but the process that answers may have been taken
//! over by a malicious file, so an answer is held to the request's limits before
//! memory is spent on it.

use std::io::{self, Read, Write};
use std::time::Duration;

use image::RgbImage;

use crate::decode::{DecodeError, Detail, Limits, colour};
use crate::message::Message;

/// The line a process begins with.
pub(super) const GREETING: &str = concat!("afterimage-decoder ", env!("CARGO_PKG_VERSION"), " 1");

/// Bytes that may come before the greeting: a test harness's chatter.
const MOST_CHATTER: usize = 64 * 1024;
/// Longest explanation of a failure that is accepted.
const MOST_WORDS: usize = 4096;

const REQUEST_HEAD: usize = 48;
const ANSWER_HEAD: usize = 24;

/// What is to be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decode) enum Job {
    /// A JPEG as it is stored, by libjpeg-turbo.
    Jpeg,
    /// A HEIF or AVIF picture, upright, by libheif.
    Heif,
    /// A JPEG XL picture, upright.
    Jxl,
    /// What only tests ask for.
    Test(Mischief),
}

/// What a process may be made to do, to see how the application bears it.
/// Outside tests a process that is asked for any breaks down at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code, reason = "only tests ask for mischief"))]
pub(in crate::decode) enum Mischief {
    /// End without an answer, by a fault.
    Crash,
    /// End without an answer, as for want of memory.
    Abort,
    /// Never answer.
    Hang,
    /// Take memory without end.
    Devour,
    /// Answer with the file's own bytes, in place of an answer.
    Echo,
    /// Tell the process' number as a picture.
    Number,
}

impl Job {
    fn code(self) -> u8 {
        match self {
            Self::Jpeg => 1,
            Self::Heif => 2,
            Self::Jxl => 3,
            Self::Test(Mischief::Abort) => 249,
            Self::Test(Mischief::Crash) => 250,
            Self::Test(Mischief::Hang) => 251,
            Self::Test(Mischief::Devour) => 252,
            Self::Test(Mischief::Echo) => 253,
            Self::Test(Mischief::Number) => 254,
        }
    }

    fn of(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Jpeg,
            2 => Self::Heif,
            3 => Self::Jxl,
            249 => Self::Test(Mischief::Abort),
            250 => Self::Test(Mischief::Crash),
            251 => Self::Test(Mischief::Hang),
            252 => Self::Test(Mischief::Devour),
            253 => Self::Test(Mischief::Echo),
            254 => Self::Test(Mischief::Number),
            _ => return None,
        })
    }
}

/// A file, and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::decode) struct Request<'a> {
    pub job: Job,
    pub detail: Detail,
    pub limits: &'a Limits,
    pub bytes: &'a [u8],
}

/// The same, as the process that serves it holds it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub job: Job,
    pub detail: Detail,
    pub limits: Limits,
}

/// What a process answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::decode) enum Answer {
    /// Pixels, of a picture that is as large as `size` in whole.
    Picture { rgb: RgbImage, size: (u32, u32), profile: Option<Vec<u8>> },
    /// The file is better left to the codec in Rust.
    Unwilling,
    /// The file cannot be decoded.
    Failed(DecodeError),
}

const PICTURE: u8 = 1;
const UNWILLING: u8 = 2;
const PERMANENT: u8 = 3;
const TRANSIENT: u8 = 4;

impl Request<'_> {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (shorter, longer) = match self.detail {
            Detail::Full => (u32::MAX, u32::MAX),
            Detail::AtLeast { shorter, longer } => (shorter, longer),
        };
        let limits = self.limits;
        let mut head = [0; REQUEST_HEAD];
        head[0] = self.job.code();
        head[8..12].copy_from_slice(&shorter.to_le_bytes());
        head[12..16].copy_from_slice(&longer.to_le_bytes());
        head[16..24].copy_from_slice(&limits.max_pixels.to_le_bytes());
        head[24..32].copy_from_slice(&limits.max_alloc_bytes.to_le_bytes());
        head[32..40].copy_from_slice(&(limits.max_time.as_nanos() as u64).to_le_bytes());
        head[40..48].copy_from_slice(&(self.bytes.len() as u64).to_le_bytes());
        to.write_all(&head)?;
        to.write_all(self.bytes)?;
        to.flush()
    }
}

impl Order {
    /// The next request, its file read into `bytes`; `None` where there will be
    /// no more.
    pub(super) fn read(from: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<Option<Self>> {
        let mut head = [0; REQUEST_HEAD];
        match from.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let job = Job::of(head[0]).ok_or_else(|| garbled("no such job"))?;
        let detail = match (u32_at(&head, 8), u32_at(&head, 12)) {
            (u32::MAX, u32::MAX) => Detail::Full,
            (shorter, longer) => Detail::AtLeast { shorter, longer },
        };
        let length = u64_at(&head, 40);
        let limits = Limits {
            max_file_bytes: length,
            max_pixels: u64_at(&head, 16),
            max_alloc_bytes: u64_at(&head, 24),
            max_time: Duration::from_nanos(u64_at(&head, 32)),
        };
        let length = usize::try_from(length).map_err(|_| garbled("a file too long"))?;
        // Kept from file to file, so that its pages need not be mapped anew.
        bytes.clear();
        bytes.try_reserve(length).map_err(|_| garbled("a file too long"))?;
        bytes.resize(length, 0);
        from.read_exact(bytes)?;
        Ok(Some(Self { job, detail, limits }))
    }
}

impl Answer {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut head = [0; ANSWER_HEAD];
        let mut words;
        let (extra, pixels): (&[u8], &[u8]) = match self {
            Self::Picture { rgb, size, profile } => {
                head[0] = PICTURE;
                head[8..12].copy_from_slice(&rgb.width().to_le_bytes());
                head[12..16].copy_from_slice(&rgb.height().to_le_bytes());
                head[16..20].copy_from_slice(&size.0.to_le_bytes());
                head[20..24].copy_from_slice(&size.1.to_le_bytes());
                (profile.as_deref().unwrap_or_default(), rgb.as_raw())
            }
            Self::Unwilling => {
                head[0] = UNWILLING;
                (&[], &[])
            }
            Self::Failed(error) => {
                head[0] = if error.permanent { PERMANENT } else { TRANSIENT };
                words = error.reason.stored();
                if words.len() > MOST_WORDS {
                    words = error.reason.to_string();
                }
                (&words.as_bytes()[..words.len().min(MOST_WORDS)], &[])
            }
        };
        head[4..8].copy_from_slice(&(extra.len() as u32).to_le_bytes());
        to.write_all(&head)?;
        to.write_all(extra)?;
        to.write_all(pixels)?;
        to.flush()
    }

    /// Reads an answer to a request with these limits.
    ///
    /// # Errors
    /// Where it ends early, makes no sense, or goes beyond the limits.
    pub(super) fn read(from: &mut impl Read, limits: &Limits) -> io::Result<Self> {
        let mut head = [0; ANSWER_HEAD];
        from.read_exact(&mut head)?;
        let extra = u32_at(&head, 4) as usize;
        match head[0] {
            PICTURE => {
                let sides = |at| (u32_at(&head, at), u32_at(&head, at + 4));
                let ((width, height), size) = (sides(8), sides(16));
                let pixels = u64::from(width) * u64::from(height);
                let whole = width <= size.0 && height <= size.1;
                if pixels == 0 || pixels > limits.max_pixels || !whole {
                    return Err(garbled("a picture of an impossible size"));
                }
                let samples = pixels * 3;
                if samples > limits.max_alloc_bytes {
                    return Err(garbled("a picture that takes too much memory"));
                }
                if extra > colour::MOST_PROFILE_BYTES {
                    return Err(garbled("a colour profile that is too long"));
                }
                let profile = if extra > 0 { Some(read_bytes(from, extra)?) } else { None };
                let samples = usize::try_from(samples).map_err(|_| garbled("too many pixels"))?;
                let rgb = RgbImage::from_raw(width, height, read_bytes(from, samples)?)
                    .ok_or_else(|| garbled("too few pixels"))?;
                Ok(Self::Picture { rgb, size, profile })
            }
            UNWILLING if extra == 0 => Ok(Self::Unwilling),
            kind @ (PERMANENT | TRANSIENT) if extra <= MOST_WORDS => {
                let words = read_bytes(from, extra)?;
                let reason = Message::from_stored(&String::from_utf8_lossy(&words));
                Ok(Self::Failed(DecodeError { reason, permanent: kind == PERMANENT }))
            }
            _ => Err(garbled("no answer")),
        }
    }
}

/// Says that a process is ready.
pub(super) fn greet(to: &mut impl Write) -> io::Result<()> {
    // On a line of its own, whatever was written before.
    to.write_all(format!("\n{GREETING}\n").as_bytes())?;
    to.flush()
}

/// Skips what is written before the greeting, and the greeting.
pub(super) fn await_greeting(from: &mut impl Read) -> io::Result<()> {
    let mut line = Vec::new();
    for _ in 0..MOST_CHATTER {
        // Byte by byte, because what follows the greeting is not ours to read.
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        match byte {
            [b'\n'] if line == GREETING.as_bytes() => return Ok(()),
            [b'\n'] => line.clear(),
            [byte] => line.push(byte),
        }
    }
    Err(garbled("no greeting"))
}

fn read_bytes(from: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn garbled(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn u32_at<const N: usize>(head: &[u8; N], at: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&head[at..at + 4]);
    u32::from_le_bytes(bytes)
}

fn u64_at<const N: usize>(head: &[u8; N], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&head[at..at + 8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use proptest::prelude::*;

    use super::*;

    fn written(answer: &Answer) -> Vec<u8> {
        let mut bytes = Vec::new();
        answer.write(&mut bytes).unwrap();
        bytes
    }

    fn picture() -> Answer {
        let rgb = RgbImage::from_fn(5, 3, |x, y| Rgb([x as u8, y as u8, 9]));
        Answer::Picture { rgb, size: (40, 24), profile: Some(vec![1, 2, 3]) }
    }

    #[test]
    fn what_is_written_is_read() {
        let failed = |permanent| {
            Answer::Failed(DecodeError { reason: message!("{kind} é", kind = "ü"), permanent })
        };
        for answer in [picture(), Answer::Unwilling, failed(true), failed(false)] {
            let bytes = written(&answer);
            assert_eq!(Answer::read(&mut bytes.as_slice(), &Limits::default()).unwrap(), answer);
        }
        let limits = Limits { max_file_bytes: 4, ..Limits::default() };
        for detail in [Detail::Full, Detail::AtLeast { shorter: 3, longer: 9 }] {
            let request = Request { job: Job::Heif, detail, limits: &limits, bytes: b"file" };
            let mut wire = Vec::new();
            request.write(&mut wire).unwrap();
            let mut file = vec![7; 100];
            let mut wire = wire.as_slice();
            let order = Order::read(&mut wire, &mut file).unwrap().unwrap();
            assert_eq!(order, Order { job: Job::Heif, detail, limits: limits.clone() });
            assert_eq!(file, b"file");
            assert_eq!(Order::read(&mut wire, &mut file).unwrap(), None);
        }
    }

    #[test]
    fn a_greeting_is_found_behind_chatter() {
        let mut said = b"\nrunning 1 test\ntest serves ... ".to_vec();
        greet(&mut said).unwrap();
        said.push(42);
        let mut said = said.as_slice();
        await_greeting(&mut said).unwrap();
        assert_eq!(said, [42]);
        assert!(await_greeting(&mut b"hello\n".as_slice()).is_err());
        assert!(await_greeting(&mut io::repeat(b'x')).is_err());
    }

    #[test]
    fn answers_beyond_the_limits_are_refused_before_they_are_read() {
        let refused = |at: usize, value: u32| {
            let mut bytes = written(&picture());
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            Answer::read(&mut bytes.as_slice(), &Limits::default()).unwrap_err().to_string()
        };
        assert!(refused(8, 0).contains("impossible size"));
        assert!(refused(8, u32::MAX).contains("impossible size"));
        assert!(refused(8, 41).contains("impossible size"));
        assert!(refused(4, u32::MAX).contains("profile"));
        let few = Limits { max_alloc_bytes: 44, ..Limits::default() };
        let error = Answer::read(&mut written(&picture()).as_slice(), &few).unwrap_err();
        assert!(error.to_string().contains("memory"));
        let mut long = written(&Answer::Failed(DecodeError::permanent(message!("x"))));
        long[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Answer::read(&mut long.as_slice(), &Limits::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered_with_an_error_or_a_picture_within_limits(
            mut bytes in prop::collection::vec(prop_oneof![0u8..5, any::<u8>()], 0..120),
            damage in prop::collection::vec((0usize..40, any::<u8>()), 0..4),
        ) {
            let limits = Limits { max_pixels: 100, ..Limits::default() };
            let mut answers = vec![written(&picture())];
            for (at, value) in damage {
                answers[0][at] = value;
            }
            answers.push(bytes.clone());
            for answer in answers {
                if let Ok(Answer::Picture { rgb, .. }) = Answer::read(&mut answer.as_slice(), &limits) {
                    prop_assert!(rgb.len() <= 300);
                }
            }
            let mut file = Vec::new();
            // A length that the wire does not hold must not be believed for long.
            bytes.resize(bytes.len().max(48), 0);
            bytes[43..48].fill(0);
            let _ = Order::read(&mut bytes.as_slice(), &mut file);
        }
    }
}

//! Photoshop files, by the picture of all layers that is stored behind them.
//!
//! Layers are not put together here: a program that saves with "maximize
//! compatibility" has done so. Where a picture is partly clear, the stored one
//! lies on white already. Total: a count that does not fit the file is an error
//! before memory is spent on it.

use std::time::Instant;

use image::RgbImage;

use super::{DecodeError, Limits, Pixels, colour, too_slow};

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub width: u32,
    pub height: u32,
    channels: u16,
    depth: u16,
    colours: Colours,
    /// A large document, some of whose lengths have twice the bytes.
    large: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Colours {
    /// One bit, set where it is black.
    Bitmap,
    Grey,
    Indexed,
    Rgb,
    /// Stored inverted: 255 is no ink.
    Print,
}

impl Colours {
    fn channels(self) -> u16 {
        match self {
            Self::Bitmap | Self::Grey | Self::Indexed => 1,
            Self::Rgb => 3,
            Self::Print => 4,
        }
    }
}

const PROFILE: u16 = 1039;
/// Says, behind a version, whether the picture of all layers is a real one.
const VERSION: u16 = 1057;

impl Header {
    /// # Errors
    /// Where it is none, or of a kind that is not read.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader(bytes);
        reader.take(4)?;
        let version = reader.u16()?;
        reader.take(6)?;
        let channels = reader.u16()?;
        let (height, width) = (reader.u32()?, reader.u32()?);
        let (depth, mode) = (reader.u16()?, reader.u16()?);
        let colours = match mode {
            0 => Colours::Bitmap,
            // Duotone is stored as grey, with inks that others may ignore.
            1 | 8 => Colours::Grey,
            2 => Colours::Indexed,
            3 => Colours::Rgb,
            4 => Colours::Print,
            7 => return Err(unsupported(phrase!("several channels of ink"))),
            9 => return Err(unsupported(phrase!("Lab colours"))),
            _ => return Err(damaged(phrase!("its kind of colours is unknown"))),
        };
        let known = match colours {
            Colours::Bitmap => depth == 1,
            Colours::Indexed => depth == 8,
            _ => matches!(depth, 8 | 16),
        };
        if depth == 32 {
            return Err(unsupported(phrase!("32 bits a channel")));
        }
        // Photoshop's own limits.
        let longest = if version == 1 { 30_000 } else { 300_000 };
        if !known
            || !(1..=2).contains(&version)
            || !(colours.channels()..=56).contains(&channels)
            || width.max(height) > longest
        {
            return Err(damaged(phrase!("its header contradicts itself")));
        }
        Ok(Self { width, height, channels, depth, colours, large: version == 2 })
    }

    /// Bytes that decoding takes: one for each sample, and the picture.
    pub fn memory(&self) -> u64 {
        let pixels = u64::from(self.width) * u64::from(self.height);
        pixels.saturating_mul(u64::from(self.colours.channels()) + 3)
    }

    /// Bytes of one row of one channel.
    fn row(&self) -> usize {
        (self.width as usize * usize::from(self.depth)).div_ceil(8)
    }
}

/// The stored picture of all layers.
pub(super) fn decode(
    bytes: &[u8],
    limits: &Limits,
    deadline: Instant,
) -> Result<Pixels, DecodeError> {
    let header = Header::read(bytes)?;
    let mut reader = Reader(bytes);
    reader.take(26)?;
    let palette = reader.section(false)?;
    let resources = Resources::read(reader.section(false)?);
    let _layers = reader.section(header.large)?;
    let planes = planes(&header, &mut reader, limits, deadline)?;
    // Programs that say it is no real one have been seen to store a real one.
    let blank = planes.iter().all(|sample| Some(sample) == planes.first());
    if resources.merged == Some(false) && blank {
        return Err(DecodeError::permanent(message!(
            "the PSD was saved without a picture of all its layers (in Photoshop, save it again \
             with \"Maximize Compatibility\")"
        )));
    }
    let printed = || print(&header, &planes, resources.profile?);
    let printed = if header.colours == Colours::Print { printed() } else { None };
    let rgb = printed.map_or_else(|| rgb(&header, &planes, palette), Ok)?;
    // A profile of inks says nothing about RGB.
    let profile = resources.profile.filter(|_| header.colours != Colours::Print);
    let profile = profile.and_then(|profile| colour::kept(profile.to_vec()));
    Ok(Pixels { size: rgb.dimensions(), rgb, profile })
}

/// The channels that matter, one after the other, a byte a sample.
fn planes(
    header: &Header,
    reader: &mut Reader<'_>,
    limits: &Limits,
    deadline: Instant,
) -> Result<Vec<u8>, DecodeError> {
    let (width, height) = (header.width as usize, header.height as usize);
    let rows = height * usize::from(header.colours.channels());
    let row = header.row();
    let packed = match reader.u16()? {
        0 => false,
        1 => true,
        2 | 3 => return Err(unsupported(phrase!("ZIP compression"))),
        _ => return Err(damaged(phrase!("its compression is unknown"))),
    };
    let mut lengths = Reader(&[]);
    if packed {
        // Of all channels, those that are not read included.
        let each = if header.large { 4 } else { 2 };
        lengths = Reader(reader.take(height * usize::from(header.channels) * each)?);
    } else if reader.0.len() < rows * row {
        return Err(cut_off());
    }
    let mut planes = Vec::new();
    planes.try_reserve_exact(rows * width).map_err(|_| {
        DecodeError::transient(message!("there is too little memory for the picture"))
    })?;
    let mut unpacked = vec![0; row];
    for _ in 0..rows {
        if Instant::now() >= deadline {
            return Err(too_slow(limits));
        }
        let samples = if packed {
            let length = if header.large { lengths.u32()? as usize } else { lengths.u16()?.into() };
            unpack(reader.take(length)?, &mut unpacked)?;
            unpacked.as_slice()
        } else {
            reader.take(row)?
        };
        match header.depth {
            1 => planes.extend((0..width).map(|x| {
                let black = samples[x / 8] >> (7 - x % 8) & 1 == 1;
                if black { 0 } else { 255 }
            })),
            // Rounded: 257 of 65,535 are one of 255.
            16 => planes.extend(samples.as_chunks().0.iter().map(|sample| {
                let deep = u32::from(u16::from_be_bytes(*sample));
                ((deep * 255 + 32_767) / 65_535) as u8
            })),
            _ => planes.extend_from_slice(samples),
        }
    }
    Ok(planes)
}

/// Undoes PackBits: runs of single bytes, and bytes that are repeated.
fn unpack(mut packed: &[u8], row: &mut [u8]) -> Result<(), DecodeError> {
    let mut at = 0;
    while let [head, rest @ ..] = packed {
        let head = *head as i8;
        packed = rest;
        if head >= 0 {
            let count = head as usize + 1;
            let run = packed.get(..count).ok_or_else(|| damaged(phrase!("a row ends early")))?;
            let room =
                row.get_mut(at..at + count).ok_or_else(|| damaged(phrase!("a row is too long")))?;
            room.copy_from_slice(run);
            packed = &packed[count..];
            at += count;
        } else if head != i8::MIN {
            let count = 1 + usize::from(head.unsigned_abs());
            let [value, rest @ ..] = packed else {
                return Err(damaged(phrase!("a row ends early")));
            };
            let room =
                row.get_mut(at..at + count).ok_or_else(|| damaged(phrase!("a row is too long")))?;
            room.fill(*value);
            packed = rest;
            at += count;
        }
    }
    if at == row.len() { Ok(()) } else { Err(damaged(phrase!("a row is too short"))) }
}

fn rgb(header: &Header, planes: &[u8], palette: &[u8]) -> Result<RgbImage, DecodeError> {
    let pixels = header.width as usize * header.height as usize;
    let mut rgb = RgbImage::new(header.width, header.height);
    let channel = |index: usize| &planes[index * pixels..(index + 1) * pixels];
    let into = rgb.as_chunks_mut::<3>().0.iter_mut();
    match header.colours {
        Colours::Bitmap | Colours::Grey => {
            for (pixel, &grey) in into.zip(channel(0)) {
                *pixel = [grey; 3];
            }
        }
        Colours::Indexed => {
            // All reds, then all greens, then all blues.
            let colours: &[u8; 768] = palette
                .first_chunk()
                .ok_or_else(|| damaged(phrase!("its palette is too short")))?;
            for (pixel, &index) in into.zip(channel(0)) {
                let index = usize::from(index);
                *pixel = [colours[index], colours[256 + index], colours[512 + index]];
            }
        }
        Colours::Rgb => {
            let (red, green, blue) = (channel(0), channel(1), channel(2));
            for (index, pixel) in into.enumerate() {
                *pixel = [red[index], green[index], blue[index]];
            }
        }
        Colours::Print => {
            let inks = [channel(0), channel(1), channel(2)];
            for (index, (pixel, &black)) in into.zip(channel(3)).enumerate() {
                let mix = |ink: &[u8]| (u32::from(ink[index]) * u32::from(black) + 127) / 255;
                *pixel = inks.map(|ink| mix(ink) as u8);
            }
        }
    }
    Ok(rgb)
}

/// Inks as the profile has them printed; `None` where it cannot tell.
fn print(header: &Header, planes: &[u8], profile: &[u8]) -> Option<RgbImage> {
    let print = colour::Print::of(profile)?;
    let (width, pixels) = (header.width as usize, planes.len() / 4);
    let mut rgb = RgbImage::new(header.width, header.height);
    let mut inks = vec![0; 4 * width];
    for (y, row) in rgb.chunks_exact_mut(3 * width).enumerate() {
        for (channel, plane) in planes.chunks_exact(pixels).enumerate() {
            let samples = &plane[y * width..(y + 1) * width];
            for (ink, sample) in inks[channel..].iter_mut().step_by(4).zip(samples) {
                *ink = 255 - sample;
            }
        }
        row.copy_from_slice(print.rgb(&inks, (header.width, 1))?.as_raw());
    }
    Some(rgb)
}

/// What is told besides the picture.
#[derive(Default)]
struct Resources<'a> {
    profile: Option<&'a [u8]>,
    merged: Option<bool>,
}

impl<'a> Resources<'a> {
    /// Damage ends the list; a picture can be had without it.
    fn read(section: &'a [u8]) -> Self {
        let mut found = Self::default();
        let mut reader = Reader(section);
        while let Ok((id, data)) = reader.resource() {
            match id {
                PROFILE => found.profile = Some(data),
                VERSION => found.merged = data.get(4).map(|&merged| merged != 0),
                _ => {}
            }
        }
        found
    }
}

/// Reads on from where it is; numbers are big-endian.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(cut_off)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(cut_off)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// A length, and so many bytes.
    fn section(&mut self, large: bool) -> Result<&'a [u8], DecodeError> {
        let length = if large {
            usize::try_from(u64::from_be_bytes(self.array()?)).unwrap_or(usize::MAX)
        } else {
            self.u32()? as usize
        };
        self.take(length)
    }

    /// A number and its bytes, which are an even number with what fills them up;
    /// so is the name before them.
    fn resource(&mut self) -> Result<(u16, &'a [u8]), DecodeError> {
        self.take(4)?;
        let id = self.u16()?;
        let [name] = self.array()?;
        self.take(usize::from(name) | 1)?;
        let data = self.section(false)?;
        if data.len() % 2 == 1 {
            // Missing only where the list ends.
            let _ = self.take(1);
        }
        Ok((id, data))
    }
}

fn cut_off() -> DecodeError {
    DecodeError::permanent(message!("the file is cut off (the PSD goes on beyond its end)"))
}

fn damaged(why: &str) -> DecodeError {
    DecodeError::permanent(message!("the PSD data are damaged ({why})", why))
}

fn unsupported(what: &str) -> DecodeError {
    DecodeError::permanent(message!("this kind of PSD is not supported yet ({what})", what))
}

#[cfg(test)]
#[path = "psd_tests.rs"]
mod tests;

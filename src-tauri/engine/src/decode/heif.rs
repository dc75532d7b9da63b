//! HEIF and AVIF by the system's libheif, looked for when it is first needed.
//!
//! It is never linked, so that one program runs where it is missing. Its C
//! interface is written out here by hand, only what is used, as its header files
//! of version 1.12 and later have it. It turns and mirrors pictures by itself
//! (the transformations in the file; EXIF does not count, as the format demands).
//!
//! Everything unsafe about pictures of this kind is in this file, and it runs in
//! decoding processes only.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use image::RgbImage;
use libloading::Library;

use super::{DecodeError, Detail, Limits, Pixels, colour, words};

/// Where the library may be, by platform.
const NAMES: &[&str] = if cfg!(target_os = "macos") {
    &["libheif.1.dylib", "/opt/homebrew/lib/libheif.1.dylib", "/usr/local/lib/libheif.1.dylib"]
} else if cfg!(windows) {
    &["heif.dll", "libheif.dll"]
} else {
    &["libheif.so.1"]
};

/// What to install.
const ADVICE: &str = if cfg!(target_os = "macos") {
    phrase!("install libheif, for example with: brew install libheif")
} else if cfg!(windows) {
    phrase!("install libheif (heif.dll) beside the application")
} else {
    phrase!("install libheif (Debian, Ubuntu: libheif1; Fedora: libheif and libheif-freeworld)")
};

/// Upright pixels of the file's main picture, each side divided by the largest
/// of 1, 2, 4 and 8 that leaves enough detail.
pub(super) fn decode(bytes: &[u8], detail: Detail, limits: &Limits) -> Result<Pixels, DecodeError> {
    static LIBRARY: OnceLock<Result<Heif, String>> = OnceLock::new();
    match LIBRARY.get_or_init(Heif::load) {
        Ok(heif) => heif.decode(bytes, detail, limits),
        Err(why) => Err(DecodeError::transient(message!(
            "HEIC and AVIF need the library libheif, which is not there: {advice} ({why})",
            advice = ADVICE,
            why
        ))),
    }
}

/// `heif_error`, returned by value.
#[repr(C)]
#[derive(Clone, Copy)]
struct Status {
    code: c_int,
    subcode: c_int,
    message: *const c_char,
}

/// `heif_color_profile_nclx`, as much of it as is read.
#[repr(C)]
struct Nclx {
    version: u8,
    primaries: c_int,
    transfer: c_int,
}

type Context = *mut c_void;
type Handle = *mut c_void;
type Picture = *mut c_void;

/// `heif_colorspace_RGB` and `heif_chroma_interleaved_RGBA`.
const RGB: c_int = 1;
const RGBA: c_int = 11;
/// `heif_channel_interleaved`.
const INTERLEAVED: c_int = 10;
/// `heif_error_Memory_allocation_error` and `heif_suberror_Unsupported_codec`.
const NO_MEMORY: c_int = 6;
const NO_CODEC: c_int = 3000;
/// `heif_error_Unsupported_filetype`, and of a feature.
const UNSUPPORTED: [c_int; 2] = [3, 4];
/// `heif_color_profile_type_nclx`: four letters as a number.
const NCLX: c_int = c_int::from_be_bytes(*b"nclx");
/// Primaries of Display P3 and the curve of sRGB, by their numbers in H.273.
const P3: c_int = 12;
const SRGB_CURVE: c_int = 13;

macro_rules! interface {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions that are used, as long as the library is loaded.
        struct Heif {
            $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
            set_threads: Option<unsafe extern "C" fn(Context, c_int)>,
            is_premultiplied: Option<unsafe extern "C" fn(Handle) -> c_int>,
            /// Never unloaded: it has threads and tables of its own.
            _library: Library,
        }

        impl Heif {
            fn load() -> Result<Self, String> {
                let mut why = String::new();
                for name in NAMES {
                    // SAFETY: the library's initialisation only registers its
                    // codecs; that it is what its name says is the system's to
                    // see to, as for every library a program is linked with.
                    match unsafe { Library::new(*name) } {
                        Ok(library) => return Self::of(library).map_err(|error| error.to_string()),
                        Err(error) => why = words::one_line(&error.to_string()),
                    }
                }
                Err(why)
            }

            fn of(library: Library) -> Result<Self, libloading::Error> {
                // SAFETY: each function has had this type since version 1.12 or
                // before. The pointers are used while `_library` is there.
                unsafe {
                    Ok(Self {
                        $($name: *library.get(concat!("heif_", stringify!($name)))?,)*
                        set_threads: library
                            .get("heif_context_set_max_decoding_threads").ok().map(|it| *it),
                        is_premultiplied: library
                            .get("heif_image_handle_is_premultiplied_alpha").ok().map(|it| *it),
                        _library: library,
                    })
                }
            }
        }
    };
}

interface! {
    context_alloc: fn() -> Context;
    context_free: fn(Context);
    context_read_from_memory_without_copy: fn(Context, *const c_void, usize, *const c_void) -> Status;
    context_set_maximum_image_size_limit: fn(Context, c_int);
    context_get_primary_image_handle: fn(Context, *mut Handle) -> Status;
    image_handle_release: fn(Handle);
    image_handle_get_width: fn(Handle) -> c_int;
    image_handle_get_height: fn(Handle) -> c_int;
    image_handle_get_color_profile_type: fn(Handle) -> c_int;
    image_handle_get_raw_color_profile_size: fn(Handle) -> usize;
    image_handle_get_raw_color_profile: fn(Handle, *mut c_void) -> Status;
    image_handle_get_nclx_color_profile: fn(Handle, *mut *mut Nclx) -> Status;
    nclx_color_profile_free: fn(*mut Nclx);
    decode_image: fn(Handle, *mut Picture, c_int, c_int, *const c_void) -> Status;
    image_get_width: fn(Picture, c_int) -> c_int;
    image_get_height: fn(Picture, c_int) -> c_int;
    image_get_plane_readonly: fn(Picture, c_int, *mut c_int) -> *const u8;
    image_release: fn(Picture);
}

/// Something of the library's that has to be given back.
struct Owned {
    pointer: *mut c_void,
    release: unsafe extern "C" fn(*mut c_void),
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the library made it, nobody else gives it back, and what was
        // made from it was dropped before (later variables go first).
        unsafe { (self.release)(self.pointer) }
    }
}

impl Heif {
    fn decode(&self, bytes: &[u8], detail: Detail, limits: &Limits) -> Result<Pixels, DecodeError> {
        // SAFETY: no conditions; a null pointer is looked for.
        let pointer = unsafe { (self.context_alloc)() };
        let context = Owned { pointer, release: self.context_free };
        if context.pointer.is_null() {
            return Err(no_memory());
        }
        // It takes the side of a square.
        let side = limits.max_pixels.isqrt().min(c_int::MAX as u64) as c_int;
        // SAFETY: the context is valid, and `bytes` lives longer than it.
        let status = unsafe {
            (self.context_set_maximum_image_size_limit)(context.pointer, side.saturating_add(1));
            if let Some(set_threads) = self.set_threads {
                // There is a process for each core.
                set_threads(context.pointer, 0);
            }
            let bytes_at = bytes.as_ptr().cast();
            (self.context_read_from_memory_without_copy)(
                context.pointer,
                bytes_at,
                bytes.len(),
                ptr::null(),
            )
        };
        check(status)?;
        let mut pointer = ptr::null_mut();
        // SAFETY: the context is valid, and there is a place for the result.
        check(unsafe { (self.context_get_primary_image_handle)(context.pointer, &mut pointer) })?;
        let handle = Owned { pointer, release: self.image_handle_release };
        // SAFETY: the handle is valid.
        let (width, height) = unsafe {
            (
                (self.image_handle_get_width)(handle.pointer),
                (self.image_handle_get_height)(handle.pointer),
            )
        };
        let size = checked(width, height, limits)?;

        let mut pointer = ptr::null_mut();
        // SAFETY: the handle is valid, there is a place for the result, and no
        // options stand for the usual ones.
        check(unsafe {
            (self.decode_image)(handle.pointer, &mut pointer, RGB, RGBA, ptr::null())
        })?;
        let picture = Owned { pointer, release: self.image_release };
        let mut stride = 0;
        // SAFETY: the picture is valid and interleaved, as was asked for.
        let (width, height, plane) = unsafe {
            (
                (self.image_get_width)(picture.pointer, INTERLEAVED),
                (self.image_get_height)(picture.pointer, INTERLEAVED),
                (self.image_get_plane_readonly)(picture.pointer, INTERLEAVED, &mut stride),
            )
        };
        let decoded = checked(width, height, limits)?;
        let stride = usize::try_from(stride).unwrap_or(0);
        if plane.is_null() || stride / 4 < decoded.0 as usize {
            return Err(DecodeError::permanent(message!(
                "the HEIF data are damaged (no pixels came of it)"
            )));
        }
        // SAFETY: the library keeps `height` rows of `stride` bytes there until
        // the picture is released, which is after the last use of this; the last
        // row may lack what is behind its pixels.
        let rows = unsafe {
            let length = stride * (decoded.1 as usize - 1) + 4 * decoded.0 as usize;
            std::slice::from_raw_parts(plane, length)
        };
        // SAFETY: the handle is valid.
        let mixed = self.is_premultiplied.is_some_and(|it| unsafe { it(handle.pointer) } != 0);
        let rgb = shrunk(rows, stride, decoded, detail.divisor(size), mixed);
        Ok(Pixels { rgb, size, profile: self.profile(&handle) })
    }

    fn profile(&self, handle: &Owned) -> Option<Vec<u8>> {
        // SAFETY: the handle is valid; the buffer has the length that the
        // library asks for; the profile is given back once, after it was read.
        unsafe {
            if (self.image_handle_get_color_profile_type)(handle.pointer) == NCLX {
                let mut nclx = ptr::null_mut();
                let status = (self.image_handle_get_nclx_color_profile)(handle.pointer, &mut nclx);
                if status.code != 0 || nclx.is_null() {
                    return None;
                }
                let kind = ((*nclx).primaries, (*nclx).transfer);
                (self.nclx_color_profile_free)(nclx);
                return if kind == (P3, SRGB_CURVE) { colour::display_p3() } else { None };
            }
            let length = (self.image_handle_get_raw_color_profile_size)(handle.pointer);
            if !(1..=colour::MOST_PROFILE_BYTES).contains(&length) {
                return None;
            }
            let mut profile = vec![0u8; length];
            let into = profile.as_mut_ptr().cast();
            let status = (self.image_handle_get_raw_color_profile)(handle.pointer, into);
            (status.code == 0).then_some(profile)
        }
    }
}

fn checked(width: c_int, height: c_int, limits: &Limits) -> Result<(u32, u32), DecodeError> {
    let (Ok(width @ 1..), Ok(height @ 1..)) = (u32::try_from(width), u32::try_from(height)) else {
        return Err(DecodeError::permanent(message!("the picture has no pixels")));
    };
    super::check_pixels(limits, width, height)?;
    Ok((width, height))
}

/// The means of squares of pixels, laid on white. Those at the right and lower
/// edge may be means of fewer.
fn shrunk(
    rows: &[u8],
    stride: usize,
    (width, height): (u32, u32),
    divisor: u32,
    premultiplied: bool,
) -> RgbImage {
    let mut rgb = RgbImage::new(width.div_ceil(divisor), height.div_ceil(divisor));
    let (width, divisor) = (width as usize, divisor as usize);
    let mut sums = vec![[0u32; 4]; rgb.width() as usize];
    for (y, into) in rgb.rows_mut().enumerate() {
        sums.fill([0; 4]);
        let lines = rows.chunks(stride).skip(y * divisor).take(divisor);
        for line in lines {
            let (pixels, _) = line.as_chunks::<4>();
            for (sum, square) in sums.iter_mut().zip(pixels[..width].chunks(divisor)) {
                for &[red, green, blue, alpha] in square {
                    let white = 255 - u32::from(alpha);
                    let over = |value: u8| {
                        if alpha == 255 {
                            u32::from(value)
                        } else if premultiplied {
                            (u32::from(value) + white).min(255)
                        } else {
                            (u32::from(value) * u32::from(alpha) + 255 * white + 127) / 255
                        }
                    };
                    sum[0] += over(red);
                    sum[1] += over(green);
                    sum[2] += over(blue);
                    sum[3] += 1;
                }
            }
        }
        for (pixel, [red, green, blue, count]) in into.zip(&sums) {
            let count = (*count).max(1);
            pixel.0 = [red, green, blue].map(|sum| ((sum + count / 2) / count) as u8);
        }
    }
    rgb
}

fn check(status: Status) -> Result<(), DecodeError> {
    if status.code == 0 {
        return Ok(());
    }
    let message = if status.message.is_null() {
        String::new()
    } else {
        // SAFETY: the library's messages end with a zero and live as long as the
        // context, which is still there.
        let message = unsafe { CStr::from_ptr(status.message) };
        words::one_line(&message.to_string_lossy())
    };
    Err(match (status.code, status.subcode) {
        (_, NO_CODEC) => DecodeError::transient(message!(
            "the installed libheif lacks the decoder for this picture: {advice}; on newer ones \
             also libheif-plugin-libde265 and libheif-plugin-dav1d ({message})",
            advice = ADVICE,
            message
        )),
        (NO_MEMORY, _) => {
            DecodeError::permanent(message!("decoding takes too much memory ({message})", message))
        }
        (code, _) if UNSUPPORTED.contains(&code) => DecodeError::permanent(message!(
            "this kind of HEIF is not supported ({message})",
            message
        )),
        _ if words::says_cut_off(&message) => {
            DecodeError::permanent(message!("the file is cut off ({message})", message))
        }
        _ => DecodeError::permanent(message!("the HEIF data are damaged ({message})", message)),
    })
}

fn no_memory() -> DecodeError {
    DecodeError::transient(message!("there is too little memory for the picture"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_become_their_means_and_edges_count() {
        // Three by three, a stride of four pixels; the middle one is clear.
        let mut rows = [99; 4 * 4 * 3];
        for y in 0..3 {
            for x in 0..3 {
                let alpha = if (x, y) == (1, 1) { 0 } else { 255 };
                let pixel = [10 * x as u8, 100, 8 * y as u8, alpha];
                rows[16 * y + 4 * x..][..4].copy_from_slice(&pixel);
            }
        }
        let small = shrunk(&rows[..44], 16, (3, 3), 2, false);
        assert_eq!(small.dimensions(), (2, 2));
        assert_eq!(small.get_pixel(0, 0).0, [66, 139, 66]);
        assert_eq!(small.get_pixel(1, 1).0, [20, 100, 16]);
        let whole = shrunk(&rows[..44], 16, (3, 3), 1, false);
        assert_eq!(whole.get_pixel(1, 1).0, [255; 3]);
        assert_eq!(whole.get_pixel(2, 1).0, [20, 100, 8]);
    }
}

//! Fujifilm's RAF: a header that says where its JPEG is. The JPEG is a whole one
//! with EXIF of its own, its orientation included.

const MARK: &[u8] = b"FUJIFILMCCD-RAW";
const JPEG_OFFSET: usize = 84;
const JPEG_LENGTH: usize = 88;

pub(super) fn is_raf(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK)
}

/// What should be a JPEG.
pub(super) fn picture(bytes: &[u8]) -> Option<&[u8]> {
    let number = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?) as usize);
    let rest = bytes.get(number(JPEG_OFFSET)?..)?;
    rest.get(..number(JPEG_LENGTH)?.min(rest.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{check, jpeg};
    use super::super::{is_raw, preview};
    use super::*;
    use crate::decode::Detail;

    fn raf() -> Vec<u8> {
        let mut header = MARK.to_vec();
        header.resize(148, 0);
        let picture = jpeg(48, 32);
        header[JPEG_OFFSET..][..4].copy_from_slice(&148u32.to_be_bytes());
        header[JPEG_LENGTH..][..4].copy_from_slice(&(picture.len() as u32).to_be_bytes());
        [header, picture, vec![7; 1000]].concat()
    }

    #[test]
    fn the_picture_is_where_the_header_says() {
        check(&raf(), Detail::Full, &jpeg(48, 32));
        let error = preview(MARK, Detail::Full).unwrap_err();
        assert!(error.to_string().contains("no preview"), "{error}");
    }

    proptest! {
        #[test]
        fn damaged_files_are_read_to_an_end(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
            end: prop::sample::Index,
        ) {
            let mut bytes = raf();
            for (at, value) in damage {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            bytes.truncate(end.index(bytes.len()) + 1);
            let _ = is_raw(&bytes);
            let _ = preview(&bytes, Detail::Full);
        }
    }
}

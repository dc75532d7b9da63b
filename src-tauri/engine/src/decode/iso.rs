//! Boxes of the ISO base media format, of which HEIF, AVIF, CR3 and most video
//! files are made.
//!
//! Total: whatever the bytes, a walk ends, and every box lies inside the file.

/// Boxes that are looked at in one place; files have a dozen.
const MOST_BOXES: usize = 1024;

/// A box's kind and what is in it.
pub(super) type Box<'a> = ([u8; 4], &'a [u8]);

/// The boxes one after the other; the last may be cut off.
pub(super) fn boxes(bytes: &[u8]) -> impl Iterator<Item = Box<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let kind = *rest.get(4..)?.first_chunk()?;
        let short = u32::from_be_bytes(*rest.first_chunk()?);
        let (head, length) = match short {
            // To the end.
            0 => (8, rest.len()),
            1 => {
                let long = u64::from_be_bytes(*rest.get(8..)?.first_chunk()?);
                (16, usize::try_from(long).unwrap_or(usize::MAX))
            }
            short => (8, short as usize),
        };
        let end = length.min(rest.len());
        let content = rest.get(head..end)?;
        rest = &rest[end..];
        Some((kind, content))
    })
    .take(MOST_BOXES)
}

/// What is in the first box of a kind.
pub(super) fn inside<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(found, _)| found == kind).map(|(_, content)| content)
}

/// The brands a file says it is of, the main one first; none where it does not
/// begin with a list of them.
pub(super) fn brands(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    let list = boxes(bytes).next().filter(|(kind, _)| kind == b"ftyp").map(|(_, list)| list);
    let (four, _) = list.unwrap_or_default().as_chunks::<4>();
    // The second is the main one's version.
    four.iter().enumerate().filter(|(index, _)| *index != 1).map(|(_, brand)| *brand).take(64)
}

/// The largest width times height that any picture in a HEIF or AVIF file claims,
/// as these two. The file's main picture is one of them, maybe turned.
pub(super) fn largest_picture(bytes: &[u8]) -> Option<(u32, u32)> {
    let properties = inside(full(inside(bytes, b"meta")?)?, b"iprp")?;
    let extents = boxes(inside(properties, b"ipco")?).filter(|(kind, _)| kind == b"ispe");
    let sizes = extents.filter_map(|(_, content)| {
        let (words, _) = full(content)?.as_chunks::<4>();
        let [width, height, ..] = words else { return None };
        Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
    });
    sizes.max_by_key(|&(width, height)| u64::from(width) * u64::from(height))
}

/// The content of a box that begins with a version and flags.
pub(super) fn full(content: &[u8]) -> Option<&[u8]> {
    content.get(4..)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A box.
    pub(in crate::decode) fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u32 + 8).to_be_bytes();
        [&length, kind.as_slice(), content].concat()
    }

    #[test]
    fn boxes_of_all_three_lengths_are_walked() {
        let mut bytes = boxed(b"aaaa", b"12");
        bytes.extend([0, 0, 0, 1]);
        bytes.extend(b"bbbb");
        bytes.extend(19u64.to_be_bytes());
        bytes.extend(b"345");
        bytes.extend([0, 0, 0, 0]);
        bytes.extend(b"cccc6789");
        let found: Vec<Box> = boxes(&bytes).collect();
        let expected: [Box; 3] = [(*b"aaaa", b"12"), (*b"bbbb", b"345"), (*b"cccc", b"6789")];
        assert_eq!(found, expected);
        assert_eq!(inside(&bytes, b"bbbb"), Some(b"345".as_slice()));
        // Cut off, and too short for its own head.
        assert_eq!(boxes(&bytes[..9]).collect::<Vec<_>>(), [(*b"aaaa", b"1".as_slice())]);
        assert_eq!(boxes(b"\0\0\0\x07aaaa").count(), 0);
    }

    #[test]
    fn brands_are_listed_without_the_version() {
        let file = boxed(b"ftyp", b"mif1\0\0\0\0mif1avif");
        assert_eq!(brands(&file).collect::<Vec<_>>(), [*b"mif1", *b"mif1", *b"avif"]);
        assert_eq!(brands(b"\0\0\0\x10free").count(), 0);
    }

    #[test]
    fn the_largest_picture_counts() {
        let extent = |width: u32, height: u32| {
            let words = [0, width, height].map(u32::to_be_bytes).concat();
            boxed(b"ispe", &words)
        };
        let container = boxed(b"ipco", &[extent(4, 3), extent(40, 30), extent(8, 8)].concat());
        let meta = [[0; 4].as_slice(), &boxed(b"iprp", &container)].concat();
        let file = [boxed(b"ftyp", b"heic\0\0\0\0"), boxed(b"meta", &meta)].concat();
        assert_eq!(largest_picture(&file), Some((40, 30)));
        assert_eq!(largest_picture(&boxed(b"ftyp", b"heic\0\0\0\0")), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked(bytes in prop::collection::vec(prop_oneof![0u8..20, any::<u8>()], 0..200)) {
            prop_assert!(boxes(&bytes).all(|(_, content)| content.len() < bytes.len()));
            let _ = (brands(&bytes).count(), largest_picture(&bytes));
        }
    }
}

//! What a GIF says of its first frame, which may be of another size than the
//! picture.
//!
//! Total: a walk from block to block, and nothing is unpacked.

/// Width and height of the first frame.
pub(super) fn first_frame(bytes: &[u8]) -> Option<(u32, u32)> {
    const HEADER: usize = 13;
    // Its flags: whether a list of colours follows, and two to the power of what.
    let flags = *bytes.get(10)?;
    let list = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut rest = bytes.get(HEADER + list..)?;
    loop {
        match rest {
            // A frame: its place, its size.
            [0x2C, _, _, _, _, w0, w1, h0, h1, ..] => {
                let side = |low, high| u32::from(u16::from_le_bytes([low, high]));
                return Some((side(*w0, *w1), side(*h0, *h1)));
            }
            // An extension: its kind, and pieces up to an empty one.
            [0x21, _, after @ ..] => {
                rest = after;
                while let (&length @ 1.., after) = rest.split_first()? {
                    rest = after.get(usize::from(length)..)?;
                }
                rest = rest.get(1..)?;
            }
            _ => return None,
        }
    }
}

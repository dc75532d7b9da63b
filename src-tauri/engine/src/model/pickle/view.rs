//! How a tensor lies in its storage.

use std::borrow::Cow;

/// More dimensions than any weight has. Without a limit, one long shape that
/// many tensors share would grow when each gets its copy.
pub const MAX_RANK: usize = 8;

/// A window on a storage: where it begins, how far it reaches along each
/// dimension and how far apart neighbours are there, all in elements.
#[derive(Debug, Clone)]
pub struct View {
    offset: usize,
    shape: Vec<usize>,
    stride: Vec<usize>,
}

impl View {
    /// None when the shape and the stride are not of one rank, or of one
    /// beyond [`MAX_RANK`].
    pub fn new(offset: usize, shape: Vec<usize>, stride: Vec<usize>) -> Option<Self> {
        let possible = shape.len() == stride.len() && shape.len() <= MAX_RANK;
        possible.then_some(Self { offset, shape, stride })
    }

    /// Elements along each dimension.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements in row-major order, each of `size` bytes: borrowed where
    /// they lie so in the storage.
    ///
    /// None when one would lie outside, or when there are more of them than
    /// the storage has, as only a stride of zero can bring about.
    pub fn read<'a>(&self, storage: &'a [u8], size: usize) -> Option<Cow<'a, [u8]>> {
        let count = self.shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
        if count == 0 {
            return Some(Cow::Borrowed(&[]));
        }
        let len = storage.len() / size;
        let last = self
            .dimensions()
            .try_fold(self.offset, |at, (d, s)| at.checked_add((d - 1).checked_mul(s)?))?;
        if count > len || last >= len {
            return None;
        }
        // From here on no index is beyond `last` and no number beyond `len`.
        let elements = |at: usize, n: usize| &storage[at * size..][..n * size];
        if self.is_row_major() {
            return Some(Cow::Borrowed(elements(self.offset, count)));
        }
        let (width, step) = self.dimensions().next_back()?;
        let mut bytes = Vec::with_capacity(count * size);
        for row in 0..count / width {
            let (mut at, mut rest) = (self.offset, row);
            for (dim, stride) in self.dimensions().rev().skip(1) {
                at += rest % dim * stride;
                rest /= dim;
            }
            for i in 0..width {
                bytes.extend_from_slice(elements(at + i * step, 1));
            }
        }
        Some(Cow::Owned(bytes))
    }

    /// The length of each dimension and its stride.
    fn dimensions(&self) -> impl DoubleEndedIterator<Item = (usize, usize)> {
        self.shape.iter().copied().zip(self.stride.iter().copied())
    }

    /// Whether each element follows the one before, given that none of the
    /// dimensions is empty. The stride of a dimension of length 1 means nothing.
    fn is_row_major(&self) -> bool {
        let mut follows = 1;
        self.dimensions().rev().all(|(dim, stride)| {
            let fits = dim == 1 || stride == follows;
            follows *= dim;
            fits
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(offset: usize, shape: &[usize], stride: &[usize]) -> Option<Cow<'static, [u8]>> {
        View::new(offset, shape.to_vec(), stride.to_vec())?.read(&[0, 1, 2, 3, 4, 5], 1)
    }

    #[test]
    fn elements_come_in_row_major_order() {
        assert_eq!(read(0, &[2, 3], &[3, 1]).unwrap()[..], [0, 1, 2, 3, 4, 5]);
        assert_eq!(read(0, &[2, 3], &[1, 2]).unwrap()[..], [0, 2, 4, 1, 3, 5]);
        assert_eq!(read(1, &[2, 1], &[3, 9]).unwrap()[..], [1, 4]);
        assert_eq!(read(5, &[], &[]).unwrap()[..], [5]);
        assert!(read(9, &[2, 0], &[9, 9]).unwrap().is_empty());
    }

    #[test]
    fn only_what_is_scattered_is_copied() {
        let is_borrowed = |shape: &[usize], stride: &[usize]| {
            matches!(read(1, shape, stride), Some(Cow::Borrowed(_)))
        };
        assert!(is_borrowed(&[5], &[1]));
        assert!(is_borrowed(&[1, 2, 1, 2], &[77, 2, 0, 1]));
        assert!(!is_borrowed(&[2, 2], &[3, 1]));
    }

    #[test]
    fn nothing_reaches_outside_the_storage() {
        assert_eq!(read(1, &[2, 3], &[3, 1]), None);
        assert_eq!(read(0, &[7], &[0]), None, "repeats an element more often than there are any");
        assert_eq!(read(usize::MAX, &[2], &[1]), None);
        assert_eq!(read(0, &[2, usize::MAX], &[usize::MAX, 2]), None);
        assert_eq!(read(0, &[1], &[1, 1]), None, "a stride too many");
        assert_eq!(read(0, &[1; 9], &[1; 9]), None, "a rank beyond the limit");
    }

    proptest! {
        /// Against the definition, counted in numbers that cannot overflow.
        #[test]
        fn any_view_is_read_or_refused(
            offset in number(),
            dimensions in prop::collection::vec((number(), number()), 0..5),
            storage in prop::collection::vec(any::<u8>(), 0..40),
            size in prop::sample::select(&[1usize, 2, 4, 8][..]),
        ) {
            let (shape, stride): (Vec<_>, Vec<_>) = dimensions.into_iter().unzip();
            let view = View::new(offset, shape.clone(), stride.clone()).unwrap();
            let Some(read) = view.read(&storage, size) else {
                return Ok(());
            };
            let mut expected = Vec::new();
            for i in 0..shape.iter().product() {
                let (mut at, mut rest) = (offset as u128, i);
                for (&dim, &stride) in shape.iter().zip(&stride).rev() {
                    at += (rest % dim) as u128 * stride as u128;
                    rest /= dim;
                }
                let at = at as usize * size;
                expected.extend_from_slice(&storage[at..at + size]);
            }
            prop_assert_eq!(&*read, &expected[..]);
        }
    }

    fn number() -> impl Strategy<Value = usize> {
        prop_oneof![12 => 0usize..5, 1 => Just(usize::MAX), 1 => any::<usize>()]
    }
}

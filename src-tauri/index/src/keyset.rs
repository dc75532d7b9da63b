//! Sets of keys, for filters.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Keys of one page of a set.
const PAGE_BITS: u32 = 16;

type Page = [u64; 1 << (PAGE_BITS - 6)];

/// A set of keys as bitmaps: a bit a key where they are dense, as photo ids are.
/// Keys far apart take a page of 8 KiB each.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    pages: BTreeMap<i64, Box<Page>>,
}

impl KeySet {
    /// Adds a key.
    pub fn insert(&mut self, key: i64) {
        let page = self.pages.entry(key >> PAGE_BITS).or_insert_with(|| Box::new([0; _]));
        let bit = at(key);
        page[bit / 64] |= 1 << (bit % 64);
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        let pages = self.pages.values();
        pages.flat_map(|page| page.iter()).map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Whether the key is one of them.
    pub fn contains(&self, key: i64) -> bool {
        self.lookup()(key)
    }

    /// Whether a key between two others may be there: the same page has one.
    pub fn meets(&self, range: RangeInclusive<i64>) -> bool {
        let pages = range.start() >> PAGE_BITS..=range.end() >> PAGE_BITS;
        self.pages.range(pages).next().is_some()
    }

    /// What tells whether a key is there, quickly where it is near the one before.
    pub fn lookup(&self) -> impl FnMut(i64) -> bool + '_ {
        let (mut number, mut page) = (i64::MIN, None);
        move |key| {
            // No key has this number.
            if key >> PAGE_BITS != number {
                number = key >> PAGE_BITS;
                page = self.pages.get(&number);
            }
            let bit = at(key);
            page.is_some_and(|page| page[bit / 64] >> (bit % 64) & 1 != 0)
        }
    }
}

/// The bit of a key within its page.
fn at(key: i64) -> usize {
    (key & ((1 << PAGE_BITS) - 1)) as usize
}

impl FromIterator<i64> for KeySet {
    fn from_iter<T: IntoIterator<Item = i64>>(keys: T) -> Self {
        let mut set = Self::default();
        keys.into_iter().for_each(|key| set.insert(key));
        set
    }
}

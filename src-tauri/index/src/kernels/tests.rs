//! Every kernel that this processor can run against the scalar ones.

use proptest::prelude::*;

use super::*;

/// Bytes of every value, the same for the same seed.
fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed;
    let next = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

#[test]
fn the_greatest_numbers_do_not_overflow() {
    for by in [i8::MAX, -127] {
        for kernels in available() {
            let mut sums = [0; 5];
            kernels.nibbles(&[0xff; 5 * 1024], &[by; 2048], &mut sums);
            assert_eq!(sums, [2048 * 15 * i32::from(by); 5], "{}", kernels.name);
        }
    }
}

#[test]
fn a_sum_of_nibbles_is_what_it_says() {
    let mut plane = [0; LINE];
    (plane[0], plane[1]) = (0x21, 0x30);
    let mut query = [0; LINE_COMPONENTS];
    (query[0], query[1], query[LINE], query[LINE + 1]) = (1, 10, 100, -5);
    for kernels in available() {
        let mut sums = [7];
        kernels.nibbles(&plane, &query, &mut sums);
        assert_eq!(sums, [1 + 200 - 15], "{}", kernels.name);
    }
}

proptest! {
    #[test]
    fn sums_of_nibbles_are_the_same_everywhere(
        rows in 0usize..11,
        lines in 1usize..10,
        seed in any::<u64>(),
    ) {
        let plane = bytes(seed, rows * lines * LINE);
        let query: Vec<i8> = bytes(!seed, lines * LINE_COMPONENTS)
            .into_iter()
            .map(|byte| byte.cast_signed().max(-127))
            .collect();
        let mut expected = vec![0; rows];
        SCALAR.nibbles(&plane, &query, &mut expected);
        for kernels in available() {
            let mut sums = vec![-1; rows];
            kernels.nibbles(&plane, &query, &mut sums);
            prop_assert_eq!(&sums, &expected, "{}", kernels.name);

            let picked: Vec<u32> = (0..rows as u32).rev().step_by(2).collect();
            let mut sums = vec![-1; picked.len()];
            kernels.picked(&plane, &picked, &query, &mut sums);
            let expected: Vec<i32> = picked.iter().map(|&row| expected[row as usize]).collect();
            prop_assert_eq!(&sums, &expected, "{}", kernels.name);
        }
    }

    #[test]
    fn sums_of_bits_are_the_same_everywhere(
        rows in 0usize..11,
        words in 1usize..20,
        slices in 0usize..8,
        seed in any::<u64>(),
    ) {
        let width = 8 * words;
        let bits = bytes(seed, rows * width);
        let signs = bytes(!seed, width);
        let sizes = bytes(seed ^ 1, slices * width);
        let mut expected = vec![0; rows];
        SCALAR.bits(&bits, &signs, &sizes, &mut expected);
        for kernels in available() {
            let mut sums = vec![-1; rows];
            kernels.bits(&bits, &signs, &sizes, &mut sums);
            prop_assert_eq!(&sums, &expected, "{}", kernels.name);
        }
    }
}

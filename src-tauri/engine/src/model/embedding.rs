//! The one kind of vector that leaves a model.

use half::f16;

use crate::error::{Error, Result};

/// A vector of length 1. The product of two of them is their cosine
/// similarity: greater is closer.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// Normalises a tower's output.
    ///
    /// # Errors
    /// When a component is not finite, or when the vector is so short that it
    /// has no direction. Both mean a damaged model, and stored once, such a
    /// vector would win or lose every comparison.
    pub fn from_raw(mut values: Vec<f32>) -> Result<Self> {
        // f64: the squares of large but finite f32 overflow an f32 sum.
        let norm = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        if !norm.is_finite() {
            return Err(Error::failed(message!(
                "the model returned a vector with a NaN or an infinity"
            )));
        }
        if norm < 1e-20 {
            return Err(Error::failed(message!("the model returned a vector of length 0")));
        }
        for value in &mut values {
            *value = (f64::from(*value) / norm) as f32;
        }
        Ok(Self(values))
    }

    /// The components.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// The number of components.
    #[cfg(test)]
    pub fn dim(&self) -> usize {
        self.0.len()
    }

    /// The components as they are stored: f16, little endian, two bytes each.
    pub fn to_f16_le_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect()
    }

    /// Reads what [`to_f16_le_bytes`](Self::to_f16_le_bytes) wrote and makes up
    /// for the rounding, so that the length is 1 again.
    ///
    /// # Errors
    /// When the bytes are not `dim` components, or not those of a unit vector.
    pub fn from_f16_le_bytes(bytes: &[u8], dim: usize) -> Result<Self> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        if pairs.len() != dim || !rest.is_empty() {
            return Err(Error::failed(message!(
                "a stored vector has {bytes} bytes where {dim} components take {needed}",
                bytes = bytes.len(),
                dim,
                needed = 2 * dim
            )));
        }
        Self::from_raw(pairs.iter().map(|&pair| f16::from_le_bytes(pair).to_f32()).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dot(a: &Embedding, b: &Embedding) -> f32 {
        a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn refuses_what_has_no_direction() {
        for bad in [vec![], vec![0.0; 4], vec![1.0, f32::NAN], vec![f32::INFINITY, 1.0]] {
            assert!(Embedding::from_raw(bad.clone()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn refuses_bytes_of_another_size() {
        let bytes = Embedding::from_raw(vec![3.0, 4.0]).unwrap().to_f16_le_bytes();
        assert_eq!(bytes.len(), 4);
        assert!(Embedding::from_f16_le_bytes(&bytes, 3).is_err());
        assert!(Embedding::from_f16_le_bytes(&bytes[..3], 1).is_err());
    }

    proptest! {
        #[test]
        fn length_is_one_whatever_the_scale(
            values in prop::collection::vec(-1.0f32..1.0, 1..600),
            scale in prop::sample::select(vec![1e-12f32, 1.0, 1e30]),
        ) {
            prop_assume!(values.iter().any(|v| v.abs() > 1e-3));
            let unit = Embedding::from_raw(values.iter().map(|v| v * scale).collect()).unwrap();
            prop_assert!((dot(&unit, &unit) - 1.0).abs() < 1e-5);
        }

        #[test]
        fn storing_keeps_the_direction(values in prop::collection::vec(-1.0f32..1.0, 1..600)) {
            prop_assume!(values.iter().any(|v| v.abs() > 1e-3));
            let unit = Embedding::from_raw(values).unwrap();
            let bytes = unit.to_f16_le_bytes();
            let read = Embedding::from_f16_le_bytes(&bytes, unit.dim()).unwrap();
            prop_assert!((dot(&read, &read) - 1.0).abs() < 1e-5);
            prop_assert!(dot(&unit, &read) > 0.999_99);
        }
    }
}

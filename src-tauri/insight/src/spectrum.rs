//! Principal components: in how many directions rows really vary.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::nearest::products;

/// Rows of a product. Sums of so many in f32 are good to a millionth, and what is
/// summed over blocks is f64.
const BLOCK: usize = 1024;

/// Means and products of rows, gathered block by block.
pub struct Covariance {
    dim: usize,
    rows: usize,
    /// Subtracted from all rows: the mean of the first block. Rows that lie in a
    /// narrow cone would lose digits otherwise.
    shift: Vec<f32>,
    /// Of shifted rows.
    sum: Vec<f64>,
    /// Of shifted rows, `(dim, dim)`.
    products: Vec<f64>,
    /// Rows not yet counted.
    block: Vec<f32>,
}

impl Covariance {
    pub fn new(dim: usize) -> Self {
        Self {
            dim,
            rows: 0,
            shift: Vec::new(),
            sum: vec![0.0; dim],
            products: vec![0.0; dim * dim],
            block: Vec::new(),
        }
    }

    /// Adds a row of finite numbers.
    pub fn add(&mut self, row: &[f32]) {
        self.block.extend_from_slice(row);
        if self.block.len() == BLOCK * self.dim {
            self.count_block();
        }
    }

    fn count_block(&mut self) {
        let (dim, rows) = (self.dim, self.block.len() / self.dim);
        if rows == 0 {
            return;
        }
        if self.shift.is_empty() {
            let mut mean = vec![0.0_f64; dim];
            for row in self.block.chunks(dim) {
                mean.iter_mut().zip(row).for_each(|(mean, v)| *mean += f64::from(*v));
            }
            self.shift = mean.iter().map(|mean| (mean / rows as f64) as f32).collect();
        }
        // By dimension, so that the product sums over rows.
        let mut turned = vec![0.0; dim * rows];
        for (nth, row) in self.block.chunks(dim).enumerate() {
            for (at, value) in row.iter().enumerate() {
                let shifted = value - self.shift[at];
                turned[at * rows + nth] = shifted;
                self.sum[at] += f64::from(shifted);
            }
        }
        add_squared(&turned, rows, &mut self.products);
        self.rows += rows;
        self.block.clear();
    }

    /// The components of all rows added, greatest first.
    pub fn finish(mut self) -> Spectrum {
        self.count_block();
        let (dim, rows) = (self.dim, self.rows.max(1) as f64);
        let sum = &self.sum;
        let covariance = DMatrix::from_fn(dim, dim, |a, b| {
            self.products[a * dim + b] / rows - sum[a] / rows * (sum[b] / rows)
        });
        let eigen = SymmetricEigen::new(covariance);
        let mut places: Vec<usize> = (0..dim).collect();
        places.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        // Below 0 by rounding only.
        let variances = places.iter().map(|&place| eigen.eigenvalues[place].max(0.0)).collect();
        let mut components = Vec::with_capacity(dim * dim);
        for &place in &places {
            let component = eigen.eigenvectors.column(place);
            // Either direction would do; this one is the same every time.
            let sign = if component[component.iamax()] < 0.0 { -1.0 } else { 1.0 };
            components.extend(component.iter().map(|value| (sign * value) as f32));
        }
        let shift = self.shift.iter().map(|shift| f64::from(*shift)).chain(std::iter::repeat(0.0));
        let mean = sum.iter().zip(shift).map(|(sum, shift)| (sum / rows + shift) as f32).collect();
        Spectrum { dim, mean, variances, components }
    }
}

/// Adds the products of all pairs of rows of `turned`, which have `length` values.
fn add_squared(turned: &[f32], length: usize, sums: &mut [f64]) {
    use rayon::prelude::*;
    let dim = turned.len() / length;
    // A part of the rows of the result for each product.
    const PART: usize = 128;
    let parts = sums.par_chunks_mut(PART * dim).zip(turned.par_chunks(PART * length));
    parts.for_each(|(sums, part)| {
        let mut block = vec![0.0; sums.len()];
        products(part, turned, length, &mut block);
        sums.iter_mut().zip(&block).for_each(|(sum, product)| *sum += f64::from(*product));
    });
}

/// Principal components of rows.
pub struct Spectrum {
    dim: usize,
    /// Mean of the rows.
    pub mean: Vec<f32>,
    /// Variance along each component, greatest first.
    pub variances: Vec<f64>,
    /// The components, `(dim, dim)` row by row, each of length 1.
    components: Vec<f32>,
}

impl Spectrum {
    /// Share of the variance that the first components hold, for each number of
    /// them from 1; at the end 1. Zeros where nothing varies.
    pub fn explained(&self) -> Vec<f64> {
        let total: f64 = self.variances.iter().sum();
        let mut sum = 0.0;
        let shares = self.variances.iter().map(|variance| {
            sum += variance;
            if total > 0.0 { sum / total } else { 0.0 }
        });
        shares.collect()
    }

    /// The participation ratio: as many dimensions of equal variance would vary as
    /// evenly. Between 1 and the number of dimensions; 0 where nothing varies.
    pub fn effective_dimension(&self) -> f64 {
        let total: f64 = self.variances.iter().sum();
        let squares: f64 = self.variances.iter().map(|variance| variance * variance).sum();
        if squares > 0.0 { total * total / squares } else { 0.0 }
    }

    /// Rows along the first `count` components. Nothing is subtracted before: dot
    /// products then rank rows as they would after subtracting the mean, since
    /// that changes all of a query by the same number.
    pub fn project(&self, rows: &[f32], count: usize) -> Vec<f32> {
        use rayon::prelude::*;
        let count = count.min(self.dim);
        let components = &self.components[..count * self.dim];
        let blocks = rows.par_chunks(BLOCK * self.dim).map(|rows| {
            let mut out = vec![0.0; rows.len() / self.dim * count];
            products(rows, components, self.dim, &mut out);
            out
        });
        blocks.flatten_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn spectrum(rows: &[f32], dim: usize) -> Spectrum {
        let mut covariance = Covariance::new(dim);
        rows.chunks(dim).for_each(|row| covariance.add(row));
        covariance.finish()
    }

    #[test]
    fn variances_on_known_axes_are_found() {
        // Four rows at (5 +- 3, 1 +- 1): variances 9 and 1.
        let rows = [8.0, 2.0, 8.0, 0.0, 2.0, 2.0, 2.0, 0.0];
        let spectrum = spectrum(&rows, 2);
        assert_eq!(spectrum.mean, [5.0, 1.0]);
        assert!((spectrum.variances[0] - 9.0).abs() < 1e-9);
        assert!((spectrum.variances[1] - 1.0).abs() < 1e-9);
        assert!((spectrum.explained()[0] - 0.9).abs() < 1e-9);
        assert!((spectrum.effective_dimension() - 100.0 / 82.0).abs() < 1e-9);
        assert_eq!(spectrum.project(&rows, 1), [8.0, 8.0, 2.0, 2.0]);
    }

    #[test]
    fn many_rows_far_from_zero_keep_their_digits() {
        let (dim, mut random) = (5, Random::new(3));
        let deviations = [0.1, 0.05, 0.02, 0.01, 0.001];
        let rows: Vec<f32> = (0..5000 * dim)
            .map(|at| (10.0 + deviations[at % dim] * random.normal()) as f32)
            .collect();
        let spectrum = spectrum(&rows, dim);
        for (variance, deviation) in spectrum.variances.iter().zip(deviations) {
            let ratio = variance.sqrt() / deviation;
            assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
        }
    }

    #[test]
    fn all_components_keep_all_dot_products() {
        let (dim, mut random) = (6, Random::new(4));
        let rows: Vec<f32> = (0..50 * dim).map(|_| random.normal() as f32).collect();
        let spectrum = spectrum(&rows, dim);
        let turned = spectrum.project(&rows, dim);
        let dot = |rows: &[f32]| {
            rows[..dim].iter().zip(&rows[dim..2 * dim]).map(|(a, b)| a * b).sum::<f32>()
        };
        assert!((dot(&rows) - dot(&turned)).abs() < 1e-4);
    }

    #[test]
    fn nothing_has_no_components() {
        let spectrum = spectrum(&[], 3);
        assert_eq!(spectrum.explained(), [0.0; 3]);
        assert_eq!(spectrum.effective_dimension(), 0.0);
    }
}

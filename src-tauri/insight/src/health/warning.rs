//! What is wrong with vectors, in plain words.

use serde::Serialize;

use super::neighbourhood::Hub;
use super::{Found, HealthReport};

/// A share of the neighbours below this is lost on people: one of the first ten
/// photos is another.
const INT8_KEEPS: f64 = 0.9;

/// A photo of real variety has 20 or more; a model that has collapsed 1 to 3.
const EFFECTIVE_DIMENSION: f64 = 8.0;

/// With fewer rows the figures that a warning rests on say little.
const ENOUGH_ROWS: usize = 100;

/// As many rows of different photos are never the same by chance.
const COPIES: usize = 5;

/// Some models never use a few of their dimensions, all-MiniLM-L6-v2 three of 384: so
/// many of them cost next to nothing.
const CONSTANT_SHARE: f64 = 0.02;

/// A photo that is a neighbour of so many of all is in everything.
const HUB_SHARE: f64 = 0.1;

/// Groups of copies that a report names.
const NAMED_GROUPS: usize = 10;

/// Something that makes search worse, with the figures that show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Warning {
    /// Vectors with a value that is no number, or infinite.
    NotFinite {
        /// The rows.
        rows: Found,
    },
    /// Vectors of nothing but zeros.
    ZeroVectors {
        /// The rows.
        rows: Found,
    },
    /// Vectors whose length is not 1.
    NormsOff {
        /// The rows.
        rows: Found,
        /// Share of all rows, 0 to 1.
        share: f64,
        /// The smallest length of all rows.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// Many photos that are not the same have the same vector.
    DuplicatedHub {
        /// The rows.
        rows: Found,
    },
    /// One photo is similar to everything.
    Hub {
        /// The photo.
        hub: Hub,
    },
    /// Vectors differ in few directions only.
    LowEffectiveDimension {
        /// Effective dimensions (participation ratio).
        effective: f64,
        /// Dimensions.
        dim: usize,
    },
    /// Dimensions that say nothing: all vectors have the same value there.
    DeadDimensions {
        /// The dimensions, from 0.
        dimensions: Vec<usize>,
        /// Of how many.
        dim: usize,
    },
    /// Search by 8 bits finds other photos than exact search.
    Int8LosesNeighbours {
        /// Share of the ten nearest that it keeps, 0 to 1.
        kept: f64,
    },
}

impl Warning {
    /// All that a report gives reason for. `copies` are groups of rows with the
    /// same vector.
    pub(super) fn all(report: &HealthReport, copies: Vec<Found>) -> Vec<Self> {
        let mut warnings = Vec::new();
        if report.not_finite.count > 0 {
            warnings.push(Self::NotFinite { rows: report.not_finite.clone() });
        }
        if report.zero_vectors.count > 0 {
            warnings.push(Self::ZeroVectors { rows: report.zero_vectors.clone() });
        }
        let norms = &report.norms;
        if norms.off.count > 0 {
            let share = norms.off.count as f64 / report.rows as f64;
            let (min, max) = (norms.min, norms.max);
            warnings.push(Self::NormsOff { rows: norms.off.clone(), share, min, max });
        }
        let many = copies.into_iter().filter(|rows| rows.count >= COPIES);
        warnings.extend(many.take(NAMED_GROUPS).map(|rows| Self::DuplicatedHub { rows }));
        if report.hubs.rows >= ENOUGH_ROWS {
            let top = report.hubs.top.iter().filter(|hub| hub.share >= HUB_SHARE);
            // In a small sample ten neighbours are a large share.
            let expected = super::NEIGHBOURS as f64 / report.hubs.rows as f64;
            let top = top.filter(|hub| hub.share >= 10.0 * expected);
            warnings.extend(top.take(NAMED_GROUPS).map(|&hub| Self::Hub { hub }));
        }
        let enough = report.usable >= ENOUGH_ROWS;
        let effective = report.spectrum.effective_dimension;
        if enough && effective < EFFECTIVE_DIMENSION.min(report.dim as f64 / 4.0) {
            warnings.push(Self::LowEffectiveDimension { effective, dim: report.dim });
        }
        let constant = report.constant_dimensions.len();
        if report.usable > 1 && constant as f64 > CONSTANT_SHARE * report.dim as f64 {
            let dimensions = report.constant_dimensions.clone();
            warnings.push(Self::DeadDimensions { dimensions, dim: report.dim });
        }
        if enough && report.kept.int8 < INT8_KEEPS {
            warnings.push(Self::Int8LosesNeighbours { kept: report.kept.int8 });
        }
        warnings
    }
}

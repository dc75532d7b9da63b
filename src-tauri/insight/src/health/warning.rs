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

    /// What it means, in one sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::NotFinite { rows } => format!(
                "{} damaged: values that are not numbers make them appear anywhere or nowhere.",
                vectors(rows.count)
            ),
            Self::ZeroVectors { rows } => format!(
                "{} empty: no search by what they show finds these photos.",
                vectors(rows.count)
            ),
            Self::NormsOff { rows, share, min, max } => format!(
                "The length of {} is not 1 ({} of all; lengths go from {min:.3} to {max:.3}): \
                 longer vectors come too early in results, shorter ones too late.",
                if rows.count == 1 { "1 vector".into() } else { format!("{} vectors", rows.count) },
                percent(*share)
            ),
            Self::DuplicatedHub { rows } => format!(
                "{} different photos have the same vector: search cannot tell them apart.",
                rows.count
            ),
            Self::Hub { hub } => format!(
                "One photo (id {}) is among the ten most similar of {} of the photos looked at.",
                hub.id,
                percent(hub.share)
            ),
            Self::LowEffectiveDimension { effective, dim } => format!(
                "The vectors vary in about {effective:.1} of {dim} directions: photos look alike \
                 to the model."
            ),
            Self::DeadDimensions { dimensions, dim } => format!(
                "{} of {dim} dimensions have the same value in all vectors and say nothing.",
                dimensions.len()
            ),
            Self::Int8LosesNeighbours { kept } => format!(
                "Vectors rounded to 8 bits find only {} of the ten most similar photos.",
                percent(*kept)
            ),
        }
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotFinite { .. } => {
                "Have their vectors made again: `afterimage library check` takes them away, and \
                 `afterimage index` computes them. If they come back damaged, the model's files \
                 are: install the model anew."
            }
            Self::ZeroVectors { .. } => {
                "Check that these photos can be opened, then have their vectors made again: \
                 `afterimage library check`, then `afterimage index`."
            }
            Self::NormsOff { .. } => {
                "They come from another program or version. Have their vectors made again: \
                 `afterimage library check`, then `afterimage index`."
            }
            Self::DuplicatedHub { .. } => {
                "Look at these photos. If they are blank or copies of one, nothing is wrong; if \
                 not, they were read wrongly: remove the model's index with `afterimage model \
                 remove --vectors`, install it anew, and index again."
            }
            Self::Hub { .. } => {
                "Look at this photo. If it is blank, blurred or a screenshot, hide or delete it; \
                 if many photos are hubs, another model suits this library better."
            }
            Self::LowEffectiveDimension { .. } => {
                "If the photos are all of one kind, this is as it should be. If not, the model \
                 does not suit them or was installed wrongly: try another."
            }
            Self::DeadDimensions { .. } => {
                "Install the model anew, and have the vectors made again. If it stays so, it is \
                 how the model was made, and only costs space."
            }
            Self::Int8LosesNeighbours { .. } => {
                "Search exactly where the order matters, or use another model."
            }
        }
    }
}

fn vectors(count: usize) -> String {
    if count == 1 { "1 vector is".into() } else { format!("{count} vectors are") }
}

/// A tenth of a percent is not nothing.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

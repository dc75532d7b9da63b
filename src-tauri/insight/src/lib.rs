//! Figures of how good search, labels and vectors are, and their pictures.
//!
//! Pure arithmetic: rows of `f32` and lists of numbers in, figures out. It knows no
//! files, models or databases; what an id or a class stands for is its caller's
//! business. All figures are the same every time: samples and resamples are drawn
//! with fixed seeds.
//!
//! ```text
//! retrieval        where the relevant photos of each query stand
//! classification   which class scores best for each photo
//! health           whether vectors are sound, and what is wrong
//! plane            the library in two dimensions
//! plot             all of this as pictures
//! ```

mod bootstrap;
pub mod classification;
pub mod health;
mod nearest;
pub mod plane;
pub mod plot;
mod random;
pub mod retrieval;
mod spectrum;

pub use bootstrap::{Estimate, RESAMPLES};

//! A library through its life, on real files and real SQLite.
//!
//! The encoders are the small seeded CLIPs of the fixtures: real code on real
//! weights, in milliseconds a photo.

mod following;
mod models;
mod photos;
mod policy;
mod support;
mod upkeep;

//! A library through its life, on real files and real SQLite.
//!
//! The encoders are the small seeded CLIPs of the fixtures: real code on real
//! weights, in milliseconds a photo.

#[cfg(target_os = "linux")]
mod drives;
mod exclusions;
mod failures;
mod following;
mod identity;
mod language;
mod models;
#[cfg(target_os = "linux")]
mod mounts;
mod older;
mod photos;
mod policy;
mod saved;
mod settling;
mod support;
mod upkeep;

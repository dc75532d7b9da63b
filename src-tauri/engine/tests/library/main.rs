//! A library through its life, on real files and real SQLite.
//!
//! The encoders are the small seeded CLIPs of the fixtures: real code on real
//! weights, in milliseconds a photo. What answers mean is tested with the starter
//! on the everyday photos.

mod composition;
#[cfg(target_os = "linux")]
mod drives;
mod duplicates;
mod everyday;
mod exclusions;
mod explaining;
mod export;
mod failures;
mod folders;
mod following;
mod identity;
mod language;
mod models;
#[cfg(target_os = "linux")]
mod mounts;
mod older;
mod photos;
mod policy;
mod relevance;
mod removed;
mod saved;
mod settling;
mod sidecars;
mod storage;
mod support;
mod tags;
mod upkeep;

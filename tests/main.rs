//! Tests of the whole: the program `afterimage` as people and scripts run it,
//! on real photos, with the starter model.

mod cli;
mod crash;
mod full_size;
#[allow(dead_code, reason = "the engine's tests use the rest")]
mod hub;
mod install;
mod models;
mod quality;
mod support;
mod watch;

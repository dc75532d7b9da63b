//! Tests of the whole: the program `afterimage` as people and scripts run it,
//! on real photos, with the starter model.

mod bench;
mod cli;
mod crash;
mod duplicates;
mod export;
mod folders;
mod formats;
mod full_size;
mod histories;
mod hub;
mod insight;
mod install;
mod models;
mod quality;
mod safety;
mod saved;
mod support;
mod tags;
mod watch;

//! What somebody waits for between Enter and the first page of photos.

use std::time::{Duration, Instant};

use super::crowd;
use super::drawings::Drawing;
use super::machine::resident_bytes;
use super::{Subject, go_on, scratch};
use crate::error::{Error, Result};
use crate::jobs::{Cancel, Control};
use crate::view::{Page, SearchRequest};
use crate::{Engine, OpenOptions};

/// Photos that the window asks for at first.
const PAGE: usize = 500;

/// What every question is also asked with: among the made-up photos a fifth or so
/// are let in.
const FILTERS: &str = "camera:mark iso:>=400 date:2012..2019";

/// Words that questions are made of, each used in one only: a question that was
/// asked before costs no text tower.
const THINGS: [&str; 20] = [
    "dog", "boat", "pizza", "tower", "lake", "child", "bridge", "horse", "market", "garden",
    "street", "cake", "bird", "train", "beach", "forest", "window", "cat", "field", "mountain",
];

/// How long a library that is open answers, and how long one takes to open.
#[derive(Debug, Clone, PartialEq)]
pub struct Questions {
    /// Photos in the library.
    pub photos: usize,
    /// The model that answers.
    pub model: String,
    /// Components of each vector.
    pub dim: usize,
    /// A question of seven words, from the request to the rows of its first page:
    /// the median, in milliseconds.
    pub ms: f64,
    /// The slowest of all.
    pub slowest_ms: f64,
    /// The median of the same with three filters.
    pub filtered_ms: f64,
    /// From opening the library to the first answer, the model's text tower
    /// included, in milliseconds.
    pub opened_ms: f64,
    /// What loading the vectors and photo numbers adds to the memory of this
    /// process; `None` where the system does not tell.
    pub vector_bytes: Option<u64>,
}

impl Questions {
    /// Makes a library of so many photos that nobody took, which is deleted
    /// afterwards, and asks it.
    ///
    /// # Errors
    /// Where the library cannot be written or the model cannot be used; when it was
    /// stopped.
    pub fn measure(
        photos: usize,
        subject: &Subject,
        options: OpenOptions,
        control: &Control,
    ) -> Result<Self> {
        let scratch = scratch()?;
        let options = subject.alone(scratch.path().join("library"), options);
        let engine = Engine::open(options.clone())?;
        subject.used_by(&engine)?;
        let folder = scratch.path().join("photos");
        crowd::make(
            &engine,
            &folder,
            photos,
            Some("a dog in the snow"),
            &[Drawing::grey()?],
            control,
        )?;
        // Writes the file of vectors, which a library that was used has.
        engine.warm();
        drop(engine);

        let began = Instant::now();
        let engine = Engine::open(options)?;
        let first = ask(&engine, "a sunset over the hills")?;
        let opened_ms = ms(began.elapsed());
        if first.total != photos {
            return Err(Error::failed(message!(
                "{total} of {photos} photos were ranked",
                total = first.total,
                photos
            )));
        }
        let model = engine.current_model()?;
        let vector_bytes = loaded_bytes(&engine)?;

        let mut times = [Vec::new(), Vec::new()];
        for thing in THINGS {
            go_on(control)?;
            let questions = [
                format!("an old {thing} in the morning light"),
                format!("a new {thing} {FILTERS}"),
            ];
            for (question, times) in questions.iter().zip(&mut times) {
                let page = ask(&engine, question)?;
                if page.hits.is_empty() || !page.problems.is_empty() {
                    return Err(Error::failed(message!(
                        "\"{question}\" was not answered",
                        question
                    )));
                }
                times.push(ms(page.took));
            }
        }
        times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
        let [plain, filtered] = times;
        Ok(Self {
            photos,
            model: model.id,
            dim: model.dim,
            ms: plain[THINGS.len() / 2],
            slowest_ms: plain[THINGS.len() - 1].max(filtered[THINGS.len() - 1]),
            filtered_ms: filtered[THINGS.len() / 2],
            opened_ms,
            vector_bytes,
        })
    }
}

/// Loads the vectors once more beside those that are there, for what that adds:
/// nothing else is then touched for the first time.
fn loaded_bytes(engine: &Engine) -> Result<Option<u64>> {
    // What was freed is given back first, or it would be used for this.
    crate::memory::trim();
    let before = resident_bytes();
    let again = engine.0.vectors_beside(&engine.0.serving()?)?;
    crate::memory::trim();
    let after = resident_bytes();
    drop(again);
    Ok(before.zip(after).map(|(before, after)| after.saturating_sub(before)))
}

fn ask(engine: &Engine, query: &str) -> Result<Page> {
    let request =
        SearchRequest { query: query.to_owned(), limit: Some(PAGE), ..Default::default() };
    engine.search(&request, &Cancel::default())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

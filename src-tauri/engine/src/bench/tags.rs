//! How long suggestions of tags take for a large library.

use std::time::Instant;

use super::crowd;
use super::drawings::Drawing;
use super::{Subject, scratch};
use crate::error::{Error, Result};
use crate::jobs::{Cancel, Control};
use crate::view::{Decision, NewCategory, PhotoId};
use crate::{Engine, OpenOptions};

/// What comparing all photos with all categories takes, in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Tags {
    /// Photos in the library.
    pub photos: usize,
    /// The model whose vectors are compared.
    pub model: String,
    /// Components of each vector.
    pub dim: usize,
    /// Categories that suggest themselves.
    pub categories: usize,
    /// The model reads the prompts of all of them, once for ever.
    pub prompts_ms: f64,
    /// All photos and all categories, from the vectors to the tree with its counts.
    pub all_ms: f64,
    /// The same after one category got another prompt.
    pub changed_ms: f64,
    /// Rejecting ten photos at once, and what the category suggests then.
    pub decided_ms: f64,
}

impl Tags {
    /// Makes a library of so many photos that nobody took, which is deleted
    /// afterwards, and has tags suggested for them.
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
        engine.warm();
        let go = Cancel::default();
        let took = |work: &mut dyn FnMut() -> Result<()>| -> Result<f64> {
            super::go_on(control)?;
            let began = Instant::now();
            work()?;
            Ok(began.elapsed().as_secs_f64() * 1e3)
        };
        let with_prompts = took(&mut || engine.tag_tree(&go).map(drop))?;
        drop(engine);

        let engine = Engine::open(options)?;
        engine.warm();
        let mut tree = None;
        let all_ms = took(&mut || {
            tree = Some(engine.tag_tree(&go)?);
            Ok(())
        })?;
        let categories = tree.iter().flat_map(|tree| &tree.categories);
        let categories = categories.filter(|category| category.suggests).count();
        let dog = engine.category("dog")?;
        let changed = NewCategory {
            id: Some(dog.id.clone()),
            name: dog.name,
            parent: dog.parent,
            prompts: vec!["a dog that nobody asked for before".to_owned()],
            ..NewCategory::default()
        };
        engine.save_category(&changed)?;
        let changed_ms = took(&mut || engine.tag_tree(&go).map(drop))?;
        let ids: Vec<PhotoId> = engine.library()?.iter().take(10).map(|hit| hit.photo).collect();
        let decided_ms = took(&mut || {
            let decided = engine.decide(&ids, &dog.id, Some(Decision::Rejected), &go)?;
            match decided.learned {
                Some(_) => Ok(()),
                None => Err(Error::failed(message!("nothing was learned from ten photos"))),
            }
        })?;
        let model = engine.current_model()?;
        Ok(Self {
            photos,
            model: model.id,
            dim: model.dim,
            categories,
            prompts_ms: (with_prompts - all_ms).max(0.0),
            all_ms,
            changed_ms,
            decided_ms,
        })
    }
}

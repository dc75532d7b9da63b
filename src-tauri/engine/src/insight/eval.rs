//! How well a model finds and labels photos, judged by what somebody said is right.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use afterimage_insight::classification::{
    self, ClassificationComparison, ClassificationReport, Judged,
};
use afterimage_insight::retrieval::{self, Ranks, RetrievalComparison, RetrievalReport};
use rayon::prelude::*;
use serde::Serialize;

use super::input::{self, Names};
use crate::Engine;
use crate::error::{Context, Error, Result};
use crate::jobs::Cancel;
use crate::model::{Embedding, Encoder, ModelInfo, Precision};
use crate::search;

/// What is known to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvalInput {
    /// A query and the files that answer it, with commas between them, a line.
    Queries(PathBuf),
    /// A file and a caption of it, a line.
    Captions(PathBuf),
    /// A file and its class, a line.
    Labels(PathBuf),
}

/// What is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalSetting {
    /// A model's id, or its folder; `None` for the one in use.
    pub model: Option<String>,
    /// In which precision photos are embedded anew; `None` takes the vectors that the
    /// library has, where it has them.
    pub precision: Option<Precision>,
    /// Whether a text is put into templates and averaged. Of labels: always; of
    /// queries and captions: where they are short, and the model learnt from captions.
    pub templates: bool,
}

/// What to judge by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalRequest {
    /// What is right.
    pub input: EvalInput,
    /// A folder of photos, which are embedded for this alone; `None` for the photos of
    /// the library.
    pub photos: Option<PathBuf>,
    /// One setting, or two to compare.
    pub settings: Vec<EvalSetting>,
}

/// How one setting did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvalRun {
    /// The model's id.
    pub model: String,
    /// In which precision photos were embedded; `None`: as the library has them.
    pub precision: Option<String>,
    /// Whether texts were put into templates.
    pub templates: bool,
    /// Photos found by texts.
    pub text_to_image: Option<RetrievalReport>,
    /// Captions found by photos.
    pub image_to_text: Option<RetrievalReport>,
    /// Labels.
    pub classification: Option<ClassificationReport>,
}

/// Two settings on the same input: the second against the first, pair by pair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvalComparison {
    /// Photos found by texts.
    pub text_to_image: Option<RetrievalComparison>,
    /// Captions found by photos.
    pub image_to_text: Option<RetrievalComparison>,
    /// Labels.
    pub classification: Option<ClassificationComparison>,
}

/// What `eval` found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvalReport {
    /// `queries`, `captions` or `labels`.
    pub input: &'static str,
    /// Photos among which was searched, or that were labelled.
    pub photos: usize,
    /// What was asked: queries, captions, or the names of classes, in the order of the
    /// figures.
    pub texts: Vec<String>,
    /// Files that the input names and that are not there, or are there several times.
    pub missing: Vec<String>,
    /// Files that could not be embedded, and why.
    pub failed: Vec<(String, String)>,
    /// For each setting.
    pub runs: Vec<EvalRun>,
    /// Of two settings.
    pub comparison: Option<EvalComparison>,
}

/// Photos with what each setting makes of them.
struct Collection {
    paths: Vec<PathBuf>,
    /// By setting, then photo.
    vectors: Vec<Vec<Vec<f32>>>,
    failed: Vec<(String, String)>,
}

/// A setting, opened.
struct Opened {
    model: ModelInfo,
    encoder: Box<dyn Encoder>,
    precision: Option<Precision>,
    templates: bool,
}

/// What is right, by places.
enum Truth {
    /// Texts with the photos that are relevant to each.
    Relevant(Vec<Vec<usize>>),
    /// Captions, each of one photo.
    Captions(Vec<usize>),
    /// Photos with the class of each.
    Classes(Vec<(usize, usize)>),
}

impl Engine {
    /// Judges one setting, or compares two, by what a file says is right.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) for a file that is not as it should be, of
    /// which no photo is there, and for more than two settings;
    /// [`Code::Cancelled`](crate::Code::Cancelled) where `cancel` says so.
    pub fn eval(&self, request: &EvalRequest, cancel: &Cancel) -> Result<EvalReport> {
        if request.settings.is_empty() || request.settings.len() > 2 {
            return Err(Error::usage(message!(
                "one setting can be judged, and two can be compared"
            )));
        }
        let (file, fields) = match &request.input {
            EvalInput::Queries(file) => (file, "a query and the files that answer it"),
            EvalInput::Captions(file) => (file, "a file and its caption"),
            EvalInput::Labels(file) => (file, "a file and its class"),
        };
        let lines = input::read(file, fields)?;
        let opened: Vec<Opened> =
            request.settings.iter().map(|setting| self.opened(setting)).collect::<Result<_>>()?;
        let collection = self.collection(request, &opened, cancel)?;
        let names = Names::of(collection.paths.clone());
        let (texts, truth, missing) = truth(&request.input, &lines, &names);
        let nothing = match &truth {
            Truth::Relevant(relevant) => relevant.iter().all(Vec::is_empty),
            Truth::Captions(photos) => photos.is_empty(),
            Truth::Classes(photos) => photos.is_empty(),
        };
        if nothing {
            return Err(Error::usage(message!(
                "none of the files that {file} names is among the {paths} photos: name their \
                 folder with --photos, or index it",
                file = file.display(),
                paths = collection.paths.len()
            )));
        }
        let mut judged = Vec::new();
        for (setting, vectors) in opened.iter().zip(&collection.vectors) {
            stopped(cancel)?;
            let texts = setting.texts(&texts, matches!(truth, Truth::Classes(_)))?;
            judged.push(judge(&truth, vectors, &texts));
        }
        let runs = opened
            .iter()
            .zip(&judged)
            .map(|(setting, judged)| setting.run(judged, texts.len()))
            .collect();
        let comparison = match &judged[..] {
            [first, second] => Some(compared(first, second)),
            _ => None,
        };
        Ok(EvalReport {
            input: match request.input {
                EvalInput::Queries(_) => "queries",
                EvalInput::Captions(_) => "captions",
                EvalInput::Labels(_) => "labels",
            },
            photos: collection.paths.len(),
            texts,
            missing,
            failed: collection.failed,
            runs,
            comparison,
        })
    }

    fn opened(&self, setting: &EvalSetting) -> Result<Opened> {
        let model = match &setting.model {
            Some(id_or_folder) => self.0.models.find(id_or_folder)?,
            None => self.0.serving()?,
        };
        let encoder = self.0.encoders.open_in(&model, setting.precision)?;
        let (precision, templates) = (setting.precision, setting.templates);
        Ok(Opened { model, encoder: Box::new(encoder), precision, templates })
    }

    /// The photos that all settings have vectors of.
    fn collection(
        &self,
        request: &EvalRequest,
        settings: &[Opened],
        cancel: &Cancel,
    ) -> Result<Collection> {
        let (paths, ids): (Vec<PathBuf>, Vec<Option<i64>>) = match &request.photos {
            Some(folder) => files_in(folder)?.into_iter().map(|path| (path, None)).unzip(),
            None => self.library()?.into_iter().map(|hit| (hit.path, Some(hit.photo.0))).unzip(),
        };
        let mut by_setting: Vec<Vec<Result<Vec<f32>, String>>> = Vec::new();
        for setting in settings {
            let stored = match (&request.photos, setting.precision) {
                (None, None) => Some(self.0.vectors(&setting.model)?.snapshot()),
                _ => None,
            };
            let embed = |(path, id): (&PathBuf, &Option<i64>)| {
                if cancel.is_cancelled() {
                    return Err(String::new());
                }
                let known = id.zip(stored.as_ref()).and_then(|(id, all)| all.vector(id));
                let vector = known.map(Ok).unwrap_or_else(|| {
                    let embedded = search::embed_file(setting.encoder.as_ref(), path);
                    embedded.map(|vector| vector.as_slice().to_vec())
                });
                vector.map_err(|error| error.to_string())
            };
            by_setting.push(paths.par_iter().zip(&ids).map(embed).collect());
            stopped(cancel)?;
        }
        let mut collection = Collection {
            paths: Vec::new(),
            vectors: vec![Vec::new(); settings.len()],
            failed: Vec::new(),
        };
        for (at, path) in paths.into_iter().enumerate() {
            let error = by_setting.iter().find_map(|all| all[at].as_ref().err());
            if let Some(error) = error {
                collection.failed.push((path.display().to_string(), error.clone()));
                continue;
            }
            collection.paths.push(path);
            for (to, all) in collection.vectors.iter_mut().zip(&mut by_setting) {
                to.extend(std::mem::replace(&mut all[at], Err(String::new())));
            }
        }
        Ok(collection)
    }
}

fn stopped(cancel: &Cancel) -> Result<()> {
    if cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
}

/// All files below a folder, in the order of their paths.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Err(Error::usage(message!("{folder} is not a folder", folder = folder.display())));
    }
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry =
            entry.context(|| message!("cannot list {folder}", folder = folder.display()))?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// Texts, what is right by places, and what the file names in vain.
fn truth(
    input: &EvalInput,
    lines: &[input::Line],
    names: &Names,
) -> (Vec<String>, Truth, Vec<String>) {
    let mut missing = Vec::new();
    let mut find = |called: &str| {
        let found = names.find(called);
        if found.is_none() {
            missing.push(called.to_owned());
        }
        found
    };
    let mut texts = Vec::new();
    let truth = match input {
        EvalInput::Queries(_) => {
            let mut relevant = Vec::new();
            for line in lines {
                texts.push(line.first.clone());
                let called = line.second.split(',').map(str::trim).filter(|name| !name.is_empty());
                relevant.push(called.filter_map(&mut find).collect());
            }
            Truth::Relevant(relevant)
        }
        EvalInput::Captions(_) => {
            let mut photos = Vec::new();
            for line in lines {
                if let Some(photo) = find(&line.first) {
                    texts.push(line.second.clone());
                    photos.push(photo);
                }
            }
            Truth::Captions(photos)
        }
        EvalInput::Labels(_) => {
            let mut places: HashMap<String, usize> = HashMap::new();
            let mut photos = Vec::new();
            for line in lines {
                // A class without a photo is one that a photo may be taken for.
                let class = *places.entry(line.second.clone()).or_insert_with(|| {
                    texts.push(line.second.clone());
                    texts.len() - 1
                });
                photos.extend(find(&line.first).map(|photo| (photo, class)));
            }
            Truth::Classes(photos)
        }
    };
    missing.sort_unstable();
    missing.dedup();
    (texts, truth, missing)
}

/// What was found, before it is summed up.
#[derive(Default)]
struct Found {
    text_to_image: Option<Vec<Ranks>>,
    image_to_text: Option<Vec<Ranks>>,
    labels: Option<Vec<Judged>>,
}

fn judge(truth: &Truth, photos: &[Vec<f32>], texts: &[Embedding]) -> Found {
    let score = |text: usize, photo: usize| dot(texts[text].as_slice(), &photos[photo]);
    let by_text = |relevant: &[Vec<usize>]| {
        retrieval::rank(photos.len(), relevant, |text, scores| {
            scores.iter_mut().enumerate().for_each(|(photo, to)| *to = score(text, photo));
        })
    };
    match truth {
        Truth::Relevant(relevant) => {
            Found { text_to_image: Some(by_text(relevant)), ..Found::default() }
        }
        Truth::Captions(of) => {
            let relevant: Vec<Vec<usize>> = of.iter().map(|photo| vec![*photo]).collect();
            // Photos that have captions, each asking for its own.
            let mut captions: HashMap<usize, Vec<usize>> = HashMap::new();
            for (text, photo) in of.iter().enumerate() {
                captions.entry(*photo).or_default().push(text);
            }
            let mut asking: Vec<usize> = captions.keys().copied().collect();
            asking.sort_unstable();
            let wanted: Vec<Vec<usize>> =
                asking.iter().map(|photo| captions[photo].clone()).collect();
            let by_photo = retrieval::rank(texts.len(), &wanted, |at, scores| {
                let photo = asking[at];
                scores.iter_mut().enumerate().for_each(|(text, to)| *to = score(text, photo));
            });
            Found {
                text_to_image: Some(by_text(&relevant)),
                image_to_text: Some(by_photo),
                labels: None,
            }
        }
        Truth::Classes(of) => {
            let labels: Vec<usize> = of.iter().map(|(_, class)| *class).collect();
            let judged = classification::judge(texts.len(), &labels, |at, scores| {
                let photo = of[at].0;
                scores.iter_mut().enumerate().for_each(|(text, to)| *to = score(text, photo));
            });
            Found { labels: Some(judged), ..Found::default() }
        }
    }
}

fn compared(first: &Found, second: &Found) -> EvalComparison {
    let retrieval = |first: &Option<Vec<Ranks>>, second: &Option<Vec<Ranks>>| {
        first.as_ref().zip(second.as_ref()).map(|(a, b)| retrieval::compare(a, b))
    };
    let labels = first.labels.as_ref().zip(second.labels.as_ref());
    EvalComparison {
        text_to_image: retrieval(&first.text_to_image, &second.text_to_image),
        image_to_text: retrieval(&first.image_to_text, &second.image_to_text),
        classification: labels.map(|(a, b)| classification::compare(a, b)),
    }
}

impl Opened {
    /// The vectors of texts; of classes with `always` templates.
    fn texts(&self, texts: &[String], always: bool) -> Result<Vec<Embedding>> {
        let vector = |text: &String| match (self.templates, always) {
            (true, true) => search::templated_vector(self.encoder.as_ref(), text),
            (true, false) => search::text_vector(self.encoder.as_ref(), &self.model, &[text]),
            (false, _) => {
                let lost = || Error::failed(message!("the model gave no vector for a text"));
                self.encoder.encode_texts(&[text])?.pop().ok_or_else(lost)
            }
        };
        texts.iter().map(vector).collect()
    }

    fn run(&self, found: &Found, classes: usize) -> EvalRun {
        EvalRun {
            model: self.model.id.clone(),
            precision: self.precision.map(|precision| precision.to_string()),
            templates: self.templates,
            text_to_image: found.text_to_image.as_deref().map(RetrievalReport::new),
            image_to_text: found.image_to_text.as_deref().map(RetrievalReport::new),
            classification: found
                .labels
                .as_deref()
                .map(|judged| ClassificationReport::new(classes, judged)),
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten photos in the plane, at 0, 10, ... 90 degrees, and texts at some angle.
    fn at(degrees: f32) -> Vec<f32> {
        vec![degrees.to_radians().cos(), degrees.to_radians().sin()]
    }

    fn ten() -> Vec<Vec<f32>> {
        (0..10).map(|tens| at(tens as f32 * 10.0)).collect()
    }

    fn text(degrees: f32) -> Embedding {
        Embedding::from_raw(at(degrees)).unwrap()
    }

    fn lines(text: &str) -> Vec<input::Line> {
        text.lines()
            .enumerate()
            .map(|(number, line)| {
                let (first, second) = line.split_once('|').unwrap();
                input::Line { number, first: first.into(), second: second.into() }
            })
            .collect()
    }

    fn names() -> Names {
        Names::of((0..10).map(|n| PathBuf::from(format!("/p/{n}.jpg"))).collect())
    }

    /// Worked out by hand. The order of photos for a text at 0 degrees is 0, 1, ... 9,
    /// for one at 91 degrees 9, 8, ... 0, for one at 34 degrees 3, 4, 2, 5, 1, ...
    #[test]
    fn figures_of_ten_photos_are_those_worked_out_by_hand() {
        let said =
            lines("first|0.jpg, 1.jpg\nsecond|0.jpg, 8.jpg\nthird|5.jpg, gone.jpg\nfourth|no.jpg");
        let input = EvalInput::Queries(PathBuf::new());
        let (texts, truth, missing) = truth(&input, &said, &names());
        assert_eq!((texts.len(), missing), (4, vec!["gone.jpg".to_owned(), "no.jpg".to_owned()]));
        let asked = [text(0.0), text(91.0), text(34.0), text(0.0)];
        let found = judge(&truth, &ten(), &asked);
        let report = RetrievalReport::new(&found.text_to_image.unwrap());
        assert_eq!((report.queries, report.queries_without_relevant, report.items), (3, 1, 10));
        let of = |at: usize| report.per_query[at].as_ref().unwrap();
        // Ranks 1 and 2; 2 and 10; 4.
        assert_eq!((of(0).first_rank, of(1).first_rank, of(2).first_rank), (1, 2, 4));
        let mean = &report.mean;
        assert_eq!(mean.recall_at_1.value, (0.5 + 0.0 + 0.0) / 3.0);
        assert_eq!(mean.recall_at_5.value, (1.0 + 0.5 + 1.0) / 3.0);
        assert_eq!(mean.recall_at_10.value, 1.0);
        assert_eq!(mean.r_precision.value, (1.0 + 0.5 + 0.0) / 3.0);
        assert!((mean.reciprocal_rank.value - (1.0 + 0.5 + 0.25) / 3.0).abs() < 1e-12);
        assert_eq!(report.median_rank.value, 2.0);
    }

    #[test]
    fn captions_are_judged_both_ways() {
        let said = lines("2.jpg|two\n2.jpg|also two\n9.jpg|nine\n11.jpg|gone");
        let input = EvalInput::Captions(PathBuf::new());
        let (texts, truth, missing) = truth(&input, &said, &names());
        assert_eq!(
            (texts, missing),
            (vec!["two".into(), "also two".into(), "nine".into()], vec!["11.jpg".into()])
        );
        // The second is nearest to 1.jpg, then to 2.jpg.
        let found = judge(&truth, &ten(), &[text(20.0), text(14.0), text(90.0)]);
        let ranks = |ranks: &[Ranks]| -> Vec<Vec<usize>> {
            ranks.iter().map(|ranks| ranks.relevant.clone()).collect()
        };
        assert_eq!(ranks(&found.text_to_image.unwrap()), [[1], [2], [1]]);
        assert_eq!(ranks(&found.image_to_text.unwrap()), [vec![1, 2], vec![1]]);
    }

    #[test]
    fn labels_are_judged_and_two_settings_compared_pair_by_pair() {
        let said = lines("0.jpg|low\n1.jpg|low\n8.jpg|high\n9.jpg|high\n5.jpg|low\n7.jpg|never");
        let input = EvalInput::Labels(PathBuf::new());
        let (texts, truth, _) = truth(&input, &said, &names());
        assert_eq!(texts, ["low", "high", "never"]);
        let first = judge(&truth, &ten(), &[text(0.0), text(90.0), text(-90.0)]);
        let report = ClassificationReport::new(3, first.labels.as_ref().unwrap());
        // 5.jpg is at 50 degrees, nearer to 90; 7.jpg is never "never".
        assert_eq!(report.top_1.value, 4.0 / 6.0);
        assert_eq!(report.per_class[0].recall, Some(2.0 / 3.0));
        assert_eq!(report.per_class[1].precision, Some(2.0 / 4.0));
        let second = judge(&truth, &ten(), &[text(20.0), text(90.0), text(-90.0)]);
        let compared = compared(&first, &second).classification.unwrap();
        assert_eq!(
            (compared.both_right, compared.only_first_right, compared.only_second_right),
            (4, 0, 1)
        );
    }
}

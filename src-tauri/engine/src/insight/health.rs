//! The health of the vectors of a library, in figures, warnings and plots.

use std::collections::HashMap;
use std::path::PathBuf;

use afterimage_insight::health::{Examination, HealthReport, QuerySimilarity, Settings, Warning};
use afterimage_insight::plot::{self, Bar, Bins, Labels, Line};

use crate::Engine;
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::message::Message;
use crate::model::Encoder;
use crate::search::CAPTIONS;

/// Rows that are looked at together.
const BATCH: usize = 4096;

/// Photos with which captions are compared.
const COMPARED: usize = 20_000;

/// Ways to make vectors smaller.
const COMPONENTS_256: &str = phrase!("256 components");
const COMPONENTS_128: &str = phrase!("128 components");
const BITS_8: &str = phrase!("8 bits");

/// Hubs that are drawn.
const DRAWN_HUBS: usize = 10;

/// A number, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub name: Message,
    /// As it is read.
    pub value: Message,
    /// In one sentence.
    pub meaning: Message,
}

/// A drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPlot {
    /// For a file: `cosines`.
    pub name: &'static str,
    /// For people.
    pub title: Message,
    /// SVG, self-contained and without scripts.
    pub svg: String,
    /// What it shows, in words.
    pub caption: Message,
}

/// How healthy the vectors of a model are.
#[derive(Debug, Clone, PartialEq)]
pub struct Insight {
    /// The model's id.
    pub model: String,
    /// All figures.
    pub report: HealthReport,
    /// How near captions of all kinds come to the photos.
    pub queries: QuerySimilarity,
    /// Files of the photos that the report names.
    pub paths: HashMap<i64, PathBuf>,
}

impl Engine {
    /// Looks at the vectors of the model that answers, as they are stored.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) where no model is installed;
    /// [`Code::Usage`](crate::Code::Usage) where no photo is embedded;
    /// [`Code::Cancelled`](crate::Code::Cancelled) where `cancel` says so.
    pub fn insight(&self, cancel: &Cancel) -> Result<Insight> {
        let stopped = || if cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) };
        let model = self.0.serving()?;
        let key = self.0.key(&model)?;
        let mut photos: HashMap<[u8; 32], i64> = HashMap::new();
        for (id, hash) in self.0.catalog.read_photos()? {
            photos.entry(hash).or_insert(id);
        }
        let mut examination = Examination::new(model.dim, Settings::default());
        let mut batch = (Vec::new(), Vec::new(), Vec::new());
        self.0.derived.vectors_after(key, 0, |_, hash, vector| -> Result<()> {
            // What no photo has any more is not looked at.
            let Some(id) = photos.get(hash) else { return Ok(()) };
            let (pairs, rest) = vector.as_chunks::<2>();
            let is_whole = pairs.len() == model.dim && rest.is_empty();
            let (ids, contents, rows) = &mut batch;
            ids.push(*id);
            let (first, _) = hash.split_at(8);
            contents.push(u64::from_le_bytes(first.try_into().unwrap_or_default()));
            match is_whole {
                true => {
                    rows.extend(pairs.iter().map(|pair| half::f16::from_le_bytes(*pair).to_f32()));
                }
                // One that was cut off has no numbers to go by.
                false => rows.extend(std::iter::repeat_n(f32::NAN, model.dim)),
            }
            if ids.len() == BATCH {
                stopped()?;
                examination.add(ids, contents, rows);
                ids.clear();
                contents.clear();
                rows.clear();
            }
            Ok(())
        })?;
        examination.add(&batch.0, &batch.1, &batch.2);
        stopped()?;
        let report = examination.finish();
        if report.rows == 0 {
            return Err(Error::usage(message!(
                "no photo is embedded yet: `afterimage index DIR` embeds those of a folder"
            )));
        }
        stopped()?;
        let queries = self.captions_against_photos(&model)?;
        let mut named: Vec<i64> = report.hubs.top.iter().map(|hub| hub.id).collect();
        for found in [&report.not_finite, &report.zero_vectors, &report.norms.off] {
            named.extend(&found.ids);
        }
        for warning in &report.warnings {
            if let Warning::DuplicatedHub { rows } = warning {
                named.extend(&rows.ids);
            }
        }
        let rows = self.0.catalog.hits(&named)?;
        let paths = rows.into_iter().map(|row| (row.id, row.path)).collect();
        Ok(Insight { model: model.id, report, queries, paths })
    }

    fn captions_against_photos(&self, model: &crate::ModelInfo) -> Result<QuerySimilarity> {
        let captions: Vec<&str> = CAPTIONS.lines().collect();
        let texts = self.0.encoders.get(model)?.encode_texts(&captions)?;
        let texts: Vec<f32> = texts.iter().flat_map(|text| text.as_slice().to_vec()).collect();
        let snapshot = self.0.vectors(model)?.snapshot();
        let photos: Vec<f32> = snapshot.evenly(COMPARED).flatten().collect();
        Ok(QuerySimilarity::of(&texts, &photos, model.dim))
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

impl Insight {
    /// The figures as they are read.
    pub fn figures(&self) -> Vec<Figure> {
        let HealthReport { rows, usable, dim, norms, spectrum, hubs, kept, .. } = &self.report;
        let figure = |name, value, meaning| Figure {
            name: Message::of(name),
            value,
            meaning: Message::of(meaning),
        };
        let plain = |number: usize| Message::verbatim(number);
        let around = |mean: f64, deviation: f64, places: usize| {
            Message::verbatim(format_args!("{mean:.places$} ± {deviation:.places$}"))
        };
        let (all, best) = (&self.queries.all, &self.queries.best);
        let mut figures = vec![
            figure(
                phrase!("Vectors"),
                plain(*rows),
                phrase!("One for each photo; copies share theirs."),
            ),
            figure(
                phrase!("Usable vectors"),
                plain(*usable),
                phrase!("Those with finite values, not all 0."),
            ),
            figure(phrase!("Dimensions"), plain(*dim), phrase!("Numbers in a vector.")),
            figure(
                phrase!("Length"),
                around(norms.mean, norms.deviation, 4),
                phrase!("The mean and its deviation; all should be 1."),
            ),
            figure(
                phrase!("Values"),
                message!(
                    "{least} to {most}",
                    least = format_args!("{:.3}", self.report.value_min),
                    most = format_args!("{:.3}", self.report.value_max)
                ),
                phrase!("The range of the numbers in the vectors."),
            ),
            figure(
                phrase!("Cosine of unrelated photos"),
                around(self.report.unrelated.mean, self.report.unrelated.deviation, 3),
                phrase!("Of random pairs: the lower, the better photos are told apart."),
            ),
            figure(
                phrase!("Cosine of nearest photos"),
                around(self.report.related.mean, self.report.related.deviation, 3),
                phrase!("Of each photo and the one most similar to it."),
            ),
            figure(
                phrase!("Cosine of captions and photos"),
                around(all.mean, all.deviation, 3),
                phrase!("Of all kinds of captions: what searches have to stand out from."),
            ),
            figure(
                phrase!("Cosine of captions and their best photo"),
                around(best.mean, best.deviation, 3),
                phrase!("How near a search comes, whether or not a photo shows it."),
            ),
            figure(
                phrase!("Effective dimensions"),
                message!(
                    "{effective} of {dim}",
                    effective = format_args!("{:.1}", spectrum.effective_dimension),
                    dim
                ),
                phrase!("Directions in which photos really differ (participation ratio)."),
            ),
        ];
        for (share, components) in [
            (90, spectrum.components_90),
            (95, spectrum.components_95),
            (99, spectrum.components_99),
        ] {
            figures.push(Figure {
                name: message!("Components for {share} %", share),
                value: plain(components),
                meaning: message!("Principal components that explain so much of the variance."),
            });
        }
        figures.push(figure(
            phrase!("Hubness"),
            Message::verbatim(format_args!("{:.2}", hubs.skewness)),
            phrase!(
                "Skewness of how often photos are among the ten nearest; above 3 some are in \
                 everything."
            ),
        ));
        figures.push(figure(
            phrase!("Never a neighbour"),
            Message::verbatim(percent(hubs.never)),
            phrase!("Photos that are among the ten nearest of no other."),
        ));
        let smaller = [(COMPONENTS_256, kept.pca_256), (COMPONENTS_128, kept.pca_128)];
        for (smaller, share) in smaller.into_iter().chain([(BITS_8, Some(kept.int8))]) {
            if let Some(share) = share {
                figures.push(Figure {
                    name: message!("Kept by {smaller}", smaller),
                    value: Message::verbatim(percent(share)),
                    meaning: message!(
                        "Of the ten nearest photos, when vectors are made so much smaller."
                    ),
                });
            }
        }
        figures
    }

    /// What is drawn.
    pub fn plots(&self) -> Vec<NamedPlot> {
        let HealthReport { unrelated, related, spectrum, hubs, kept, .. } = &self.report;
        let mut plots = Vec::new();
        let mut draw = |name, title, caption: Message, svg: &dyn Fn(&str) -> String| {
            let svg = svg(&caption.to_string());
            plots.push(NamedPlot { name, title: Message::of(title), svg, caption });
        };
        draw(
            "cosines",
            phrase!("Cosines of photos"),
            message!(
                "Random pairs of photos have a cosine of {unrelated} in the mean, each photo and \
                 the nearest other {related}. The less the two overlap, the surer is what looks \
                 alike.",
                unrelated = format_args!("{:.2}", unrelated.mean),
                related = format_args!("{:.2}", related.mean)
            ),
            &|description| {
                let series = [
                    Bins { name: phrase!("random pairs"), counts: &unrelated.bins },
                    Bins { name: phrase!("nearest photos"), counts: &related.bins },
                ];
                plot::histogram(
                    &labels(
                        "Cosines of photos",
                        description,
                        phrase!("cosine"),
                        phrase!("share of pairs"),
                    ),
                    -1.0,
                    1.0,
                    &series,
                )
            },
        );
        draw(
            "queries",
            phrase!("Cosines of captions and photos"),
            message!(
                "{count} captions of all kinds with the photos: {all} in the mean, {best} with \
                 the photo nearest to each.",
                count = CAPTIONS.lines().count(),
                all = format_args!("{:.2}", self.queries.all.mean),
                best = format_args!("{:.2}", self.queries.best.mean)
            ),
            &|description| {
                let series = [
                    Bins { name: phrase!("all photos"), counts: &self.queries.all.bins },
                    Bins { name: phrase!("best photo"), counts: &self.queries.best.bins },
                ];
                plot::histogram(
                    &labels(
                        "Cosines of captions and photos",
                        description,
                        phrase!("cosine"),
                        phrase!("share"),
                    ),
                    -1.0,
                    1.0,
                    &series,
                )
            },
        );
        let explained: Vec<(f64, f64)> = spectrum
            .explained
            .iter()
            .enumerate()
            .map(|(at, share)| ((at + 1) as f64, *share))
            .collect();
        draw(
            "variance",
            phrase!("Explained variance"),
            message!(
                "{most} principal components explain 90 % of the variance, {more} 95 %, {nearly} \
                 99 %.",
                most = spectrum.components_90,
                more = spectrum.components_95,
                nearly = spectrum.components_99
            ),
            &|description| {
                let line = [Line { name: phrase!("explained"), points: &explained }];
                plot::lines(
                    &labels(
                        "Explained variance",
                        description,
                        phrase!("components"),
                        phrase!("share"),
                    ),
                    &line,
                )
            },
        );
        let names: Vec<String> = hubs.top.iter().map(|hub| self.name(hub.id)).collect();
        draw(
            "hubs",
            phrase!("Photos that are neighbours of many"),
            match hubs.top.first() {
                Some(hub) => message!(
                    "{name} is among the ten nearest of {times} of {photos} photos.",
                    name = self.name(hub.id),
                    times = hub.times,
                    photos = hubs.rows
                ),
                None => message!("No photo is a neighbour of another."),
            },
            &|description| {
                let bars: Vec<Bar> = hubs
                    .top
                    .iter()
                    .zip(&names)
                    .take(DRAWN_HUBS)
                    .map(|(hub, name)| Bar { name, value: hub.times as f64 })
                    .collect();
                plot::bars(
                    &labels(
                        "Photos that are neighbours of many",
                        description,
                        phrase!("times among the ten nearest"),
                        "",
                    ),
                    &bars,
                )
            },
        );
        draw(
            "kept",
            phrase!("What smaller vectors keep"),
            message!(
                "Of the ten nearest photos {share} stay with 8 bits a number.",
                share = percent(kept.int8)
            ),
            &|description| {
                let all = [
                    (COMPONENTS_256, kept.pca_256),
                    (COMPONENTS_128, kept.pca_128),
                    (BITS_8, Some(kept.int8)),
                ];
                let bars: Vec<Bar> = all
                    .iter()
                    .filter_map(|(name, share)| Some(Bar { name, value: (*share)? }))
                    .collect();
                plot::bars(
                    &labels(
                        "What smaller vectors keep",
                        description,
                        phrase!("share of the ten nearest"),
                        "",
                    ),
                    &bars,
                )
            },
        );
        plots
    }

    /// What a photo's file is called.
    pub fn name(&self, photo: i64) -> String {
        match self.paths.get(&photo).and_then(|path| path.file_name()) {
            Some(name) => name.to_string_lossy().into_owned(),
            None => format!("photo {photo}"),
        }
    }
}

fn labels<'a>(title: &'a str, description: &'a str, across: &'a str, up: &'a str) -> Labels<'a> {
    Labels { title, description, across, up }
}

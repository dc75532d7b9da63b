//! The library in two dimensions, with names for what lies together.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use afterimage_index::Snapshot;
use afterimage_insight::plane::{self, ClusterSettings, Clusters, MapSettings, Point, Reduction};
use afterimage_insight::plot::{self, Labels};
use parking_lot::Mutex;

use crate::Engine;
use crate::error::{Error, Result};
use crate::jobs::Cancel;
use crate::tags::Tagging;
use crate::view::{LIKELY, PhotoId};

/// Photos that teach which directions matter.
const LEARNED_FROM: usize = 20_000;

/// Photos that are laid out; the others are placed between them. More make the map
/// finer, and take longer.
const LANDMARKS: usize = 5_000;

/// Fewer photos make no map.
const LEAST: usize = 24;

/// Photos of a cluster that must have a category for it to be called so.
const LEAST_SHARE: f64 = 0.15;

/// Photos that lie together.
#[derive(Debug, Clone, PartialEq)]
pub struct MapCluster {
    /// The category that tells it from the rest, or a number.
    pub name: String,
    /// Its densest place: 0 to 1, from the left.
    pub x: f32,
    /// From the top.
    pub y: f32,
    /// How many there are.
    pub count: usize,
}

/// Where each photo lies.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoMap {
    /// All photos with a vector.
    pub photos: Vec<PhotoId>,
    /// The place of each: 0 to 1, from the left and from the top.
    pub places: Vec<[f32; 2]>,
    /// The cluster of each, if it is in one.
    pub cluster: Vec<Option<usize>>,
    /// The largest first.
    pub clusters: Vec<MapCluster>,
    /// The same as a drawing.
    pub svg: String,
}

/// The layout that was made last. Names follow the tags, which change more often.
#[derive(Default)]
pub(crate) struct Maps(Mutex<Option<(Weak<Snapshot>, Arc<Layout>)>>);

struct Layout {
    photos: Vec<PhotoId>,
    points: Vec<Point>,
    clusters: Clusters,
}

impl Engine {
    /// Lays the library out: photos that look alike lie together. The first time after
    /// photos came it takes seconds for thousands and a minute for 100,000 photos;
    /// `progress` is told the share that is done.
    ///
    /// # Errors
    /// [`Code::Usage`](crate::Code::Usage) for fewer than 24 photos;
    /// [`Code::Cancelled`](crate::Code::Cancelled) where `cancel` says so.
    pub fn photo_map(&self, cancel: &Cancel, progress: &(dyn Fn(f64) + Sync)) -> Result<PhotoMap> {
        let stopped = || if cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) };
        let layout = self.layout(cancel, progress)?;
        let Layout { photos, points, clusters } = layout.as_ref();
        let tagging = self.0.tags.suggested(&self.0, &self.0.serving()?, &stopped)?;
        let names = names(&tagging, photos, clusters);
        // In the window the top is 0.
        let place = |[x, y]: [f32; 2]| [(x + 1.0) / 2.0, (1.0 - y) / 2.0];
        let named = clusters.clusters.iter().zip(&names).map(|(cluster, name)| {
            let [x, y] = place(cluster.centre);
            MapCluster { name: name.clone(), x, y, count: cluster.size }
        });
        let description = format!(
            "{} photos in two dimensions: those that look alike lie together, in {} groups.",
            photos.len(),
            names.len()
        );
        let labels =
            Labels { title: "Map of the library", description: &description, across: "", up: "" };
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let svg = plot::scatter(&labels, points, clusters, &all);
        Ok(PhotoMap {
            places: points.iter().copied().map(place).collect(),
            clusters: named.collect(),
            cluster: clusters.of_point.clone(),
            photos: photos.clone(),
            svg,
        })
    }

    fn layout(&self, cancel: &Cancel, progress: &(dyn Fn(f64) + Sync)) -> Result<Arc<Layout>> {
        let model = self.0.serving()?;
        let snapshot = self.0.vectors(&model)?.snapshot();
        if snapshot.len() < LEAST {
            return Err(Error::usage(message!(
                "a map needs at least {least} photos, and {photos} are indexed",
                least = LEAST,
                photos = snapshot.len()
            )));
        }
        let mut last = self.0.maps.0.lock();
        if let Some((of, layout)) = &*last
            && of.upgrade().is_some_and(|of| Arc::ptr_eq(&of, &snapshot))
        {
            return Ok(layout.clone());
        }
        let stopped = || if cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) };
        let sample: Vec<f32> = snapshot.evenly(LEARNED_FROM).flatten().collect();
        stopped()?;
        let reduction = Reduction::learn(&sample, model.dim);
        drop(sample);
        let (mut photos, mut reduced) = (Vec::new(), Vec::new());
        for block in 0..snapshot.blocks() {
            stopped()?;
            let (keys, vectors) = snapshot.block(block);
            photos.extend(keys.into_iter().map(PhotoId));
            reduced.extend(reduction.reduce(&vectors));
        }
        let settings = MapSettings { landmarks: LANDMARKS, ..MapSettings::default() };
        let mut going_on = |share: f64| {
            progress(share);
            !cancel.is_cancelled()
        };
        let points = plane::layout(&reduced, reduction.width(), &settings, &mut going_on)
            .map_err(|_| Error::cancelled())?;
        let clusters = plane::clusters(&points, &ClusterSettings::of(points.len()));
        let layout = Arc::new(Layout { photos, points, clusters });
        *last = Some((Arc::downgrade(&snapshot), layout.clone()));
        Ok(layout)
    }
}

/// Calls clusters by what tells them from the rest: the category whose share in it is
/// highest above its share in the library, each category once.
fn names(tagging: &Tagging, photos: &[PhotoId], clusters: &Clusters) -> Vec<String> {
    let mut in_all: HashMap<usize, usize> = HashMap::new();
    let mut in_each: Vec<HashMap<usize, usize>> = vec![HashMap::new(); clusters.clusters.len()];
    for (photo, cluster) in photos.iter().zip(&clusters.of_point) {
        for category in tagging.likely_of(photo.0, LIKELY) {
            *in_all.entry(category).or_default() += 1;
            if let Some(cluster) = cluster {
                *in_each[*cluster].entry(category).or_default() += 1;
            }
        }
    }
    let mut taken = HashSet::new();
    let total = photos.len().max(1) as f64;
    let name = |(at, counts): (usize, HashMap<usize, usize>)| {
        let size = clusters.clusters[at].size.max(1) as f64;
        let worth = |(category, count): (&usize, &usize)| {
            let (here, everywhere) = (*count as f64 / size, in_all[category] as f64 / total);
            (here >= LEAST_SHARE && !taken.contains(category))
                .then(|| (here * (here / everywhere).ln(), *category))
                .filter(|(worth, _)| *worth > 0.0)
        };
        let best = counts.iter().filter_map(worth).max_by(|a, b| {
            // Of equal ones always the same.
            a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))
        });
        match best {
            Some((_, category)) => {
                taken.insert(category);
                tagging.vocabulary.at(category).name.clone()
            }
            None => format!("Group {}", at + 1),
        }
    };
    in_each.into_iter().enumerate().map(name).collect()
}

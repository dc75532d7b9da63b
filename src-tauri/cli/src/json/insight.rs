//! The documents of `eval`, `insight` and `map`.

use afterimage_engine::figures::health::{HealthReport, QuerySimilarity};
use afterimage_engine::{Concern, EvalReport, Insight, PhotoMap};
use serde::Serialize;

use super::text;

/// `eval`. What each field means stands with the figures of `afterimage-insight`.
#[derive(Serialize)]
#[serde(transparent)]
pub struct EvalDocument<'a>(pub &'a EvalReport);

/// `insight`
#[derive(Serialize)]
pub struct InsightDocument<'a> {
    model: &'a str,
    report: &'a HealthReport,
    queries: &'a QuerySimilarity,
    warnings: Vec<WarningEntry>,
    /// Photos that the report names.
    photos: Vec<PhotoEntry>,
}

#[derive(Serialize)]
struct WarningEntry {
    meaning: String,
    remedy: String,
}

#[derive(Serialize)]
struct PhotoEntry {
    id: i64,
    path: String,
}

impl<'a> From<&'a Insight> for InsightDocument<'a> {
    fn from(insight: &'a Insight) -> Self {
        let warning = |concern: Concern| WarningEntry {
            meaning: concern.meaning.to_string(),
            remedy: concern.remedy.to_string(),
        };
        let mut photos: Vec<PhotoEntry> = insight
            .paths
            .iter()
            .map(|(id, path)| PhotoEntry { id: *id, path: text(path) })
            .collect();
        photos.sort_by_key(|photo| photo.id);
        Self {
            model: &insight.model,
            report: &insight.report,
            queries: &insight.queries,
            warnings: insight.concerns().into_iter().map(warning).collect(),
            photos,
        }
    }
}

/// `map`. Places are 0 to 1, from the left and from the top.
#[derive(Serialize)]
pub struct MapDocument {
    clusters: Vec<ClusterEntry>,
    photos: Vec<MapEntry>,
}

#[derive(Serialize)]
struct ClusterEntry {
    name: String,
    x: f32,
    y: f32,
    count: usize,
}

#[derive(Serialize)]
struct MapEntry {
    id: i64,
    x: f32,
    y: f32,
    /// Which of the clusters, from 0; null for a photo in between.
    cluster: Option<usize>,
}

impl From<&PhotoMap> for MapDocument {
    fn from(map: &PhotoMap) -> Self {
        let clusters = map.clusters.iter().map(|cluster| ClusterEntry {
            name: cluster.name.clone(),
            x: cluster.x,
            y: cluster.y,
            count: cluster.count,
        });
        let photos = map.photos.iter().zip(&map.places).zip(&map.cluster);
        let photo = |((photo, [x, y]), cluster): ((&afterimage_engine::PhotoId, &[f32; 2]), &_)| {
            MapEntry { id: photo.0, x: *x, y: *y, cluster: *cluster }
        };
        Self { clusters: clusters.collect(), photos: photos.map(photo).collect() }
    }
}

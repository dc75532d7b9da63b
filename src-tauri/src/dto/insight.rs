//! The health of the vectors and the map, in the words of the front end.

use afterimage_engine as engine;
use serde::Serialize;

use super::Message;

/// A drawing and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Plot {
    pub title: Message,
    /// SVG, self-contained and without scripts.
    pub svg: String,
    /// The same in words.
    pub caption: Message,
}

/// Something that is wrong with the vectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct InsightWarning {
    pub title: Message,
    pub meaning: Message,
    pub remedy: Message,
}

/// A number and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    pub name: Message,
    pub value: Message,
    pub meaning: Message,
}

/// How good the vectors of a model are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Insight {
    pub model: String,
    pub vectors: usize,
    pub dim: usize,
    pub figures: Vec<Figure>,
    pub warnings: Vec<InsightWarning>,
    pub plots: Vec<Plot>,
}

impl From<engine::Insight> for Insight {
    fn from(insight: engine::Insight) -> Self {
        let figure = |figure: engine::Figure| Figure {
            name: figure.name.into(),
            value: figure.value.into(),
            meaning: figure.meaning.into(),
        };
        let plot = |plot: engine::NamedPlot| Plot {
            title: plot.title.into(),
            svg: plot.svg,
            caption: plot.caption.into(),
        };
        let warning = |concern: engine::Concern| InsightWarning {
            title: concern.title.into(),
            meaning: concern.meaning.into(),
            remedy: concern.remedy.into(),
        };
        Self {
            figures: insight.figures().into_iter().map(figure).collect(),
            warnings: insight.concerns().into_iter().map(warning).collect(),
            plots: insight.plots().into_iter().map(plot).collect(),
            model: insight.model,
            vectors: insight.report.rows,
            dim: insight.report.dim,
        }
    }
}

/// Photos that lie together on the map. Places are 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MapCluster {
    pub name: String,
    pub x: f32,
    pub y: f32,
    pub count: usize,
}

/// The JSON header of the map.
#[derive(Serialize)]
struct Header<'a> {
    count: usize,
    clusters: &'a [MapCluster],
}

/// The map as bytes, which the page reads in place: the length of a JSON header as a
/// little-endian u32, the header, zeros to a multiple of 4, then for each photo its id
/// (u32), its place (two f32, 0 to 1), its cluster (i16, -1 for none) and two zeros.
///
/// # Errors
/// Where the header cannot be written.
pub fn map_bytes(map: &engine::PhotoMap) -> serde_json::Result<Vec<u8>> {
    let clusters: Vec<MapCluster> = map
        .clusters
        .iter()
        .map(|cluster| MapCluster {
            name: cluster.name.clone(),
            x: cluster.x,
            y: cluster.y,
            count: cluster.count,
        })
        .collect();
    let header = serde_json::to_vec(&Header { count: map.photos.len(), clusters: &clusters })?;
    let mut bytes = Vec::with_capacity(header.len() + 8 + 16 * map.photos.len());
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend(header);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    for ((photo, [x, y]), cluster) in map.photos.iter().zip(&map.places).zip(&map.cluster) {
        let cluster = cluster.and_then(|cluster| i16::try_from(cluster).ok()).unwrap_or(-1);
        bytes.extend((photo.0 as u32).to_le_bytes());
        bytes.extend(x.to_le_bytes());
        bytes.extend(y.to_le_bytes());
        bytes.extend(cluster.to_le_bytes());
        bytes.extend([0, 0]);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_is_laid_out_as_the_page_reads_it() {
        let cluster = engine::MapCluster { name: "Dög".into(), x: 0.5, y: 0.25, count: 1 };
        let map = engine::PhotoMap {
            photos: vec![engine::PhotoId(7), engine::PhotoId(70_000)],
            places: vec![[0.5, 0.25], [1.0, 0.0]],
            cluster: vec![Some(0), None],
            clusters: vec![cluster],
            svg: String::new(),
        };
        let bytes = map_bytes(&map).unwrap();
        let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
        let header: serde_json::Value = serde_json::from_slice(&bytes[4..4 + length]).unwrap();
        assert_eq!(header["count"], 2);
        assert_eq!(header["clusters"][0]["name"], "Dög");
        let rows = &bytes[(4 + length).next_multiple_of(4)..];
        assert_eq!(rows.len(), 32);
        assert_eq!(rows[..4], 7u32.to_le_bytes());
        assert_eq!(rows[4..8], 0.5f32.to_le_bytes());
        assert_eq!(rows[12..16], [0, 0, 0, 0]);
        assert_eq!(rows[28..32], [0xff, 0xff, 0, 0]);
    }
}

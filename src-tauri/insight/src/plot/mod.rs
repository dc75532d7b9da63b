//! Figures as pictures: SVG that people and screen readers can read.
//!
//! A picture is one string, for a file or for a window. A file follows light and
//! dark (`prefers-color-scheme`). A window sets its own colours, the CSS custom
//! properties `--plot-ink`, `--plot-paper` and `--plot-1` to `--plot-8`; one whose
//! security policy forbids styles within the page must, or dark is not followed. No
//! series is told from another by its colour alone. What is no number is not drawn.
//!
//! Words come from the caller, so that they can be in its user's language.

mod frame;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use crate::plane::{Clusters, Point};
use frame::{Area, DASHES, PAPER, Picture, Scale, WIDTH, colour, number, round, shorten};

/// The words of a picture.
#[derive(Debug, Clone, Copy, Default)]
pub struct Labels<'a> {
    /// What it shows: drawn above it, and read out first.
    pub title: &'a str,
    /// What can be seen in it, for those who cannot: the figures that matter.
    pub description: &'a str,
    /// What is along the axis below, with its unit.
    pub across: &'a str,
    /// What is along the axis at the left, with its unit.
    pub up: &'a str,
}

/// Counts of a histogram.
#[derive(Debug, Clone, Copy)]
pub struct Bins<'a> {
    /// Its name in the key.
    pub name: &'a str,
    /// How many are in each bin.
    pub counts: &'a [u64],
}

/// Numbers joined by a line.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Its name in the key.
    pub name: &'a str,
    /// Across and up, from left to right.
    pub points: &'a [(f64, f64)],
}

/// A bar.
#[derive(Debug, Clone, Copy)]
pub struct Bar<'a> {
    /// Its name, at its left.
    pub name: &'a str,
    /// Its length, written behind it; at least 0.
    pub value: f64,
}

const HEIGHT: f64 = 360.0;

/// Between the axes, below a key of so many names.
fn area(names: usize) -> Area {
    let rows = if names < 2 { 0 } else { names.div_ceil(3) };
    let top = 40.0 + 16.0 * rows as f64;
    Area { left: 64.0, top, right: WIDTH - 16.0, bottom: HEIGHT - 48.0 }
}

/// Histograms over each other, each as shares of its own sum, so that one of few
/// does not vanish behind one of many. The bins divide the range from `low` to
/// `high` evenly.
pub fn histogram(labels: &Labels, low: f64, high: f64, series: &[Bins]) -> String {
    let shares = |bins: &Bins| -> Vec<f64> {
        let sum = bins.counts.iter().sum::<u64>().max(1) as f64;
        bins.counts.iter().map(|count| *count as f64 / sum).collect()
    };
    let all: Vec<Vec<f64>> = series.iter().map(shares).collect();
    let highest = all.iter().flatten().copied().fold(0.0, f64::max);
    let names: Vec<&str> = series.iter().map(|bins| bins.name).collect();
    let area = area(names.len());
    let x = Scale { low, high, from: area.left, to: area.right };
    let y = Scale { low: 0.0, high: 1.05 * highest, from: area.bottom, to: area.top };
    let mut picture = Picture::new(labels, HEIGHT);
    picture.across(area, x, labels.across);
    picture.up(area, y, labels.up);
    for (nth, shares) in all.iter().enumerate() {
        let width = (high - low) / shares.len().max(1) as f64;
        let mut path = format!("M{} {}", round(x.at(low)), round(y.at(0.0)));
        for (bin, share) in (1..).zip(shares) {
            let right = round(x.at(low + width * f64::from(bin)));
            let _ = write!(path, "V{}H{right}", round(y.at(*share)));
        }
        let (bottom, colour, dash) = (round(y.at(0.0)), colour(nth), DASHES[nth % DASHES.len()]);
        picture.add(format_args!(
            "<path d=\"{path}V{bottom}Z\" fill=\"{colour}\" fill-opacity=\".18\" \
             stroke=\"{colour}\" stroke-width=\"1.5\" stroke-dasharray=\"{dash}\"/>"
        ));
    }
    picture.key(area, &names);
    picture.finish()
}

/// Lines, such as the variance that components explain.
pub fn lines(labels: &Labels, lines: &[Line]) -> String {
    let finite = |point: &&(f64, f64)| point.0.is_finite() && point.1.is_finite();
    let points = || lines.iter().flat_map(|line| line.points.iter().filter(finite));
    let range = |pick: fn(&(f64, f64)) -> f64| {
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        points().map(pick).fold(ends, |(low, high), v| (low.min(v), high.max(v)))
    };
    let ((left, right), (low, high)) = (range(|point| point.0), range(|point| point.1));
    let names: Vec<&str> = lines.iter().map(|line| line.name).collect();
    let area = area(names.len());
    let x = Scale { low: left, high: right, from: area.left, to: area.right };
    // From 0 where nothing is below: a line that starts high is to look high.
    let y = Scale { low: low.min(0.0), high, from: area.bottom, to: area.top };
    let mut picture = Picture::new(labels, HEIGHT);
    picture.across(area, x, labels.across);
    picture.up(area, y, labels.up);
    for (nth, line) in lines.iter().enumerate() {
        let mut path = String::new();
        for point in line.points.iter().filter(finite) {
            let step = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{step}{} {}", round(x.at(point.0)), round(y.at(point.1)));
        }
        let (colour, dash) = (colour(nth), DASHES[nth % DASHES.len()]);
        if !path.is_empty() {
            picture.add(format_args!(
                "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" \
                 stroke-dasharray=\"{dash}\"/>"
            ));
        }
    }
    picture.key(area, &names);
    picture.finish()
}

/// Bars below each other, such as hubs, or the accuracy of each class.
pub fn bars(labels: &Labels, bars: &[Bar]) -> String {
    const STEP: f64 = 20.0;
    let drawn = |value: f64| value.is_finite() && value > 0.0;
    let longest = bars.iter().map(|bar| bar.value).filter(|v| drawn(*v)).fold(0.0, f64::max);
    let bottom = 40.0 + STEP * bars.len() as f64;
    let area = Area { left: 192.0, top: 40.0, right: WIDTH - 64.0, bottom };
    let x = Scale { low: 0.0, high: longest, from: area.left, to: area.right };
    let mut picture = Picture::new(labels, bottom + 48.0);
    picture.across(area, x, labels.across);
    for (nth, bar) in bars.iter().enumerate() {
        let y = area.top + STEP * nth as f64;
        let width = if drawn(bar.value) { x.at(bar.value) - area.left } else { 0.0 };
        let (left, top, width, colour) =
            (round(area.left), round(y + 3.0), round(width), colour(0));
        picture.add(format_args!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"14\" fill=\"{colour}\"/>"
        ));
        picture.text(area.left - 8.0, y + 14.0, "end", &shorten(bar.name, 24));
        picture.text(area.left + width + 6.0, y + 14.0, "start", &number(bar.value));
    }
    picture.finish()
}

/// A confusion matrix: `(names, names)` row by row, right classes down, found ones
/// across. A field is the darker the greater its share of its row; where there are
/// few classes it has its count too. Meant for at most 40 classes: of more, show
/// those that are confused most.
///
/// # Panics
/// Where the matrix has another size.
pub fn heat_map(labels: &Labels, names: &[&str], matrix: &[usize]) -> String {
    assert_eq!(matrix.len(), names.len() * names.len(), "a count for each pair of classes");
    let number_of_names = names.len().max(1) as f64;
    let (left, top) = (172.0, 40.0);
    let side = ((WIDTH - left - 16.0) / number_of_names).min(48.0);
    let reach = side * number_of_names;
    // Names at the bottom stand on their ends.
    let bottom = top + reach;
    let size = (0.6 * side).clamp(6.0, 12.0);
    let mut picture = Picture::new(labels, bottom + 160.0);
    for (row, name) in names.iter().enumerate() {
        let counts = &matrix[row * names.len()..(row + 1) * names.len()];
        let sum = counts.iter().sum::<usize>().max(1) as f64;
        let y = top + side * row as f64;
        let middle = round(y + side / 2.0 + size / 3.0);
        let (end, short) = (round(left - 8.0), frame::escape(&shorten(name, 22)));
        picture.add(format_args!(
            "<text x=\"{end}\" y=\"{middle}\" text-anchor=\"end\" font-size=\"{size}\">{short}\
             </text>"
        ));
        for (column, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let share = count as f64 / sum;
            let x = left + side * column as f64;
            let (x, y, width, colour) = (round(x), round(y), round(side - 1.0), colour(0));
            let opacity = (100.0 * (0.1 + 0.9 * share)).round() / 100.0;
            picture.add(format_args!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{width}\" fill=\"{colour}\" \
                 fill-opacity=\"{opacity}\"/>"
            ));
            if side >= 20.0 {
                let paint = if share > 0.55 { PAPER } else { "currentColor" };
                let centre = round(left + side * (column as f64 + 0.5));
                picture.add(format_args!(
                    "<text x=\"{centre}\" y=\"{middle}\" text-anchor=\"middle\" \
                     font-size=\"{size}\" fill=\"{paint}\">{count}</text>"
                ));
            }
        }
    }
    for (column, name) in names.iter().enumerate() {
        let x = round(left + side * (column as f64 + 0.5) + size / 3.0);
        let (y, short) = (round(bottom + 8.0), frame::escape(&shorten(name, 18)));
        picture.add(format_args!(
            "<text transform=\"translate({x} {y}) rotate(-90)\" text-anchor=\"end\" \
             font-size=\"{size}\">{short}</text>"
        ));
    }
    let (width, height) = (round(reach), round(reach));
    picture.add(format_args!(
        "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"none\" \
         stroke=\"currentColor\" stroke-opacity=\".4\"/>"
    ));
    picture.text(left + reach / 2.0, bottom + 148.0, "middle", labels.across);
    let y = round(top + reach / 2.0);
    let up = frame::escape(labels.up);
    picture.add(format_args!(
        "<text transform=\"translate(16 {y}) rotate(-90)\" text-anchor=\"middle\">{up}</text>"
    ));
    picture.finish()
}

/// The map of the library: points in the colour of their cluster, and the names of
/// the clusters, which are in their order; those beyond the last name have none.
///
/// # Panics
/// Where the clusters are of another number of points.
pub fn scatter(labels: &Labels, points: &[Point], clusters: &Clusters, names: &[&str]) -> String {
    assert_eq!(points.len(), clusters.of_point.len(), "a cluster or none for each point");
    let area = Area { left: 16.0, top: 40.0, right: WIDTH - 16.0, bottom: WIDTH + 8.0 };
    let x = Scale { low: -1.0, high: 1.0, from: area.left + 8.0, to: area.right - 8.0 };
    // Up is up.
    let y = Scale { low: -1.0, high: 1.0, from: area.bottom - 8.0, to: area.top + 8.0 };
    let mut picture = Picture::new(labels, WIDTH + 24.0);
    // A path for each cluster: a hundred thousand circles would be five times as
    // long. A stroke without length is the dot of its round ends. The last path is of
    // points in no cluster, and lies below the others.
    let mut paths = vec![String::new(); clusters.clusters.len() + 1];
    for (point, cluster) in points.iter().zip(&clusters.of_point) {
        if point.iter().all(|value| value.is_finite()) {
            let path = &mut paths[cluster.unwrap_or(clusters.clusters.len())];
            let (x, y) = (x.at(f64::from(point[0])), y.at(f64::from(point[1])));
            let _ = write!(path, "M{} {}h0", round(x), round(y));
        }
    }
    // Points that are many are small.
    let size = (120.0 / (points.len().max(1) as f64).sqrt()).clamp(1.2, 6.0);
    let size = round(size);
    for (cluster, path) in paths.iter().enumerate().rev().filter(|(_, path)| !path.is_empty()) {
        let none = cluster == clusters.clusters.len();
        let colour = if none { "currentColor".into() } else { colour(cluster) };
        let opacity = if none { 0.3 } else { 0.7 };
        picture.add(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-opacity=\"{opacity}\" \
             stroke-width=\"{size}\" stroke-linecap=\"round\"/>"
        ));
    }
    for (cluster, name) in clusters.clusters.iter().zip(names) {
        let [across, up] = cluster.centre.map(f64::from);
        let (x, y, name) =
            (round(x.at(across)), round(y.at(up)), frame::escape(&shorten(name, 28)));
        picture.add(format_args!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-weight=\"600\" \
             stroke=\"{PAPER}\" stroke-width=\"3\" paint-order=\"stroke\">{name}</text>"
        ));
    }
    picture.finish()
}

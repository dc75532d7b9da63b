//! How well the starter model finds photos by a sentence.

use std::collections::HashSet;
use std::fs;

use crate::support::{Library, file_name, photos};

/// For a query with R relevant photos: the share of relevant ones among the
/// first R results. The mean over the queries must not fall below what the
/// model is known to reach.
#[test]
fn mean_r_precision_is_at_least_0_90() {
    let Some(library) = Library::of_everyday() else { return };
    let Some(table) = photos("queries.tsv") else { return };
    let table = fs::read_to_string(table).unwrap();

    let mut precisions = Vec::new();
    for line in table.lines().skip(1) {
        let (query, files) = line.split_once('\t').unwrap();
        let relevant: HashSet<&str> = files.split(',').collect();
        let limit = relevant.len().to_string();
        let found = library.found(&["search", query, "--limit", &limit]);
        assert_eq!(found.len(), relevant.len(), "{query}");
        let hits = found.iter().filter(|path| relevant.contains(file_name(path))).count();
        let precision = hits as f64 / relevant.len() as f64;
        println!("{precision:.2}  {query}");
        precisions.push(precision);
    }
    assert!(precisions.len() > 20, "only {} queries", precisions.len());
    let mean = precisions.iter().sum::<f64>() / precisions.len() as f64;
    println!("mean R-precision {mean:.3}");
    assert!(mean >= 0.90, "mean R-precision {mean:.3}");
}

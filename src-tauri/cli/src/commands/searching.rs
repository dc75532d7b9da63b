//! `search` and `similar`: what answers with photos, best first.

use afterimage_engine::{Cancel, Engine, Error, Page, SearchRequest, Strength, query};

use crate::Outcome;
use crate::args::{SearchArgs, SimilarArgs};
use crate::json::SearchDocument;
use crate::output::{self, faint, mark, shown};

/// `afterimage search`
pub fn search(engine: &Engine, args: &SearchArgs, json: bool) -> Outcome {
    let mut request = SearchRequest {
        query: args.query.clone().unwrap_or_default(),
        images: args.images.clone(),
        limit: args.limit.limit(),
        ..SearchRequest::default()
    };
    if let Some(name) = &args.saved {
        let saved = engine.saved_search(name)?;
        request.query = query::both(&saved.query, &request.query);
        request.examples = saved.examples;
        request.like = saved.like;
        request.unlike = saved.unlike;
    }
    print(&engine.search(&request, &Cancel::default())?, json)
}

/// `afterimage similar`
pub fn similar(engine: &Engine, args: &SimilarArgs, json: bool) -> Outcome {
    let file = args.photo.as_path();
    let known = engine.find_photo(file)?;
    let images = match known {
        Some(_) => Vec::new(),
        None if file.is_file() => vec![file.to_owned()],
        None => {
            return Err(Error::usage(format!(
                "{} is neither a photo's number in this library nor an image file",
                shown(file)
            ))
            .into());
        }
    };
    let request = SearchRequest {
        similar_to: known,
        images,
        limit: args.limit.limit(),
        ..SearchRequest::default()
    };
    print(&engine.search(&request, &Cancel::default())?, json)
}

fn print(page: &Page, json: bool) -> Outcome {
    let width = page.hits.len().to_string().len();
    output::answer(json, &SearchDocument::from(page), |out| {
        for (rank, hit) in page.hits.iter().enumerate() {
            let score = faint(format_args!("{:.3}", hit.score));
            let path = shown(&hit.path);
            writeln!(out, "{:>width$}  {score} {} {path}", rank + 1, mark(hit.strength))?;
        }
        Ok(())
    })?;
    for problem in &page.problems {
        let part = problem.at.clone().and_then(|at| page.query.get(at));
        match part {
            Some(part) => output::note(format_args!("{part}: {}", problem.message)),
            None => output::note(&problem.message),
        }
    }
    if page.total == 0 {
        output::note("no photo answers: run `afterimage index DIR` for those that are not indexed");
    } else if !json && page.hits.iter().all(|hit| hit.strength == Strength::Unscored) {
        // Filters alone let photos through; they rank none.
        let ms = page.took.as_secs_f64() * 1e3;
        output::note(faint(format_args!("{} photos in {ms:.0} ms", page.total)));
    } else if !json {
        output::note(faint(format_args!(
            "{} strong, {} likely of {} photos in {:.0} ms",
            page.strong,
            page.likely,
            page.total,
            page.took.as_secs_f64() * 1e3
        )));
    }
    Ok(())
}

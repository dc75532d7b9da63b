//! `search` and `similar`: what answers with photos, best first.

use std::path::Path;

use afterimage_engine::{
    Cancel, Engine, Error, Explanation, Page, PartKind, PhotoId, Problem, SearchRequest, Strength,
    message, query,
};

use crate::Outcome;
use crate::args::{SearchArgs, SimilarArgs};
use crate::json::{self, ExplanationDocument, SearchDocument};
use crate::output::{self, faint, mark, shown};

/// `afterimage search`
pub fn search(engine: &Engine, args: &SearchArgs, json: bool) -> Outcome {
    let mut request = SearchRequest {
        query: args.query.clone().unwrap_or_default(),
        images: args.images.clone(),
        like: args.like.iter().copied().map(PhotoId).collect(),
        unlike: args.unlike.iter().copied().map(PhotoId).collect(),
        strictness: args.strictness,
        offset: args.offset,
        limit: args.limit.limit(),
        ..SearchRequest::default()
    };
    if let Some(name) = &args.saved {
        let saved = engine.saved_search(name)?;
        request.query = query::both(&saved.query, &request.query);
        request.examples = saved.examples;
        request.like.extend(saved.like);
        request.unlike.extend(saved.unlike);
    }
    match &args.explain {
        Some(photo) => explain(engine, photo, &request, json),
        None => print(&engine.search(&request, &Cancel::default())?, json),
    }
}

fn explain(engine: &Engine, file: &Path, request: &SearchRequest, json: bool) -> Outcome {
    let photos = super::tags::known(engine, &[file.to_owned()])?;
    let why = engine.explain(photos[0], request, &Cancel::default())?;
    output::answer(json, &ExplanationDocument::from(&why), |out| {
        writeln!(out, "{}", standing(&why))?;
        for part in &why.parts {
            let holds = if part.holds { "yes" } else { "no" };
            let kind = part.kind.as_str();
            let what = match part.kind {
                PartKind::Text => format!("{kind} in {}", part.field.unwrap_or_default()),
                _ => kind.to_owned(),
            };
            let words = shown(Path::new(&part.words));
            write!(out, "{holds:>3}  {what}: {words}")?;
            if let Some(score) = part.score {
                let spreads = part.spreads.map(|spreads| format!(", {spreads:+.1} spreads"));
                let numbers = format!("{score:.3}{}", spreads.unwrap_or_default());
                write!(out, "  {}", faint(numbers))?;
            }
            writeln!(out)?;
        }
        Ok(())
    })?;
    let text = request.query.trim();
    tell(text, &Engine::read_query(text).problems);
    Ok(())
}

/// Where the photo stands, in a line.
fn standing(why: &Explanation) -> String {
    let place = match why.rank {
        Some(rank) => format!("place {rank} of {}", why.ranked),
        None if why.parts.iter().all(|part| part.kind == PartKind::Filter) => {
            "filters alone rank nothing".to_owned()
        }
        None => format!("not among the {} that answer", why.ranked),
    };
    match why.score {
        Some(score) => format!("{score:.3}  {}, {place}", json::strength(why.strength)),
        None => place,
    }
}

/// `afterimage similar`
pub fn similar(engine: &Engine, args: &SimilarArgs, json: bool) -> Outcome {
    let file = args.photo.as_path();
    let known = engine.find_photo(file)?;
    let images = match known {
        Some(_) => Vec::new(),
        None if file.is_file() => vec![file.to_owned()],
        None => {
            return Err(Error::usage(message!(
                "{file} is neither a photo's number in this library nor an image file",
                file = shown(file)
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
    let width = (page.offset + page.hits.len()).to_string().len();
    output::answer(json, &SearchDocument::from(page), |out| {
        for (rank, hit) in page.hits.iter().enumerate() {
            let rank = page.offset + rank;
            let score = faint(format_args!("{:.3}", hit.score));
            let path = shown(&hit.path);
            writeln!(out, "{:>width$}  {score} {} {path}", rank + 1, mark(hit.strength))?;
        }
        Ok(())
    })?;
    tell(&page.query, &page.problems);
    if page.total == 0 {
        output::note("no photo answers: run `afterimage index DIR` for those that are not indexed");
    } else if !json && page.hits.iter().all(|hit| hit.strength == Strength::Unscored) {
        // Filters alone let photos through; they rank none.
        let ms = page.took.as_secs_f64() * 1e3;
        output::note(faint(format_args!("{} photos in {ms:.0} ms", page.total)));
    } else if page.strong + page.likely == 0 {
        output::note("no photo clearly shows this; these come closest");
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

/// Says what of a query could not be taken as it stands.
fn tell(query: &str, problems: &[Problem]) {
    for problem in problems {
        let part = problem.at.clone().and_then(|at| query.get(at));
        match part {
            Some(part) => output::note(format_args!("{part}: {}", problem.message)),
            None => output::note(&problem.message),
        }
    }
}

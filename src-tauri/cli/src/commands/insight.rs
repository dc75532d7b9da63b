//! `eval`, `insight` and `map`: how good search is, and what the library looks like.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use afterimage_engine::figures::classification::{ClassificationComparison, ClassificationReport};
use afterimage_engine::figures::plot::{self, Bar, Labels};
use afterimage_engine::figures::retrieval::{
    Difference, Metrics, RetrievalComparison, RetrievalReport,
};
use afterimage_engine::figures::{Estimate, RESAMPLES};
use afterimage_engine::{
    Cancel, Context, Engine, Error, EvalInput, EvalReport, EvalRequest, EvalRun, EvalSetting,
    message,
};

use crate::Outcome;
use crate::args::{EvalArgs, InsightArgs, MapArgs};
use crate::json::{EvalDocument, InsightDocument, MapDocument};
use crate::output::{self, faint, photos, shown};

/// Confused pairs and classes that are printed.
const PRINTED: usize = 10;

/// Classes that are drawn: more cannot be read.
const DRAWN_CLASSES: usize = 40;

/// `afterimage eval`
pub fn eval(engine: &Engine, args: &EvalArgs, json: bool) -> Outcome {
    let request = request(args)?;
    let report = engine.eval(&request, &Cancel::default())?;
    if let Some(folder) = &args.plot {
        plot_eval(folder, &report)?;
    }
    output::answer(json, &EvalDocument(&report), |out| describe(out, &report))?;
    if !report.missing.is_empty() {
        output::warn(format_args!(
            "{} of the files that are named are not among the photos, such as {}",
            report.missing.len(),
            report.missing[0]
        ));
    }
    for (path, reason) in &report.failed {
        output::warn(format_args!("{path} is left out: {reason}"));
    }
    Ok(())
}

fn request(args: &EvalArgs) -> Outcome<EvalRequest> {
    let EvalArgs { queries, captions, labels, photos, models, precisions, templates, .. } = args;
    let input = match (queries, captions, labels) {
        (Some(file), ..) => EvalInput::Queries(file.clone()),
        (_, Some(file), _) => EvalInput::Captions(file.clone()),
        (.., Some(file)) => EvalInput::Labels(file.clone()),
        (None, None, None) => {
            return Err(Error::usage(message!("name a file that says what is right")).into());
        }
    };
    let lengths = [models.len(), precisions.len(), templates.len()];
    if lengths.iter().any(|length| *length > 2) || lengths.iter().filter(|n| **n == 2).count() > 1 {
        return Err(Error::usage(message!(
            "two settings can be compared: give one of --model, --precision and --templates twice"
        ))
        .into());
    }
    let first = EvalSetting {
        model: models.first().cloned(),
        precision: precisions.first().copied(),
        templates: templates.first().copied().unwrap_or(true),
    };
    let mut second = first.clone();
    second.model = models.get(1).cloned().or(second.model);
    second.precision = precisions.get(1).copied().or(second.precision);
    second.templates = templates.get(1).copied().unwrap_or(second.templates);
    let mut settings = vec![first];
    if lengths.contains(&2) {
        settings.push(second);
    } else if labels.is_some() && templates.is_empty() {
        // A single prompt against the ensemble.
        let single = EvalSetting { templates: false, ..settings[0].clone() };
        settings.insert(0, single);
    }
    Ok(EvalRequest { input, photos: photos.clone(), settings })
}

fn describe(out: &mut dyn Write, report: &EvalReport) -> io::Result<()> {
    writeln!(
        out,
        "{}, {} {}",
        photos(report.photos as u64),
        report.texts.len(),
        match report.input {
            "labels" => "classes",
            other => other,
        }
    )?;
    for run in &report.runs {
        let texts = if run.templates { "with templates" } else { "words alone" };
        let precision = run.precision.as_deref().unwrap_or("as the library has them");
        writeln!(out, "\n{}, {texts}, vectors {precision}", run.model)?;
        describe_run(out, run, &report.texts)?;
    }
    if let Some(comparison) = &report.comparison {
        writeln!(out, "\nthe second less the first, of the same questions")?;
        let ways =
            [("", &comparison.text_to_image), ("image to text: ", &comparison.image_to_text)];
        for (way, comparison) in ways {
            if let Some(comparison) = comparison {
                describe_differences(out, way, comparison)?;
            }
        }
        if let Some(comparison) = &comparison.classification {
            describe_labels(out, comparison)?;
        }
    }
    writeln!(
        out,
        "\n{}",
        faint(format_args!("in brackets the interval in which 95 % of {RESAMPLES} resamples lie"))
    )
}

fn describe_run(out: &mut dyn Write, run: &EvalRun, texts: &[String]) -> io::Result<()> {
    if let Some(report) = &run.text_to_image {
        describe_retrieval(out, "text to image", report)?;
    }
    if let Some(report) = &run.image_to_text {
        describe_retrieval(out, "image to text", report)?;
    }
    match &run.classification {
        Some(report) => describe_classes(out, report, texts),
        None => Ok(()),
    }
}

fn describe_retrieval(out: &mut dyn Write, way: &str, report: &RetrievalReport) -> io::Result<()> {
    writeln!(out, "  {way}: {} questions, {} answers", report.queries, report.items)?;
    for (name, value) in Metrics::<Estimate>::NAMES.iter().zip(report.mean.values()) {
        writeln!(out, "    {name:<18} {}", interval(&value))?;
    }
    writeln!(out, "    {:<18} {}", "median_rank", interval(&report.median_rank))
}

fn describe_classes(
    out: &mut dyn Write,
    report: &ClassificationReport,
    texts: &[String],
) -> io::Result<()> {
    writeln!(out, "  labels: {} photos, {} classes", report.photos, report.classes)?;
    let figures = [
        ("top_1", &report.top_1),
        ("top_5", &report.top_5),
        ("mean_class_accuracy", &report.mean_class_accuracy),
    ];
    for (name, value) in figures {
        writeln!(out, "    {name:<20} {}", interval(value))?;
    }
    let name = |class: usize| texts.get(class).map_or("?", String::as_str);
    for confusion in report.confusions.iter().take(PRINTED) {
        let (class, found) = (name(confusion.class), name(confusion.found));
        writeln!(out, "    {} of {class} taken for {found}", confusion.photos)?;
    }
    Ok(())
}

fn describe_differences(
    out: &mut dyn Write,
    way: &str,
    comparison: &RetrievalComparison,
) -> io::Result<()> {
    let values = comparison.metrics.values();
    for (name, Difference { difference, wins, ties, losses }) in
        Metrics::<Difference>::NAMES.iter().zip(values)
    {
        let counts = faint(format_args!("better {wins}, same {ties}, worse {losses}"));
        writeln!(out, "  {way}{name:<18} {}  {counts}", interval(&difference))?;
    }
    Ok(())
}

fn describe_labels(out: &mut dyn Write, compared: &ClassificationComparison) -> io::Result<()> {
    let ClassificationComparison { only_first_right, only_second_right, p_value, .. } = compared;
    writeln!(out, "  top_1 {}", interval(&compared.difference))?;
    writeln!(
        out,
        "  {only_second_right} only the second has right, {only_first_right} only the first \
         (McNemar: p = {p_value:.3})"
    )
}

fn interval(estimate: &Estimate) -> String {
    let Estimate { value, low, high } = estimate;
    format!("{value:.3} [{low:.3}, {high:.3}]")
}

fn plot_eval(folder: &Path, report: &EvalReport) -> Outcome {
    for (at, run) in report.runs.iter().enumerate() {
        let number = at + 1;
        let of = [("text-to-image", &run.text_to_image), ("image-to-text", &run.image_to_text)];
        for (name, report) in of {
            let Some(report) = report else { continue };
            let bars: Vec<Bar> = Metrics::<Estimate>::NAMES
                .iter()
                .zip(report.mean.values())
                .map(|(name, value)| Bar { name, value: value.value })
                .collect();
            let description = format!("{}: the mean of {} questions.", run.model, report.queries);
            let labels =
                Labels { title: name, description: &description, across: "0 to 1", up: "" };
            write_plot(folder, &format!("{name}-{number}"), &plot::bars(&labels, &bars))?;
        }
        let Some(classes) = &run.classification else { continue };
        let texts: Vec<&str> = report.texts.iter().map(String::as_str).collect();
        let description = format!("{}: the accuracy of each class.", run.model);
        let labels = Labels {
            title: "Accuracy by class",
            description: &description,
            across: "share of its photos",
            up: "",
        };
        let bars: Vec<Bar> = classes
            .per_class
            .iter()
            .take(DRAWN_CLASSES)
            .filter_map(|class| Some(Bar { name: texts.get(class.class)?, value: class.recall? }))
            .collect();
        write_plot(folder, &format!("classes-{number}"), &plot::bars(&labels, &bars))?;
        if texts.len() <= DRAWN_CLASSES {
            let labels = Labels { title: "Confusions", ..labels };
            let matrix = classes.confusion_matrix();
            let drawn = plot::heat_map(&labels, &texts, &matrix);
            write_plot(folder, &format!("confusions-{number}"), &drawn)?;
        }
    }
    Ok(())
}

/// `afterimage insight`
pub fn insight(engine: &Engine, args: &InsightArgs, json: bool) -> Outcome {
    let insight = engine.insight(&Cancel::default())?;
    if let Some(folder) = &args.plot {
        for plot in insight.plots() {
            write_plot(folder, plot.name, &plot.svg)?;
        }
    }
    output::answer(json, &InsightDocument::from(&insight), |out| {
        writeln!(out, "vectors of {}", insight.model)?;
        for figure in insight.figures() {
            let meaning = faint(figure.meaning.to_string());
            let (name, value) = (figure.name.to_string(), figure.value.to_string());
            writeln!(out, "{name:<40} {value:>20}  {meaning}")?;
        }
        for concern in insight.concerns() {
            writeln!(out, "\n{}\n{}", concern.meaning, concern.remedy)?;
        }
        if insight.report.warnings.is_empty() {
            writeln!(out, "\nnothing is wrong with them")?;
        }
        Ok(())
    })
}

/// `afterimage map`
pub fn map(engine: &Engine, args: &MapArgs, json: bool) -> Outcome {
    let map = engine.photo_map(&Cancel::default(), &|_| ())?;
    if let Some(folder) = &args.plot {
        write_plot(folder, "map", &map.svg)?;
    }
    output::answer(json, &MapDocument::from(&map), |out| {
        writeln!(out, "{} in {} groups", photos(map.photos.len() as u64), map.clusters.len())?;
        map.clusters
            .iter()
            .try_for_each(|cluster| writeln!(out, "{:>7}  {}", cluster.count, cluster.name))
    })
}

fn write_plot(folder: &Path, name: &str, svg: &str) -> Outcome {
    fs::create_dir_all(folder)
        .context(|| message!("cannot make {folder}", folder = shown(folder)))?;
    let file = folder.join(name).with_extension("svg");
    fs::write(&file, svg).context(|| message!("cannot write {file}", file = shown(&file)))?;
    output::note(format_args!("drawn: {}", shown(&file)));
    Ok(())
}

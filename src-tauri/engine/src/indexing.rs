//! Bringing a library up to date once, and being done.

use std::collections::HashSet;
use std::time::Instant;

use crate::Engine;
use crate::error::Result;
use crate::jobs::{Control, Place, Progress, Reconciled, Sight, Step};
use crate::scan::{self, Volumes};
use crate::view::{IndexReport, Root, RootId, WriterKind};

impl Engine {
    /// Looks at the folders (all of them where none is named), then embeds
    /// every photo of the library that is pending. Returns when that is done or
    /// `control` is stopped; what is done by then stays done. Another process
    /// that indexes is waited for ([`Step::Waiting`]).
    ///
    /// # Errors
    /// Where the model or a store cannot be used, or another process follows the
    /// library. A photo that fails is counted
    /// and listed by [`failures`](Self::failures).
    pub fn index(
        &self,
        roots: &[RootId],
        control: &Control,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<IndexReport> {
        let began = Instant::now();
        let library = &self.0;
        let Some(_writer) = library.writer(WriterKind::Index, control, progress)? else {
            return Ok(IndexReport { stopped: true, ..IndexReport::default() });
        };
        let mut report = self.look(roots, progress)?;
        for task in library.tasks(&library.in_use()?, &HashSet::new())? {
            if control.is_stopped() {
                break;
            }
            let totals = library.work(&task, control, &|| false, progress, &|| {})?;
            report.embedded += totals.embedded;
            report.reused += totals.reused;
            report.failed += totals.failed;
            // What was new by its name and known by its bytes has moved.
            report.moved += totals.moved;
            report.added = report.added.saturating_sub(totals.moved);
            report.removed = report.removed.saturating_sub(totals.moved);
        }
        report.stopped = control.is_stopped();
        if !report.stopped {
            library.serve_current_model()?;
        }
        report.photos = library.catalog.counts()?.present;
        report.seconds = began.elapsed().as_secs_f64();
        Ok(report)
    }

    /// Looks at the folders (all of them where none is named) and takes down what
    /// changed, without reading a photo.
    ///
    /// # Errors
    /// As [`index`](Self::index).
    pub fn scan(
        &self,
        roots: &[RootId],
        control: &Control,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<IndexReport> {
        let began = Instant::now();
        let library = &self.0;
        let Some(_writer) = library.writer(WriterKind::Index, control, progress)? else {
            return Ok(IndexReport { stopped: true, ..IndexReport::default() });
        };
        let mut report = self.look(roots, progress)?;
        report.photos = library.catalog.counts()?.present;
        report.seconds = began.elapsed().as_secs_f64();
        Ok(report)
    }

    fn look(&self, roots: &[RootId], progress: &(dyn Fn(Progress) + Sync)) -> Result<IndexReport> {
        let library = &self.0;
        progress(Progress::at(Step::Scanning));
        library.catalog.forget_passing_failures(None)?;
        // A root within one that is asked for was meant, too.
        let all = self.roots()?;
        let asked = |root: &Root| {
            let outer = all.iter().filter(|outer| roots.contains(&outer.id));
            roots.is_empty() || outer.into_iter().any(|outer| root.path.starts_with(&outer.path))
        };
        let places: Vec<Place> =
            all.iter().filter(|root| asked(root)).map(|root| Place::Root(root.id.0)).collect();
        let sight = Sight { volumes: &Volumes::now(), entering: &|_, _| {}, settling: None };
        Ok(count(&library.reconcile(&places, sight)?))
    }
}

fn count(done: &Reconciled) -> IndexReport {
    let mut report = IndexReport { skipped: done.unsupported, ..IndexReport::default() };
    for (_, change) in &done.changes {
        match change {
            scan::Change::Added(_) => report.added += 1,
            scan::Change::Modified { .. } => report.modified += 1,
            scan::Change::Moved { .. } => report.moved += 1,
            scan::Change::Removed { .. } | scan::Change::Excluded { .. } => report.removed += 1,
        }
    }
    report
}

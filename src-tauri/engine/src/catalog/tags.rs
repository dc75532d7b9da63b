//! What the person says photos show: tags, what was rejected, and the changes to
//! the vocabulary that they are words of.
//!
//! A decision is on a photo and a category's id, whether or not the vocabulary of
//! the day knows that id: an update that drops a category takes nothing away.

use std::path::PathBuf;

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{Catalog, paths};
use crate::error::Result;
use crate::sqlite::Migration;
use crate::view::{Decided, Decision};

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 12,
        sql: "CREATE TABLE category (
            id TEXT PRIMARY KEY,
            -- 1: the person made it. 0: what the person changed of a bundled one.
            own INTEGER NOT NULL CHECK (own IN (0, 1)),
            -- JSON: the fields that the person set.
            said TEXT NOT NULL
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE decision (
            photo_id INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
            category TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('confirmed', 'tagged', 'rejected')),
            PRIMARY KEY (photo_id, category)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX decision_by_category ON decision (category, kind);
          -- What the last decisions changed, to be taken back.
          CREATE TABLE decision_change (
            batch INTEGER NOT NULL,
            photo_id INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
            category TEXT NOT NULL,
            kind_before TEXT,
            kind_after TEXT,
            PRIMARY KEY (batch, photo_id, category)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX decision_change_by_photo ON decision_change (photo_id);
          -- What this program wrote into a photo's sidecar, to be taken back when it is
          -- not said any more.
          CREATE TABLE sidecar_written (
            photo_id INTEGER PRIMARY KEY REFERENCES photo (id) ON DELETE CASCADE,
            -- JSON arrays of texts.
            keywords TEXT NOT NULL,
            hierarchical TEXT NOT NULL
          ) STRICT;",
    },
    Migration {
        version: 15,
        sql: "-- The number of the last change, also of one that was taken back: no other gets it.
          CREATE TABLE decision_batches (last INTEGER NOT NULL) STRICT;
          INSERT INTO decision_batches SELECT coalesce(max(batch), 0) FROM decision_change;",
    },
];

/// So many changes can be taken back.
const UNDOABLE: i64 = 100;

/// What the person said of a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CategoryRow {
    pub id: String,
    /// The person made it.
    pub own: bool,
    /// JSON of the fields that were set.
    pub said: String,
}

/// A decision on a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecisionRow {
    pub photo: i64,
    pub category: String,
    pub decision: Decision,
}

/// What this program wrote into a photo's sidecar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WrittenRow {
    pub keywords: Vec<String>,
    pub hierarchical: Vec<String>,
}

/// What is to be said in a photo's sidecar beside its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SidecarRow {
    pub path: PathBuf,
    pub offline: bool,
    pub favourite: bool,
    pub stars: Option<i8>,
    pub written: WrittenRow,
}

/// Decisions that were made together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecisionBatch {
    pub number: i64,
    /// Any of those that it is of.
    pub category: String,
    pub photos: u64,
    /// What was decided; `None`: a decision was taken back.
    pub decision: Option<Decision>,
}

/// Decisions that were taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UndoneRows {
    pub batch: DecisionBatch,
    /// Whose tags are others now.
    pub photos: Vec<i64>,
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Confirmed => "confirmed",
        Decision::Tagged => "tagged",
        Decision::Rejected => "rejected",
    }
}

fn decision(word: &str) -> Decision {
    match word {
        "confirmed" => Decision::Confirmed,
        "tagged" => Decision::Tagged,
        // The table allows nothing else.
        _ => Decision::Rejected,
    }
}

fn row(row: &Row) -> rusqlite::Result<DecisionRow> {
    let decision = decision(row.get_ref("kind")?.as_str()?);
    Ok(DecisionRow { photo: row.get("photo_id")?, category: row.get("category")?, decision })
}

impl Catalog {
    /// What the person said of categories, by their ids.
    pub fn categories(&self) -> Result<Vec<CategoryRow>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT id, own, said FROM category ORDER BY id")?
                .query_map([], |row| {
                    Ok(CategoryRow { id: row.get(0)?, own: row.get(1)?, said: row.get(2)? })
                })?
                .collect()
        })
    }

    /// Keeps what is said of categories, in place of what was, and forgets what is said
    /// of others; all or nothing.
    pub fn set_categories(&self, rows: &[CategoryRow], forgotten: &[&str]) -> Result<()> {
        self.database.write(|t| {
            let mut set = t.prepare_cached(
                "INSERT INTO category (id, own, said) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET own = excluded.own, said = excluded.said",
            )?;
            for row in rows {
                set.execute(params![row.id, row.own, row.said])?;
            }
            let mut forget = t.prepare_cached("DELETE FROM category WHERE id = ?1")?;
            forgotten.iter().try_for_each(|id| forget.execute([id]).map(drop))
        })
    }

    /// Deletes an own category and what was decided by it, so that both can be taken
    /// back together: by the number that is returned. `None`: nothing was decided.
    pub fn remove_category(&self, id: &str) -> Result<Option<i64>> {
        self.database.write(|t| {
            let batch = next_batch(t)?;
            t.execute(
                "UPDATE category SET said = json_set(said, '$.removed', json('true'))
                 WHERE id = ?1",
                [id],
            )?;
            t.execute(
                "INSERT INTO decision_change
                 SELECT ?1, photo_id, category, kind, NULL FROM decision WHERE category = ?2",
                params![batch, id],
            )?;
            let deleted = t.execute("DELETE FROM decision WHERE category = ?1", [id])?;
            if deleted > 0 {
                note_batch(t, batch)?;
            }
            Ok((deleted > 0).then_some(batch))
        })
    }

    /// Whether there was an own category of this id that was deleted.
    pub fn is_removed_category(&self, id: &str) -> Result<bool> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT 1 FROM category
                 WHERE id = ?1 AND own AND json_extract(said, '$.removed')",
            )?
            .exists([id])
        })
    }

    /// Notes that own categories were made for the decisions of this number.
    pub fn note_made_for(&self, categories: &[&str], batch: i64) -> Result<()> {
        self.database.write(|t| {
            let mut note = t.prepare_cached(
                "UPDATE category SET said = json_set(said, '$.made_for', ?2)
                 WHERE id = ?1 AND own",
            )?;
            categories.iter().try_for_each(|id| note.execute(params![id, batch]).map(drop))
        })
    }

    /// Deletes the own categories that were made for the decisions of this number, which
    /// were taken back, unless somebody used or changed them since.
    pub fn remove_made_for(&self, batch: i64) -> Result<()> {
        self.database.write(|t| {
            t.execute(
                "UPDATE category SET said = json_set(said, '$.removed', json('true'))
                 WHERE own AND json_extract(said, '$.made_for') = ?1
                   AND id NOT IN (SELECT category FROM decision)
                   AND id NOT IN (SELECT category FROM decision_change)
                   AND NOT EXISTS (SELECT 1 FROM category AS part
                                   WHERE json_extract(part.said, '$.parent') = category.id)",
                [batch],
            )
            .map(drop)
        })
    }

    /// All decisions on photos that are present, by photo.
    pub fn decisions(&self) -> Result<Vec<DecisionRow>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT photo_id, category, kind FROM decision
                 JOIN photo ON photo.id = photo_id WHERE photo.state = 'present'
                 ORDER BY photo_id, category",
            )?
            .query_map([], row)?
            .collect()
        })
    }

    /// The decisions on one photo.
    pub fn decisions_on(&self, photo: i64) -> Result<Vec<DecisionRow>> {
        self.database.read(|c| {
            c.prepare_cached("SELECT photo_id, category, kind FROM decision WHERE photo_id = ?1")?
                .query_map([photo], row)?
                .collect()
        })
    }

    /// Present photos with one of these tags, the latest added first.
    pub fn photos_tagged(&self, categories: &[&str]) -> Result<Vec<i64>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT DISTINCT photo_id FROM decision JOIN photo ON photo.id = photo_id
                 WHERE kind <> 'rejected' AND state = 'present'
                   AND category IN (SELECT value FROM json_each(?1))
                 ORDER BY photo_id DESC",
            )?
            .query_map([serde_json::json!(categories).to_string()], |row| row.get(0))?
            .collect()
        })
    }

    /// Decides on photos, or takes decisions back, all at once and undoably; returns
    /// how many decisions are others now, without what is learned from them. Where a
    /// photo is not in the catalog nothing is decided, and that one is returned as the
    /// error.
    pub fn decide(
        &self,
        decisions: &[(i64, &str, Option<Decision>)],
    ) -> Result<std::result::Result<Decided, i64>> {
        self.database.write(|t| {
            let mut known = t.prepare_cached("SELECT 1 FROM photo WHERE id = ?1")?;
            for (photo, ..) in decisions {
                if !known.exists([photo])? {
                    return Ok(Err(*photo));
                }
            }
            let batch = next_batch(t)?;
            let mut changed = 0;
            for (photo, category, after) in decisions {
                let after = after.map(word);
                let before = kind(t, *photo, category)?;
                if before.as_deref() == after {
                    continue;
                }
                set(t, *photo, category, after)?;
                // The last of several on one thing counts, and the state before all.
                t.prepare_cached(
                    "INSERT INTO decision_change VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET kind_after = excluded.kind_after",
                )?
                .execute(params![batch, photo, category, before, after])?;
                changed += 1;
            }
            if changed > 0 {
                note_batch(t, batch)?;
            }
            t.execute("DELETE FROM decision_change WHERE batch <= ?1", [batch - UNDOABLE])?;
            Ok(Ok(Decided { changed, batch: (changed > 0).then_some(batch), learned: None }))
        })
    }

    /// What was decided last and can be taken back.
    pub fn last_decisions(&self) -> Result<Option<DecisionBatch>> {
        self.database.read(|c| batch(c, None))
    }

    /// Takes back what was decided under this number, or last, as far as it is still so;
    /// `None` where there is no such change.
    ///
    /// What was decided later on the same photo and category stays: it is what the
    /// person says now. Taken back in its turn, it leads to what was before both.
    pub fn undo_decisions(&self, number: Option<i64>) -> Result<Option<UndoneRows>> {
        self.database.write(|t| {
            let Some(batch) = batch(t, number)? else { return Ok(None) };
            let changes: Vec<(i64, String, Option<String>, Option<String>)> = t
                .prepare_cached(
                    "SELECT photo_id, category, kind_before, kind_after FROM decision_change
                     WHERE batch = ?1",
                )?
                .query_map([batch.number], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?
                .collect::<rusqlite::Result<_>>()?;
            let mut photos = Vec::new();
            for (photo, category, before, after) in changes {
                let later = t
                    .prepare_cached(
                        "UPDATE decision_change SET kind_before = ?4
                         WHERE photo_id = ?1 AND category = ?2 AND batch =
                           (SELECT min(batch) FROM decision_change
                            WHERE photo_id = ?1 AND category = ?2 AND batch > ?3)",
                    )?
                    .execute(params![photo, category, batch.number, before])?;
                if later > 0 {
                    continue;
                }
                // A category that was deleted with its tags comes back with them.
                t.prepare_cached(
                    "UPDATE category SET said = json_remove(said, '$.removed')
                     WHERE id = ?1 AND json_extract(said, '$.removed')",
                )?
                .execute([&category])?;
                if kind(t, photo, &category)? == after {
                    set(t, photo, &category, before.as_deref())?;
                    photos.push(photo);
                }
            }
            t.execute("DELETE FROM decision_change WHERE batch = ?1", [batch.number])?;
            photos.dedup();
            Ok(Some(UndoneRows { batch, photos }))
        })
    }

    /// Photos of which there is something to write into sidecars, or was.
    pub fn photos_to_describe(&self) -> Result<Vec<i64>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT id FROM photo WHERE state = 'present' AND (
                   favourite OR stars IS NOT NULL
                   OR id IN (SELECT photo_id FROM decision WHERE kind <> 'rejected')
                   OR id IN (SELECT photo_id FROM sidecar_written))
                 ORDER BY id",
            )?
            .query_map([], |row| row.get(0))?
            .collect()
        })
    }

    /// What is to be said in the sidecar of a present photo; `None` where there is none
    /// of this id.
    pub fn sidecar_row(&self, id: i64) -> Result<Option<SidecarRow>> {
        self.database.read(|c| {
            c.prepare_cached(
                "SELECT root.path AS root_path, rel_path, root.state <> 'online' AS offline,
                   favourite, stars, sidecar_written.keywords AS written_keywords,
                   sidecar_written.hierarchical AS written_hierarchical
                 FROM photo JOIN root ON root.id = root_id
                 LEFT JOIN sidecar_written ON photo_id = photo.id
                 WHERE photo.id = ?1 AND photo.state = 'present'",
            )?
            .query_row([id], |row| {
                let root = paths::from_bytes(row.get_ref("root_path")?.as_blob()?);
                let list = |column: &str| -> rusqlite::Result<Vec<String>> {
                    let json: Option<String> = row.get(column)?;
                    // What cannot be read is not known, and stays where it was written.
                    Ok(json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
                };
                Ok(SidecarRow {
                    path: root.join(paths::from_bytes(row.get_ref("rel_path")?.as_blob()?)),
                    offline: row.get("offline")?,
                    favourite: row.get("favourite")?,
                    stars: row.get("stars")?,
                    written: WrittenRow {
                        keywords: list("written_keywords")?,
                        hierarchical: list("written_hierarchical")?,
                    },
                })
            })
            .optional()
        })
    }

    /// Notes what is written into a photo's sidecar.
    pub fn note_written(&self, photo: i64, written: &WrittenRow) -> Result<()> {
        let json = |list: &[String]| serde_json::json!(list).to_string();
        self.database.write(|t| {
            t.execute(
                "INSERT INTO sidecar_written (photo_id, keywords, hierarchical)
                 VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET keywords = excluded.keywords,
                   hierarchical = excluded.hierarchical",
                params![photo, json(&written.keywords), json(&written.hierarchical)],
            )
            .map(drop)
        })
    }
}

/// Has a photo that lives on take what was decided on one that turned out to be it.
pub(super) fn hand_over(t: &Transaction, from: i64, to: i64) -> rusqlite::Result<()> {
    t.prepare_cached("UPDATE OR IGNORE decision SET photo_id = ?2 WHERE photo_id = ?1")?
        .execute([from, to])?;
    t.prepare_cached("UPDATE OR IGNORE sidecar_written SET photo_id = ?2 WHERE photo_id = ?1")?
        .execute([from, to])?;
    t.prepare_cached("UPDATE OR IGNORE decision_change SET photo_id = ?2 WHERE photo_id = ?1")?
        .execute([from, to])
        .map(drop)
}

fn next_batch(t: &Transaction) -> rusqlite::Result<i64> {
    t.query_row("SELECT last + 1 FROM decision_batches", [], |row| row.get(0))
}

fn note_batch(t: &Transaction, batch: i64) -> rusqlite::Result<()> {
    t.execute("UPDATE decision_batches SET last = ?1", [batch]).map(drop)
}

/// Of this number, or the last one.
fn batch(c: &rusqlite::Connection, number: Option<i64>) -> rusqlite::Result<Option<DecisionBatch>> {
    c.prepare_cached(
        "SELECT batch, min(category), count(DISTINCT photo_id), min(kind_after)
         FROM decision_change
         WHERE batch = coalesce(?1, (SELECT max(batch) FROM decision_change))
         GROUP BY batch",
    )?
    .query_row([number], |row| {
        let after: Option<String> = row.get(3)?;
        Ok(DecisionBatch {
            number: row.get(0)?,
            category: row.get(1)?,
            photos: row.get(2)?,
            decision: after.as_deref().map(decision),
        })
    })
    .optional()
}

fn kind(t: &Transaction, photo: i64, category: &str) -> rusqlite::Result<Option<String>> {
    t.prepare_cached("SELECT kind FROM decision WHERE photo_id = ?1 AND category = ?2")?
        .query_row(params![photo, category], |row| row.get(0))
        .optional()
}

fn set(t: &Transaction, photo: i64, category: &str, kind: Option<&str>) -> rusqlite::Result<()> {
    match kind {
        Some(kind) => t
            .prepare_cached(
                "INSERT INTO decision (photo_id, category, kind) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET kind = excluded.kind",
            )?
            .execute(params![photo, category, kind]),
        None => t
            .prepare_cached("DELETE FROM decision WHERE photo_id = ?1 AND category = ?2")?
            .execute(params![photo, category]),
    }
    .map(drop)
}

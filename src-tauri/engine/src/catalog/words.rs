//! The words of photos: which photos a word is said of, and where.
//!
//! An index of FTS5 holds the words of titles, descriptions, keywords, names
//! (without the extension) and folders (with the name of the root's own) of the
//! photos that are present. It keeps neither the texts, which stand in `photo`,
//! nor where in a text a word stands. What a word is, is `tokens`' to say; FTS5
//! only parts them at blanks.
//!
//! It is in this file although it can be computed again, because only so it agrees
//! with the photos at every moment, also after a crash and in a backup that is
//! restored. SQL cannot tell words, so triggers on `photo`, which fire whoever
//! writes, note the photos whose words are others now in `word_queue`, and
//! [`catch_up`] brings the index up to date in the same transaction. A catalog
//! that comes without the index has all its photos in the queue, and catches up
//! when it is opened. A migration that makes the table `photo` anew must make
//! the triggers anew.

use std::cmp::Reverse;
use std::collections::HashSet;

use rusqlite::{Connection, Transaction, params};

use super::{Catalog, paths, tokens};
use crate::error::Result;
use crate::sqlite::Migration;
use crate::view::Why;

pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 9,
    sql: "CREATE VIRTUAL TABLE words USING fts5 (
            title, description, keywords, name, folder,
            content = '', contentless_delete = 1, detail = 'column', tokenize = 'ascii'
          );
          -- A row a word, photo and column.
          CREATE VIRTUAL TABLE words_said USING fts5vocab (words, instance);
          -- Photos whose words may be others than the index has.
          CREATE TABLE word_queue (photo_id INTEGER PRIMARY KEY) STRICT;
          INSERT INTO word_queue SELECT id FROM photo;
          CREATE TRIGGER words_of_added AFTER INSERT ON photo BEGIN
            INSERT INTO word_queue VALUES (new.id) ON CONFLICT DO NOTHING;
          END;
          CREATE TRIGGER words_of_deleted AFTER DELETE ON photo BEGIN
            INSERT INTO word_queue VALUES (old.id) ON CONFLICT DO NOTHING;
          END;
          CREATE TRIGGER words_of_changed
          AFTER UPDATE OF root_id, rel_path, state, title, description, keywords,
            hierarchical_keywords ON photo
          WHEN old.root_id <> new.root_id OR old.rel_path <> new.rel_path
            OR old.state <> new.state OR old.title IS NOT new.title
            OR old.description IS NOT new.description OR old.keywords <> new.keywords
            OR old.hierarchical_keywords <> new.hierarchical_keywords
          BEGIN
            INSERT INTO word_queue VALUES (new.id) ON CONFLICT DO NOTHING;
          END;",
}];

/// A photo of which all words of a sentence are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WordMatch {
    pub photo: i64,
    /// Where they are said.
    pub fields: Why,
}

/// So few photos may all have a word: in a small library everything is common.
const FEW: usize = 20;

/// Words that begin with what may be half of one, at most; where there are more,
/// it says too little.
const MOST_BEGINNINGS: usize = 2_000;

/// What tells a beginning, in bytes: three letters of ours, or one that is a word.
const SHORTEST_BEGINNING: usize = 3;

/// Of more photos than these, it is faster to ask where a word stands in all.
const FEW_MATCHES: usize = 1_000;

/// Words of a sentence. What has more was pasted, and is no sentence.
const MOST_WORDS: usize = 32;

/// So many photos whose words changed are brought up to date one by one, if they
/// are not a part of the library for which beginning anew is faster.
const SINGLE: usize = 1_000;

/// What a word counts for where it was said of the photo, in its name, and in its
/// folder's.
const SAID: u32 = 4;
const NAMED: u32 = 2;
const IN_FOLDER: u32 = 1;

impl Catalog {
    /// The present photos of which all words of a sentence are said, whatever
    /// their case and accents; the best first, the latest added first among equals,
    /// at most `limit`. A word counts most in a title, a description or a keyword,
    /// less in a name, least in a folder's. The last word may be the beginning of
    /// one in a name, since it may still be typed.
    ///
    /// Words that say nothing are passed over: articles and prepositions of English
    /// and, like these, what is said of more than a third of the library, as `img`
    /// may be, the name of a folder that holds most of it, or what a camera writes
    /// into each description. A sentence of such words alone matches nothing.
    pub fn photos_with_words(&self, sentence: &str, limit: usize) -> Result<Vec<WordMatch>> {
        self.database.read(|c| matches_of(c, &telling(c, sentence)?, limit))
    }

    /// Where the words of a sentence are said of a photo of which all of them are, as
    /// [`photos_with_words`](Self::photos_with_words) finds it: each such field with the
    /// words that are in it, in the order of the sentence. Nothing for other photos.
    pub fn words_of(&self, photo: i64, sentence: &str) -> Result<Vec<(Why, Vec<String>)>> {
        const FIELDS: [(Why, &str); 5] = [
            (Why::TITLE, "title"),
            (Why::DESCRIPTION, "description"),
            (Why::KEYWORDS, "keywords"),
            (Why::NAME, "name"),
            (Why::FOLDER, "folder"),
        ];
        self.database.read(|c| {
            let words = telling(c, sentence)?;
            if words.is_empty() || never_shown(c)?.contains(&photo) {
                return Ok(Vec::new());
            }
            let mut has =
                c.prepare_cached("SELECT 1 FROM words WHERE words MATCH ?1 AND rowid = ?2")?;
            for word in &words {
                if !has.exists(params![word.query(None), photo])? {
                    return Ok(Vec::new());
                }
            }
            let mut found = Vec::new();
            for (field, column) in FIELDS {
                let mut here = Vec::new();
                for word in &words {
                    if has.exists(params![word.query(Some(column)), photo])? {
                        here.push(word.word.clone());
                    }
                }
                if !here.is_empty() {
                    found.push((field, here));
                }
            }
            Ok(found)
        })
    }

    /// Brings the index up to date where it was left behind. What prevents it,
    /// such as another process that writes, is left for the next change.
    pub(super) fn settle_words(&self) {
        let waits = self.database.read(|c| {
            c.query_row("SELECT EXISTS (SELECT 1 FROM word_queue)", [], |row| row.get(0))
        });
        if matches!(waits, Ok(true)) && self.read_only().is_none() {
            let settled = self.change(|_| Ok(()));
            if let Err(error) = settled {
                tracing::warn!("words of some photos cannot be searched yet: {error}");
            }
        }
    }
}

/// Has the index agree with the photos, at the end of every transaction that may
/// have changed them.
pub(super) fn catch_up(t: &Transaction) -> rusqlite::Result<()> {
    let count = |sql| t.prepare_cached(sql)?.query_row([], |row| row.get::<_, usize>(0));
    let waiting = count("SELECT count(*) FROM word_queue")?;
    if waiting == 0 {
        return Ok(());
    }
    if waiting > SINGLE && 4 * waiting > count("SELECT count(*) FROM words_docsize")? {
        t.execute("INSERT INTO words (words) VALUES ('delete-all')", [])?;
        t.execute(
            "INSERT INTO word_queue SELECT id FROM photo WHERE state = 'present'
             ON CONFLICT DO NOTHING",
            [],
        )?;
    }
    let mut queue = t.prepare_cached(
        "SELECT word_queue.photo_id, root.path, photo.rel_path, photo.title, photo.description,
           photo.keywords, photo.hierarchical_keywords
         FROM word_queue
         LEFT JOIN photo ON photo.id = word_queue.photo_id AND photo.state = 'present'
         LEFT JOIN root ON root.id = photo.root_id",
    )?;
    let mut put = t.prepare_cached(
        "REPLACE INTO words (rowid, title, description, keywords, name, folder)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut take = t.prepare_cached("DELETE FROM words WHERE rowid = ?1")?;
    let mut rows = queue.query([])?;
    while let Some(row) = rows.next()? {
        let photo: i64 = row.get(0)?;
        let (Some(root), Some(path)) =
            (row.get_ref(1)?.as_blob_or_null()?, row.get_ref(2)?.as_blob_or_null()?)
        else {
            take.execute([photo])?;
            continue;
        };
        let (root, path) = (paths::from_bytes(root), paths::from_bytes(path));
        let text = |column: usize| -> rusqlite::Result<String> {
            Ok(row.get_ref(column)?.as_str_or_null()?.map(tokens::stored).unwrap_or_default())
        };
        // The brackets, quotes and backslashes of JSON part words as blanks do.
        let keywords = format!("{} {}", text(5)?, text(6)?);
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let root = root.file_name().unwrap_or_default().to_string_lossy();
        let folder = path.parent().unwrap_or(&path).to_string_lossy();
        put.execute(params![
            photo,
            text(3)?,
            text(4)?,
            keywords,
            tokens::stored(&name),
            tokens::stored(&format!("{root} {folder}")),
        ])?;
    }
    drop(rows);
    t.execute("DELETE FROM word_queue", []).map(drop)
}

/// Notes that the words of a root's photos are others now.
pub(super) fn requeue_root(t: &Transaction, root: i64) -> rusqlite::Result<()> {
    t.execute(
        "INSERT INTO word_queue SELECT id FROM photo WHERE root_id = ?1 ON CONFLICT DO NOTHING",
        [root],
    )
    .map(drop)
}

/// A word that photos must have.
struct Word {
    word: String,
    /// It may be the beginning of one in a name.
    begins: bool,
}

impl Word {
    /// As FTS5 asks for it, in any column or in these. Words hold no quotes.
    fn query(&self, columns: Option<&str>) -> String {
        let Self { word, begins } = self;
        match columns {
            Some("name") if *begins => format!("name : \"{word}\" *"),
            Some(columns) => format!("{columns} : \"{word}\""),
            None if *begins => format!("(\"{word}\" OR name : \"{word}\" *)"),
            None => format!("\"{word}\""),
        }
    }
}

/// The words of a sentence that say something; none of one that is too long.
fn telling(c: &Connection, sentence: &str) -> rusqlite::Result<Vec<Word>> {
    let asked = tokens::asked(sentence);
    let Some(last) = asked.last().cloned().filter(|_| asked.len() <= MOST_WORDS) else {
        return Ok(Vec::new());
    };
    let mut telling = Vec::new();
    for word in asked {
        if !is_common(c, &word)? {
            let begins = word == last && tells_beginning(c, &word)?;
            telling.push(Word { word, begins });
        }
    }
    Ok(telling)
}

/// Whether so many photos have a word that it says nothing.
fn is_common(c: &Connection, word: &str) -> rusqlite::Result<bool> {
    let mut having = c.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ?1 LIMIT ?2)",
    )?;
    let query = Word { word: word.to_owned(), begins: false }.query(None);
    let mut are_more = |than: usize| {
        having.query_row(params![query, than + 1], |row| Ok(row.get::<_, usize>(0)? > than))
    };
    if !are_more(FEW)? {
        return Ok(false);
    }
    let all: usize =
        c.prepare_cached("SELECT count(*) FROM words_docsize")?.query_row([], |row| row.get(0))?;
    are_more((all / 3).max(FEW))
}

/// Whether words of names begin with this one, but not too many.
fn tells_beginning(c: &Connection, word: &str) -> rusqlite::Result<bool> {
    if word.len() < SHORTEST_BEGINNING {
        return Ok(false);
    }
    let beginnings: usize = c
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM words_said
               WHERE term > ?1 AND term < ?1 || char(0x10FFFF) LIMIT ?2)",
        )?
        .query_row(params![word, MOST_BEGINNINGS + 1], |row| row.get(0))?;
    Ok((1..=MOST_BEGINNINGS).contains(&beginnings))
}

/// The photos that have all these words, at least one, the best first.
fn matches_of(c: &Connection, words: &[Word], limit: usize) -> rusqlite::Result<Vec<WordMatch>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut having = c.prepare_cached("SELECT rowid FROM words WHERE words MATCH ?1")?;
    let all = words.iter().map(|word| word.query(None)).collect::<Vec<_>>().join(" AND ");
    // In the order of their ids, as all answers of the index are.
    let photos: Vec<i64> =
        having.query_map([&all], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    if photos.is_empty() {
        return Ok(Vec::new());
    }
    let mut fields = vec![Why::default(); photos.len()];
    let mut counts = vec![0; photos.len()];
    for word in words {
        let mut best = vec![0; photos.len()];
        // Notes those that have the word in some columns; whether there are any.
        let mut look = |columns: &str, field: Why, counts_for: u32| -> rusqlite::Result<bool> {
            let mut query = word.query(Some(columns));
            if photos.len() <= FEW_MATCHES {
                query = format!("{all} AND {query}");
            }
            let mut rows = having.query([query])?;
            let (mut at, mut any) = (0, false);
            while let Some(row) = rows.next()? {
                let photo: i64 = row.get(0)?;
                while photos.get(at).is_some_and(|known| *known < photo) {
                    at += 1;
                }
                if photos.get(at) == Some(&photo) {
                    fields[at] |= field;
                    best[at] = counts_for.max(best[at]);
                    any = true;
                }
            }
            Ok(any)
        };
        // Of most words nobody wrote anything, and one look tells.
        if look("{title description keywords}", Why::default(), SAID)? {
            look("title", Why::TITLE, SAID)?;
            look("description", Why::DESCRIPTION, SAID)?;
            look("keywords", Why::KEYWORDS, SAID)?;
        }
        look("name", Why::NAME, NAMED)?;
        look("folder", Why::FOLDER, IN_FOLDER)?;
        counts.iter_mut().zip(best).for_each(|(all, best)| *all += best);
    }
    let unseen = never_shown(c)?;
    let mut found: Vec<(u32, WordMatch)> = (photos.into_iter().zip(fields).zip(counts))
        .filter(|((photo, _), _)| !unseen.contains(photo))
        .map(|((photo, fields), counts)| (counts, WordMatch { photo, fields }))
        .collect();
    found.sort_unstable_by_key(|(counts, found)| Reverse((*counts, found.photo)));
    found.truncate(limit);
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

/// Photos that are there but cannot be shown, since they were never read.
fn never_shown(c: &Connection) -> rusqlite::Result<HashSet<i64>> {
    c.prepare_cached(
        "SELECT photo_id FROM failure JOIN photo ON photo.id = photo_id
         WHERE content_hash IS NULL",
    )?
    .query_map([], |row| row.get(0))?
    .collect()
}

#[cfg(test)]
mod tests;

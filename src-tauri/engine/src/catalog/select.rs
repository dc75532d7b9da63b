//! Which photos a condition holds for.
//!
//! A [`Condition`] is a piece of SQL over the tables `photo` and `root` with its
//! values. Text is compared without regard to case in any script, paths by their
//! bytes' text; for both SQLite has no functions of its own, so here are some.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::{Catalog, paths};
use crate::error::Result;
use crate::metadata;

/// What must hold for a photo.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    sql: String,
    values: Vec<Value>,
}

impl Condition {
    /// A condition in SQL, with the values of its `?`.
    pub fn new(sql: &str, values: impl IntoIterator<Item = Value>) -> Self {
        Self { sql: sql.to_owned(), values: values.into_iter().collect() }
    }

    /// All of them; of none it is always true.
    pub fn all(parts: Vec<Self>) -> Self {
        Self::joined(parts, " AND ", "1")
    }

    /// At least one of them; of none it is never true.
    pub fn any(parts: Vec<Self>) -> Self {
        Self::joined(parts, " OR ", "0")
    }

    /// The opposite, which holds as well where a value is not known.
    pub fn not(self) -> Self {
        Self { sql: format!("(({}) IS NOT TRUE)", self.sql), values: self.values }
    }

    /// This within a piece of SQL that has `{}` in its place.
    pub fn within(self, sql: &str) -> Self {
        Self { sql: sql.replace("{}", &self.sql), values: self.values }
    }

    fn joined(parts: Vec<Self>, by: &str, none: &str) -> Self {
        if parts.is_empty() {
            return Self::new(none, []);
        }
        let sql = parts.iter().map(|part| part.sql.as_str()).collect::<Vec<_>>().join(by);
        let values = parts.into_iter().flat_map(|part| part.values).collect();
        Self { sql: format!("({sql})"), values }
    }
}

/// What photos are put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// When they were taken.
    Taken,
    /// When the library saw them first.
    Added,
}

impl Time {
    /// The column that holds it.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::Taken => "time",
            Self::Added => "photo.added_at",
        }
    }
}

impl Catalog {
    /// The photos of the library for which it holds, those of the latest time first.
    pub fn photos_where(&self, condition: &Condition, by: Time) -> Result<Vec<i64>> {
        self.database.read(|c| {
            add_functions(c)?;
            c.prepare(&format!(
                "SELECT photo.id FROM photo JOIN root ON root.id = root_id
                 WHERE photo.state = 'present'
                   AND (content_hash IS NOT NULL
                        OR photo.id NOT IN (SELECT photo_id FROM failure))
                   AND ({})
                 ORDER BY {} DESC, photo.id DESC",
                condition.sql,
                by.column()
            ))?
            .query_map(params_from_iter(&condition.values), |row| row.get(0))?
            .collect()
        })
    }

    /// Whether it holds for a photo, wherever that is now; not for one that is not in
    /// the catalog.
    pub fn holds(&self, photo: i64, condition: &Condition) -> Result<bool> {
        self.database.read(|c| {
            add_functions(c)?;
            let values = std::iter::once(Value::from(photo)).chain(condition.values.clone());
            c.prepare(&format!(
                "SELECT 1 FROM photo JOIN root ON root.id = root_id
                 WHERE photo.id = ? AND ({})",
                condition.sql
            ))?
            .exists(params_from_iter(values))
        })
    }
}

/// Adds what conditions call. Adding it again costs microseconds.
fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    // holds(text, part): both of any case.
    connection.create_scalar_function("holds", 2, flags, |call| {
        Ok(text(call, 0)?
            .map(|whole| fold(&whole))
            .zip(text(call, 1)?)
            .map(|(whole, part)| whole.contains(&fold(&part))))
    })?;
    // named(rel_path, pattern): the file's name fits.
    connection.create_scalar_function("named", 2, flags, |call| {
        let path = path(call, 0)?;
        let name = path.rsplit('/').next().unwrap_or_default();
        Ok(text(call, 1)?.map(|pattern| fits(&fold(name), &fold(&pattern))))
    })?;
    // within(root_path, rel_path, folder): a folder's name, or the last parts of
    // its path.
    connection.create_scalar_function("within", 3, flags, |call| {
        let whole = format!("{}/{}", path(call, 0)?, path(call, 1)?);
        Ok(text(call, 2)?.map(|folder| is_within(&fold(&whole), &fold(&folder))))
    })?;
    // tagged(keywords, hierarchical, tag): a whole keyword, or one above another.
    connection.create_scalar_function("tagged", 3, flags, |call| {
        let (plain, trees) = (words(call, 0)?, words(call, 1)?);
        Ok(text(call, 2)?.map(|tag| {
            let tag = fold(&tag);
            plain.iter().any(|word| fold(word) == tag)
                || trees.iter().any(|tree| {
                    let tree = fold(tree);
                    tree == tag
                        || tree.split(['|', '/']).any(|word| word == tag)
                        || tree.starts_with(&format!("{tag}|"))
                })
        }))
    })?;
    // km(lat, lon, lat, lon)
    connection.create_scalar_function("km", 4, flags, |call| {
        let degrees = |at: usize| call.get::<Option<f64>>(at);
        let [Some(a), Some(b), Some(c), Some(d)] =
            [degrees(0)?, degrees(1)?, degrees(2)?, degrees(3)?]
        else {
            return Ok(None);
        };
        Ok(Some(metadata::distance_between((a, b), (c, d))))
    })
}

fn text(call: &Context<'_>, at: usize) -> rusqlite::Result<Option<String>> {
    call.get(at)
}

fn words(call: &Context<'_>, at: usize) -> rusqlite::Result<Vec<String>> {
    // What is no list of words, which nothing here writes, names no tag.
    Ok(text(call, at)?.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
}

fn path(call: &Context<'_>, at: usize) -> rusqlite::Result<String> {
    match call.get_raw(at) {
        ValueRef::Blob(bytes) => {
            let path = paths::from_bytes(bytes);
            Ok(path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
        }
        _ => Ok(String::new()),
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// Whether a name fits a pattern of `*` and `?`; one without them is any part.
fn fits(name: &str, pattern: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return name.contains(pattern);
    }
    let (name, pattern): (Vec<char>, Vec<char>) =
        (name.chars().collect(), pattern.chars().collect());
    let (mut n, mut p) = (0, 0);
    // Where the last star stood, and how much it has taken.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => {
                n += 1;
                p += 1;
            }
            _ => match &mut star {
                Some((at, taken)) => {
                    *taken += 1;
                    (p, n) = (*at + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Whether a file's path lies in a folder of this name, or of these last parts.
fn is_within(file: &str, folder: &str) -> bool {
    let folder = folder.replace('\\', "/");
    let Some((folders, _)) = file.rsplit_once('/') else { return false };
    let folder = folder.trim_end_matches('/');
    if folder.starts_with('/') {
        return format!("{folders}/").starts_with(&format!("{folder}/"));
    }
    format!("/{folders}/").contains(&format!("/{folder}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        for (pattern, fitting, others) in [
            ("img", &["img_1.jpg", "my img.png"][..], &["dsc_1.jpg"][..]),
            ("img_*", &["img_1.jpg", "img_"], &["an img_1.jpg"]),
            ("*.jp?g", &["a.jpeg", "b.jpxg"], &["a.jpg"]),
            ("*a*b", &["ab", "xaxxb", "aab"], &["abx", "ba"]),
            ("???", &["abc", "äöü"], &["ab", "abcd"]),
            ("*", &["", "x"], &[]),
        ] {
            for name in fitting {
                assert!(fits(name, pattern), "{name} {pattern}");
            }
            for name in others {
                assert!(!fits(name, pattern), "{name} {pattern}");
            }
        }
    }

    #[test]
    fn folders_are_told_by_name_or_by_the_end_of_their_path() {
        let file = "/home/anna/photos/trips/2020 lisbon/a.jpg";
        for folder in ["trips", "photos/trips", "/home/anna", "/home/anna/photos/", "2020 lisbon"] {
            assert!(is_within(file, folder), "{folder}");
        }
        for folder in ["trip", "a.jpg", "lisbon", "/photos", "/home/ann", "trips/photos"] {
            assert!(!is_within(file, folder), "{folder}");
        }
    }

    #[test]
    fn the_opposite_holds_where_nothing_is_known() {
        let holds = Condition::new("holds(camera, ?)", [Value::from("x".to_owned())]);
        assert_eq!(Condition::all(vec![]).sql, "1");
        assert_eq!(Condition::any(vec![]).sql, "0");
        let both = Condition::all(vec![holds.clone(), holds.not()]);
        assert_eq!(both.sql, "(holds(camera, ?) AND ((holds(camera, ?)) IS NOT TRUE))");
        assert_eq!(both.values.len(), 2);
    }
}

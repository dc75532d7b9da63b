//! Files that say what is right: lines of fields with tabs between them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::regular;

/// Of such a file.
const LARGEST: u64 = 256 << 20;

/// What a header's first field is called.
const HEADERS: [&str; 6] = ["query", "file", "photo", "image", "path", "filename"];

/// A line: where it stands, and its first two fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub number: usize,
    pub first: String,
    pub second: String,
}

/// Reads the lines of a file; a header is passed over, and so are blank lines.
///
/// # Errors
/// `Usage` with the file, the line and what it should be, `fields`.
pub(super) fn read(file: &Path, fields: &str) -> Result<Vec<Line>> {
    let wrong =
        |what| Error::usage(message!("cannot use {file}", file = file.display()).because(what));
    let text = regular::read_text(file, LARGEST)?;
    let lines = lines(&text).map_err(|number| {
        wrong(message!("line {number} should be {fields}, with a tab between them", number, fields))
    })?;
    if lines.is_empty() {
        return Err(wrong(message!(
            "it has no line: write {fields}, with a tab between them",
            fields
        )));
    }
    Ok(lines)
}

/// The lines of a text, or the number of the first that is none.
fn lines(text: &str) -> std::result::Result<Vec<Line>, usize> {
    let text = text.trim_start_matches('\u{FEFF}');
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        if line.trim().is_empty() {
            continue;
        }
        let mut fields = line.split('\t').map(str::trim);
        let both = fields.next().zip(fields.next());
        let (first, second) = both.filter(|(a, b)| !a.is_empty() && !b.is_empty()).ok_or(number)?;
        if found.is_empty() && HEADERS.contains(&first.to_lowercase().as_str()) && at == 0 {
            continue;
        }
        found.push(Line { number, first: first.to_owned(), second: second.to_owned() });
    }
    Ok(found)
}

/// Photos by what a file may call them: a path, the last parts of one, or a name.
pub(super) struct Names {
    by_name: HashMap<String, Vec<usize>>,
    paths: Vec<PathBuf>,
}

impl Names {
    pub fn of(paths: Vec<PathBuf>) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, path) in paths.iter().enumerate() {
            by_name.entry(name(path)).or_default().push(at);
        }
        Self { by_name, paths }
    }

    /// Where the photo is that is called so; `None` where there is none, or several.
    pub fn find(&self, called: &str) -> Option<usize> {
        let called = Path::new(called);
        let all = self.by_name.get(&name(called))?;
        let fitting: Vec<usize> =
            all.iter().copied().filter(|at| self.paths[*at].ends_with(called)).collect();
        match fitting[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_and_blank_lines_are_passed_over() {
        let read = lines("\u{FEFF}Query\trelevant\n\na dog\ta.jpg, b.jpg\tmore\r\nfile\tx.jpg\n");
        let read: Vec<(usize, String)> =
            read.unwrap().into_iter().map(|line| (line.number, line.second)).collect();
        assert_eq!(read, [(3, "a.jpg, b.jpg".to_owned()), (4, "x.jpg".to_owned())]);
        assert_eq!(lines("a\tb\nc d\n"), Err(2));
        assert_eq!(lines("a\t \n"), Err(1));
        assert_eq!(lines(""), Ok(vec![]));
    }

    #[test]
    fn a_photo_is_found_by_as_much_of_its_path_as_tells_it() {
        let names =
            Names::of(["/p/a/1.jpg", "/p/b/1.jpg", "/p/b/2.jpg"].map(PathBuf::from).to_vec());
        assert_eq!(names.find("2.jpg"), Some(2));
        assert_eq!(names.find("b/1.jpg"), Some(1));
        assert_eq!(names.find("/p/a/1.jpg"), Some(0));
        assert_eq!(names.find("1.jpg"), None, "there are two");
        assert_eq!(names.find("c/2.jpg"), None);
        assert_eq!(names.find("3.jpg"), None);
    }
}

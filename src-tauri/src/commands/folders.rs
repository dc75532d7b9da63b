//! What the page asks and says of folders.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use afterimage_engine::{Error, RootId, message};
use directories::UserDirs;
use tauri::State;

use super::{Answer, ask};
use crate::Shell;
use crate::desktop::open;
use crate::dto::{Exclusions, Folder};

#[tauri::command]
pub async fn folders(shell: State<'_, Arc<Shell>>) -> Answer<Vec<Folder>> {
    ask("folders", &shell, |engine| Ok(engine.folders()?.into_iter().map(Folder::from).collect()))
        .await
}

/// Returns what was left out before. The engine sees to it that the path lies in the
/// root.
#[tauri::command]
pub async fn exclude_folder(
    shell: State<'_, Arc<Shell>>,
    root: i64,
    path: PathBuf,
) -> Answer<Exclusions> {
    ask("exclude_folder", &shell, move |engine| {
        Ok(engine.exclude_folder(RootId(root), &path)?.into())
    })
    .await
}

/// Shows a folder of the library in the system's file browser, selected: what opens a
/// folder may start a program that is packed as one.
#[tauri::command]
pub async fn reveal_folder(shell: State<'_, Arc<Shell>>, root: i64, path: PathBuf) -> Answer<()> {
    ask("reveal_folder", &shell, move |engine| {
        let roots = engine.roots()?;
        let root = roots.iter().find(|known| known.id == RootId(root)).map(|root| &*root.path);
        if !root.is_some_and(|root| lies_in(&path, root)) {
            let path = path.display();
            return Err(Error::usage(message!("{path} is no folder of this library", path)));
        }
        open::reveal(&path)
    })
    .await
}

/// By its names alone, without a way up.
fn lies_in(path: &Path, root: &Path) -> bool {
    path.starts_with(root) && !path.components().any(|part| part == Component::ParentDir)
}

/// The system's folder for pictures, where it is worth adding.
#[tauri::command]
pub async fn proposed_folder(shell: State<'_, Arc<Shell>>) -> Answer<Option<String>> {
    ask("proposed_folder", &shell, |engine| {
        let Some(dirs) = UserDirs::new() else { return Ok(None) };
        let roots: Vec<PathBuf> = engine.roots()?.into_iter().map(|root| root.path).collect();
        // Where the system names none, it is where most have it.
        let usual = || dirs.home_dir().join("Pictures");
        let pictures = dirs.picture_dir().map_or_else(usual, Path::to_owned);
        Ok(proposed(&pictures, dirs.home_dir(), &roots))
    })
    .await
}

/// A folder for pictures that is there, is not all of the home folder (where there is
/// none of its own, some systems name that), and lies in no root yet.
fn proposed(pictures: &Path, home: &Path, roots: &[PathBuf]) -> Option<String> {
    let real = pictures.canonicalize().ok().filter(|folder| folder.is_dir())?;
    let is_home = home.canonicalize().is_ok_and(|home| home.starts_with(&real));
    let is_known = roots.iter().any(|root| real.starts_with(root));
    // The page names it by its text when it adds it.
    if is_home || is_known { None } else { pictures.to_str().map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_a_folder_of_the_library_is_shown() {
        let root = Path::new("/photos");
        assert!(lies_in(root, root) && lies_in(Path::new("/photos/2024/a"), root));
        assert!(!lies_in(Path::new("/photos2"), root) && !lies_in(Path::new("/"), root));
        assert!(!lies_in(Path::new("/photos/../etc"), root));
    }

    #[test]
    fn the_pictures_folder_is_proposed_where_it_is_there_and_new() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        let pictures = home.join("Pictures");
        assert_eq!(proposed(&pictures, &home, &[]), None, "it is not there");
        std::fs::create_dir(&pictures).unwrap();
        let shown = pictures.to_str().map(str::to_owned);
        assert_eq!(proposed(&pictures, &home, &[]), shown);
        assert_eq!(proposed(&pictures, &home, &[home.join("Photos")]), shown);
        assert_eq!(proposed(&pictures, &home, std::slice::from_ref(&pictures)), None);
        assert_eq!(proposed(&pictures, &home, std::slice::from_ref(&home)), None);
        assert_eq!(proposed(&home, &home, &[]), None);
        assert_eq!(proposed(&home.join("Pictures/.."), &home, &[]), None);
        std::fs::write(home.join("file"), "").unwrap();
        assert_eq!(proposed(&home.join("file"), &home, &[]), None);
    }
}

//! What the page has done with photos' files: opened, shown, copied, carried away,
//! moved to the trash and brought back. It names photos; their paths are looked up here.

use std::path::PathBuf;
use std::sync::Arc;

use afterimage_engine::{Engine, Error, PhotoId, Result, message};
use tauri::{AppHandle, State, WebviewWindow};

use super::{Answer, ask};
use crate::desktop::{clipboard, drag, open};
use crate::dto::{Application, Restored, Trashed};
use crate::{Shell, events};

/// Shows a photo's file in the system's file browser, selected.
#[tauri::command]
pub async fn reveal(shell: State<'_, Arc<Shell>>, id: i64) -> Answer<()> {
    ask("reveal", &shell, move |engine| {
        let path = engine.photo(PhotoId(id))?.path;
        open::reveal(&path)
    })
    .await
}

/// Opens a photo with the program that the person chose for its kind.
#[tauri::command]
pub async fn open_photo(shell: State<'_, Arc<Shell>>, id: i64) -> Answer<()> {
    ask("open_photo", &shell, move |engine| {
        there(engine, &[id])?.iter().try_for_each(|path| open::open(path))
    })
    .await
}

/// Programs that open a photo, the likeliest first.
#[tauri::command]
pub async fn applications(shell: State<'_, Arc<Shell>>, id: i64) -> Answer<Vec<Application>> {
    ask("applications", &shell, move |engine| {
        let path = engine.photo(PhotoId(id))?.path;
        Ok(open::applications(&path).into_iter().map(Application::from).collect())
    })
    .await
}

#[tauri::command]
pub async fn open_with(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    photos: Vec<i64>,
    application: String,
) -> Answer<()> {
    ask("open_with", &shell, move |engine| {
        open::open_with(&app, there(engine, &photos)?, application)
    })
    .await
}

#[tauri::command]
pub async fn copy_files(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    photos: Vec<i64>,
) -> Answer<()> {
    ask("copy_files", &shell, move |engine| clipboard::copy_files(&app, there(engine, &photos)?))
        .await
}

/// Also of photos that cannot be reached now.
#[tauri::command]
pub async fn copy_paths(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    photos: Vec<i64>,
) -> Answer<()> {
    ask("copy_paths", &shell, move |engine| {
        let path = |&id: &i64| Ok(engine.photo(PhotoId(id))?.path);
        let paths = named(&photos)?.iter().map(path).collect::<Result<Vec<_>>>()?;
        clipboard::copy_paths(&app, &paths)
    })
    .await
}

/// Hangs photos at the pointer, whose button is held down.
#[tauri::command]
pub async fn drag_out(
    window: WebviewWindow,
    shell: State<'_, Arc<Shell>>,
    photos: Vec<i64>,
) -> Answer<()> {
    ask("drag_out", &shell, move |engine| {
        let paths = there(engine, &photos)?;
        let first = photos.first().and_then(|&id| engine.thumbnail(PhotoId(id)).ok());
        drag::begin(&window, paths, first.as_deref())
    })
    .await
}

/// Those of the photos whose files are there as the library knows them: what is to
/// stay must be, before others go.
#[tauri::command]
pub async fn unchanged_photos(shell: State<'_, Arc<Shell>>, photos: Vec<i64>) -> Answer<Vec<i64>> {
    ask("unchanged_photos", &shell, move |engine| {
        let mut unchanged = Vec::with_capacity(photos.len());
        for photo in photos {
            if engine.is_unchanged(PhotoId(photo))? {
                unchanged.push(photo);
            }
        }
        Ok(unchanged)
    })
    .await
}

/// Only ever called once the person has confirmed it.
#[tauri::command]
pub async fn trash(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    photos: Vec<i64>,
) -> Answer<Trashed> {
    let photos: Vec<PhotoId> = photos.into_iter().map(PhotoId).collect();
    let trashed = ask("trash", &shell, move |engine| engine.trash(&photos)).await?;
    events::library_changed(&app);
    Ok(trashed.into())
}

#[tauri::command]
pub async fn restore(
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
    photos: Vec<i64>,
) -> Answer<Restored> {
    let photos: Vec<PhotoId> = photos.into_iter().map(PhotoId).collect();
    let restored = ask("restore", &shell, move |engine| engine.restore_photos(&photos)).await?;
    events::library_changed(&app);
    Ok(restored.into())
}

/// Where photos' files are that are there now, all of them.
///
/// # Errors
/// For the first that is not.
fn there(engine: &Engine, photos: &[i64]) -> Result<Vec<PathBuf>> {
    let path = |&id: &i64| {
        let photo = engine.photo(PhotoId(id))?;
        let shown = photo.path.display();
        if photo.offline {
            return Err(Error::failed(message!(
                "{path} cannot be reached now: connect the drive that it is on, then try again",
                path = shown
            )));
        }
        match photo.path.is_file() {
            true => Ok(photo.path),
            false => Err(Error::not_found(message!("{path} is not there any more", path = shown))),
        }
    };
    named(photos)?.iter().map(path).collect()
}

fn named(photos: &[i64]) -> Result<&[i64]> {
    match photos {
        [] => Err(Error::usage(message!("no photo is chosen: choose one first"))),
        some => Ok(some),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use afterimage_engine::{Code, Control, OpenOptions};

    use super::*;

    #[test]
    fn files_are_handed_on_only_while_all_of_them_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let photos = dir.path().join("photos");
        fs::create_dir(&photos).unwrap();
        for name in ["a.jpg", "b.jpg"] {
            image::RgbImage::new(4, 4).save(photos.join(name)).unwrap();
        }
        let options = OpenOptions::new(dir.path().join("library"));
        let engine = Engine::open(options).unwrap();
        engine.add_root(&photos).unwrap();
        engine.scan(&[], &Control::default(), &|_| {}).unwrap();
        let id = |name: &str| engine.find_photo(&photos.join(name)).unwrap().unwrap().0;
        let (a, b) = (id("a.jpg"), id("b.jpg"));
        let files = there(&engine, &[b, a]).unwrap();
        let names: Vec<_> = files.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(names, ["b.jpg", "a.jpg"]);

        fs::remove_file(photos.join("a.jpg")).unwrap();
        assert_eq!(there(&engine, &[b, a]).unwrap_err().code(), Code::NotFound);
        assert_eq!(there(&engine, &[]).unwrap_err().code(), Code::Usage);
        assert_eq!(there(&engine, &[999]).unwrap_err().code(), Code::NotFound);
        fs::rename(&photos, dir.path().join("unplugged")).unwrap();
        engine.scan(&[], &Control::default(), &|_| {}).unwrap();
        let away = there(&engine, &[b]).unwrap_err();
        assert!(away.to_string().contains("connect the drive"), "{away}");
    }
}

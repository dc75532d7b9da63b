//! Opening photos with other programs, and showing where they are.

use std::path::{Path, PathBuf};

use afterimage_engine::{Context, Result, message};
use tauri::AppHandle;

pub use systems::applications;

/// A program that opens a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// What the system calls it.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// Opens a file with the program that the person chose for its kind.
///
/// # Errors
/// Where there is none.
pub fn open(path: &Path) -> Result<()> {
    tauri_plugin_opener::open_path(path, None::<&str>)
        .context(|| message!("no program opens {path}", path = path.display()))
}

/// Shows a file or folder in the system's file browser, selected.
///
/// # Errors
/// Where it is not there, or there is no such program.
pub fn reveal(path: &Path) -> Result<()> {
    tauri_plugin_opener::reveal_item_in_dir(path)
        .context(|| message!("cannot show {path} in its folder", path = path.display()))
}

/// Opens files with one of the programs that [`applications`] lists for them.
///
/// # Errors
/// [`Code::Usage`](afterimage_engine::Code::Usage) where it lists no such program for
/// any of them; where the program cannot be started.
pub fn open_with(app: &AppHandle, paths: Vec<PathBuf>, application: String) -> Result<()> {
    systems::open_with(app, paths, application)
}

#[cfg(target_os = "linux")]
mod systems {
    use std::path::{Path, PathBuf};

    use afterimage_engine::{Context, Error, Result, message};
    use gtk::gio;
    use gtk::gio::prelude::AppInfoExt;
    use tauri::AppHandle;

    use super::Application;
    use crate::desktop::on_main;

    /// Programs that open files of this one's kind, the likeliest first, without this
    /// one.
    pub fn applications(path: &Path) -> Vec<Application> {
        let own = std::env::current_exe().unwrap_or_default();
        let shown = |info: &gio::AppInfo| {
            let id = info.id()?.to_string();
            Some(Application { id, name: info.display_name().to_string() })
        };
        listed(path, &own).iter().filter_map(shown).collect()
    }

    pub fn open_with(app: &AppHandle, paths: Vec<PathBuf>, application: String) -> Result<()> {
        // Some programs are started through the main thread's bus.
        on_main(app, move || {
            let own = std::env::current_exe().unwrap_or_default();
            let is_meant =
                |info: &gio::AppInfo| info.id().is_some_and(|id| id.as_str() == application);
            let info = paths
                .iter()
                .find_map(|path| listed(path, &own).into_iter().find(|info| is_meant(info)))
                .ok_or_else(|| {
                    Error::usage(message!(
                        "no program \"{application}\" opens these photos",
                        application
                    ))
                })?;
            let files: Vec<gio::File> = paths.iter().map(gio::File::for_path).collect();
            info.launch(&files, None::<&gio::AppLaunchContext>)
                .context(|| message!("{program} cannot be started", program = info.display_name()))
        })
    }

    fn listed(path: &Path, own: &Path) -> Vec<gio::AppInfo> {
        // By the name alone: the file may be on a slow drive.
        let (kind, _) = gio::content_type_guess(path.file_name(), &[]);
        let mut all = gio::AppInfo::recommended_for_type(&kind);
        for info in gio::AppInfo::all_for_type(&kind) {
            if !all.iter().any(|other| other.id() == info.id()) {
                all.push(info);
            }
        }
        all.retain(|info| info.should_show() && !is_own(&info.executable(), own));
        all
    }

    /// Whether a program's file, which may be named without its folder, is this one.
    fn is_own(program: &Path, own: &Path) -> bool {
        own.file_name().is_some_and(|name| program.file_name() == Some(name))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn this_program_is_not_among_those_that_open_photos() {
            let own = Path::new("/usr/bin/afterimage-desktop");
            assert!(is_own(Path::new("afterimage-desktop"), own));
            assert!(is_own(Path::new("/opt/afterimage-desktop"), own));
            assert!(!is_own(Path::new("/usr/bin/gimp"), own));
            assert!(!is_own(Path::new(""), Path::new("")));
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod systems {
    use std::path::{Path, PathBuf};

    use afterimage_engine::{Error, Result, message};
    use tauri::AppHandle;

    use super::Application;

    /// None: this system offers them in its own file browser only.
    pub fn applications(_path: &Path) -> Vec<Application> {
        Vec::new()
    }

    pub fn open_with(_app: &AppHandle, _paths: Vec<PathBuf>, application: String) -> Result<()> {
        Err(Error::usage(message!(
            "photos cannot be opened with \"{application}\" from here: show them in their folder, \
             and open them there",
            application
        )))
    }
}

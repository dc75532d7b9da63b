//! Photos on the clipboard: as files, as file managers hand them on, or as text.

use std::path::PathBuf;

use afterimage_engine::Result;
use tauri::AppHandle;

/// Puts files on the clipboard, and their paths for who wants text.
///
/// # Errors
/// Where there is no clipboard.
pub fn copy_files(app: &AppHandle, paths: Vec<PathBuf>) -> Result<()> {
    systems::copy_files(app, paths)
}

/// Puts the paths of files on the clipboard, one a line.
///
/// # Errors
/// Where there is no clipboard.
pub fn copy_paths(app: &AppHandle, paths: &[PathBuf]) -> Result<()> {
    systems::copy_text(app, lines(paths))
}

/// One a line; what is no Unicode is replaced.
fn lines(paths: &[PathBuf]) -> String {
    let lines: Vec<_> = paths.iter().map(|path| path.to_string_lossy()).collect();
    lines.join("\n")
}

#[cfg(target_os = "linux")]
mod systems {
    use std::path::PathBuf;

    use afterimage_engine::{Error, Result, message};
    use gtk::{TargetEntry, TargetFlags, gdk};
    use tauri::AppHandle;

    use super::lines;
    use crate::desktop::{on_main, uri};

    // What somebody who pastes may ask for, by the number that GTK gives back.
    const URIS: u32 = 0;
    const FILES: u32 = 1;
    const TEXT: u32 = 2;

    /// As which types files are offered.
    const TYPES: [(&str, u32); 5] = [
        ("text/uri-list", URIS),
        // What file managers paste as files.
        ("x-special/gnome-copied-files", FILES),
        ("UTF8_STRING", TEXT),
        ("text/plain;charset=utf-8", TEXT),
        ("text/plain", TEXT),
    ];

    pub fn copy_files(app: &AppHandle, paths: Vec<PathBuf>) -> Result<()> {
        let uris = paths.iter().map(|path| uri(path)).collect::<Result<Vec<_>>>()?;
        on_main(app, move || {
            let targets =
                TYPES.map(|(name, number)| TargetEntry::new(name, TargetFlags::empty(), number));
            let text = lines(&paths);
            let copied = copied_files(&uris);
            let clipboard = gtk::Clipboard::get(&gdk::SELECTION_CLIPBOARD);
            let set = clipboard.set_with_data(&targets, move |_, selection, wanted| match wanted {
                URIS => {
                    let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
                    selection.set_uris(&uris);
                }
                FILES => selection.set(&selection.target(), 8, copied.as_bytes()),
                _ => {
                    selection.set_text(&text);
                }
            });
            match set {
                true => Ok(()),
                false => Err(Error::failed(message!("the clipboard takes nothing now: try again"))),
            }
        })
    }

    pub fn copy_text(app: &AppHandle, text: String) -> Result<()> {
        on_main(app, move || {
            gtk::Clipboard::get(&gdk::SELECTION_CLIPBOARD).set_text(&text);
            Ok(())
        })
    }

    /// What file managers expect: what to do, then an address a line.
    fn copied_files(uris: &[String]) -> String {
        format!("copy\n{}", uris.join("\n"))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn file_managers_are_told_to_copy() {
            let uris = ["file:///a".to_owned(), "file:///b%20c".to_owned()];
            assert_eq!(copied_files(&uris), "copy\nfile:///a\nfile:///b%20c");
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod systems {
    use std::path::PathBuf;

    use afterimage_engine::{Context, Result, message};
    use tauri::AppHandle;

    use crate::desktop::on_main;

    pub fn copy_files(app: &AppHandle, paths: Vec<PathBuf>) -> Result<()> {
        on_main(app, move || {
            let set = arboard::Clipboard::new().and_then(|mut it| it.set().file_list(&paths));
            set.context(|| message!("the clipboard takes no files now"))
        })
    }

    pub fn copy_text(app: &AppHandle, text: String) -> Result<()> {
        on_main(app, move || {
            let set = arboard::Clipboard::new().and_then(|mut it| it.set_text(text));
            set.context(|| message!("the clipboard takes no text now"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_copied_one_a_line() {
        assert_eq!(lines(&["/a b.jpg".into(), "/c.jpg".into()]), "/a b.jpg\n/c.jpg");
    }
}

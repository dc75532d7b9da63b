//! What the desktop around the window does with photos' files: open them, keep them
//! on the clipboard, carry them to other programs.
//!
//! All of it is handed paths of photos that the library knows and that were found to
//! be there; none of them ever came from the page.

pub mod clipboard;
pub mod drag;
pub mod open;

use std::path::Path;
use std::sync::mpsc;

use afterimage_engine::{Context, Error, Result, message};
use tauri::AppHandle;

/// Runs `work` on the thread that the windows belong to and waits for it; not to be
/// called on that thread.
///
/// # Errors
/// Those of `work`; where the application ends.
pub fn on_main<T: Send + 'static>(
    app: &AppHandle,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    let run = move || {
        // Nobody listens any more only where the application ends.
        let _ = sender.send(work());
    };
    app.run_on_main_thread(run).context(|| message!("the window cannot be reached"))?;
    receiver.recv().map_err(|_| Error::cancelled())?
}

/// A file's address, in which all bytes but the plainest are escaped, whatever script
/// they are of, or none.
#[cfg(target_os = "linux")]
fn uri(path: &Path) -> Result<String> {
    let uri = gtk::glib::filename_to_uri(path, None);
    Ok(uri.context(|| message!("{path} has no address", path = path.display()))?.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn addresses_keep_every_byte_of_a_name() {
        let uri = |name: &[u8]| uri(Path::new(OsStr::from_bytes(name))).unwrap();
        assert_eq!(uri(b"/p/a.jpg"), "file:///p/a.jpg");
        assert_eq!(uri(b"/p/100% a#b?.jpg"), "file:///p/100%25%20a%23b%3F.jpg");
        assert_eq!(uri("/p/ä.jpg".as_bytes()), "file:///p/%C3%A4.jpg");
        assert_eq!(uri(b"/p/\xff\n.jpg"), "file:///p/%FF%0A.jpg");
        assert!(super::uri(Path::new("a.jpg")).is_err(), "it must be absolute");
    }
}

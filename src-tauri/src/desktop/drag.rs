//! Carrying photos' files to another program with the pointer, while its button is
//! held down.

use std::io::Cursor;
use std::path::PathBuf;

use afterimage_engine::Result;
use tauri::{Manager, WebviewWindow};

use super::on_main;

/// Longest side of the picture at the pointer, in pixels.
const ICON_SIDE: u32 = 96;

/// The application's own icon, for photos without a thumbnail.
const OWN_ICON: &[u8] = include_bytes!("../../icons/128x128.png");

/// Begins to carry files; returns once they hang at the pointer. `thumbnail` is the
/// JPEG of the first of them.
///
/// # Errors
/// Where the system begins no such thing, as when no button is held down.
pub fn begin(window: &WebviewWindow, paths: Vec<PathBuf>, thumbnail: Option<&[u8]>) -> Result<()> {
    let icon = thumbnail.and_then(icon).unwrap_or_else(|| OWN_ICON.to_vec());
    let (app, window) = (window.app_handle().clone(), window.clone());
    on_main(&app, move || systems::begin(&window, paths, icon))
}

/// A small PNG of a JPEG; `None` where it cannot be read.
fn icon(jpeg: &[u8]) -> Option<Vec<u8>> {
    let picture = image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg).ok()?;
    let mut png = Cursor::new(Vec::new());
    picture.thumbnail(ICON_SIDE, ICON_SIDE).write_to(&mut png, image::ImageFormat::Png).ok()?;
    Some(png.into_inner())
}

/// The crate `drag` writes no escapes into addresses, and forgets the files when the
/// button is released, before all programs have asked for them.
#[cfg(target_os = "linux")]
mod systems {
    use std::cell::RefCell;
    use std::path::PathBuf;
    use std::rc::Rc;

    use afterimage_engine::{Context, Error, Result, message};
    use gtk::gdk_pixbuf::PixbufLoader;
    use gtk::gdk_pixbuf::prelude::PixbufLoaderExt;
    use gtk::glib::object::ObjectExt;
    use gtk::prelude::{DragContextExtManual, WidgetExt};
    use gtk::{ApplicationWindow, TargetList, gdk, glib};
    use tauri::WebviewWindow;

    use crate::desktop::uri;

    /// The left one.
    const BUTTON: i32 = 1;

    pub fn begin(window: &WebviewWindow, paths: Vec<PathBuf>, icon: Vec<u8>) -> Result<()> {
        let uris = paths.iter().map(|path| uri(path)).collect::<Result<Vec<_>>>()?;
        let window = window.gtk_window().context(|| message!("the window cannot be reached"))?;
        let handlers = Rc::new(RefCell::new(Vec::new()));
        let given = window.connect_drag_data_get(move |_, _, selection, _, _| {
            let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
            selection.set_uris(&uris);
        });
        let ending = handlers.clone();
        let ended = window.connect_drag_end(move |window, _| forget(window, &ending));
        handlers.borrow_mut().extend([given, ended]);
        let targets = TargetList::new(&[]);
        targets.add_uri_targets(0);
        // Nowhere in particular: the pointer is where the picture is to be.
        let at = (-1, -1);
        let copies = gdk::DragAction::COPY;
        let began = window.drag_begin_with_coordinates(&targets, copies, BUTTON, None, at.0, at.1);
        let Some(context) = began else {
            forget(&window, &handlers);
            return Err(Error::failed(message!("the photos cannot be carried now: try again")));
        };
        let loader = PixbufLoader::new();
        if loader.write(&icon).and_then(|()| loader.close()).is_ok()
            && let Some(picture) = loader.pixbuf()
        {
            context.drag_set_icon_pixbuf(&picture, 0, 0);
        }
        Ok(())
    }

    fn forget(window: &ApplicationWindow, handlers: &RefCell<Vec<glib::SignalHandlerId>>) {
        for handler in handlers.take() {
            window.disconnect(handler);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod systems {
    use std::path::PathBuf;

    use afterimage_engine::{Context, Result, message};
    use drag::{DragItem, Image, Options};
    use tauri::WebviewWindow;

    pub fn begin(window: &WebviewWindow, paths: Vec<PathBuf>, icon: Vec<u8>) -> Result<()> {
        let (files, icon) = (DragItem::Files(paths), Image::Raw(icon));
        drag::start_drag(window, files, icon, |_, _| {}, Options::default())
            .context(|| message!("the photos cannot be carried now"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_at_the_pointer_is_small() {
        let mut jpeg = Cursor::new(Vec::new());
        image::RgbImage::new(512, 256).write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
        let png = icon(jpeg.get_ref()).unwrap();
        let picture = image::load_from_memory_with_format(&png, image::ImageFormat::Png).unwrap();
        assert_eq!((picture.width(), picture.height()), (96, 48));
        assert_eq!(icon(b"no picture"), None);
    }
}

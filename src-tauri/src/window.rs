//! The main window: its size, its colours before the page paints, and that it
//! shows nothing but the application's own page.

use std::sync::Arc;

use tauri::utils::config::Color;
use tauri::webview::{NewWindowResponse, PageLoadEvent};
use tauri::{
    AppHandle, Manager, Theme, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

use crate::Shell;

/// The window's label, which the capability names.
pub const LABEL: &str = "main";

// The page's token `ground`, dark and light: what is seen until the page paints.
const DARK: Color = Color(0x11, 0x12, 0x14, 0xff);
const LIGHT: Color = Color(0xfa, 0xfa, 0xf9, 0xff);

/// Opens the window.
///
/// # Errors
/// Where the platform refuses a window or a web view.
pub fn open(app: &AppHandle) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Afterimage")
        .inner_size(1280.0, 800.0)
        .min_inner_size(760.0, 520.0)
        .center()
        .background_color(DARK)
        // Shown once it has its colour: the theme is known only when it is built.
        .visible(false)
        .devtools(cfg!(debug_assertions))
        .on_navigation(is_own)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Started {
                window.state::<Arc<Shell>>().searches().forget();
            }
        })
        .build()?;
    paint(&window, window.theme()?);
    let painted = window.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::ThemeChanged(theme) = event {
            paint(&painted, *theme);
        }
    });
    window.show()
}

/// Brings the window to the front.
pub fn focus(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    if let Err(error) = window.unminimize().and_then(|()| window.set_focus()) {
        tracing::warn!("cannot bring the window to the front: {error}");
    }
}

fn paint(window: &WebviewWindow, theme: Theme) {
    let ground = if theme == Theme::Light { LIGHT } else { DARK };
    if let Err(error) = window.set_background_color(Some(ground)) {
        tracing::warn!("cannot colour the window: {error}");
    }
}

/// Whether an address is the application's own page.
fn is_own(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => cfg!(windows) && url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_leaves_the_application_for_nothing() {
        let own = |url: &str| is_own(&Url::parse(url).unwrap());
        assert!(own("tauri://localhost/"));
        assert!(own("tauri://localhost/index.html?a=b"));
        assert!(!own("tauri://elsewhere/"));
        assert!(!own("https://example.org/"));
        assert!(!own("http://localhost/"));
        assert!(!own("file:///etc/passwd"));
        assert!(!own("photo://localhost/1"));
        assert!(!own("data:text/html,hello"));
        assert_eq!(own("http://tauri.localhost/"), cfg!(windows));
    }
}

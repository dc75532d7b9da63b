//! What the page tells of the application and of what it keeps.

use std::sync::Arc;

use tauri::State;

use super::{Answer, ask};
use crate::Shell;
use crate::desktop::open;
use crate::dto::{About, Storage};

#[tauri::command]
pub async fn storage(shell: State<'_, Arc<Shell>>) -> Answer<Storage> {
    ask("storage", &shell, |engine| Ok(engine.storage()?.into())).await
}

/// Shows the library's file in the system's file browser, selected in its folder.
#[tauri::command]
pub async fn reveal_library(shell: State<'_, Arc<Shell>>) -> Answer<()> {
    ask("reveal_library", &shell, |engine| {
        let path = engine.storage()?.library.path;
        open::reveal(&path)
    })
    .await
}

#[tauri::command]
pub fn about() -> About {
    About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        system: system(),
        license: env!("CARGO_PKG_LICENSE").to_owned(),
    }
}

/// Such as `Linux 6.1 x86_64`.
#[cfg(unix)]
fn system() -> String {
    let names = rustix::system::uname();
    let shown = |name: &std::ffi::CStr| name.to_string_lossy().into_owned();
    let release = shown(names.release());
    let release = major_and_minor(&release);
    format!("{} {release} {}", shown(names.sysname()), shown(names.machine()))
}

/// Such as `windows x86_64`.
#[cfg(not(unix))]
fn system() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// The first two numbers of a kernel's version.
#[cfg(unix)]
fn major_and_minor(release: &str) -> &str {
    let second = release.match_indices('.').nth(1).map(|(at, _)| at);
    let other = release.find(|c: char| !c.is_ascii_digit() && c != '.');
    let end = second.into_iter().chain(other).min().unwrap_or(release.len());
    &release[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_application_tells_what_it_is_and_where_it_runs() {
        let about = about();
        assert_eq!((about.version.as_str(), about.license.as_str()), ("0.1.0", "MIT"));
        assert!(about.system.ends_with(std::env::consts::ARCH), "{}", about.system);
        #[cfg(target_os = "linux")]
        assert!(about.system.starts_with("Linux "), "{}", about.system);
    }

    #[cfg(unix)]
    #[test]
    fn a_kernel_is_told_by_two_numbers() {
        for (release, short) in
            [("6.1.0-18-amd64", "6.1"), ("6.12-rc1", "6.12"), ("24.1.0", "24.1"), ("7", "7")]
        {
            assert_eq!(major_and_minor(release), short);
        }
    }
}

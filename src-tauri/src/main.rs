//! Afterimage's window: a thin shell around the engine.
//!
//! `commands` answers the page, `events` tells it what happens, `protocol` serves
//! pixels, `dto` holds the words they share, `shell` the open library, `desktop` hands
//! photos to other programs, `presence` tells whether somebody is there, `window` is
//! the window itself. Everything that
//! knows photos is in the engine.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod commands;
mod desktop;
mod dto;
mod events;
mod presence;
mod protocol;
mod shell;
mod window;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use afterimage_engine::{Engine, OpenOptions, Result};
use clap::Parser;
use tauri::{AppHandle, Manager, RunEvent};

use crate::shell::Shell;

/// Find photos by what they show.
#[derive(Debug, Parser)]
#[command(name = "afterimage-desktop", version)]
struct Args {
    /// The folder of the library [default: in your folder for application data]
    #[arg(long, value_name = "DIR", env = "AFTERIMAGE_LIBRARY")]
    library: Option<PathBuf>,

    /// Add a folder of photos to the library; may be repeated
    #[arg(long, value_name = "DIR")]
    add: Vec<PathBuf>,
}

fn main() -> ExitCode {
    afterimage_engine::serve_decoder_if_asked();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("AFTERIMAGE_LOG")
                .unwrap_or_else(|_| "warn".into()),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();

    let args = Args::parse();
    for folder in &args.add {
        if !folder.is_dir() {
            eprintln!("error: cannot add {}: there is no such folder", folder.display());
            return ExitCode::from(2);
        }
    }
    match run(args) {
        Ok(code) => u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("error: the window cannot be opened: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> tauri::Result<i32> {
    let single_instance = tauri_plugin_single_instance::Builder::new()
        .dbus_id(instance_id(args.library.as_deref()))
        .callback(|app, argv, cwd| accept(app, &argv, Path::new(&cwd)))
        .build();
    let app = tauri::Builder::default()
        // First, so that a second instance ends before it opens anything.
        .plugin(single_instance)
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(tauri::generate_handler![
            commands::overview,
            commands::choose_folder,
            commands::add_root,
            commands::remove_root,
            commands::restore_root,
            commands::set_exclusions,
            commands::library,
            commands::search,
            commands::read_query,
            commands::keep_picture,
            commands::complete,
            commands::history,
            commands::remember_query,
            commands::forget_history,
            commands::saved_searches,
            commands::save_search,
            commands::update_search,
            commands::remove_search,
            commands::count_search,
            commands::duplicates,
            commands::photo,
            commands::files::reveal,
            commands::files::open_photo,
            commands::files::applications,
            commands::files::open_with,
            commands::files::copy_files,
            commands::files::copy_paths,
            commands::files::drag_out,
            commands::files::unchanged_photos,
            commands::files::trash,
            commands::files::restore,
            commands::folders::folders,
            commands::folders::exclude_folder,
            commands::folders::reveal_folder,
            commands::folders::proposed_folder,
            commands::opinions::set_favourite,
            commands::opinions::set_rating,
            commands::tags::tag_tree,
            commands::tags::photo_tags,
            commands::tags::review,
            commands::tags::decide,
            commands::tags::add_tag,
            commands::tags::undo_tags,
            commands::tags::save_category,
            commands::tags::remove_category,
            commands::tags::reset_category,
            commands::tags::sidecar_settings,
            commands::tags::set_sidecar_settings,
            commands::tags::write_sidecars,
            commands::insight::insight,
            commands::insight::cancel_insight,
            commands::insight::photo_map,
            commands::insight::cancel_map,
            commands::explain::explain,
            commands::explain::similar,
            commands::export::export_name,
            commands::export::export_photos,
            commands::export::cancel_export,
            commands::failures,
            commands::retry_failures,
            commands::pause,
            commands::resume,
            commands::policy,
            commands::set_policy,
            commands::conditions,
            commands::rescan,
            commands::models,
            commands::install_model,
            commands::cancel_install,
            commands::add_model,
            commands::use_model,
            commands::remove_model,
            commands::warm_text,
            commands::open_license,
            commands::about::storage,
            commands::about::reveal_library,
            commands::about::about,
        ])
        .register_asynchronous_uri_scheme_protocol("thumb", protocol::handler(protocol::thumbnail))
        .register_asynchronous_uri_scheme_protocol("photo", protocol::handler(protocol::photo))
        .setup(move |app| {
            let options = move || options(args.library.clone());
            let shell = Arc::new(Shell::new(app.handle().clone(), options));
            app.manage(Arc::clone(&shell));
            let handle = app.handle().clone();
            ctrlc::set_handler(move || handle.exit(0))?;
            window::open(app.handle())?;
            shell.add_folders(args.add);
            Ok(())
        })
        .build(tauri::generate_context!())?;

    Ok(app.run_return(|app, event| {
        if let RunEvent::Exit = event
            && let Some(shell) = app.try_state::<Arc<Shell>>()
        {
            // Closing a large library takes a while: who starts the application meanwhile
            // gets a window of their own, not one that is going.
            tauri_plugin_single_instance::destroy(app);
            shell.close();
        }
    }))
}

fn options(library: Option<PathBuf>) -> Result<OpenOptions> {
    let library = match library {
        Some(folder) => folder,
        None => Engine::default_library()?,
    };
    let models = std::env::var_os("AFTERIMAGE_MODELS").filter(|folder| !folder.is_empty());
    Ok(OpenOptions { models: models.map(PathBuf::from), ..OpenOptions::new(library) })
}

/// One window for each library: another library is another instance. A folder
/// may have several names; that it is the default one need not be said.
fn instance_id(library: Option<&Path>) -> String {
    let default = || Engine::default_library().ok();
    let folder = library.map(Path::to_owned).or_else(default).unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    real(&folder).hash(&mut hasher);
    format!("app.afterimage.desktop.library{:016x}", hasher.finish())
}

/// The folder's one name, which it has before it is made, too.
fn real(folder: &Path) -> PathBuf {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let known = folder.ancestors().find_map(|ancestor| {
        let rest = folder.strip_prefix(ancestor).ok()?;
        Some(ancestor.canonicalize().ok()?.join(rest))
    });
    known.unwrap_or(folder)
}

/// Does what a second instance was started for. It has checked its folders and
/// ended; its relative paths are meant from where it was.
fn accept(app: &AppHandle, argv: &[String], cwd: &Path) {
    window::focus(app);
    match Args::try_parse_from(argv) {
        Ok(args) => {
            let folders = args.add.iter().map(|folder| cwd.join(folder)).collect();
            if let Some(shell) = app.try_state::<Arc<Shell>>() {
                shell.add_folders(folders);
            }
        }
        Err(error) => tracing::warn!("a second instance sent what cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }

    #[test]
    fn folders_are_added_in_order() {
        let argv = ["afterimage-desktop", "--library", "l", "--add", "a", "--add", "b c"];
        let args = Args::try_parse_from(argv).unwrap();
        assert_eq!(args.library.as_deref(), Some(Path::new("l")));
        assert_eq!(args.add, [PathBuf::from("a"), PathBuf::from("b c")]);
    }

    #[test]
    fn each_library_has_an_instance_of_its_own() {
        let id = |folder: &str| instance_id(Some(Path::new(folder)));
        assert_eq!(id("/photos/library"), id("/photos/library/"));
        assert_ne!(id("/photos/library"), id("/photos/other"));
        assert_ne!(id("/photos/library"), instance_id(None));
        let default = Engine::default_library().unwrap();
        assert_eq!(instance_id(Some(&default)), instance_id(None));
        // A folder has one name, whichever way it is reached, there yet or not.
        let dir = std::env::temp_dir().canonicalize().unwrap();
        let roundabout = dir.join("..").join(dir.file_name().unwrap()).join("not yet");
        assert_eq!(instance_id(Some(&roundabout)), instance_id(Some(&dir.join("not yet"))));
        // D-Bus allows these characters in a name, and 255 of them.
        let name = id(&"/long".repeat(200));
        assert!(name.len() < 200);
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'));
    }

    /// What `build.rs` declares, the capability allows and `run` handles must be
    /// the same commands; a missing one would only show when the page calls it.
    #[test]
    fn the_page_may_call_every_command_and_nothing_else() {
        let capability: serde_json::Value =
            serde_json::from_str(include_str!("../capabilities/main.json")).unwrap();
        let mut allowed: Vec<String> = capability["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|permission| permission.as_str().unwrap().strip_prefix("allow-"))
            .map(|command| command.replace('-', "_"))
            .collect();
        let handled = |source: &str, before: &str, after: &str| -> Vec<String> {
            let mut names: Vec<String> = source
                .lines()
                .filter_map(|line| line.trim().strip_prefix(before)?.strip_suffix(after))
                // Some are in files of their own below the others.
                .map(|path| path.rsplit("::").next().unwrap_or(path).to_owned())
                .collect();
            names.sort();
            names
        };
        allowed.sort();
        assert!(!allowed.is_empty());
        assert_eq!(allowed, handled(include_str!("main.rs"), "commands::", ","));
        assert_eq!(allowed, handled(include_str!("../build.rs"), "\"", "\","));
    }
}

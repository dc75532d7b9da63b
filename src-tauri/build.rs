//! Declares the window's commands, so that a capability must name each one that
//! the page may call.

/// Every command of `src/commands.rs` and the files below it.
const COMMANDS: &[&str] = &[
    "overview",
    "choose_folder",
    "add_root",
    "remove_root",
    "set_exclusions",
    "library",
    "search",
    "read_query",
    "keep_picture",
    "complete",
    "history",
    "remember_query",
    "forget_history",
    "saved_searches",
    "save_search",
    "update_search",
    "remove_search",
    "count_search",
    "duplicates",
    "unchanged_photos",
    "trash",
    "photo",
    "failures",
    "retry_failures",
    "pause",
    "resume",
    "policy",
    "set_policy",
    "conditions",
    "reveal",
    "rescan",
    "models",
    "install_model",
    "cancel_install",
    "add_model",
    "use_model",
    "remove_model",
    "warm_text",
    "open_license",
    "tag_tree",
    "photo_tags",
    "review",
    "decide",
    "add_tag",
    "undo_tags",
    "save_category",
    "remove_category",
    "reset_category",
    "sidecar_settings",
    "set_sidecar_settings",
    "write_sidecars",
    "insight",
    "cancel_insight",
    "photo_map",
    "cancel_map",
];

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    if let Err(error) = tauri_build::try_build(attributes) {
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}

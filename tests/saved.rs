//! `afterimage saved` and `favourite`: what the person keeps and marks.

use predicates::str::contains;
use serde_json::json;

use crate::support::{Library, keys, results};

#[test]
fn a_saved_search_is_asked_by_its_name_with_words_besides() {
    let Some(library) = Library::of_everyday() else { return };
    library.command(&["saved", "list"]).assert().code(0).stderr(contains("saved add NAME QUERY"));
    let dog = results(&library.json(&["search", "dog", "--limit", "1"]))[0]["id"].clone();
    let id = dog.to_string();
    let saved = library.json(&["saved", "add", "Dogs", "dog OR puppy", "--like", &id]);
    assert_eq!(keys(&saved), ["examples", "id", "like", "name", "query", "unlike"]);
    assert_eq!((&saved["query"], &saved["like"]), (&json!("dog OR puppy"), &json!([dog])));
    assert_eq!(library.json(&["saved", "list"]), json!([saved]));

    let page = library.json(&["search", "--saved", "DOGS"]);
    assert_eq!(page["query"], "dog OR puppy");
    assert!(!results(&page).is_empty());
    let page = library.json(&["search", "--saved", "dogs", "type:jpeg"]);
    assert_eq!(page["query"], "(dog OR puppy) type:jpeg");
    assert_eq!(page["problems"], json!([]));

    let renamed = library.json(&["saved", "rename", "dogs", "All dogs"]);
    assert_eq!((&renamed["name"], &renamed["id"]), (&json!("All dogs"), &saved["id"]));
    library.json(&["saved", "remove", "all dogs"]);
    assert_eq!(library.json(&["saved", "list"]), json!([]));
}

#[test]
fn wrong_names_end_as_the_contract_says() {
    let Some(library) = Library::of_everyday() else { return };
    library.json(&["saved", "add", "dogs", "dog"]);
    let ends = |args: &[&str], code: i32, says: &'static str| {
        library.command(args).assert().code(code).stderr(contains(says));
    };
    ends(&["saved", "add", "Dogs", "cat"], 2, "choose another name");
    ends(&["saved", "add", "nothing"], 2, "QUERY");
    ends(&["saved", "add", "unknown", "cat", "--like", "999999"], 1, "no photo 999999");
    ends(&["saved", "rename", "cats", "dogs"], 1, "afterimage saved list");
    ends(&["search", "--saved", "cats"], 1, "afterimage saved list");
    ends(&["favourite"], 2, "FILE_OR_ID");
    ends(&["favourite", "no such file"], 1, "neither a photo's number");
}

#[test]
fn favourites_are_marked_found_and_unmarked() {
    let Some(library) = Library::of_everyday() else { return };
    let found = results(&library.json(&["search", "dog", "--limit", "2"])).clone();
    let ids: Vec<String> = found.iter().map(|result| result["id"].to_string()).collect();
    let marked = library.json(&["favourite", &ids[0], &ids[1]]);
    assert_eq!(keys(&marked[0]), ["favourite", "id", "path"]);
    assert_eq!(marked[1]["favourite"], true);
    assert_eq!(library.found(&["search", "is:favourite"]).len(), 2);
    let unmarked = library.json(&["favourite", "--remove", &ids[0]]);
    assert_eq!(unmarked[0]["favourite"], false);
    let left = library.json(&["search", "is:favourite"]);
    assert_eq!(results(&left)[0]["id"], found[1]["id"]);
}

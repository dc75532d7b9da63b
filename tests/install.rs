//! Installing models by name, from a hub on loopback that fails as networks do:
//! nothing half-installed, nothing fetched twice, and no failure that does not
//! say what to do.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::{Value, json};
use sha1::Digest as _;

use crate::hub::{Fault, Hub};
use crate::support::{Library, eventually, repository, some_photos, text};

/// A known model of the layout that `paired` has.
const ID: &str = "tinyclip-vit-40m-32";
const REPOSITORY: &str = "wkcn/TinyCLIP-ViT-40M-32-Text-19M-LAION400M";
const WEIGHTS: &str = "model.safetensors";

/// Enough that what the system keeps on the way does not matter.
const WEIGHTS_BYTES: usize = 24 << 20;

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn sha256(content: &[u8]) -> String {
    hex(sha2::Sha256::digest(content))
}

/// A hub with the one model, whose towers belong together.
struct Models {
    hub: Hub,
    library: Library,
}

impl Models {
    fn new() -> Self {
        let hub = Hub::start();
        let paired = repository().join("tests/fixtures/paired");
        for name in ["config.json", "tokenizer.json", "preprocessor_config.json"] {
            let content = fs::read(paired.join(name)).unwrap();
            let mut object = format!("blob {}\0", content.len()).into_bytes();
            object.extend(&content);
            hub.small(REPOSITORY, name, &content, &hex(sha1::Sha1::digest(&object)));
        }
        let weights = padded(&fs::read(paired.join(WEIGHTS)).unwrap());
        hub.large(REPOSITORY, WEIGHTS, &weights, &sha256(&weights));
        Self { hub, library: Library::new() }
    }

    fn install(&self) -> Process {
        let mut command = self.library.process(&["model", "install", ID]);
        command.env("HF_ENDPOINT", self.hub.endpoint()).env_remove("HF_TOKEN");
        for proxy in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
            command.env_remove(proxy).env_remove(proxy.to_lowercase());
        }
        command
    }

    fn run(&self) -> assert_cmd::assert::Assert {
        assert_cmd::Command::from_std(self.install()).assert()
    }

    fn installed(&self) -> Vec<String> {
        let list = self.library.json(&["model", "list"]);
        list.as_array().unwrap().iter().map(|model| text(&model["id"])).collect()
    }

    fn folder(&self) -> PathBuf {
        self.library.path().join("models").join(ID)
    }

    fn part(&self) -> PathBuf {
        let installing = format!("models/.installing-{ID}/{WEIGHTS}.part");
        self.library.path().join(installing)
    }
}

/// A safetensors file with one more tensor, which nobody asks for, so that it is
/// as long as a download has to be to be interrupted.
fn padded(file: &[u8]) -> Vec<u8> {
    let length = u64::from_le_bytes(*file.first_chunk().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
    let data = &file[8 + length..];
    let extra = WEIGHTS_BYTES - data.len();
    header["padding"] = json!({
        "dtype": "U8", "shape": [extra], "data_offsets": [data.len(), data.len() + extra],
    });
    let mut header = header.to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut padded = (header.len() as u64).to_le_bytes().to_vec();
    padded.extend(header);
    padded.extend(data);
    // Not all zeros: a piece at a wrong place must change the hash.
    padded.extend((0..extra).map(|n| (n / 4096 + n) as u8));
    padded
}

fn length(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

#[test]
fn a_model_is_installed_by_name_and_can_be_searched_with() {
    let models = Models::new();
    models.run().code(0).stdout(contains(ID)).stderr(contains(format!("index --model {ID}")));
    assert_eq!(models.installed(), ["starter", ID]);
    let receipt = fs::read(models.folder().join("afterimage.json")).unwrap();
    let receipt: Value = serde_json::from_slice(&receipt).unwrap();
    let weights = fs::read(models.folder().join(WEIGHTS)).unwrap();
    assert_eq!(receipt["files"][WEIGHTS]["sha256"], sha256(&weights));
    assert_eq!(receipt["source"]["repository"], REPOSITORY);
    assert_eq!(receipt["pairs"], "checked");
    let list = models.library.json(&["model", "list"]);
    assert_eq!(list[1]["license"], "MIT");

    let check = models.library.json(&["model", "check", ID]);
    assert_eq!((&check["files"], &check["towers_problem"]), (&json!(4), &Value::Null));

    // Again is a mistake, and says so.
    models.run().code(2).stderr(contains("already installed"));

    if let Some(folder) = some_photos(3) {
        let index = ["index", folder.path().to_str().unwrap(), "--model", ID];
        assert_eq!(models.library.json(&index)["embedded"], 3);
        assert_eq!(models.library.json(&["search", "a red heart"])["model"], ID);
    }
}

#[test]
fn an_installation_that_was_killed_half_way_goes_on() {
    let models = Models::new();
    let half = WEIGHTS_BYTES / 2;
    models.hub.fail("GET", WEIGHTS, [Fault::StallAfter(half)]);
    let mut child = models.install().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("half of the weights are here", || length(&models.part()) >= half as u64);
    child.kill().unwrap();
    child.wait().unwrap();
    // Nothing of it shows.
    assert_eq!(models.installed(), ["starter"]);
    models.hub.recover();

    models.run().code(0);
    assert_eq!(models.installed(), ["starter", ID]);
    let whole: u64 = fs::read_dir(models.folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("afterimage.json"))
        .map(|path| length(&path))
        .sum();
    let twice = models.hub.sent() - whole;
    assert!(twice * 20 < whole, "{twice} of {whole} bytes were sent twice");
    eprintln!("sent twice after kill -9 at 50 %: {twice} of {whole} bytes");
}

#[test]
#[cfg(unix)]
fn ctrl_c_answers_at_once_and_keeps_what_is_there() {
    let models = Models::new();
    models.hub.fail("GET", WEIGHTS, [Fault::StallAfter(WEIGHTS_BYTES / 2)]);
    let child = models.install().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("half is here", || length(&models.part()) >= WEIGHTS_BYTES as u64 / 2);
    crate::support::interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the same command goes on"), "{said}");
    assert!(length(&models.part()) >= WEIGHTS_BYTES as u64 / 2);
    assert_eq!(models.installed(), ["starter"]);
    // What is there can be given up.
    let removed = models.library.json(&["model", "remove", ID]);
    assert!(removed["bytes"].as_u64().unwrap() >= WEIGHTS_BYTES as u64 / 2, "{removed}");
    assert_eq!(length(&models.part()), 0);
    models.library.command(&["model", "remove", ID]).assert().code(1);
}

#[test]
fn what_the_hub_lies_about_is_not_installed() {
    let models = Models::new();
    let weights =
        padded(&fs::read(repository().join("tests/fixtures/paired").join(WEIGHTS)).unwrap());
    models.hub.large(REPOSITORY, WEIGHTS, &weights, &"0".repeat(64));
    models.run().code(1).stderr(contains(WEIGHTS).and(contains("0".repeat(64))));
    assert_eq!(models.installed(), ["starter"]);
    assert_eq!(length(&models.part()), 0, "the wrong file was kept");
}

#[test]
fn towers_that_do_not_belong_together_are_not_installed() {
    let models = Models::new();
    // The same shapes, other numbers: what a half-wrong upload looks like.
    let weights = fs::read(repository().join("tests/fixtures/paired").join(WEIGHTS)).unwrap();
    let weights = scrambled(&weights);
    models.hub.large(REPOSITORY, WEIGHTS, &weights, &sha256(&weights));
    models.run().code(2).stderr(contains("do not find its images"));
    assert_eq!(models.installed(), ["starter"]);
    let status = models.library.json(&["status"]);
    assert_eq!(status["model"], "starter");
}

/// The image tower's projection turned round.
fn scrambled(file: &[u8]) -> Vec<u8> {
    let length = u64::from_le_bytes(*file.first_chunk().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
    let place = &header["visual_projection.weight"]["data_offsets"];
    let at = |n: usize| 8 + length + place[n].as_u64().unwrap() as usize;
    let mut file = file.to_vec();
    // Numbers of two bytes each.
    let numbers: Vec<[u8; 2]> = file[at(0)..at(1)].as_chunks::<2>().0.to_vec();
    for (place, number) in
        file[at(0)..at(1)].as_chunks_mut::<2>().0.iter_mut().zip(numbers.iter().rev())
    {
        *place = *number;
    }
    file
}

#[test]
fn a_missing_file_and_a_busy_hub_are_told_apart() {
    let models = Models::new();
    models.hub.fail("HEAD", WEIGHTS, [Fault::Status(429), Fault::Status(503)]);
    models.run().code(0);

    let models = Models::new();
    models.hub.take(REPOSITORY, WEIGHTS);
    models.run().code(1).stderr(contains(WEIGHTS));
    assert_eq!(models.installed(), ["starter"]);

    let models = Models::new();
    models
        .library
        .command(&["model", "install", "no-such-model"])
        .assert()
        .code(2)
        .stderr(contains("no-such-model").and(contains("model list --available")));
}

#[test]
fn what_can_be_installed_is_listed_with_its_terms() {
    let library = Library::new();
    let list = library.json(&["model", "list", "--available"]);
    let list = list.as_array().unwrap();
    assert!(list.len() >= 8);
    for model in list {
        assert_eq!(model["state"], "available");
        assert!(["MIT", "Apache-2.0"].contains(&text(&model["license"]).as_str()), "{model}");
        assert!(text(&model["license_url"]).starts_with("https://"), "{model}");
        assert!(model["bytes"].as_u64().unwrap() > 100_000_000, "{model}");
    }
    assert_eq!(list[0]["id"], "vit-b-32-256-datacomp");
    assert_eq!(list[0]["recommended"], "default");
}

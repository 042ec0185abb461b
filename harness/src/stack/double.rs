//! `x-shakedown.double`: a service that shakedown itself plays from a folder.
//!
//! What is in the folder is for the double to understand; here only the hosts are looked for that it calls by itself,
//! because a local process must be told where they are.

use super::compose::Reading;
use super::node::{Fields, Node};
use super::{Image, Mount, Probe, Process, Protocol, Ready, Service, Settings, Source, Stack};
use crate::host::{self, Bare};
use crate::problem::{Problem, shown};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The port of a double whose service declares none, as WireMock's image has it.
const PORT: u16 = 8080;
/// Where the folder is in a container.
const FOLDER: &str = "/double";
/// Answered by every double at any time.
const HEALTH: &str = "/__admin/health";
/// The folders below that of a double in which there are JSON files.
const WITH_JSON: [&str; 2] = ["mappings", "operations"];
/// Folders that lie deeper are a loop of links.
const DEEPEST: usize = 32;
/// What a double has no use for.
const OTHERS: [&str; 5] = ["process", "image", "image_script", "sql", "disk"];

/// Makes a service a double.
pub(super) fn apply(
    node: &Node,
    fields: &Fields<'_>,
    service: &mut Service,
    reading: &mut Reading<'_>,
) {
    for key in OTHERS {
        if let Some(other) = fields.get(key) {
            let what = format!(
                "`{}` is a double, for which `{key}` means nothing",
                service.name
            );
            let help =
                "leave out one of the two: shakedown itself plays a double, wherever it runs";
            reading
                .problems
                .push(Problem::at(&other.place, what).help(help));
        }
    }
    let Some(text) = reading.text(node) else {
        return;
    };
    let folder = reading.base(&node.place).join(text);
    if !folder.is_dir() {
        let what = format!("{} is no folder", shown(&folder).display());
        let help = "`double` is a folder with `mappings` or `operations`, from the folder of the compose file";
        reading
            .problems
            .push(Problem::at(&node.place, what).help(help));
        return;
    }
    let folder = folder.canonicalize().unwrap_or(folder);
    let port = *service.ports.keys().next().unwrap_or(&PORT);
    service.ports.entry(port).or_insert(Protocol::Sniffed);
    let path = HEALTH.to_owned();
    let probe = service.ready.probe.take();
    *service = Service {
        image: Image::Own,
        entrypoint: None,
        command: Some(words(port, &folder, Path::new(FOLDER))),
        healthcheck: None,
        ready: Ready {
            probe: probe.or(Some(Probe::Http {
                port: Some(port),
                path,
            })),
            ..service.ready.clone()
        },
        tmpfs: Vec::new(),
        mounts: vec![Mount {
            source: Source::Path(folder.clone()),
            target: FOLDER.to_owned(),
            read_only: true,
        }],
        // Users and rights of the image that it stands in for mean nothing in this one.
        settings: Settings::default(),
        process: Some(Process {
            command: [vec!["shakedown".to_owned()], words(port, &folder, &folder)].concat(),
            ..Process::default()
        }),
        double: Some(folder),
        ..service.clone()
    };
}

impl Stack {
    /// The stack with a seed for what its doubles draw.
    pub fn with_seed(&self, seed: u64) -> Stack {
        let mut stack = self.clone();
        let doubles = stack
            .services
            .values_mut()
            .filter(|one| one.double.is_some());
        for double in doubles {
            let process = double
                .process
                .iter_mut()
                .map(|process| &mut process.command);
            for words in double.command.iter_mut().chain(process) {
                // The folder stays the last word.
                words.insert(words.len() - 1, format!("--seed={seed}"));
            }
        }
        stack
    }
}

/// The arguments of `shakedown` that play a folder, which is `at` some place where they are used.
fn words(port: u16, folder: &Path, at: &Path) -> Vec<String> {
    let fixed = [
        "double".to_owned(),
        "--listen".to_owned(),
        format!("0.0.0.0:{port}"),
    ];
    let hosts = hosts(folder);
    // The first half is a name for the double to know it by, and the second one is rewritten.
    let hosts = hosts
        .iter()
        .map(|(host, port)| format!("--at={host}/{port}=http://{host}:{port}"));
    let folder = at.to_string_lossy().into_owned();
    fixed.into_iter().chain(hosts).chain([folder]).collect()
}

/// The hosts in the URLs of a folder's files, with their ports.
fn hosts(folder: &Path) -> BTreeSet<(String, u16)> {
    let files = WITH_JSON
        .iter()
        .flat_map(|name| json_files(&folder.join(name)));
    let texts = files.filter_map(|file| std::fs::read_to_string(file).ok());
    let mut found = BTreeSet::new();
    for text in texts {
        // JSON may write a slash like this too.
        let text = text.replace("\\/", "/");
        let in_url = |host: &str, port: u16| {
            let url = format!("http://{host}");
            text.contains(&format!("{url}:{port}")) || port == 80 && text.contains(&url)
        };
        for (host, port) in host::mentions(&text, Bare::Word) {
            found.extend(
                port.filter(|port| in_url(&host, *port))
                    .map(|port| (host, port)),
            );
        }
    }
    found
}

/// The JSON files of a folder and of those below it, in the order of their paths.
pub fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    add_json_files(folder, DEEPEST, &mut files);
    files.sort();
    files
}

fn add_json_files(folder: &Path, deep: usize, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() && deep > 0 {
            add_json_files(&path, deep - 1, found);
        } else if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
}

//! One service of a compose file.

use super::lifecycle::{depends_on, deployed_restarts, healthcheck, restarts};
use super::{Reading, Top, env_file, hosts, keys, mounts, ports, settings};
use crate::problem::Problem;
use crate::stack::node::{Data, Entry, Fields, Node};
use crate::stack::variables::fill_in;
use crate::stack::{Build, Image, Mount, Protocol, Service, extension};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Reads a service. What it names elsewhere in the file is looked up in `top`.
pub(super) fn read(entry: &Entry, top: &Top<'_>, reading: &mut Reading<'_>) -> Service {
    let node = &entry.value;
    let entries = node.entries(reading.problems);
    let understood = keys::understood();
    let fields = node.fields_or(&understood, entries, |entry| {
        keys::strange(entry, &understood, reading)
    });
    let get = |key: &str| fields.get(key).filter(|node| !node.is_null());
    let mut tmpfs = get("tmpfs").map_or_else(Vec::new, |node| node.texts(reading.problems));
    let mounts = mounts(&fields, top, &mut tmpfs, reading);
    let policy = get("restart").map(|node| restarts(node, reading));
    let mut service = Service {
        name: entry.key.clone(),
        place: entry.place.clone(),
        image: Image::Own,
        entrypoint: get("entrypoint").map(|node| reading.words(node)),
        command: get("command").map(|node| reading.words(node)),
        environment: environment(&fields, reading),
        depends_on: get("depends_on")
            .map(|node| depends_on(node, top, reading))
            .unwrap_or_default(),
        ports: BTreeMap::new(),
        healthcheck: get("healthcheck").and_then(|node| healthcheck(node, reading)),
        ready: extension::default_ready(),
        restarts: deployed_restarts(&fields, reading)
            .or(policy)
            .unwrap_or_default(),
        replicas: settings::replicas(&fields, reading).unwrap_or(1),
        tmpfs,
        mounts,
        aliases: hosts::aliases(&fields, reading),
        links: hosts::links(&fields, reading),
        settings: settings::read(&fields, reading),
        process: None,
        double: None,
        disk: None,
        sql: None,
    };
    for list in get("ports").into_iter().chain(get("expose")) {
        for node in list.items(reading.problems) {
            let found = ports::ports(node, reading).into_iter();
            service
                .ports
                .extend(found.map(|port| (port, Protocol::Sniffed)));
        }
    }
    service.image = image(entry, &fields, &mut service, reading);
    service
}

/// The image; what `x-shakedown` says is applied to the service on the way.
fn image(
    entry: &Entry,
    fields: &Fields<'_>,
    service: &mut Service,
    reading: &mut Reading<'_>,
) -> Image {
    let image = fields.get("image").and_then(|node| reading.text(node));
    let build = fields.get("build").and_then(|node| build(node, reading));
    let extension = fields.get("x-shakedown");
    if extension.is_some_and(|node| extension::apply(node, service, reading)) {
        return Image::Own;
    }
    if image.is_none() && build.is_none() {
        let what = format!("service `{}` has neither `image` nor `build`", entry.key);
        reading.problems.push(Problem::at(&entry.place, what));
    }
    let name = image.unwrap_or_else(|| built(&reading.folder, &entry.key));
    let script = extension.and_then(|node| extension::image_script(node, reading));
    Image::Named {
        name,
        script,
        build,
    }
}

/// How an image is called that is built and has no name: like the folder and the service, as Compose does it.
fn built(folder: &std::path::Path, service: &str) -> String {
    let folder = folder.file_name().unwrap_or_default().to_string_lossy();
    let words = format!("shakedown-build-{folder}-{service}").to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// `volumes`, `configs` and `secrets`.
fn mounts(
    fields: &Fields<'_>,
    top: &Top<'_>,
    tmpfs: &mut Vec<String>,
    reading: &mut Reading<'_>,
) -> Vec<Mount> {
    let mut mounts = Vec::new();
    if let Some(node) = fields.get("volumes") {
        for item in node.items(reading.problems) {
            mounts.extend(mounts::volume(item, top, tmpfs, reading));
        }
    }
    for kind in ["configs", "secrets"] {
        if let Some(node) = fields.get(kind) {
            for item in node.items(reading.problems) {
                mounts.extend(mounts::file(item, kind, top, reading));
            }
        }
    }
    mounts
}

/// What `env_file` says, and over it what `environment` says.
fn environment(fields: &Fields<'_>, reading: &mut Reading<'_>) -> IndexMap<String, String> {
    let mut environment = IndexMap::new();
    if let Some(node) = fields.get("env_file").filter(|node| !node.is_null()) {
        let items = match &node.data {
            Data::List(items) => &items[..],
            _ => std::slice::from_ref(node),
        };
        for item in items {
            env_file(item, &mut environment, reading);
        }
    }
    if let Some(node) = fields.get("environment") {
        environment.extend(reading.environment(node));
    }
    environment
}

/// `file` or `{path, required, format}`.
fn env_file(
    node: &Node,
    environment: &mut IndexMap<String, String>,
    reading: &mut Reading<'_>,
) -> Option<()> {
    let (path, required, raw) = match &node.data {
        Data::Map(_) => {
            let fields = node.fields(&["path", "required", "format"], reading.problems);
            let path = fields.need_text("path", reading.problems)?;
            let choices = [("true", true), ("false", false)];
            let required = fields.get("required");
            let required =
                required.and_then(|node| node.one_of(&choices, "value", reading.problems));
            let formats = [("raw", true)];
            let raw = fields.get("format");
            let raw = raw.and_then(|node| node.one_of(&formats, "format", reading.problems));
            (path, required.unwrap_or(true), raw.unwrap_or(false))
        }
        _ => (node.text(reading.problems)?, true, false),
    };
    let file = reading.base(&node.place).join(&path);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => return None,
        Err(error) => {
            let what = format!("{} cannot be read: {error}", file.display());
            let help = "paths start in the folder of the compose file; `{path: FILE, required: false}` lets it be missing";
            reading
                .problems
                .push(Problem::at(&node.place, what).help(help));
            return None;
        }
    };
    let (lines, bad) = match raw {
        true => env_file::parse_raw(&text),
        false => env_file::parse(&text),
    };
    let place = |line| crate::problem::Place::new(&crate::problem::shown(&file), line, 1);
    for line in bad {
        let what = "expected a line such as `NAME=value`";
        reading.problems.push(Problem::at(&place(line), what));
    }
    for line in lines {
        let value = match line.value {
            Some(value) if value.literal => Some(value.text),
            Some(value) => Some(fill_in(&place(line.number), &value.text, reading)),
            None => reading.variable(&line.name),
        };
        if let Some(value) = value {
            reading.earlier.insert(line.name.clone(), value.clone());
            environment.insert(line.name, value);
        }
    }
    reading.earlier.clear();
    Some(())
}

fn build(node: &Node, reading: &mut Reading<'_>) -> Option<Build> {
    let mut build = Build {
        context: ".".into(),
        dockerfile: "Dockerfile".to_owned(),
        args: IndexMap::new(),
        target: None,
    };
    if let Data::Scalar { .. } = node.data {
        build.context = context(node, reading)?;
        return Some(build);
    }
    for entry in node.entries(reading.problems) {
        match entry.key.as_str() {
            "context" => build.context = context(&entry.value, reading)?,
            "args" => build.args = reading.environment(&entry.value),
            "target" => build.target = reading.text(&entry.value),
            "dockerfile" => build.dockerfile = reading.text(&entry.value)?,
            "cache_from" | "cache_to" | "pull" | "tags" | "labels" => {}
            _ => {
                let what = format!("`build.{}`", entry.key);
                let meaning = "the image is built without it, where it is not here already";
                reading.unused(&entry.place, &what, meaning);
            }
        }
    }
    Some(build)
}

/// The folder of a build; one that another file names is no longer relative.
fn context(node: &Node, reading: &mut Reading<'_>) -> Option<std::path::PathBuf> {
    let text = reading.text(node)?;
    let base = reading.base(&node.place);
    Some(match base == reading.folder {
        true => text.into(),
        false => base.join(text),
    })
}

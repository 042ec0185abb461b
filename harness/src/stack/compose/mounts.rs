//! `volumes`, `configs` and `secrets` of a service.

use super::{Reading, Top};
use crate::problem::Problem;
use crate::stack::node::{Data, Fields, Node};
use crate::stack::{Mount, Source};
use std::path::{Path, PathBuf};

/// What of Compose's long form changes nothing about what a service sees.
const LONG: [&str; 8] = [
    "type",
    "source",
    "target",
    "read_only",
    "bind",
    "volume",
    "tmpfs",
    "consistency",
];

/// Options of the short form that are honoured, or do not matter on Linux.
const OPTIONS: [&str; 9] = [
    "",
    "ro",
    "rw",
    "z",
    "Z",
    "cached",
    "delegated",
    "consistent",
    "nocopy",
];

/// One item of `volumes`. `None`: it could not be read, or it is a tmpfs that has been added to `tmpfs`.
pub(super) fn volume(
    node: &Node,
    top: &Top<'_>,
    tmpfs: &mut Vec<String>,
    reading: &mut Reading<'_>,
) -> Option<Mount> {
    let base = reading.base(&node.place);
    let Data::Map(_) = node.data else {
        let text = node.text(reading.problems)?;
        return short(node, &text, &base, top, reading);
    };
    let fields = node.fields(&LONG, reading.problems);
    let kind = fields.get("type").and_then(|n| n.text(reading.problems));
    let target = fields.need_text("target", reading.problems)?;
    let read_only = flag(&fields, "read_only", reading);
    let source = fields.get("source").and_then(|n| n.text(reading.problems));
    for options in ["bind", "volume", "tmpfs"] {
        if let Some(node) = fields.get(options) {
            let what = format!("the options of a `{options}` mount are not used by shakedown");
            let help = "the service finds the same files without them";
            let warning = Problem::at(&node.place, what).help(help);
            reading.warnings.push(warning);
        }
    }
    let source = match (kind.as_deref().unwrap_or("volume"), source) {
        ("tmpfs", _) => {
            tmpfs.push(target);
            return None;
        }
        ("bind", Some(path)) => Source::Path(path_from(&base, &path)),
        ("volume", Some(name)) => named(node, &name, top, reading)?,
        ("volume", None) => Source::Anonymous,
        ("bind", None) => return node.not("a bind with a `source`", reading.problems),
        (other, _) => {
            let what = format!("a mount of the type `{other}`");
            let meaning = format!("the service finds nothing at `{target}`");
            reading.unused(&node.place, &what, meaning);
            return None;
        }
    };
    Some(Mount {
        source,
        target,
        read_only,
    })
}

/// `/target`, `source:/target` or `source:/target:ro`.
fn short(
    node: &Node,
    text: &str,
    base: &Path,
    top: &Top<'_>,
    reading: &mut Reading<'_>,
) -> Option<Mount> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, options) = match parts[..] {
        [target] => (None, target, ""),
        [source, target] => (Some(source), target, ""),
        [source, target, options] => (Some(source), target, options),
        _ => ("".into(), "", ""),
    };
    if !target.starts_with('/') || source == Some("") {
        return node.not(
            "a volume such as `data:/target`, `./folder:/target:ro` or `/target`",
            reading.problems,
        );
    }
    let source = match source {
        None => Source::Anonymous,
        Some(path) if path.starts_with(['.', '/', '~']) => Source::Path(path_from(base, path)),
        Some(name) => named(node, name, top, reading)?,
    };
    for option in options.split(',').filter(|one| !OPTIONS.contains(one)) {
        let what = format!("the mount option `{option}`");
        let meaning = "the service finds the same files without it";
        reading.unused(&node.place, &what, meaning);
    }
    Some(Mount {
        source,
        target: target.to_owned(),
        read_only: options.split(',').any(|option| option == "ro"),
    })
}

fn path_from(base: &Path, path: &str) -> PathBuf {
    if let (Some(rest), Ok(home)) = (path.strip_prefix('~'), std::env::var("HOME")) {
        return PathBuf::from(home).join(rest.trim_start_matches('/'));
    }
    // Docker takes no `.` and `..` for a path.
    let mut whole = PathBuf::new();
    for part in base.join(path).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                whole.pop();
            }
            part => whole.push(part),
        }
    }
    whole
}

fn named(node: &Node, name: &str, top: &Top<'_>, reading: &mut Reading<'_>) -> Option<Source> {
    if !top.names("volumes").any(|known| known == name) {
        let problem = Problem::unknown(&node.place, "volume", name, top.names("volumes"));
        let help = match problem.help.as_deref() {
            Some(near) if near.starts_with("did you mean") => near.to_owned(),
            _ => format!("declare it: `volumes: {{{name}: }}` at the end of the compose file"),
        };
        reading.problems.push(problem.help(help));
        return None;
    }
    Some(Source::Volume(name.to_owned()))
}

fn flag(fields: &Fields<'_>, key: &str, reading: &mut Reading<'_>) -> bool {
    let choices = [("true", true), ("false", false)];
    let node = fields.get(key);
    node.and_then(|node| node.one_of(&choices, "value", reading.problems))
        .unwrap_or(false)
}

/// One item of `configs` or `secrets` (`kind`).
pub(super) fn file(
    node: &Node,
    kind: &'static str,
    top: &Top<'_>,
    reading: &mut Reading<'_>,
) -> Option<Mount> {
    let (source, target) = match &node.data {
        Data::Map(_) => {
            let known = ["source", "target", "uid", "gid", "mode"];
            let fields = node.fields(&known, reading.problems);
            for key in ["uid", "gid", "mode"] {
                if let Some(node) = fields.get(key) {
                    let meaning = "everybody in the container may read the file, as with Compose";
                    reading.unused(&node.place, &format!("`{kind}.{key}`"), meaning);
                }
            }
            let source = fields.need_text("source", reading.problems)?;
            let target = fields.get("target").and_then(|n| n.text(reading.problems));
            (source, target)
        }
        _ => (node.text(reading.problems)?, None),
    };
    let Some(entry) = top.get(kind, &source) else {
        let noun = kind.trim_end_matches('s');
        let names = top.names(kind);
        reading
            .problems
            .push(Problem::unknown(&node.place, noun, &source, names));
        return None;
    };
    let target = target.unwrap_or_else(|| source.clone());
    let folder = if kind == "secrets" {
        "/run/secrets"
    } else {
        "/"
    };
    Some(Mount {
        source: content(entry, kind, reading)?,
        target: Path::new(folder)
            .join(target)
            .to_string_lossy()
            .into_owned(),
        read_only: true,
    })
}

/// Where the content of a config or secret comes from.
fn content(node: &Node, kind: &str, reading: &mut Reading<'_>) -> Option<Source> {
    let known = [
        "file",
        "environment",
        "content",
        "external",
        "name",
        "labels",
        "driver",
        "template_driver",
    ];
    let fields = node.fields(&known, reading.problems);
    if let Some(file) = fields.get("file") {
        let path = file.text(reading.problems)?;
        let path = path_from(&reading.base(&file.place), &path);
        if !path.exists() {
            let what = format!("{} does not exist", path.display());
            let help = "paths start in the folder of the compose file";
            reading
                .problems
                .push(Problem::at(&file.place, what).help(help));
        }
        return Some(Source::Path(path));
    }
    if let Some(content) = fields.get("content") {
        return Some(Source::Content(content.text(reading.problems)?));
    }
    if let Some(variable) = fields.get("environment") {
        let name = variable.text(reading.problems)?;
        let value = reading.variable(&name);
        if value.is_none() {
            let what =
                format!("`{name}` is not set in the environment, an empty text stands for it");
            reading.warnings.push(
                Problem::at(&variable.place, what).help("set it, also in `.env` beside the file"),
            );
        }
        return Some(Source::Content(value.unwrap_or_default()));
    }
    let what = format!("this entry of `{kind}` has no content that shakedown can read");
    let help = "give it a `file`, `environment` or `content`; the services run without it";
    reading
        .warnings
        .push(Problem::at(&node.place, what).help(help));
    None
}

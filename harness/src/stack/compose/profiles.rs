//! Which services and volumes of the file are part of a run.

use super::{Reading, Top};
use crate::stack::node::{Data, Entry, Node};

/// The services without profiles, those of the active ones, and those on which these depend.
pub(super) fn chosen<'n>(
    all: &'n [Entry],
    active: &[String],
    reading: &mut Reading<'_>,
) -> Vec<&'n Entry> {
    let mut names: Vec<&str> = Vec::new();
    for entry in all {
        let profiles = entry.value.entry("profiles");
        let profiles = profiles.map(|entry| entry.value.texts(reading.problems));
        let profiles = profiles.unwrap_or_default();
        let is_active =
            |name: &String| active.contains(name) || active.iter().any(|one| one == "*");
        if profiles.is_empty() || profiles.iter().any(is_active) {
            names.push(&entry.key);
        }
    }
    // The list grows while it is walked through.
    let mut at = 0;
    while let Some(name) = names.get(at).copied() {
        at += 1;
        let entry = all.iter().find(|entry| entry.key == name);
        for needed in entry.map_or_else(Vec::new, |entry| needed(&entry.value)) {
            let known = all.iter().any(|entry| entry.key == needed);
            if known && !names.contains(&needed) {
                names.push(needed);
            }
        }
    }
    all.iter()
        .filter(|entry| names.contains(&entry.key.as_str()))
        .collect()
}

/// The services that one cannot do without.
fn needed(service: &Node) -> Vec<&str> {
    let Some(depends_on) = service.entry("depends_on") else {
        return Vec::new();
    };
    match &depends_on.value.data {
        Data::List(items) => items
            .iter()
            .filter_map(|item| match &item.data {
                Data::Scalar { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect(),
        Data::Map(entries) => entries
            .iter()
            .filter(|entry| is_required(&entry.value))
            .map(|entry| entry.key.as_str())
            .collect(),
        Data::Scalar { .. } => Vec::new(),
    }
}

/// `required` of one entry of `depends_on`.
pub(super) fn is_required(node: &Node) -> bool {
    let required = node.entry("required").map(|entry| &entry.value.data);
    !matches!(required, Some(Data::Scalar { text, .. }) if text == "false")
}

/// Volumes are a run's own, whatever the file says.
pub(super) fn volumes(top: &Top<'_>, reading: &mut Reading<'_>) {
    let Some(volumes) = top.fields.get("volumes") else {
        return;
    };
    for volume in volumes.entries(reading.problems) {
        for key in ["external", "driver_opts"] {
            if let Some(entry) = volume.value.entry(key) {
                let what = format!("`{key}` of the volume `{}`", volume.key);
                let meaning =
                    "each run has an empty volume of its own, which goes when the run ends";
                reading.unused(&entry.place, &what, meaning);
            }
        }
    }
}

//! Lays one piece of a compose file over another, by Compose's own rules.
//!
//! Works on the tree, so that each value keeps the place at which it was written.

use crate::stack::node::{Data, Entry, Node};

/// Keys of a service that are replaced as a whole.
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];
/// Keys whose list `NAME=value` is a map written otherwise.
const ASSIGNED: [&str; 6] = [
    "environment",
    "labels",
    "sysctls",
    "args",
    "annotations",
    "extra_hosts",
];
/// Keys whose list of names is a map without values.
const NAMED: [&str; 2] = ["depends_on", "networks"];
/// Keys whose items are known by where they are in the container.
const TARGETED: [&str; 4] = ["volumes", "devices", "configs", "secrets"];

/// `over` laid over `base`, where both stand under `key`.
pub(super) fn merge(key: &str, base: Node, over: Node) -> Node {
    if over.tag.as_deref() == Some("override") || REPLACED.contains(&key) {
        return over;
    }
    let (base, over) = (as_map(key, base), as_map(key, over));
    let place = over.place.clone();
    let data = match (base.data, over.data) {
        (Data::Map(base), Data::Map(over)) => Data::Map(maps(base, over)),
        (Data::List(base), Data::List(over)) => Data::List(lists(key, base, over)),
        // A key with nothing behind it says nothing.
        (base, Data::Scalar { text, plain: true }) if text.is_empty() => base,
        (_, over) => over,
    };
    Node {
        place,
        data,
        tag: None,
    }
}

/// Entries laid over others.
pub(super) fn maps(mut base: Vec<Entry>, over: Vec<Entry>) -> Vec<Entry> {
    for entry in over {
        let at = base.iter().position(|known| known.key == entry.key);
        if entry.value.tag.as_deref() == Some("reset") {
            at.map(|at| base.remove(at));
            continue;
        }
        match at {
            None => base.push(entry),
            Some(at) => {
                let known = base[at].value.clone();
                // What is ours or the user's own has no rules for lists, and the last one wins.
                let value = match (&known.data, &entry.value.data) {
                    (Data::List(_), Data::List(_)) if OURS.contains(&entry.key.as_str()) => {
                        entry.value
                    }
                    _ => merge(&entry.key, known, entry.value),
                };
                base[at] = Entry { value, ..entry };
            }
        }
    }
    base
}

/// Lists within `x-shakedown`, which are replaced.
const OURS: [&str; 2] = ["process", "image_script"];

/// Items after others; those that are there already are replaced or left out.
fn lists(key: &str, mut base: Vec<Node>, over: Vec<Node>) -> Vec<Node> {
    for item in over {
        let same = |known: &Node| match TARGETED.contains(&key) {
            true => target(known).is_some() && target(known) == target(&item),
            false => known.json() == item.json(),
        };
        match base.iter().position(same) {
            Some(at) => base[at] = item,
            None => base.push(item),
        }
    }
    base
}

/// Where an item of `volumes`, `devices`, `configs` or `secrets` is in the container.
fn target(item: &Node) -> Option<String> {
    match &item.data {
        Data::Scalar { text, .. } => {
            let mut parts = text.splitn(3, ':');
            let first = parts.next()?;
            Some(parts.next().unwrap_or(first).to_owned())
        }
        Data::Map(_) => {
            let found = item.entry("target").or(item.entry("source"))?;
            match &found.value.data {
                Data::Scalar { text, .. } => Some(text.clone()),
                _ => None,
            }
        }
        Data::List(_) => None,
    }
}

/// The map that a list stands for, where it does.
pub(super) fn as_map(key: &str, node: Node) -> Node {
    let items = match node.data {
        Data::List(items) if ASSIGNED.contains(&key) || NAMED.contains(&key) => items,
        Data::Scalar { .. } if key == "build" && !node.is_null() => {
            let entries = vec![entry("context", node.clone())];
            return Node {
                data: Data::Map(entries),
                ..node
            };
        }
        data => return Node { data, ..node },
    };
    let mut entries: Vec<Entry> = Vec::new();
    for item in items {
        let Data::Scalar { text, .. } = &item.data else {
            continue;
        };
        let separators: &[char] = match key {
            "extra_hosts" => &['=', ':'],
            _ => &['='],
        };
        let (name, value) = match text.split_once(separators) {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (text.clone(), None),
        };
        let data = Data::Scalar {
            plain: value.is_none(),
            text: value.unwrap_or_default(),
        };
        let entry = entry(&name, Node { data, ..item });
        match entries.iter_mut().find(|known| known.key == name) {
            Some(known) => *known = entry,
            None => entries.push(entry),
        }
    }
    Node {
        data: Data::Map(entries),
        ..node
    }
}

fn entry(key: &str, value: Node) -> Entry {
    Entry {
        key: key.to_owned(),
        place: value.place.clone(),
        value,
        merged: false,
    }
}

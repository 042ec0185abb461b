//! Reads a YAML file into a tree, with anchors, aliases and the merge key `<<` resolved.

use super::node::{Data, Entry, Node};
use crate::problem::{Place, Problem, Problems};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, SpannedEventReceiver, Tag};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// As many nodes as a file may come to when its aliases are resolved.
const MAX_NODES: usize = 100_000;

/// Reads the only document of a file.
pub(super) fn parse(file: &Path, text: &str, problems: &mut Problems) -> Option<Node> {
    let mut tree = Tree {
        file: file.into(),
        problems: Problems::default(),
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        root: None,
    };
    let loaded = Parser::new_from_str(text).load(&mut tree, false);
    problems.0.append(&mut tree.problems.0);
    if let Err(error) = loaded {
        let marker = error.marker();
        let place = Place::new(file, marker.line(), marker.col() + 1);
        problems.push(Problem::at(
            &place,
            format!("this is not YAML: {}", error.info()),
        ));
        return None;
    }
    if tree.root.is_none() {
        problems.push(Problem::with_file(file, "the file is empty"));
    }
    tree.root
}

/// Grows from the parser's events.
struct Tree {
    file: Arc<Path>,
    problems: Problems,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

/// A list or map whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    /// In a map: the key whose value comes next.
    key: Option<(String, Place)>,
}

impl<'input> SpannedEventReceiver<'input> for Tree {
    fn on_event(&mut self, event: Event<'input>, span: Span) {
        let place = Place {
            file: self.file.clone(),
            line: span.start.line(),
            column: span.start.col() + 1,
        };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let data = Data::Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                };
                let tag = local(tag.as_deref());
                self.add(Node { place, data, tag }, anchor);
            }
            Event::SequenceStart(anchor, tag) => {
                let (data, tag) = (Data::List(Vec::new()), local(tag.as_deref()));
                self.begin(Node { place, data, tag }, anchor);
            }
            Event::MappingStart(anchor, tag) => {
                let (data, tag) = (Data::Map(Vec::new()), local(tag.as_deref()));
                self.begin(Node { place, data, tag }, anchor);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.add(open.node, open.anchor);
                }
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                // The values of an alias keep the places of the anchor's: there they can be mended.
                Some(node) => self.add(node.clone(), 0),
                None => self
                    .problems
                    .push(Problem::at(&place, "this alias has no anchor before it")),
            },
            _ => {}
        }
    }
}

/// A tag of the file's own, such as `!reset`.
fn local(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.handle == "!")?;
    Some(tag.suffix.clone())
}

impl Tree {
    fn begin(&mut self, node: Node, anchor: usize) {
        self.open.push(Open {
            node,
            anchor,
            key: None,
        });
    }

    fn add(&mut self, node: Node, anchor: usize) {
        self.nodes += size(&node);
        if self.nodes > MAX_NODES {
            let what = format!("aliases make more than {MAX_NODES} values of this file");
            if self.nodes - size(&node) <= MAX_NODES {
                self.problems.push(Problem::at(&node.place, what));
            }
            return;
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match &mut open.node.data {
            Data::List(items) => items.push(node),
            Data::Map(entries) => match open.key.take() {
                None => open.key = Some((key(&node, &mut self.problems), node.place)),
                Some((key, place)) => {
                    let entry = Entry {
                        key,
                        place,
                        value: node,
                        merged: false,
                    };
                    put(entries, entry, &mut self.problems);
                }
            },
            Data::Scalar { .. } => {}
        }
    }
}

fn key(node: &Node, problems: &mut Problems) -> String {
    match &node.data {
        Data::Scalar { text, .. } => text.clone(),
        _ => node.not("a text as key", problems).unwrap_or_default(),
    }
}

/// Adds an entry to a map: merges `<<`, and refuses a key that is there already.
fn put(entries: &mut Vec<Entry>, entry: Entry, problems: &mut Problems) {
    if entry.key == "<<" {
        let sources = match entry.value.data {
            Data::List(items) => items,
            _ => vec![entry.value],
        };
        for source in &sources {
            for merged in source.entries(problems) {
                if !entries.iter().any(|known| known.key == merged.key) {
                    entries.push(Entry {
                        merged: true,
                        ..merged.clone()
                    });
                }
            }
        }
        return;
    }
    match entries.iter_mut().find(|known| known.key == entry.key) {
        None => entries.push(entry),
        // A map's own keys win over those that it merges.
        Some(known) if known.merged => *known = entry,
        Some(known) => {
            let what = format!(
                "`{}` stands here a second time; the first is in line {}",
                entry.key, known.place.line
            );
            problems.push(Problem::at(&entry.place, what));
        }
    }
}

fn size(node: &Node) -> usize {
    match &node.data {
        Data::Scalar { .. } => 1,
        Data::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Data::Map(entries) => {
            1 + entries
                .iter()
                .map(|entry| size(&entry.value))
                .sum::<usize>()
        }
    }
}

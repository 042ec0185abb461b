//! The schemas that editors use say what the reader says.

use super::bad::rows;
use super::{COMPOSE, SHAKEDOWN, change};
use crate::problem::Problems;
use crate::stack::{schema, yaml};
use jsonschema::Validator;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A YAML text as editors see it.
fn value(text: &str) -> Option<Value> {
    let mut problems = Problems::default();
    let node = yaml::parse(Path::new("a.yaml"), text, &mut problems)?;
    problems.0.is_empty().then(|| node.json())
}

fn stack() -> Validator {
    jsonschema::validator_for(&schema::stack()).unwrap()
}

/// The schema of compose files, without Compose's own, which lies on the web.
fn compose() -> Validator {
    let mut schema = schema::compose();
    schema["allOf"].as_array_mut().unwrap().remove(0);
    jsonschema::validator_for(&schema).unwrap()
}

fn refusals(schema: &Validator, text: &str) -> Vec<String> {
    let value = value(text).expect("it is YAML");
    let errors = schema.iter_errors(&value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// All files of the repository whose names begin and end so.
fn files(begin: &str, end: &str) -> Vec<PathBuf> {
    let mut folders = vec![
        repository().join("fixtures"),
        repository().join("examples"),
        repository().join("harness/src"),
    ];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false if name.starts_with(begin) && name.ends_with(end) => found.push(entry.path()),
                false => {}
            }
        }
    }
    found
}

#[test]
fn every_file_of_ours_is_accepted() {
    let (stack, compose) = (stack(), compose());
    assert_eq!(refusals(&stack, SHAKEDOWN), Vec::<String>::new());
    assert_eq!(refusals(&compose, COMPOSE), Vec::<String>::new());
    let (stacks, composes) = (files("shakedown", ".yaml"), files("compose", ".yaml"));
    assert!(
        stacks.len() >= 6 && composes.len() >= 8,
        "{stacks:?} {composes:?}"
    );
    for (schema, files) in [(&stack, stacks), (&compose, composes)] {
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            assert_eq!(
                refusals(schema, &text),
                Vec::<String>::new(),
                "{}",
                file.display()
            );
        }
    }
}

/// What the shape of a file shows; that a name exists and what an expression says are nothing for a schema.
const SHAPE: [&str; 6] = [
    "error: unknown key",
    "is missing here",
    "do not go together",
    "does not go with",
    "demands nothing that is known",
    "error: unknown method",
];

#[test]
fn what_the_reader_refuses_for_its_shape_is_refused() {
    let (stack, compose) = (stack(), compose());
    let (mut shapes, mut wrong) = (0, Vec::new());
    for (name, schema, good) in [
        ("stack.txt", &stack, SHAKEDOWN),
        ("compose.txt", &compose, COMPOSE),
    ] {
        for row in rows(name).1 {
            let text = row.apply(good);
            let Some(value) = value(&text) else {
                continue;
            };
            // Of a compose file, only what is ours.
            let ours = name == "stack.txt" || text.contains("x-shakedown");
            let shape = ours && SHAPE.iter().any(|words| row.said.contains(words));
            shapes += usize::from(shape);
            let refused = !schema.is_valid(&value);
            if shape && !refused || row.said.starts_with("warning") && refused {
                wrong.push(format!("refused: {refused}\n{}\n{text}", row.said));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(shapes >= 20, "only {shapes} files of a bad shape");
}

#[test]
fn every_pattern_of_invariants_is_accepted_with_its_own_keys_alone() {
    let schema = stack();
    let told = "{for: job, no: 'status == \"ok\"', before: happened(\"told\")}";
    let with = |invariant: &str| refusals(&schema, &change(SHAKEDOWN, told, invariant));
    for good in [
        "{always: a, after: b, until: c}",
        "{for: job, never: a}",
        "{when: a, then: b, within: 1s, clock: healed}",
        "{when: a, then: true}",
        "{eventually: a, within: 1s}",
        "{at_most: 1, of: told}",
        "{for: job, moves: declared}",
        "{agree: [a, b], within: 2s}",
        "{share: a, of: job, at_least: 0.99, clock: healed}",
        "{quantile: 0.95, of: 'elapsed(\"a\", \"b\")', below: 60s}",
        "{balance: a, of: job, by: b, tolerance: 0}",
    ] {
        assert_eq!(with(good), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "{for: job}",
        "{always: a, never: b}",
        "{always: a, within: 1s}",
        "{when: a}",
        "{eventually: a}",
        "{eventually: a, within: soon}",
        "{moves: all}",
        "{share: a, of: job, at_least: 2}",
        "{moves: declared, clock: healed}",
    ] {
        assert!(!with(bad).is_empty(), "{bad}");
    }
}

#[test]
fn the_copies_in_the_repository_are_the_schemas() {
    let folder = repository().join("schema");
    for (name, schema) in [
        ("shakedown", schema::stack()),
        ("compose", schema::compose()),
    ] {
        let file = folder.join(format!("{name}.schema.json"));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &text).unwrap();
        }
        let copy = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            copy == text,
            "{} is out of date: write it anew with BLESS=1",
            file.display()
        );
    }
}

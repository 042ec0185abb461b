//! Other names for the same thing: what several sources call differently is one thing to everybody who asks.
//!
//! The history keeps what each source said; only what is made of it goes by the names that count.

use super::Observation;
use crate::stack::{Entity, ID};

/// Puts the names that count into an observation. Its source then tells what it said instead.
pub(super) fn resolve(entity: &Entity, observation: &mut Observation) {
    if entity.aliases.is_empty() {
        return;
    }
    let mut said = Vec::new();
    let name = id(entity, &observation.id);
    if name != observation.id {
        said.push(format!("calls it `{}`", observation.id));
        observation.id = name.to_owned();
    }
    for (field, value) in &mut observation.set {
        if let Some(name) = entity.alias(field, value) {
            let text = value.as_str().map_or(value.to_string(), str::to_owned);
            said.push(format!("says `{text}`"));
            *value = name.into();
        }
    }
    if !said.is_empty() {
        observation.source = format!("{}{WHICH}{}", observation.source, said.join(" and "));
    }
}

/// What stands between a source and what it said instead.
const WHICH: &str = ", which ";

/// A source without what it said instead.
pub(super) fn source(told: &str) -> &str {
    told.split(WHICH).next().unwrap_or(told)
}

/// The id that counts.
pub(super) fn id<'a>(entity: &'a Entity, id: &'a str) -> &'a str {
    let known = entity.aliases.get(ID).and_then(|known| known.get(id));
    known.map_or(id, |alias| alias.stands_for.as_str())
}

#[cfg(test)]
mod tests {
    use crate::history::{Event, What};
    use crate::invariant::Judge;
    use crate::stack::Stack;
    use crate::verdict::Verdict::{self, Held, Violated};
    use serde_json::{Value, json};

    const SHAKEDOWN: &str = r#"
stack: clouds
compose: compose.yaml
entities:
  vm:
    aliases:
      id: {vm-7: "7"}
      provider: {EU: eu-west, "3": us-east}
      page: {Europe: eu-west}
    learn:
      - {poll: "GET http://cloud/vms", each: body, id: string(item.id), set: {provider: item.region}}
      - {poll: "GET http://page/", each: body, id: string(item.id), set: {page: item.region}}
      - {log: cloud, pattern: 'vm=(?<id>\S+) region=(?<region>\S+)', set: {stored: region}}
invariants:
  all say the same: {for: vm, agree: [provider, stored, page], within: 1s}
"#;

    /// What three observers come to that say this of one machine, each by the id that it has for it.
    fn judged(said: [(&str, &str, Value); 3]) -> (Verdict, Vec<String>) {
        let judge = judge(&said);
        let finding = judge.findings().remove(0);
        let proof = finding.proof.into_iter().map(|proof| proof.text);
        (finding.verdict, proof.collect())
    }

    fn judge(said: &[(&str, &str, Value)]) -> Judge {
        let folder = tempfile::tempdir().unwrap();
        let compose =
            "services: {cloud: {image: a, expose: ['80']}, page: {image: b, expose: ['80']}}";
        std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
        let file = folder.path().join("shakedown.yaml");
        std::fs::write(&file, SHAKEDOWN).unwrap();
        let mut judge = Judge::new(&Stack::read(&file).unwrap().stack);
        for (n, (id, field, value)) in (1..).zip(said) {
            let what = What::Observed {
                entity: "vm".to_owned(),
                id: id.to_string(),
                source: field.to_string(),
                set: json!({*field: value}).as_object().unwrap().clone(),
                event: None,
                since_ns: None,
                rule: None,
            };
            let at_ns = n * 1_000_000;
            judge.see(&Event {
                seq: n,
                at_ns,
                what,
            });
        }
        judge.advance(5_000_000_000);
        judge
    }

    #[test]
    fn an_entity_that_not_all_sources_knew_may_have_another_name() {
        let notes = |said: &[(&str, &str, &str)]| {
            let said: Vec<_> = (said.iter().map(|one| (one.0, one.1, json!(one.2)))).collect();
            judge(&said).notes(&crate::plan::Judged::every())
        };
        let whole = |id| {
            [
                (id, "provider", "x"),
                (id, "stored", "x"),
                (id, "page", "x"),
            ]
        };
        assert_eq!(notes(&whole("9")), [""; 0]);
        let apart = [
            ("8", "provider", "x"),
            ("8", "stored", "x"),
            ("vm-8", "page", "x"),
        ];
        let expected = "of vm 8 only `provider` and `stored` told, and of vm vm-8 only `page`: if these are the same, one \
                        rule's `id` or `aliases: {id: {...}}` must make one name of both";
        assert_eq!(notes(&apart), [expected]);
        // One with an alias is known by all of its sources.
        let aliased = [
            ("vm-7", "provider", "x"),
            ("7", "stored", "x"),
            ("7", "page", "y"),
        ];
        assert_eq!(notes(&aliased), [""; 0]);
        let alone = [&whole("9")[..], &[("8", "page", "x")]].concat();
        let notes = notes(&alone);
        assert!(
            notes[0].starts_with("of vm 8 only `page` told, of others several sources did"),
            "{notes:?}"
        );
    }

    #[test]
    fn what_sources_call_differently_is_one_thing() {
        let eu = |field: &'static str, id: &'static str| (id, "provider", json!(field));
        let stored = |name: &str| ("7", "stored", json!(name));
        let said = [
            eu("EU", "vm-7"),
            stored("eu-west"),
            ("7", "page", json!("Europe")),
        ];
        assert_eq!(judged(said), (Held, vec![]));
        let said = [
            ("7", "provider", json!(3)),
            stored("us-east"),
            ("7", "page", json!("us-east")),
        ];
        assert_eq!(
            judged(said),
            (Held, vec![]),
            "a number is taken by its digits"
        );
    }

    #[test]
    fn whoever_asks_by_an_alias_means_the_same_entity() {
        let folder = tempfile::tempdir().unwrap();
        let compose = "services: {cloud: {image: a, expose: ['80']}}";
        std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
        let text = "stack: s\ncompose: compose.yaml\nentities:\n  vm:\n    aliases: {id: {vm-7: '7'}}\n    \
            status: {field: status, final: [up]}\n    \
            learn: [{log: cloud, pattern: '(?<id>.) (?<s>.)', set: {status: s}}]\n";
        let file = folder.path().join("shakedown.yaml");
        std::fs::write(&file, text).unwrap();
        let mut judge = Judge::new(&Stack::read(&file).unwrap().stack);
        let what = What::Observed {
            entity: "vm".to_owned(),
            id: "7".to_owned(),
            source: "log".to_owned(),
            set: json!({"status": "up"}).as_object().unwrap().clone(),
            event: None,
            since_ns: None,
            rule: None,
        };
        judge.see(&Event {
            seq: 1,
            at_ns: 1,
            what,
        });
        let entities = judge.entities();
        assert!(entities.is_final("vm", "vm-7") && entities.is_final("vm", "7"));
        let caught = [("vm", "vm-7"), ("disk", "vm-7")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let resolved = entities.resolved(&caught.into());
        assert_eq!(
            (resolved["vm"].as_str(), resolved["disk"].as_str()),
            ("7", "vm-7")
        );
    }

    #[test]
    fn a_proof_tells_what_the_source_said() {
        let said = [
            ("vm-7", "provider", json!("EU")),
            ("7", "stored", json!("us-east")),
            ("7", "page", json!("Europe")),
        ];
        let (verdict, proof) = judged(said);
        assert_eq!(verdict, Violated);
        let provider = "provider became eu-west (provider, which calls it `vm-7` and says `EU`)";
        assert_eq!(proof[0], provider, "{proof:?}");
        // Elsewhere the same word is no alias.
        let said = [
            ("7", "provider", json!("EU")),
            ("7", "stored", json!("EU")),
            ("7", "page", json!("Europe")),
        ];
        assert_eq!(judged(said).0, Violated);
    }
}

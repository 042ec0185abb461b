//! Exports and what they come to.

use super::*;
use crate::invariant::Finding;
use crate::verdict::Verdict::{self, Held, Inconclusive, Violated};
use tempfile::TempDir;

mod reading;
mod unknown;

const COMPOSE: &str = "services: {site: {image: a, expose: ['80']}, worker: {image: b}}\n";
const SHAKEDOWN: &str = r#"
stack: shop
compose: compose.yaml
calls:
  tell: {link: worker -> site, request: "POST /jobs/{job}"}
entities:
  job:
    status: {field: status, first: New, final: [Done]}
    learn:
      - {call: tell, set: {status: request.body.s, n: request.body.n}, event: stored}
invariants:
  stored first: {for: job, no: 'status == "Done"', before: happened("stored")}
  it ends: {for: job, eventually: status in final, within: 10s, clock: healed}
"#;

struct Data {
    folder: TempDir,
    stack: Arc<Stack>,
}

impl Data {
    fn new() -> Data {
        Data::with(SHAKEDOWN)
    }

    fn with(shakedown: &str) -> Data {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yaml"), COMPOSE).unwrap();
        let file = folder.path().join("shakedown.yaml");
        std::fs::write(&file, shakedown).unwrap();
        let stack = Arc::new(Stack::read(&file).unwrap().stack);
        Data { folder, stack }
    }

    fn judge(&self, text: &str, disorder_s: u64) -> Result<Played, Problems> {
        let file = self.folder.path().join("export");
        std::fs::write(&file, text).unwrap();
        exported(&file, Duration::from_secs(disorder_s), &self.stack)
    }

    /// What is wrong with an export, without its folder.
    fn wrong(&self, text: &str) -> String {
        let problems = self.judge(text, 0).err().expect("it cannot be used");
        let folder = format!("{}/", self.folder.path().display());
        problems.to_string().replace(&folder, "")
    }
}

/// What matters of the findings: verdict, witnesses, lines of the proof.
fn gist(played: &Played) -> (Verdict, Vec<(Verdict, u64, Vec<u64>)>) {
    let gist = |finding: &Finding| {
        let proof = finding.proof.iter().map(|proof| proof.seq).collect();
        (finding.verdict, finding.witnesses, proof)
    };
    (
        played.verdict,
        played.outcome.findings.iter().map(gist).collect(),
    )
}

const GOOD: &str = r#"{"time": 1.0, "entity": "job", "id": 7, "value": "stored"}
{"time": 2, "entity": "job", "id": "7", "field": "status", "value": "Done", "region": "eu"}

{"time": 3, "entity": "job", "id": "8", "field": null, "value": "stored"}
{"time": 3, "entity": "job", "id": "8", "field": "status", "value": "D\u006fne"}
"#;

#[test]
fn json_lines_and_tables_tell_the_same() {
    let data = Data::new();
    let held = (Held, vec![(Held, 2, vec![]), (Held, 2, vec![])]);
    assert_eq!(gist(&data.judge(GOOD, 0).unwrap()), held);
    let table = "id, value, time, entity, field\n\
                 7, stored, 1970-01-01T00:00:01Z, job,\n\
                 7, Done, 1970-01-01T00:00:02Z, job, status\n\
                 8, stored, 1970-01-01T00:00:03Z, job,\n\
                 8,\"Done\", 1970-01-01T00:00:03Z, job, status\n";
    assert_eq!(gist(&data.judge(table, 0).unwrap()), held);
}

#[test]
fn a_violation_names_the_lines_that_prove_it() {
    let data = Data::new();
    let early = GOOD.replace(
        "\"id\": \"8\", \"field\": null, \"value\": \"stored\"",
        "\"id\": \"8\", \"field\": \"status\", \"value\": \"New\"",
    );
    let played = data.judge(&early, 0).unwrap();
    let (verdict, findings) = gist(&played);
    assert_eq!((verdict, &findings[0]), (Violated, &(Violated, 1, vec![5])));
    let finding = &played.outcome.findings[0];
    assert_eq!(finding.entity.as_deref(), Some("job 8"));
    assert_eq!(finding.proof[0].text, "status became Done (export)");
    let new = r#"{"time": 1, "entity": "job", "id": "7", "field": "status", "value": "New"}"#;
    let late = GOOD
        .replace("\"time\": 2,", "\"time\": 12,")
        .replace("\"time\": 3,", "\"time\": 12,");
    let (_, findings) = gist(&data.judge(&format!("{new}\n{late}"), 0).unwrap());
    assert_eq!(
        findings[1],
        (Violated, 1, vec![1]),
        "11 s after it was first seen"
    );
    // Without its first status, it may have been done before.
    let (_, findings) = gist(&data.judge(&late, 0).unwrap());
    assert_eq!(findings[1], (Inconclusive, 1, vec![]));
}

#[test]
fn what_cannot_be_told_is_said() {
    let data = Data::new();
    let unknown = GOOD.replace("\"field\": \"status\"", "\"field\": \"state\"");
    let played = data.judge(&unknown, 0).unwrap();
    assert_eq!(played.verdict, Inconclusive, "nobody became Done");
    let notes = played.outcome.notes.join("\n");
    for words in [
        "2 lines were left out: no rule of `job` tells the field `state` (did you mean `status`?)",
        "no fault is known here, so that all time counts (`clock: healed`) for `it ends`",
        "calls that overlap are not told apart",
        "read as seconds",
        "2 lines were judged",
        "lines of one and the same time count in the order",
        "+0 s is 1970-01-01T00:00:01Z",
    ] {
        assert!(notes.contains(words), "without `{words}`:\n{notes}");
    }
    let played = data.judge("", 0);
    assert!(played.is_err(), "an empty file has no header");
    let lines: Vec<&str> = GOOD.lines().take(1).collect();
    let played = data.judge(lines[0], 0).unwrap();
    assert_eq!(
        played.verdict, Inconclusive,
        "the data ends while a job is under way"
    );
}

#[test]
fn what_was_before_an_export_is_not_known() {
    let data = Data::with(
        &SHAKEDOWN
            .replace(
                "    learn:\n",
                "    moves: {New: [Busy], Busy: [Done]}\n    learn:\n",
            )
            .replace(
                "  it ends:",
                "  moves: {for: job, moves: declared}\n  it ends:",
            ),
    );
    let status = |time: u64, id: u64, status: &str| {
        format!(
            "{{\"time\": {time}, \"entity\": \"job\", \"id\": {id}, \"field\": \"status\", \"value\": \"{status}\"}}\n"
        )
    };
    // It may have been stored, and busy, before the export began.
    let stored = "{\"time\": 0, \"entity\": \"job\", \"id\": 6, \"value\": \"stored\"}\n";
    let midway = stored.to_owned() + &status(1, 7, "Done");
    let (verdict, findings) = gist(&data.judge(&midway, 0).unwrap());
    assert_eq!(verdict, Inconclusive);
    assert_eq!((findings[0].0, findings[1].0), (Inconclusive, Inconclusive));
    let played = data.judge(&midway, 0).unwrap();
    let reason = played.outcome.findings[0]
        .reason
        .clone()
        .unwrap_or_default();
    assert!(
        reason.contains("the export first tells of it as Done"),
        "{reason}"
    );
    // Of another one, all is known.
    let whole = status(2, 8, "New") + &status(3, 8, "Done");
    let (verdict, findings) = gist(&data.judge(&(midway + &whole), 0).unwrap());
    assert_eq!(
        (verdict, findings[0].0, findings[1].0),
        (Violated, Violated, Violated)
    );
}

#[test]
fn nothing_is_a_value_and_a_number_can_be_a_status() {
    let lines = r#"{"time": 1, "entity": "job", "id": 7, "field": "n", "value": null}
{"time": 2, "entity": "job", "id": 7, "field": "status", "value": 2}
"#;
    let shakedown = SHAKEDOWN.replace("final: [Done]", "final: ['2']");
    let played = Data::with(&shakedown).judge(lines, 0).unwrap();
    let ends = &played.outcome.findings[1];
    assert_eq!((ends.verdict, ends.witnesses), (Held, 1), "{ends:?}");
}

#[test]
fn an_empty_file_of_json_lines_has_no_lines() {
    let data = Data::new();
    let file = data.folder.path().join("export.jsonl");
    std::fs::write(&file, "\n").unwrap();
    let played = exported(&file, Duration::ZERO, &data.stack).unwrap();
    assert_eq!(played.verdict, Inconclusive);
    assert!(
        played
            .outcome
            .notes
            .contains(&"0 lines were judged".to_owned())
    );
}

#[test]
fn all_lines_that_cannot_be_used_are_told() {
    let data = Data::new();
    let said = data.wrong(
        r#"{"time": "then", "entity": "job", "id": "7", "value": "stored"}
{"time": 1, "entity": "jbo", "id": "7", "value": "stored"}
{"time": 1, "entity": "job", "id": "", "value": "stored"}
{"time": 1, "entity": "job", "id": "7", "value": 7}
{"time": 1, "entity": "job", "value": "stored"}
{"time": 1, "entity": "job"
{"time": 1, "entity": "job", "id": 20000000000000000000001, "value": "stored"}
{"time": 9, "entity": "job", "id": "7", "value": "stored"}
{"time": 7.5, "entity": "job", "id": "7", "value": "stored"}
"#,
    );
    for words in [
        "`then` is no time\n  where: export:1:1\n  help:  a time is RFC 3339",
        "unknown entity `jbo`\n  where: export:2:1\n  help:  there are: `job`",
        "`id` is empty\n  where: export:3:1",
        "`7` is no name of an event\n  where: export:4:1",
        "`id` is missing\n  where: export:5:1",
        "this is not JSON: EOF while parsing an object\n  where: export:6:1",
        "the `id` is a number with more digits than are kept\n  where: export:7:1",
        "it comes 1500 ms after its time: an earlier line is later\n  where: export:9:1\n  help:  sort the file by \
         time, or let lines come late with `--disorder 2s`",
    ] {
        assert!(said.contains(words), "without `{words}`:\n{said}");
    }
    assert_eq!(said.matches("error:").count(), 8, "{said}");
    let said = data.wrong("time,entty,id,field\n1,job,7,status\n");
    for words in [
        "no column is called `entity`",
        "did you mean `entty`?",
        "no column is called `value`",
    ] {
        assert!(said.contains(words), "without `{words}`:\n{said}");
    }
    let said = data.wrong("time,entity,id,field,value\n1,job,7,status,New\n1,job,7\n");
    assert!(
        said.contains("this row has 3 cells, and the header 5\n  where: export:3:1"),
        "{said}"
    );
    let said = data.wrong("time,entity,id,field,value,value\n1,job,7,status,New,Done\n");
    assert!(
        said.contains("several columns are called `value`"),
        "{said}"
    );
    let many = "nonsense\n".repeat(50);
    let said = data.wrong(&format!("{{}}\n{many}"));
    assert!(said.contains("31 more lines cannot be used"), "{said}");
}

#[test]
fn a_line_that_is_no_utf_8_is_told() {
    let data = Data::new();
    let file = data.folder.path().join("export.jsonl");
    let bad = b"{\"time\": 1, \"entity\": \"job\", \"id\": \"\xff\", \"value\": \"stored\"}\n";
    std::fs::write(&file, [GOOD.as_bytes(), bad].concat()).unwrap();
    let problems = exported(&file, Duration::ZERO, &data.stack).err();
    let said = problems.expect("it cannot be used").to_string();
    let told = said.contains("this is not JSON: invalid utf-8") && said.contains("jsonl:6:1");
    assert!(told, "{said}");
}

#[test]
fn lines_that_come_late_are_put_where_they_belong() {
    let data = Data::new();
    let mut lines: Vec<&str> = GOOD.lines().filter(|line| !line.is_empty()).collect();
    lines.swap(0, 1);
    let swapped = lines.join("\n");
    let played = data.judge(&swapped, 1).unwrap();
    assert_eq!(played.verdict, Held);
    assert!(data.wrong(&swapped).contains("export:2:1"));
}

#[test]
fn batches_neither_lose_nor_repeat_a_line() {
    let data = Data::new();
    let mut text = String::new();
    for n in 0..20_000 {
        let id = n / 2;
        let fact = match n % 2 {
            0 => r#""value": "stored""#,
            _ => r#""field": "status", "value": "Done""#,
        };
        text += &format!("{{\"time\": {n}, \"entity\": \"job\", \"id\": {id}, {fact}}}\n");
    }
    let held = (Held, vec![(Held, 10_000, vec![]), (Held, 10_000, vec![])]);
    assert_eq!(gist(&data.judge(&text, 0).unwrap()), held);
    let late = data.judge(&text, 3).unwrap();
    assert_eq!(gist(&late), held);
}

#[test]
fn an_export_may_call_things_by_their_aliases() {
    let data = Data::with(&SHAKEDOWN.replace(
        "    learn:\n",
        "    aliases: {id: {job-8: \"8\"}, status: {finished: Done}}\n    learn:\n",
    ));
    let aliased = GOOD.replacen("\"Done\"", "\"finished\"", 1);
    let aliased = aliased.replacen("\"id\": \"8\"", "\"id\": \"job-8\"", 1);
    let held = (Held, vec![(Held, 2, vec![]), (Held, 2, vec![])]);
    assert_eq!(gist(&data.judge(&aliased, 0).unwrap()), held);
    let early = aliased.replacen(
        "\"value\": \"stored\"",
        "\"field\": \"status\", \"value\": \"New\"",
        1,
    );
    let played = data.judge(&early, 0).unwrap();
    let proof = &played.outcome.findings[0].proof;
    assert_eq!(
        proof[0].text,
        "status became Done (export, which says `finished`)"
    );
}

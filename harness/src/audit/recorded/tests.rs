//! Histories of runs and what they come to.

use super::*;
use crate::history::{CUT_SHORT, Writer};
use crate::verdict::Verdict::{self, EnvironmentFailed, Held, Inconclusive, Violated};
use serde_json::json;
use tempfile::TempDir;

const COMPOSE: &str = "services: {site: {image: a, expose: ['80']}, worker: {image: b}}\n";
const SHAKEDOWN: &str = r#"
stack: shop
compose: compose.yaml
calls:
  tell: {link: worker -> site, request: "POST /jobs/{job}"}
entities:
  job: {learn: [{call: tell, set: {n: request.body.n}}]}
invariants:
  few: {for: job, always: n < 3}
"#;

fn stack(folder: &TempDir, text: &str) -> Arc<Stack> {
    std::fs::write(folder.path().join("compose.yaml"), COMPOSE).unwrap();
    let file = folder.path().join("shakedown.yaml");
    std::fs::write(&file, text).unwrap();
    Arc::new(Stack::read(&file).unwrap().stack)
}

fn started() -> What {
    What::Started {
        run: "r".to_owned(),
        scenario: "three".to_owned(),
        stack: "shop".to_owned(),
        runtime: "process".to_owned(),
        seed: 5,
        mutant: None,
        judges: Judged::every(),
        heard: None,
    }
}

fn observed(n: i64) -> What {
    What::Observed {
        entity: "job".to_owned(),
        id: "7".to_owned(),
        source: "test".to_owned(),
        set: json!({"n": n}).as_object().unwrap().clone(),
        event: None,
        since_ns: None,
        rule: None,
    }
}

fn fault(moment: FaultMoment) -> What {
    What::Fault {
        fault: 0,
        text: "a fault".to_owned(),
        moment,
        exchange: None,
    }
}

fn down() -> What {
    What::Phase {
        name: "down".to_owned(),
    }
}

/// A run's folder with one scenario in it.
fn run(events: impl IntoIterator<Item = What>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(&folder.path().join("01-three/history.jsonl")).unwrap();
    for what in events {
        writer.append(what).unwrap();
    }
    folder
}

fn judge(run: &TempDir, stack: &Arc<Stack>) -> Played {
    let found = Recorded::find(run.path()).unwrap();
    assert_eq!((found[0].stack.as_str(), found[0].seed), ("shop", 5));
    recorded(&found[0], stack).unwrap()
}

fn verdict(events: impl IntoIterator<Item = What>) -> (Verdict, String) {
    let played = judge(
        &run(events),
        &stack(&tempfile::tempdir().unwrap(), SHAKEDOWN),
    );
    (played.verdict, played.outcome.reasons.join("\n"))
}

#[test]
fn a_history_is_judged_by_the_invariants_as_they_are_now() {
    let run = run([started(), observed(2), observed(4), down()]);
    let folder = tempfile::tempdir().unwrap();
    let played = judge(&run, &stack(&folder, SHAKEDOWN));
    assert_eq!(played.verdict, Violated);
    assert_eq!(played.outcome.findings[0].proof[0].seq, 2);
    let laxer = SHAKEDOWN.replace("n < 3", "n < 5");
    assert_eq!(judge(&run, &stack(&folder, &laxer)).verdict, Held);
}

#[test]
fn a_scenario_that_asks_for_less_is_told() {
    let asks = |name: &str| {
        let mut started = started();
        if let What::Started { judges, .. } = &mut started {
            *judges = Judged::named(&[name.to_owned()]);
        }
        let folder = tempfile::tempdir().unwrap();
        let run = run([started, observed(2), down()]);
        judge(&run, &stack(&folder, SHAKEDOWN)).outcome.notes
    };
    assert_eq!(asks("few"), [""; 0]);
    let told = asks("many").concat();
    assert!(told.contains("asks only for `many`"), "{told}");
}

#[test]
fn what_a_history_does_not_show_is_not_held() {
    assert_eq!(verdict([started(), observed(2), down()]).0, Held);
    let (cut, why) = verdict([started(), observed(2)]);
    assert_eq!(cut, Inconclusive);
    assert!(why.contains("breaks off"), "{why}");
    assert_eq!(
        verdict([started(), observed(9)]).0,
        Violated,
        "what was seen was seen"
    );
    let cut_short = || What::Phase {
        name: CUT_SHORT.to_owned(),
    };
    let (in_vain, why) = verdict([started(), observed(2), cut_short(), down()]);
    assert_eq!(in_vain, Inconclusive);
    assert!(why.contains(CUT_IN_VAIN), "{why}");
    let (rightly, _) = verdict([started(), observed(9), cut_short(), down()]);
    assert_eq!(rightly, Violated);
    let (empty, why) = verdict([started(), down()]);
    assert_eq!(empty, Inconclusive);
    assert!(why.contains(NOTHING_WITNESSED), "{why}");
    let (unfelt, why) = verdict([
        started(),
        fault(FaultMoment::Armed),
        fault(FaultMoment::Applied),
        observed(2),
        down(),
    ]);
    assert_eq!(unfelt, Inconclusive);
    assert!(why.contains("`a fault` proves nothing"), "{why}");
}

#[test]
fn what_is_not_judged_again_is_not_forgotten() {
    let run = run([started(), observed(2), down()]);
    let scenario = json!({"feature": "a.feature", "line": 3, "history": "out/01-three/history.jsonl",
                          "faults": [], "reasons": [], "failure": null, "verdict": "violated",
                          "invariants": [{"verdict": "held"}]});
    let text = json!({"scenarios": [scenario]}).to_string();
    std::fs::write(run.path().join("run.json"), text).unwrap();
    let stack = stack(&tempfile::tempdir().unwrap(), SHAKEDOWN);
    let played = judge(&run, &stack);
    assert_eq!(played.verdict, Inconclusive);
    assert_eq!(played.outcome.reasons, [DEMANDED]);
}

#[test]
fn what_became_of_the_control_run_counts_again() {
    let run = run([started(), observed(2), down()]);
    let stack = stack(&tempfile::tempdir().unwrap(), SHAKEDOWN);
    // Another invariant was excused: a scenario of the same run had to witness it.
    let again = |verdict: &str| {
        let scenario = json!({"feature": "a.feature", "line": 3, "history": "out/01-three/history.jsonl",
                              "faults": [], "reasons": [], "failure": null, "verdict": verdict, "control": verdict,
                              "invariants": [{"verdict": "held"}, {"verdict": "inconclusive"}]});
        let text = json!({"scenarios": [scenario]}).to_string();
        std::fs::write(run.path().join("run.json"), text).unwrap();
        judge(&run, &stack).verdict
    };
    assert_eq!(again("held"), Held);
    assert_eq!(again("inconclusive"), Inconclusive);
    assert_eq!(again("environment failed"), EnvironmentFailed);
}

#[test]
fn what_only_the_run_knew_is_taken_from_its_results() {
    let run = run([started(), fault(FaultMoment::Applied), observed(2), down()]);
    let receipt = json!({"text": "a fault", "armed": 1, "matched": 1, "applied": 1, "felt": 1, "reached": 0,
                         "missing": "its count was not reached"});
    let write = |reasons: &[&str], failure: Option<&str>| {
        let scenario = json!({"feature": "a.feature", "line": 3, "history": "out/01-three/history.jsonl",
                              "faults": [receipt], "reasons": reasons, "failure": failure});
        let text = json!({"scenarios": [scenario]}).to_string();
        std::fs::write(run.path().join("run.json"), text).unwrap();
    };
    let stack = stack(&tempfile::tempdir().unwrap(), SHAKEDOWN);
    write(&["waited in vain", NOTHING_WITNESSED], None);
    let played = judge(&run, &stack);
    assert_eq!(played.job.plan.place.to_string(), "a.feature:3:1");
    assert_eq!(
        played.outcome.reasons,
        [
            "waited in vain",
            "the fault `a fault` proves nothing: its count was not reached"
        ]
    );
    assert_eq!(played.verdict, Inconclusive);
    write(&[], Some("no such image"));
    assert_eq!(judge(&run, &stack).verdict, EnvironmentFailed);
}

#[test]
fn what_happened_under_a_planted_bug_is_told_further_up() {
    let run = run([started(), fault(FaultMoment::Applied), observed(2), down()]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("0")).unwrap();
    let scenario = folder.path().join("0/01-three");
    std::fs::rename(run.path().join("01-three"), &scenario).unwrap();
    let told = json!({"feature": "a.feature", "line": 3, "history": "out/0/01-three/history.jsonl",
                      "faults": [], "reasons": ["waited in vain"], "failure": null});
    let other = json!({"feature": "b.feature", "line": 3, "history": "out/1/01-three/history.jsonl",
                       "faults": [], "reasons": ["another"], "failure": null});
    let text = json!({"scenarios": [other, told]}).to_string();
    std::fs::write(folder.path().join("mutants.json"), text).unwrap();
    let stack = stack(&tempfile::tempdir().unwrap(), SHAKEDOWN);
    for path in [folder.path(), &folder.path().join("0"), &scenario] {
        let found = Recorded::find(path).unwrap();
        let played = recorded(&found[0], &stack).unwrap();
        assert_eq!(played.outcome.reasons, ["waited in vain"], "{path:?}");
    }
}

#[test]
fn what_is_no_history_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let said = |path: &Path| Recorded::find(path).unwrap_err().to_string();
    assert!(said(folder.path()).contains("no history lies here"));
    assert!(said(&folder.path().join("gone")).contains("does not exist"));
    let file = folder.path().join("export.jsonl");
    std::fs::write(&file, "{\"time\": 1}\n{\"time\": 2}\n").unwrap();
    assert!(said(&file).contains("`--events FILE`"), "{}", said(&file));
    let run = run([started(), observed(1), down()]);
    let file = run.path().join("01-three/history.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("observed", "obsrved", 1)).unwrap();
    let found = Recorded::find(&file).unwrap();
    let stack = stack(&folder, SHAKEDOWN);
    let problems = recorded(&found[0], &stack).err().unwrap().to_string();
    assert!(problems.contains("history.jsonl:2"), "{problems}");
}

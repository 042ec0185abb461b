//! What no rule ever told of any entity proves nothing broken; what another run of the same rules told does.

use super::*;
use crate::history::Heard;

/// A run whose control run told these fields and events.
fn after(pattern: &Pattern, heard: Option<Heard>, history: &[(u64, &str)]) -> Judge {
    let mut judge = Judge::of_run(&stack(pattern.clone()), heard);
    for event in events(history) {
        judge.see(&event);
    }
    judge
}

fn heard(fields: &[&str], events: &[&str]) -> Option<Heard> {
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
    let mut heard = Heard::default();
    heard.add("submission", names(fields), names(events));
    Some(heard)
}

fn page() -> Pattern {
    Pattern::Agree {
        fields: vec!["status".to_owned(), "shown".to_owned()],
        within: Duration::from_millis(100),
        clock: Clock::Wall,
    }
}

fn stored_first() -> Pattern {
    Pattern::Precedence {
        no: cel("status == \"Busy\""),
        before: cel("happened(\"stored\")"),
    }
}

const BUSY: [(u64, &str); 2] = [(1, "7 status=Busy"), (900, ".")];

#[test]
fn what_was_never_told_breaks_nothing() {
    let nothing = || Some(Heard::default());
    let finding = after(&page(), nothing(), &BUSY).findings().remove(0);
    assert_eq!(finding.verdict, Inconclusive);
    assert!(!finding.unwitnessed, "nobody else can make up for it");
    let reason = finding.reason.unwrap();
    let rule = "the field `shown` of any submission: the rule at shakedown.yaml:1:1 (poll GET http://site/) has a mistake";
    assert!(reason.contains(rule), "{reason}");
    let finding = after(&stored_first(), nothing(), &BUSY)
        .findings()
        .remove(0);
    assert_eq!(finding.verdict, Inconclusive);
    let reason = finding.reason.unwrap();
    assert!(
        reason.contains("nothing ever told the event `stored`"),
        "{reason}"
    );
}

#[test]
fn what_was_told_somewhere_breaks_what_it_is_missing_for() {
    let verdict = |pattern: &Pattern, heard, more: &[(u64, &str)]| {
        let history = [&BUSY[..], more].concat();
        after(pattern, heard, &history).findings()[0].verdict
    };
    for known in [heard(&["shown"], &[]), None] {
        assert_eq!(verdict(&page(), known, &[]), Violated);
    }
    for known in [heard(&[], &["stored"]), None] {
        assert_eq!(verdict(&stored_first(), known, &[]), Violated);
    }
    // Of another one, in the same run.
    let nothing = || Some(Heard::default());
    assert_eq!(verdict(&page(), nothing(), &[(901, "8 shown=1")]), Violated);
    let other = [(901, "8 +stored")];
    assert_eq!(verdict(&stored_first(), nothing(), &other), Violated);
    let busy = Pattern::Never(cel("status == \"Busy\" || happened(\"stored\")"));
    assert_eq!(verdict(&busy, nothing(), &[]), Violated, "whatever else");
}

#[test]
fn what_is_only_doubtful_ends_no_wait() {
    let every = crate::plan::Judged::every();
    let nothing = || Some(Heard::default());
    let mut judge = after(&page(), nothing(), &BUSY);
    assert_eq!(judge.broken(&every), None);
    judge.see(&Event {
        seq: 9,
        at_ns: 901 * MS,
        what: what("8 shown=1"),
    });
    assert_eq!(judge.broken(&every), Some("i"));
}

#[test]
fn what_never_comes_to_pass_may_hold_and_is_told() {
    let nothing = || Some(Heard::default());
    let lost = Pattern::Never(cel("happened(\"lost\")"));
    let finding = after(&lost, nothing(), &BUSY).findings().remove(0);
    assert_eq!(finding.verdict, Held);
    assert!(finding.untold.unwrap().contains("the event `lost`"));
    let known = after(&lost, heard(&[], &["lost"]), &BUSY);
    assert_eq!(known.findings()[0].untold, None);
    let few = Pattern::Always(cel("shown < 9"));
    let finding = after(&few, nothing(), &BUSY).findings().remove(0);
    assert_eq!((finding.verdict, finding.unwitnessed), (Inconclusive, true));
    let reason = finding.reason.unwrap();
    assert!(
        reason.contains("; nothing ever told the field `shown`"),
        "{reason}"
    );
}

#[test]
fn what_another_run_told_settles_it_afterwards() {
    let nothing = || Some(Heard::default());
    let settled = |pattern: &Pattern, told: &Option<Heard>| {
        let mut finding = after(pattern, nothing(), &BUSY).findings().remove(0);
        finding.settle(told.as_ref().unwrap());
        finding
    };
    let known = heard(&["shown"], &[]);
    let same = after(&page(), known.clone(), &BUSY).findings().remove(0);
    assert_eq!(same.verdict, Violated);
    assert_eq!(settled(&page(), &known), same);
    let other = heard(&["told"], &["stored"]);
    assert_eq!(settled(&page(), &other).verdict, Inconclusive);
    let lost = Pattern::Never(cel("happened(\"lost\")"));
    assert!(settled(&lost, &other).untold.is_some());
    assert_eq!(settled(&lost, &heard(&[], &["lost"])).untold, None);
}

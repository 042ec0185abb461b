//! How the lines of an export are read.

use super::*;

/// The same rows with other ends of lines, and more of them: the numbers of those that prove a violation, and of one
/// that is wrong.
#[test]
fn a_line_has_the_number_that_an_editor_shows() {
    let header = "time,entity,id,field,value";
    let rows = |end: &str, gap: &str| {
        let new = format!("1,job,8,status,New{end}{gap}1,job,8,n,\"a{end}b\"{end}{gap}");
        format!("{header}{end}{gap}{new}2,job,8,status,Done{end}{gap}")
    };
    for (end, gap, broken, wrong) in [
        ("\n", "", 5, 6),
        ("\r\n", "", 5, 6),
        ("\n", "\n", 8, 10),
        ("\r\n", "\r\n\r\n", 11, 14),
    ] {
        let data = Data::new();
        let stored = format!("{}3,job,9,,stored{end}", rows(end, gap));
        let played = data.judge(&stored, 0).unwrap();
        let proof = &played.outcome.findings[0].proof;
        assert_eq!(proof[0].seq, broken, "{end:?} {gap:?}");
        let said = data.wrong(&format!("{}then,job,9,n,1{end}", rows(end, gap)));
        assert!(said.contains(&format!("export:{wrong}:1")), "{said}");
        let said = data.wrong(&format!("{}3,job,9{end}", rows(end, gap)));
        assert!(said.contains(&format!("export:{wrong}:1")), "{said}");
    }
}

#[test]
fn columns_may_be_separated_by_semicolons_or_tabs() {
    let data = Data::new();
    let table = "time,entity,id,field,value\n1,job,7,,stored\n2,job,7,status,Done\n";
    for separator in [",", ";", "\t"] {
        let played = data.judge(&table.replace(',', separator), 0).unwrap();
        assert_eq!(played.verdict, Held, "{separator:?}");
    }
    // What stands in cells decides nothing.
    let text = table.replace("2,job", "2,job,7,n,a;b;c;d;e\n2,job");
    assert_eq!(data.judge(&text, 0).unwrap().verdict, Held);
}

#[test]
fn no_digit_of_a_time_is_lost() {
    let data = Data::new();
    let table = "time,entity,id,field,value\n1760000001.123456789,job,7,,stored\n";
    let json = r#"{"time": 1760000001.123456789, "entity": "job", "id": "7", "value": "stored"}"#;
    let text = json.replace("1760000001.123456789", "\"1760000001.123456789\"");
    let nested = json.replace(
        '{',
        r#"{"more": {"time": 1760000001}, "field": null, "note" :"time","#,
    );
    let odd = json.replace("\"time\"", "\"t\\u0069me\"");
    let odd = data.judge(&odd, 0).unwrap().outcome.notes.join("\n");
    assert!(odd.contains("+0 s is 2025-10-09T08:53:21.12345"), "{odd}");
    for lines in [table, json, &text, &nested] {
        let notes = data.judge(lines, 0).unwrap().outcome.notes.join("\n");
        assert!(
            notes.contains("+0 s is 2025-10-09T08:53:21.123456789Z"),
            "{notes}"
        );
    }
}

#[test]
fn a_status_that_nobody_declared_is_noted_once() {
    let moves = "    moves: {New: [Busy], Busy: [Done]}\n    learn:\n";
    let table = "time,entity,id,field,value\n1,job,7,status,Bussy\n2,job,7,status,Done\n3,job,8,status,Bussy\n\
                 4,job,8,status,New\n";
    let notes = |shakedown: &str| {
        let notes = Data::with(shakedown).judge(table, 0).unwrap().outcome.notes;
        let strange = notes.into_iter().filter(|note| note.contains("declares"));
        strange.collect::<Vec<_>>()
    };
    let told =
        "nothing declares the status `Bussy` that is told of 2 of all `job` (did you mean `Busy`?)";
    assert_eq!(notes(&SHAKEDOWN.replace("    learn:\n", moves)), [told]);
    // Without moves, nobody said which there are.
    assert!(notes(SHAKEDOWN).is_empty());
}

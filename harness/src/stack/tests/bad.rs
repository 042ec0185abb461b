//! Mistakes: each is told with its place, the offending value, and what would have been accepted.

use super::{COMPOSE, SHAKEDOWN, change, read};
use proptest::prelude::*;

/// What is said about two files, without the folder that they lie in.
fn said(compose: &str, shakedown: &str) -> String {
    let (folder, read) = read(compose, shakedown);
    let problems = read.expect_err("these files are wrong").to_string();
    let folder = format!("{}/", folder.path().display());
    problems.replace(&folder, "")
}

type Case = (&'static str, &'static str, &'static [&'static str]);

/// Changes one place of a file at a time and looks at the one mistake that comes of it.
fn check(cases: &[Case], say: impl Fn(&str, &str) -> String) {
    let mut wrong = String::new();
    for (from, to, expected) in cases {
        let said = say(from, to);
        let missing: Vec<_> = expected
            .iter()
            .filter(|words| !said.contains(*words))
            .collect();
        if !missing.is_empty() || said.matches("error:").count() != 1 {
            wrong += &format!("`{from}` -> `{to}`, without {missing:?}:\n{said}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn mistakes_of_a_stack_file_are_told_with_their_places() {
    let cases: &[Case] = &[
        (
            "stack: shop\n",
            "",
            &["`stack` is missing", "shakedown.yaml:1:1"],
        ),
        (
            "compose: compose.yaml\n",
            "",
            &["`compose` is missing", "shakedown.yaml:1:1"],
        ),
        (
            "compose: compose.yaml",
            "compose: other.yaml",
            &["other.yaml does not exist", "shakedown.yaml:2:10"],
        ),
        (
            "calls:",
            "cals:",
            &[
                "unknown key `cals`",
                "shakedown.yaml:3:1",
                "did you mean `calls`?",
            ],
        ),
        (
            "stack: shop",
            "stack: [shop]",
            &["expected a text, not a list", "shakedown.yaml:1:8"],
        ),
        (
            "stack: shop",
            "stack: shop\nstack: shop",
            &["`stack`", "shakedown.yaml:2:1"],
        ),
        (
            "link: worker",
            "lnk: worker",
            &["unknown key `lnk`", "shakedown.yaml:4:10", "`link`"],
        ),
        (
            "link: worker -> site",
            "link: worker site",
            &[
                "a link such as `client -> service`",
                "`worker site`",
                "shakedown.yaml:4:16",
            ],
        ),
        (
            "worker -> site",
            "wroker -> site",
            &["unknown client `wroker`", "`worker`", "shakedown.yaml:4:3"],
        ),
        (
            "worker -> site",
            "worker -> sight",
            &["unknown service `sight`", "`site`"],
        ),
        (
            "POST /jobs/{job}",
            "PSOT /jobs/{job}",
            &["unknown method `PSOT`", "`POST`"],
        ),
        (
            "\"POST /jobs/{job}/status\"",
            "/jobs",
            &["`METHOD /path/{entity}`"],
        ),
        (
            "/jobs/{job}/status",
            "/jobs/{job/status",
            &["a path such as `/jobs/{job}`"],
        ),
        (
            "/jobs/{job}/status",
            "/jobs/status",
            &[
                "the path of `tell` does not name the job",
                "shakedown.yaml:10:9",
                "`{job}`",
            ],
        ),
        (
            "{field: status, ",
            "{feild: status, field: status, ",
            &["unknown key `feild`", "`field`", "shakedown.yaml:7:14"],
        ),
        (
            "final: [ok, bad]",
            "final: [ok, bed]",
            &["no move of `job` leads to the final status `bed`"],
        ),
        (
            "moves: {new: [ok, bad]}",
            "moves: {new: [ok, bad], ok: [bad]}",
            &["`ok` is a final status of `job`, but a move leaves it"],
        ),
        (
            "moves: {new: [ok, bad]}",
            "moves: {new: [ok, bad], old: [ok]}",
            &["`job` can never be `old`"],
        ),
        (
            "call: tell",
            "call: tel",
            &["unknown call `tel`", "`tell`", "shakedown.yaml:10:9"],
        ),
        (
            "{call: tell, ",
            "{",
            &[
                "this rule looks at nothing",
                "`call`, `poll`, `sql` or `log`",
            ],
        ),
        (
            "set: {status: request.body.status}",
            "set: {status: requst.body.status}",
            &[
                "unknown variable `requst` in `requst.body.status`",
                "`request`",
            ],
        ),
        (
            "set: {status: request.body.status}",
            "set: {status: request.boody.status}",
            &[
                "unknown field `boody` of `request`",
                "`body`",
                "shakedown.yaml:10:9",
            ],
        ),
        (
            "{call: tell, ",
            "{call: tell, when: 'response.status == \"200\"', ",
            &["compares the status, a number, with the text \"200\""],
        ),
        (
            "no: 'status == \"ok\"'",
            "no: 'status == \"okay\"'",
            &[
                "unknown status `okay` in `status == \"okay\"`",
                "did you mean `ok`?",
            ],
        ),
        (
            "set: {shown: item.status}",
            "set: {shown: \"item.status ==\"}",
            &["this is not CEL", "shakedown.yaml:11:96"],
        ),
        (
            "id: item.id, set: {shown: item.status}",
            "id: item.id",
            &["this rule teaches nothing", "`set` or `event`"],
        ),
        (
            "id: item.id, ",
            "",
            &[
                "does not say which entity it is about",
                "`id:`",
                "shakedown.yaml:11:9",
            ],
        ),
        (
            "every: 50ms",
            "every: 50",
            &[
                "`50` is not a duration such as `100ms`",
                "shakedown.yaml:11:52",
            ],
        ),
        (
            "\"GET http://site:8000/jobs\"",
            "\"GET http://sight:8000/jobs\"",
            &["unknown service `sight`", "`site`", "shakedown.yaml:11:9"],
        ),
        (
            "\"GET http://site:8000/jobs\"",
            "\"GET site/jobs\"",
            &["a URL such as `http://service:8000/path`"],
        ),
        (
            "{poll: \"GET http://site:8000/jobs\", every: 50ms, each: body, id: item.id, set: {shown: item.status}}",
            "{sql: select 1, on: site, id: row.id, set: {shown: row.status}}",
            &[
                "service `site` does not say where SQL is spoken",
                "x-shakedown",
            ],
        ),
        (
            "{poll: \"GET http://site:8000/jobs\", every: 50ms, each: body, id: item.id, set: {shown: item.status}}",
            "{log: site, pattern: 'job=(', set: {shown: line}}",
            &[
                "`job=(` is no regular expression: unclosed group",
                "shakedown.yaml:11:30",
            ],
        ),
        (
            "{poll: \"GET http://site:8000/jobs\", every: 50ms, each: body, id: item.id, set: {shown: item.status}}",
            "{log: site, pattern: 'job=(?<job>.)', set: {shown: line}}",
            &["does not say which entity it is about", "`(?<id>...)`"],
        ),
        (
            "{poll: \"GET http://site:8000/jobs\", every: 50ms, each: body, id: item.id, set: {shown: item.status}}",
            "{log: site, set: {shown: line}}",
            &["`pattern` is missing"],
        ),
        (
            "{poll: \"GET http://site:8000/jobs\", every: 50ms, each: body, id: item.id, set: {shown: item.status}}",
            "{log: site, pattern: '(?<id>.) (?<word>.)', set: {shown: wrod}}",
            &["unknown variable `wrod`", "`word`"],
        ),
        (
            "{poll: \"GET http://site:8000/jobs\", every: 50ms, each: body, id: item.id, set: {shown: item.status}}",
            "{log: sight, pattern: 'job=(?<id>.)', set: {shown: line}}",
            &["unknown service `sight`", "`site`"],
        ),
        (
            "request: POST http://site:8000/jobs, ",
            "",
            &["`request` is missing", "shakedown.yaml:13:11"],
        ),
        (
            "creates: {job:",
            "creates: {jib:",
            &["unknown entity `jib`", "`job`"],
        ),
        (
            "for: job, no:",
            "for: jobs, no:",
            &["unknown entity `jobs`", "`job`", "shakedown.yaml:15:3"],
        ),
        (
            "no: 'status",
            "no: 'satus",
            &["unknown field `satus`", "`status`", "shakedown.yaml:15:3"],
        ),
        (
            "happened(\"told\")",
            "happened(\"tolt\")",
            &["unknown event `tolt`", "`told`"],
        ),
        (
            "before: happened(\"told\")",
            "befor: happened(\"told\")",
            &["unknown key `befor`", "`before`"],
        ),
        (
            "no: 'status == \"ok\"', before: happened(\"told\")",
            "at_most: 1, of: tolt",
            &["unknown event `tolt`", "`told`"],
        ),
        (
            "no: 'status == \"ok\"', before: happened(\"told\")",
            "at_most: few, of: told",
            &["a whole number", "`few`"],
        ),
        (
            "no: 'status == \"ok\"', before: happened(\"told\")",
            "agree: [status], within: 2s",
            &["expected two fields or more"],
        ),
        (
            "no: 'status == \"ok\"', before: happened(\"told\")",
            "agree: [status, shwon], within: 2s",
            &["unknown field `shwon`", "`shown`"],
        ),
        (
            "no: 'status == \"ok\"', before: happened(\"told\")",
            "share: true, at_least: 1.5",
            &["a share above 0 and up to 1", "`1.5`"],
        ),
        (
            "no: 'status == \"ok\"', before: happened(\"told\")",
            "quantile: 0.5, of: elapsed(1), below: 1s",
            &["`elapsed(\"FROM\", \"TO\")`"],
        ),
        (
            "no: 'status == \"ok\"', before: happened(\"told\")",
            "quantile: 0.5, of: 'elapsed(\"new\", \"okay\")', below: 1s",
            &["unknown status `okay`", "`ok`"],
        ),
        (
            "no: 'status == \"ok\"', before: happened(\"told\")",
            "quantile: 0.5, below: 1s",
            &["`of` is missing"],
        ),
        (
            "no: 'status == \"ok\"', before: happened(\"told\")",
            "moves: all",
            &["unknown kind of moves `all`", "`declared`"],
        ),
        (
            "no: 'status == \"ok\"', before: happened(\"told\")",
            "within: 5s",
            &[
                "this invariant demands nothing that is known",
                "`when, then[, within]`",
            ],
        ),
        (
            "no: 'status == \"ok\"', before",
            "always: true, no: true, before",
            &[
                "`always` and `no` do not go together",
                "shakedown.yaml:15:15",
            ],
        ),
        (
            ", within: 5s",
            "",
            &["`within` is missing", "shakedown.yaml:16:12"],
        ),
        (
            ", within: 5s",
            ", within: 5s, clock: heald",
            &["unknown clock `heald`", "`healed`"],
        ),
        (
            "service: worker, env",
            "service: wroker, env",
            &[
                "unknown service `wroker`",
                "`worker`",
                "shakedown.yaml:18:3",
            ],
        ),
        (
            "caught_by: [told first]",
            "caught_by: [told frist]",
            &["unknown invariant `told frist`", "`told first`"],
        ),
        (", caught_by: [told first]", "", &["`caught_by` is missing"]),
        (
            "caught_by: [told first]",
            "caught_by: []",
            &["at least one invariant"],
        ),
        (
            "environment: {MUTANT: early}, ",
            "",
            &["this mutant changes nothing", "`environment` or `image`"],
        ),
    ];
    check(cases, |from, to| {
        said(COMPOSE, &change(SHAKEDOWN, from, to))
    });
}

#[test]
fn mistakes_of_a_compose_file_are_told_with_their_places() {
    let cases: &[Case] = &[
        (
            "image: a",
            "imgae: a",
            &["unknown key `imgae`", "compose.yaml:3:5", "`image`"],
        ),
        (
            "    image: a\n",
            "",
            &[
                "service `site` has neither `image` nor `build`",
                "compose.yaml:2:3",
            ],
        ),
        (
            "expose: [\"8000\"]",
            "expose: [\"80000\"]",
            &["`80000`", "a port such as", "compose.yaml:4:14"],
        ),
        (
            "expose: [\"8000\"]",
            "expose: [\"9-8\"]",
            &["a port such as"],
        ),
        (
            "depends_on: [site]",
            "depends_on: [sight]",
            &["unknown service `sight`", "`site`", "compose.yaml:5:3"],
        ),
        (
            "depends_on: [site]",
            "depends_on: [worker]",
            &["wait for each other: worker -> worker"],
        ),
        (
            "depends_on: [site]",
            "depends_on: {site: {condition: service_haelthy}}",
            &[
                "unknown condition `service_haelthy`",
                "`service_healthy`",
                "compose.yaml:8:36",
            ],
        ),
        (
            "image: b",
            "image: b\n    restart: allways",
            &[
                "unknown restart policy `allways`",
                "`always`",
                "compose.yaml:7:14",
            ],
        ),
        (
            "image: b",
            "image: b\n    command: \"sh -c 'open\"",
            &["closed quotes", "compose.yaml:7:14"],
        ),
        (
            "image: b",
            "image: b\n    healthcheck: {test: x, intervall: 1s}",
            &["unknown key `intervall`", "`interval`"],
        ),
        (
            "image: b",
            "image: ${SHAKEDOWN_TEST_NOBODY_SETS_THIS:?the image}",
            &["`SHAKEDOWN_TEST_NOBODY_SETS_THIS` must be set", "the image"],
        ),
        (
            "image: b",
            "image: b\n    x-shakedown: {redy: {}}",
            &["unknown key `redy`", "`ready`"],
        ),
        (
            "image: b",
            "image: b\n    x-shakedown: {ready: {http: /health}}",
            &[
                "service `worker` cannot be asked whether it is ready",
                "`expose: [\"8000\"]`",
                "compose.yaml:5:3",
            ],
        ),
        (
            "image: b",
            "image: b\n    x-shakedown: {ready: {http: health}}",
            &["a path such as `/health`", "`health`"],
        ),
        (
            "image: b",
            "image: b\n    x-shakedown: {ready: {http: /, tcp: 1}}",
            &["either `http` or `tcp`"],
        ),
        (
            "image: b",
            "image: b\n    x-shakedown: {ports: {many: http}}",
            &["`many` is no port"],
        ),
        (
            "image: b",
            "image: b\n    x-shakedown: {ports: {80: htp}}",
            &["unknown protocol `htp`", "`http`"],
        ),
        (
            "services:",
            "servces:",
            &["unknown key `servces`", "`services`"],
        ),
        ("image: a\n", "image: [a\n", &["compose.yaml:"]),
    ];
    check(cases, |from, to| {
        said(&change(COMPOSE, from, to), SHAKEDOWN)
    });
}

#[test]
fn all_mistakes_of_both_files_come_at_once() {
    let compose = change(COMPOSE, "image: a", "imgae: a\n    image: a");
    let shakedown = change(SHAKEDOWN, "every: 50ms", "every: soon");
    let shakedown = change(&shakedown, "within: 5s", "witin: 5s, within: 5s");
    let said = said(&compose, &shakedown);
    for words in ["`imgae`", "`soon`", "`witin`"] {
        assert!(said.contains(words), "nothing about {words} in\n{said}");
    }
    assert_eq!(said.matches("error:").count(), 3, "{said}");
}

proptest! {
    /// Whatever stands there, the answer is a stack or at least one mistake.
    #[test]
    fn no_text_is_too_odd(compose in any::<bool>(), at in 0usize..20, line in ".{0,40}", what in 0u8..3) {
        let text = if compose { COMPOSE } else { SHAKEDOWN };
        let mut lines: Vec<&str> = text.lines().collect();
        let at = at % lines.len();
        match what {
            0 => lines[at] = &line,
            1 => { lines.remove(at); }
            _ => lines.insert(at, lines[at]),
        }
        let text = lines.join("\n");
        let (_, read) = if compose { read(&text, SHAKEDOWN) } else { read(COMPOSE, &text) };
        prop_assert!(read.is_ok() || !read.unwrap_err().0.is_empty());
    }
}

#[test]
fn invariants_that_decide_nothing_are_told() {
    const ENDS: &str = "{for: job, eventually: status in final, within: 5s}";
    let cases: &[Case] = &[
        (
            ENDS,
            "{for: job, eventually: 1 == 1, within: 5s}",
            &["`1 == 1` reads nothing of the job", "shakedown.yaml:16:3"],
        ),
        (
            ENDS,
            "{for: job, always: size(shown) >= 0}",
            &["`size(shown) >= 0` is true whatever happens"],
        ),
        (
            ENDS,
            "{for: job, never: shown != shown}",
            &["`shown != shown` is false whatever happens"],
        ),
        (
            ENDS,
            "{for: job, when: 'status == \"new\" && status in final', then: shown == 1}",
            &[
                "no status of `job` meets `status == \"new\" && status in final`",
                "`new`, `ok`, `bad`",
            ],
        ),
        (
            ENDS,
            "{for: job, always: 'status in final || status == \"new\"'}",
            &["every status of `job` meets `status in final || status == \"new\"`"],
        ),
        (
            ENDS,
            "{share: 'status == \"ok\" && status == \"bad\"', of: job, at_least: 0.9}",
            &["no status of `job` meets"],
        ),
        (
            ENDS,
            "{quantile: 0.5, of: 'elapsed(\"ok\", \"new\")', below: 5s}",
            &["no move of `job` leads from `ok` to `new`"],
        ),
        (
            ENDS,
            "{for: job, never: shown == 1, after: satus == 1}",
            &["unknown field `satus`", "did you mean `status`?"],
        ),
        (
            ENDS,
            "{for: job, never: shown == 1, until: happened(\"tld\")}",
            &["unknown event `tld`", "did you mean `told`?"],
        ),
        (
            ENDS,
            "{for: job, moves: declared, after: status == \"ok\"}",
            &["`after` does not go with `moves`", "`after` and `until`"],
        ),
    ];
    check(cases, |from, to| {
        said(COMPOSE, &change(SHAKEDOWN, from, to))
    });
}

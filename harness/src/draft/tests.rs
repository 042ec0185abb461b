//! Compose files and what was seen, and the files that are made of them: each is read without mistakes.

use super::*;
use crate::secret::Secrets;
use crate::stack::Stack;
use serde_json::{Value, json};
use tempfile::TempDir;

const COMPOSE: &str = "\
services:
  web:
    image: shop/web
    ports: [\"8000:8000\"]
    environment: {ORDERS_URL: \"http://orders:9000\"}
  orders:
    image: shop/orders
    expose: [\"9000\"]
    environment: {DATABASE_URL: \"postgres://shop:s3cret@db:5432/shop\", PAYMENTS_HOST: payments}
    depends_on: [cache]
  payments: {image: shop/payments, expose: [\"9100\"]}
  cache: {image: \"redis:7\"}
  db:
    image: \"postgres:16\"
    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: s3cret, POSTGRES_DB: shop}
  metrics: {image: \"oliver006/redis_exporter\", expose: [\"9121\"]}
";

/// A stack of which only the compose files are there.
fn stack(folder: &TempDir, compose: &[&str]) -> Stack {
    let file = folder.path().join("shakedown.yaml");
    std::fs::write(
        &file,
        format!("stack: shop\ncompose: [{}]\n", compose.join(", ")),
    )
    .unwrap();
    Stack::read(&file)
        .unwrap_or_else(|problems| panic!("{problems}"))
        .stack
}

/// What is made of a compose file and what was seen; it has been read, and has neither mistakes nor warnings.
fn made(compose: &str, seen: Option<&[Exchange]>) -> Draft {
    let (made, warnings) = made_with(compose, seen);
    assert!(warnings.is_empty(), "{warnings:?}\n{}", made.stack);
    made
}

/// The same with warnings.
fn made_with(compose: &str, seen: Option<&[Exchange]>) -> (Draft, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("compose.yaml", compose);
    let mut files = vec!["compose.yaml"];
    if let Some(text) = overlay(&stack(&folder, &files)) {
        write("compose.shakedown.yaml", &text);
        files.push("compose.shakedown.yaml");
    }
    let stack = stack(&folder, &files);
    let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
    let hidden = Hidden::new(&stack, &Secrets::of(&stack));
    let made = draft(&stack, &files, (seen, &hidden));
    write("shakedown.yaml", &made.stack);
    let read = Stack::read(&folder.path().join("shakedown.yaml"));
    let read = read.unwrap_or_else(|problems| panic!("{problems}\n{}", made.stack));
    let warnings: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
    (made, warnings)
}

/// Exchanges that were each over before the next began.
fn seen(all: &[(&str, &str, &str, Value, u16, Value)]) -> Vec<Exchange> {
    let exchange = |(n, (link, request, path, sent, status, answer)): (
        usize,
        &(&str, &str, &str, Value, u16, Value),
    )| {
        let (client, service) = link.split_once(" -> ").unwrap();
        let json = |value: &Value| (!value.is_null()).then(|| value.clone());
        Exchange {
            client: client.to_owned(),
            service: service.to_owned(),
            port: match service {
                "web" => 8000,
                "orders" => 9000,
                _ => 9100,
            },
            method: (*request).to_owned(),
            path: (*path).to_owned(),
            query: None,
            logged_in: false,
            sent: json(sent),
            status: *status,
            answer: json(answer),
            asked: 2 * n as u64,
            answered: 2 * n as u64 + 1,
            answered_ns: 0,
        }
    };
    all.iter().enumerate().map(exchange).collect()
}

/// Each begins when the one before it is over, a second later.
fn in_order(all: &mut [Exchange]) {
    for (n, one) in (0..).zip(all) {
        (one.asked, one.answered) = (2 * n, 2 * n + 1);
        one.answered_ns = n * 1_000_000_000;
    }
}

/// Fails if the text has any of these.
fn lacks(text: &str, words: &[&str]) {
    for word in words {
        assert!(!text.contains(word), "`{word}` in\n{text}");
    }
}

/// Fails unless the text has all these lines, without what stands around them.
fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            text.lines().any(|other| other.trim() == *line),
            "no line `{line}` in\n{text}"
        );
    }
}

#[test]
fn a_compose_file_alone_makes_a_beginning() {
    let made = made(COMPOSE, None);
    has(
        &made.stack,
        &[
            "compose: [compose.yaml, compose.shakedown.yaml]",
            "# Links, by environment and depends_on: web -> orders, orders -> db, orders -> payments, orders -> cache.",
            "look: {request: \"GET http://web:8000/\"}",
            "no page fails: {for: page, never: 'code >= 500'}",
        ],
    );
    has(
        &made.feature,
        &[
            "Given the stack \"shop\"",
            "And the link \"web -> orders\" is slow by 50ms",
            "When \"look\" runs 5 times",
        ],
    );
    assert!(made.to_do[0].contains("--observe"), "{:?}", made.to_do);
}

#[test]
fn what_images_speak_is_said_with_where_databases_are_asked() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), COMPOSE).unwrap();
    let text = overlay(&stack(&folder, &["compose.yaml"])).unwrap();
    has(
        &text,
        &[
            "x-shakedown: {ports: {6379: tcp}}",
            "x-shakedown: {ports: {5432: postgres}, sql: \"postgres://shop:s3cret@db:5432/shop\"}",
        ],
    );
    assert!(
        !text.contains("  metrics:") && !text.contains("  web:"),
        "{text}"
    );
    // A password that the compose file has from a variable is not written down.
    let named = COMPOSE.replace("PASSWORD: s3cret", "PASSWORD: \"${SHOP_PASSWORD}\"");
    std::fs::write(folder.path().join("compose.yaml"), named).unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "USER=s3cret\nSHOP_PASSWORD=s3cret\n",
    )
    .unwrap();
    let text = overlay(&stack(&folder, &["compose.yaml"])).unwrap();
    let sql = "sql: \"postgres://shop:${SHOP_PASSWORD}@db:5432/shop\"";
    assert!(text.contains(sql), "{text}");
    // What the user says counts, and what is built here has a name that tells nothing.
    let said = "services: {db: {image: postgres, x-shakedown: {ports: {5432: tcp}}}, web: {build: redis}}\n";
    std::fs::write(folder.path().join("compose.yaml"), said).unwrap();
    assert_eq!(overlay(&stack(&folder, &["compose.yaml"])), None);
}

#[test]
fn calls_that_were_seen_become_rules_invariants_and_a_fault() {
    let mut all = Vec::new();
    for (id, item) in [("a1f3", "cup"), ("b2e4", "pot")] {
        all.extend(seen(&[(
            "workload -> web",
            "POST",
            "/orders",
            json!({"item": item, "n": 1}),
            201,
            json!({"id": id, "status": "new"}),
        )]));
        for (link, method, path, sent, status, answer) in [
            (
                "web -> orders",
                "POST",
                "/orders".to_owned(),
                json!({"id": id}),
                202,
                Value::Null,
            ),
            (
                "orders -> payments",
                "POST",
                format!("/charges/{id}"),
                json!({"amount": 3}),
                201,
                json!({"receipt": 9}),
            ),
            (
                "orders -> web",
                "PATCH",
                format!("/orders/{id}"),
                json!({"status": "paid"}),
                200,
                Value::Null,
            ),
            (
                "workload -> web",
                "GET",
                format!("/orders/{id}"),
                Value::Null,
                200,
                json!({"id": id, "status": "paid"}),
            ),
        ] {
            all.extend(seen(&[(link, method, path.as_str(), sent, status, answer)]));
        }
    }
    in_order(&mut all);
    let told = "PAYMENTS_HOST: payments, WEB_URL: \"http://web:8000\"";
    let compose = COMPOSE.replace("PAYMENTS_HOST: payments", told);
    let made = made(&compose, Some(&all));
    has(
        &made.stack,
        &[
            "create order: {link: workload -> web, request: \"POST /orders\"}",
            "create order by web: {link: web -> orders, request: \"POST /orders\"}",
            "post charge: {link: orders -> payments, request: \"POST /charges/{order}\"}",
            "update order: {link: orders -> web, request: \"PATCH /orders/{order}\"}",
            "status: {field: status, first: new, final: [paid]}",
            "moves: {new: [paid]}",
            "- {call: create order, when: response.status == 201, id: 'string(response.body.id)', event: created, set: {status: response.body.status}}",
            "- {call: create order by web, when: response.status == 202, id: 'string(request.body.id)', event: create order by web}",
            "- {call: post charge, when: response.status == 201, event: post charge}",
            "- {call: update order, when: response.status == 200, event: update order, set: {status: request.body.status}}",
            "body: {\"item\":\"cup ${n}\",\"n\":1}",
            "creates: {order: 'string(response.body.id)'}",
            "post charge at most once: {for: order, at_most: 1, of: post charge}",
            "post charge before paid: {for: order, no: 'status == \"paid\"', before: 'happened(\"post charge\")'}",
            "what is created gets its update order: {for: order, when: 'happened(\"created\")', then: 'happened(\"update order\")', within: 10s, clock: healed}",
            "each order ends: {for: order, eventually: 'status in final', within: 30s, clock: healed}",
        ],
    );
    has(
        &made.feature,
        &[
            "And the call \"post charge\" takes 200ms longer the first time for each order",
            "When \"create order\" runs 5 times",
            "And every order is final within 30s",
        ],
    );
}

#[test]
fn what_was_asked_without_creating_anything_is_followed_by_its_answers() {
    let all = seen(&[("workload -> web", "GET", "/", Value::Null, 200, Value::Null)]);
    let made = made(COMPOSE, Some(&all));
    has(
        &made.stack,
        &[
            "list the root: {link: workload -> web, request: \"GET /\"}",
            "- {call: list the root, id: '\"/\"', set: {code: response.status}}",
            "no page fails: {for: page, never: 'code >= 500'}",
            "request: \"GET http://web:8000/\"",
        ],
    );
    has(
        &made.feature,
        &[
            "When \"list the root\" runs 5 times",
            "And the link \"web -> orders\" is slow by 50ms",
        ],
    );
}

#[test]
fn where_nothing_was_asked_the_fault_strikes_what_services_ask() {
    let list = || ("web -> orders", "GET", "/jobs", Value::Null, 200, json!([]));
    let made = made(COMPOSE, Some(&seen(&[list(), list(), list()])));
    has(
        &made.feature,
        &[
            "And the call \"list jobs\" takes 200ms longer once",
            "When \"look\" runs 5 times",
        ],
    );
}

#[test]
fn a_stack_without_http_is_said_to_have_none() {
    let made = made(
        "services: {db: {image: \"postgres:16\", environment: {POSTGRES_PASSWORD: a}}}\n",
        None,
    );
    assert!(
        made.stack
            .contains("# FILL IN: no service was found that speaks HTTP"),
        "{}",
        made.stack
    );
}

/// An order that the user asks for until it is paid. `asked`: who is asked in turn when he does, and what that tells.
fn watched(asked: &[(&str, &str, Value)]) -> Vec<Exchange> {
    let null = Value::Null;
    let mut all = Vec::new();
    for id in ["a1f3", "b2e4"] {
        let charge = format!("/charges/{id}");
        let order = format!("/orders/{id}");
        let new = json!({"id": id, "status": "new"});
        all.extend(seen(&[
            (
                "workload -> web",
                "POST",
                "/orders",
                json!({"item": "cup"}),
                201,
                new.clone(),
            ),
            (
                "orders -> payments",
                "POST",
                &charge,
                null.clone(),
                201,
                null.clone(),
            ),
        ]));
        for status in ["new", "paid"] {
            let answer = json!({"id": id, "status": status});
            all.extend(seen(&[(
                "workload -> web",
                "GET",
                &order,
                null.clone(),
                200,
                answer,
            )]));
            for (link, method, told) in asked {
                let path = order.replace("orders", "stored");
                let told = match told {
                    Value::Null => json!({"status": status}),
                    told => told.clone(),
                };
                all.extend(seen(&[(link, method, &path, null.clone(), 200, told)]));
            }
        }
    }
    in_order(&mut all);
    // What is asked in turn is answered first.
    let inner = |one: &Exchange| one.path.starts_with("/stored");
    for at in 1..all.len() {
        if inner(&all[at]) {
            let outer = (0..at).rev().find(|other| !inner(&all[*other])).unwrap();
            all[outer].answered = all[at].answered + 1;
        }
    }
    all
}

const POLLED: &str = "- {poll: \"GET http://web:8000/orders/${id}\", every: 200ms, when: status == 200, set: {status: body.status}}";

#[test]
fn what_only_the_user_asked_for_becomes_a_poll() {
    let made = made(COMPOSE, Some(&watched(&[])));
    has(
        &made.stack,
        &[
            POLLED,
            "status: {field: status, first: new, final: [paid]}",
            "each order ends: {for: order, eventually: 'status in final', within: 30s, clock: healed}",
            "post charge at most once: {for: order, at_most: 1, of: post charge}",
            // The look that saw `new` came after the charge.
            "post charge before paid: {for: order, no: 'status == \"paid\"', before: 'happened(\"post charge\")'}",
        ],
    );
    has(&made.feature, &["And every order is final within 30s"]);
    let learnt = made.learnt.join("\n");
    assert!(
        learnt.contains("\"get order\" was asked by you alone"),
        "{learnt}"
    );
}

#[test]
fn ids_may_be_short() {
    let long = watched(&[]);
    let mut short = long.clone();
    for one in &mut short {
        let said = |text: &str| text.replace("a1f3", "j1").replace("b2e4", "x");
        one.path = said(&one.path);
        let answer = one.answer.iter();
        one.answer = answer
            .map(|answer| serde_json::from_str(&said(&answer.to_string())).unwrap())
            .next();
    }
    assert_eq!(made(COMPOSE, Some(&short)), made(COMPOSE, Some(&long)));
}

#[test]
fn another_status_than_the_one_that_was_seen_may_tell_of_a_repeat() {
    let mut all = watched(&[]);
    let charged = |status: &str| {
        format!("- {{call: post charge, when: response.status {status}, event: post charge}}")
    };
    has(&made(COMPOSE, Some(&all)).stack, &[&charged("== 201")]);
    let mut charges = all
        .iter_mut()
        .filter(|one| one.path.starts_with("/charges"));
    charges.next().unwrap().status = 200;
    has(&made(COMPOSE, Some(&all)).stack, &[&charged("< 300")]);
}

#[test]
fn a_field_that_is_called_like_the_entity_counts_before_an_id_of_something_else() {
    let post = |link, path, sent: Value, answer: Value| (link, "POST", path, sent, 201, answer);
    let create = |id: u64| post("workload -> web", "/orders", json!({}), json!({"id": id}));
    let ship = |order: u64, id: u64| {
        let sent = json!({"order": order, "key": "k"});
        post("web -> orders", "/shipments", sent, json!({"id": id}))
    };
    // Each shipment has the number of another order.
    let calls = [create(1), create(2), ship(1, 2), ship(2, 1)];
    let stack = made(COMPOSE, Some(&seen(&calls))).stack;
    let rule = "- {call: create shipment, when: response.status == 201, id: 'string(request.body.order)', event: create shipment}";
    has(&stack, &[rule]);
}

#[test]
fn a_queue_that_is_empty_tells_of_nothing() {
    let order = |id: &str, status: &str| json!({"id": id, "status": status});
    let post = |link, path, status, answer| (link, "POST", path, json!({}), status, answer);
    let create = |id| post("workload -> web", "/orders", 201, order(id, "new"));
    let claim = |status, answer| post("orders -> web", "/claims", status, answer);
    let calls = [
        create("o1"),
        claim(200, order("o1", "taken")),
        claim(204, Value::Null),
        create("o2"),
        claim(200, order("o2", "taken")),
    ];
    let (made, _) = made_with(COMPOSE, Some(&seen(&calls)));
    lacks(&made.stack, &["response.status < 300"]);
    has(
        &made.stack,
        &[
            "- {call: create claim, when: response.status == 200, id: 'string(response.body.id)', event: create claim, set: {status: response.body.status}}",
        ],
    );
}

#[test]
fn what_services_did_for_the_user_alone_is_not_demanded() {
    let asked = [
        ("web -> orders", "GET", Value::Null),
        ("orders -> payments", "POST", json!({})),
    ];
    let made = made(COMPOSE, Some(&watched(&asked)));
    has(
        &made.stack,
        &[
            POLLED,
            "- {call: post charge, when: response.status == 201, event: post charge}",
        ],
    );
    lacks(
        &made.stack,
        &["call: get stored", "call: post stored", "of: post stored"],
    );
    lacks(&made.feature, &["stored"]);
}

#[test]
fn an_order_that_nobody_saw_precede_is_not_demanded() {
    let mut all = watched(&[]);
    // Nobody looked between the charge and the end.
    all.retain(|one| !(one.method == "GET" && one.answer.as_ref().unwrap()["status"] == "new"));
    let told = made(COMPOSE, Some(&all)).stack;
    has(
        &told,
        &[
            "what is created gets its post charge: {for: order, when: 'happened(\"created\")', then: 'happened(\"post charge\")', within: 10s, clock: healed}",
        ],
    );
    lacks(&told, &["before:"]);
    // What took long may take longer.
    for one in &mut all {
        one.answered_ns *= 20;
    }
    let slow = made(COMPOSE, Some(&all));
    has(
        &slow.stack,
        &[
            "each order ends: {for: order, eventually: 'status in final', within: 180s, clock: healed}",
            "what is created gets its post charge: {for: order, when: 'happened(\"created\")', then: 'happened(\"post charge\")', within: 60s, clock: healed}",
        ],
    );
    has(&slow.feature, &["And every order is final within 180s"]);
}

#[test]
fn a_status_of_which_not_all_came_to_an_end_is_not_demanded() {
    let mut all = Vec::new();
    for (id, ends) in [("a1f3", true), ("b2e4", false)] {
        let order = format!("/orders/{id}");
        let paid = (
            "orders -> web",
            "PATCH",
            &order[..],
            json!({"status": "paid"}),
            200,
            Value::Null,
        );
        let new = json!({"id": id, "status": "new"});
        all.extend(seen(&[(
            "workload -> web",
            "POST",
            "/orders",
            json!({}),
            201,
            new,
        )]));
        all.extend(seen(if ends {
            std::slice::from_ref(&paid)
        } else {
            &[]
        }));
    }
    in_order(&mut all);
    let compose = COMPOSE.replace("PAYMENTS_HOST: payments", "WEB_URL: \"http://web:8000\"");
    let made = made(&compose, Some(&all));
    lacks(
        &made.stack,
        &["in final", "of: update order", "created twice"],
    );
    lacks(&made.feature, &["is final"]);
    has(
        &made.stack,
        &["every move is declared: {for: order, moves: declared}"],
    );
}

#[test]
fn what_is_listed_or_only_shown_can_be_looked_at() {
    let created = |id: &str| {
        (
            "workload -> web",
            "POST",
            "/orders".to_owned(),
            json!({}),
            201,
            json!({"id": id}),
        )
    };
    let mut all = Vec::new();
    let listed = |status: &str| json!({"orders": [{"id": "b2e4", "status": status}, {"id": "a1f3", "status": status}]});
    let list = |status| {
        (
            "workload -> web",
            "GET",
            "/orders".to_owned(),
            Value::Null,
            200,
            listed(status),
        )
    };
    for (link, method, path, sent, status, answer) in
        [created("a1f3"), created("b2e4"), list("new"), list("paid")]
    {
        all.extend(seen(&[(link, method, &path, sent, status, answer)]));
    }
    in_order(&mut all);
    has(
        &made(COMPOSE, Some(&all)).stack,
        &[
            "- {poll: \"GET http://web:8000/orders\", every: 200ms, when: status == 200, each: body.orders, id: 'string(item.id)', set: {status: item.status}}",
        ],
    );
    all.pop();
    has(
        &made(COMPOSE, Some(&all)).stack,
        &[
            "- {poll: \"GET http://web:8000/orders\", every: 200ms, when: status == 200, each: body.orders, id: 'string(item.id)', event: shown}",
            "each order that is created can be seen: {for: order, when: 'happened(\"created\")', then: 'happened(\"shown\")', within: 10s, clock: healed}",
        ],
    );
    // Whoever said who he was sees what a poll would not.
    all.iter_mut().for_each(|one| one.logged_in = true);
    lacks(&made(COMPOSE, Some(&all)).stack, &["poll:"]);
}

#[test]
fn a_secret_that_was_sent_is_a_variable() {
    let compose = COMPOSE.replace(
        "PAYMENTS_HOST: payments",
        "ADMIN_PASSWORD: correct-horse-battery",
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), &compose).unwrap();
    let stack = stack(&folder, &["compose.yaml"]);
    let place = Secrets::of(&stack).place("correct-horse-battery").unwrap();
    let sent = json!({"user": "me", "login": {"password": place, "otp-token": "[redacted 900]"}});
    let mut all = seen(&[(
        "workload -> web",
        "POST",
        "/logins",
        sent,
        201,
        json!({"id": "1"}),
    )]);
    all[0].query = Some("mode=x&api_key=[redacted 901]".to_owned());
    let (made, warnings) = made_with(&compose, Some(&all));
    has(
        &made.stack,
        &[
            "body: {\"user\":\"me\",\"login\":{\"password\":\"${ADMIN_PASSWORD}\",\"otp-token\":\"${SHAKEDOWN_OTP_TOKEN}\"}}",
            "request: \"POST http://web:8000/logins?mode=x&api_key=${SHAKEDOWN_API_KEY}\"",
        ],
    );
    lacks(&made.stack, &["[redacted"]);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    for name in ["SHAKEDOWN_OTP_TOKEN", "SHAKEDOWN_API_KEY"] {
        let told = |all: &[String]| all.iter().any(|line| line.contains(name));
        assert!(told(&made.to_do) && told(&warnings), "{:?}", made.to_do);
        assert!(
            made.stack
                .contains(&format!("# FILL IN: a secret was sent where {name} stands"))
        );
    }
}

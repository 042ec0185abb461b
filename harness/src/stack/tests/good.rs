//! What the files are read into.

use super::super::{Condition, Image, Probe, Protocol, Restarts, Service, find};
use super::{COMPOSE, SHAKEDOWN, change, read};
use std::time::Duration;

/// The worker of a compose file in which something is added to it, and the number of warnings.
fn worker(added: &str) -> (Service, usize) {
    let compose = change(
        COMPOSE,
        "    image: b\n",
        &format!("    image: b\n    {added}\n"),
    );
    let (_folder, read) = read(&compose, SHAKEDOWN);
    let read = read.unwrap_or_else(|problems| panic!("{added}: {problems}"));
    (read.stack.services["worker"].clone(), read.warnings.len())
}

#[test]
fn the_two_files_are_read_without_a_warning() {
    let (_folder, read) = read(COMPOSE, SHAKEDOWN);
    let read = read.unwrap();
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    let stack = read.stack;
    assert_eq!(stack.name, "shop");
    assert_eq!(stack.settle, Duration::from_millis(500));
    assert_eq!(
        stack.services.keys().collect::<Vec<_>>(),
        ["site", "worker"]
    );
    let worker = &stack.services["worker"];
    assert_eq!(worker.depends_on["site"], Condition::Started);
    assert_eq!(stack.calls["tell"].path, "/jobs/{job}/status");
    assert_eq!(stack.entities["job"].learn.len(), 2);
}

#[test]
fn what_a_known_key_says_beyond_what_is_used_is_named_in_a_warning() {
    for added in [
        "healthcheck: {interval: 1s}",
        "ports: [{target: 53, protocol: udp}]",
        "volumes: [{type: bind, source: ./a, target: /a, bind: {propagation: shared}}]",
        "volumes: [{type: volume, source: v, target: /a, volume: {nocopy: true}}]",
        "volumes: [{type: tmpfs, target: /a, tmpfs: {size: 1000}}]",
    ] {
        let (compose, named) = (added.contains("source: v"), "\nvolumes: {v: {}}\n");
        let compose = COMPOSE.to_owned() + if compose { named } else { "" };
        let added = format!("    image: b\n    {added}\n");
        let compose = change(&compose, "    image: b\n", &added);
        let (_folder, read) = read(&compose, SHAKEDOWN);
        let read = read.unwrap_or_else(|problems| panic!("{added}: {problems}"));
        assert_eq!(read.warnings.len(), 1, "{added}: {:?}", read.warnings);
    }
}

#[test]
fn environments_come_in_three_forms() {
    let base = |added: &str| worker(added).0;
    let merged = "logging: {}"; // a map may stand beside
    assert_eq!(
        worker(merged).1,
        1,
        "what is not used is named in a warning"
    );
    let compose = |environment: &str| {
        let compose = change(COMPOSE, "{SITE_URL: \"http://site:8000\"}", environment);
        let (_folder, read) = read(&compose, SHAKEDOWN);
        read.unwrap().stack.services["worker"].environment.clone()
    };
    assert_eq!(compose("[\"A=b=c\", \"D=\"]")["A"], "b=c");
    assert_eq!(compose("{A: 1, B: true}")["B"], "true");
    assert_eq!(compose("{A: \"${SHAKEDOWN_TEST_UNSET:-x}\"}")["A"], "x");
    assert_eq!(
        compose("{A: \"$$x ${SHAKEDOWN_TEST_UNSET+y}\"}")["A"],
        "$x "
    );
    let nested =
        "{A: \"a${SHAKEDOWN_TEST_UNSET:-${SHAKEDOWN_TEST_NO:-b}c}d $(e) ${SHAKEDOWN_DATA}\"}";
    assert_eq!(compose(nested)["A"], "abcd $(e) ${SHAKEDOWN_DATA}");
    let path = std::env::var("PATH").unwrap();
    assert_eq!(compose("{PATH: }")["PATH"], path);
    assert_eq!(compose("[PATH]")["PATH"], path);
    assert_eq!(base("restart: always").restarts, Restarts::Always);
    let some = |most| Restarts::OnFailure { most };
    assert_eq!(base("restart: on-failure:3").restarts, some(Some(3)));
    assert_eq!(base("restart: on-failure").restarts, some(None));
    let deployed = "deploy: {restart_policy: {condition: on-failure, max_attempts: 2}}";
    assert_eq!(base(deployed).restarts, some(Some(2)));
    assert_eq!(base("restart: \"no\"").restarts, Restarts::Never);
}

#[test]
fn commands_are_lists_or_lines() {
    let command = |text: &str| worker(&format!("command: {text}")).0.command;
    let words = |list: &[&str]| Some(list.iter().map(|w| w.to_string()).collect::<Vec<_>>());
    assert_eq!(command("[a, \"b c\"]"), words(&["a", "b c"]));
    assert_eq!(command("a 'b c' d"), words(&["a", "b c", "d"]));
    assert_eq!(command(""), None);
}

#[test]
fn ports_are_those_of_the_container() {
    let cases: [(&str, &[u16]); 6] = [
        ("ports: [\"80\"]", &[80]),
        ("ports: [\"8080:80\"]", &[80]),
        ("ports: [\"127.0.0.1:8080:80/tcp\"]", &[80]),
        ("ports: [8000-8002]", &[8000, 8001, 8002]),
        ("ports: [{target: 80, published: 8080}]", &[80]),
        ("expose: [5432]", &[5432]),
    ];
    for (added, expected) in cases {
        let ports: Vec<u16> = worker(added).0.ports.into_keys().collect();
        assert_eq!(ports, expected, "{added}");
    }
    assert_eq!(
        worker("ports: [\"53:53/udp\"]").1,
        1,
        "UDP is named in a warning"
    );
    // A port that somebody is told about is one that is served.
    let compose = change(COMPOSE, "    expose: [\"8000\"]\n", "");
    let (_folder, read) = read(&compose, SHAKEDOWN);
    assert_eq!(
        read.unwrap().stack.services["site"].ports[&8000],
        Protocol::Sniffed
    );
}

#[test]
fn dependencies_healthchecks_and_folders_in_memory() {
    let compose = change(
        COMPOSE,
        "[site]",
        "{site: {condition: service_completed_successfully}}",
    );
    let (_folder, read) = read(&compose, SHAKEDOWN);
    let depends_on = read.unwrap().stack.services["worker"].depends_on.clone();
    assert_eq!(depends_on["site"], Condition::Completed);
    let check = worker("healthcheck: {test: curl -f x, interval: 2s}")
        .0
        .healthcheck
        .unwrap();
    assert_eq!(check.test, ["CMD-SHELL", "curl -f x"]);
    assert_eq!(check.interval, Duration::from_secs(2));
    assert_eq!(worker("healthcheck: {test: [NONE]}").0.healthcheck, None);
    assert_eq!(
        worker("healthcheck: {test: x, disable: true}")
            .0
            .healthcheck,
        None
    );
    assert_eq!(worker("tmpfs: /run").0.tmpfs, ["/run"]);
    assert_eq!(
        worker("tmpfs: [/run, \"/x:size=1m\"]").0.tmpfs,
        ["/run", "/x:size=1m"]
    );
}

#[test]
fn anchors_merge_and_what_is_not_compose_is_left_alone() {
    let compose = "\
x-base: &base
  image: b
  restart: always
services:
  site: {<<: *base, expose: [\"8000\"]}
  worker: {<<: *base, image: c, depends_on: [site], x-mine: {a: 1}}
";
    let (_folder, read) = read(compose, SHAKEDOWN);
    let read = read.unwrap();
    let image = |name: &str| match &read.stack.services[name].image {
        Image::Named { name, .. } => name.clone(),
        Image::Own => panic!("{name} has an image of its own"),
    };
    assert_eq!(
        (image("site").as_str(), image("worker").as_str()),
        ("b", "c")
    );
    assert_ne!(read.stack.services["worker"].restarts, Restarts::Never);
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
}

#[test]
fn the_extension_says_how_a_service_is_asked_run_and_made() {
    let service = |extension: &str| worker(&format!("x-shakedown: {extension}")).0;
    let ready = service("{ready: {http: \":9000/health\", within: 3s}}");
    let (port, path) = (Some(9000), "/health".to_owned());
    assert_eq!(ready.ready.probe, Some(Probe::Http { port, path }));
    assert_eq!(ready.ready.within, Duration::from_secs(3));
    assert!(ready.ports.contains_key(&9000));
    assert_eq!(
        service("{ready: {tcp: 1}}").ready.probe,
        Some(Probe::Tcp { port: 1 })
    );
    assert_eq!(service("{ports: {80: tcp}}").ports[&80], Protocol::Tcp);
    assert_eq!(
        service("{process: [a, b]}").process.unwrap().command,
        ["a", "b"]
    );
    assert!(
        service("{process: none}")
            .process
            .unwrap()
            .command
            .is_empty()
    );
    let process = service("{process: {command: a b, environment: {X: y}, sql: \"sqlite:z\"}}");
    let process = process.process.unwrap();
    assert_eq!(process.command, ["a", "b"]);
    assert_eq!(
        (process.environment["X"].as_str(), process.sql.as_deref()),
        ("y", Some("sqlite:z"))
    );
    let disk = service("{disk: {path: /w/, size: 1 MiB}}").disk.unwrap();
    assert_eq!((disk.path.as_str(), disk.size_bytes), ("/w", 1 << 20));
    let told = "{process: [w, \"--at=${SHAKEDOWN_DISK}\"], disk: {path: /w, size: 1 MB}}";
    assert_eq!(
        service(told).process.unwrap().command[1],
        "--at=${SHAKEDOWN_DISK}"
    );
    assert_eq!(service("{image: shakedown}").image, Image::Own);
    let Image::Named { name, script, .. } = service("{image_script: [sh, make.sh]}").image else {
        panic!("a script makes a named image")
    };
    assert_eq!(
        (name.as_str(), script),
        ("b", Some(vec!["sh".into(), "make.sh".into()]))
    );
}

#[test]
fn a_planted_bug_that_names_no_invariant_may_be_caught_by_any() {
    let (_folder, read) = read(COMPOSE, &change(SHAKEDOWN, ", caught_by: [told first]", ""));
    let stack = read.unwrap().stack;
    let all: Vec<&String> = stack.invariants.keys().collect();
    let caught_by: Vec<&String> = stack.mutants["early"].caught_by.iter().collect();
    assert_eq!(caught_by, all);
}

#[test]
fn what_processes_go_without_is_told() {
    let said = |added: &str| {
        let compose = change(COMPOSE, "    image: b\n", &format!("    image: b\n{added}"));
        let (_folder, read) = read(&compose, SHAKEDOWN);
        let lost = read.unwrap().stack.warnings_as_processes();
        lost.iter()
            .map(|problem| problem.what.clone())
            .collect::<Vec<_>>()
    };
    let volumes = "    volumes: [/data]\n    mem_limit: 1g\n";
    let process = "    x-shakedown: {process: [w]}\n";
    let volumes_gone = "as a local process, `worker` goes without volumes";
    let limits_gone = "as a local process, `worker` goes without its limits";
    let told = said(&format!("{volumes}{process}"));
    assert_eq!(told, [volumes_gone, limits_gone]);
    let other = "  other:\n    image: c\n    volumes: [/data]\n    x-shakedown: {process: [o]}\n";
    let told = said(&format!("    volumes: [/data]\n{process}{other}"));
    let both = "as local processes, `worker`, `other` go without volumes";
    assert_eq!(told, [both]);
    assert!(said(process).is_empty());
    let check = "    healthcheck: {test: \"true\"}\n";
    let check_gone = "as a local process, `worker` goes without its healthcheck";
    assert_eq!(said(&format!("{check}{process}")), [check_gone]);
    let asked = "    x-shakedown: {process: [w], ready: {tcp: 80}}\n";
    assert!(said(&format!("{check}{asked}")).is_empty(), "it is asked");
    let set = "    hostname: h\n    tmpfs: [/t]\n    stdin_open: true\n    dns: [1.1.1.1]\n";
    let unset = "local processes do without `hostname` of `worker`, `tmpfs` of `worker`, \
                 `stdin_open` of `worker`, `dns` of `worker`";
    assert_eq!(said(&format!("{set}{process}")), [unset]);
    assert!(said(volumes).is_empty(), "it is no local process");
    let left = |process: &str| said(&format!("    x-shakedown: {{process: {process}}}\n"));
    let told =
        "as a local process, `worker` is given `site` as it stands: nothing says that it is a host";
    assert_eq!(left("[w, site]"), [told]);
    for right in [
        "[w, worker]",
        "[w, --host, site]",
        "[w, \"site:80\"]",
        "[site]",
    ] {
        assert!(left(right).is_empty(), "{right}");
    }
}

#[test]
fn a_database_that_is_a_file_cannot_be_asked_in_containers() {
    let rule = "{sql: select 1 as n, on: site, id: string(row.n), event: seen}";
    let shakedown = change(
        SHAKEDOWN,
        "    learn:\n",
        &format!("    learn:\n      - {rule}\n"),
    );
    let said = |added: &str| {
        let compose = change(
            COMPOSE,
            "expose: [\"8000\"]",
            &format!("expose: [\"8000\"]\n    {added}"),
        );
        let (_folder, read) = read(&compose, &shakedown);
        let mistakes = read.unwrap().stack.mistakes_in_containers();
        let said = mistakes.0.iter().map(|one| one.what.clone());
        said.collect::<Vec<_>>().join("\n")
    };
    let alone = said("x-shakedown: {process: {command: [s], sql: \"sqlite:a\"}}");
    assert!(
        alone.contains("`site`") && alone.contains("local processes alone"),
        "{alone}"
    );
    let file = said("x-shakedown: {sql: \"sqlite:/a.db\"}");
    assert!(file.contains("`sqlite:/a.db`"), "{file}");
    let both = "{sql: \"postgres://a@site/b\", process: {command: [s], sql: \"sqlite:a\"}}";
    assert_eq!(said(&format!("x-shakedown: {both}")), "");
}

#[test]
fn readiness_is_asked_at_a_declared_port_or_the_only_one_that_is_called() {
    let asked = |expose: &str, url: &str| {
        let ready = "x-shakedown: {ready: {http: /}}";
        let compose = change(COMPOSE, "expose: [\"8000\"]", &format!("{expose}{ready}"));
        let told = format!("SITE_URL: \"http://site:8000\", DB: \"{url}\"");
        let compose = change(&compose, "SITE_URL: \"http://site:8000\"", &told);
        let stack = read(&compose, SHAKEDOWN).1.unwrap().stack;
        match &stack.services["site"].ready.probe {
            Some(Probe::Http { port, .. }) => *port,
            other => panic!("{other:?}"),
        }
    };
    let (declared, other) = ("expose: [\"8000\"]\n    ", "postgres://me@site:5432/x");
    assert_eq!(asked(declared, other), Some(8000));
    assert_eq!(
        asked("ports: [\"8000\", \"9000\"]\n    ", other),
        Some(8000)
    );
    assert_eq!(asked("", "http://site:8000/y"), Some(8000));
}

#[test]
fn a_planted_bug_is_laid_over_the_service_that_carries_it() {
    let shakedown = change(
        SHAKEDOWN,
        "{MUTANT: early}",
        "{MUTANT: early}, image: \"b:old\"",
    );
    let compose = change(
        COMPOSE,
        "image: b",
        "image: b\n    x-shakedown: {process: [w]}",
    );
    let (_folder, read) = read(&compose, &shakedown);
    let stack = read.unwrap().stack;
    let mutated = stack.with_mutant("early").unwrap();
    let worker = &mutated.services["worker"];
    assert_eq!(worker.environment["MUTANT"], "early");
    assert_eq!(
        worker.process.as_ref().unwrap().environment["MUTANT"],
        "early"
    );
    assert!(matches!(&worker.image, Image::Named { name, .. } if name == "b:old"));
    assert_eq!(mutated.services["site"], stack.services["site"]);
    assert_eq!(stack.with_mutant("late"), None);
}

#[test]
fn a_stack_is_found_by_its_name() {
    let (folder, _) = read(COMPOSE, SHAKEDOWN);
    let file = folder.path().join("shakedown.yaml");
    assert_eq!(find("shop", folder.path()), Ok(file.clone()));
    let unknown = find("shpo", folder.path()).unwrap_err();
    assert!(unknown.to_string().contains("`shop`"), "{unknown}");
    std::fs::create_dir(folder.path().join("copy")).unwrap();
    std::fs::copy(&file, folder.path().join("copy/shakedown.yaml")).unwrap();
    let twice = find("shop", folder.path()).unwrap_err();
    assert!(twice.to_string().contains("more than once"), "{twice}");
    assert!(twice.to_string().contains("--stack"), "{twice}");
    // One that cannot be read may be the one that is meant.
    std::fs::write(&file, "stack: shop\n  compose: compose.yaml\n").unwrap();
    std::fs::remove_dir_all(folder.path().join("copy")).unwrap();
    let broken = find("shop", folder.path()).unwrap_err().to_string();
    assert!(
        broken.contains("not YAML") && broken.contains("may be the one"),
        "{broken}"
    );
}

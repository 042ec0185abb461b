//! What compose files say is done: a service in several instances, files merged, extended and read for variables, names
//! of networks, volumes, configs and secrets.

use crate::lanes::{container_trial, trial};
use crate::support::{Scratch, check, root};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeSet;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "compose: a service in three instances, as processes",
            || three("process").map(drop),
        ),
        container_trial(
            "compose: three instances, volumes, configs and secrets in containers",
            in_containers,
        ),
        container_trial(
            "compose: what is built from files is built again when they change",
            built_again,
        ),
        container_trial(
            "compose: flask and redis, as Docker's examples have them",
            || project("flask-redis", "counter.feature", &["redis", "python"]),
        ),
        container_trial(
            "compose: nginx, flask and mariadb, as Docker's examples have them",
            || {
                let bases = ["mariadb", "nginx", "python"];
                project("nginx-flask-mysql", "blog.feature", &bases)
            },
        ),
    ]
}

const BUILT: &str = "\
stack: built
compose: compose.yaml
calls: {ask: {link: workload -> site, request: \"GET /said\"}}
entities: {word: {learn: [{call: ask, id: \"'w'\", set: {said: response.body}}]}}
workloads: {ask: {request: \"GET http://site:8000/said\"}}
invariants: {it is new: {for: word, always: 'said == \"new\"'}}
";

/// An image that is built from files stands for the files as they are now.
fn built_again() -> Result<(), Failed> {
    make_bases(&["python"])?;
    let scratch = Scratch::new();
    let image = format!("shakedown-test/built:{}", std::process::id());
    let compose = format!(
        "services: {{site: {{image: \"{image}\", build: ., expose: [8000], stop_signal: SIGKILL}}}}\n"
    );
    scratch.file("compose.yaml", &compose);
    let dockerfile = "FROM shakedown-fixtures/python:3.11\nCOPY said /\nCMD [\"python\", \"-m\", \"http.server\", \"8000\"]\n";
    scratch.file("Dockerfile", dockerfile);
    let stack = scratch.file("shakedown.yaml", BUILT);
    let feature = "Feature: f\n  Scenario: s\n    Given the stack \"built\"\n    When \"ask\" runs once\n    \
        Then every invariant holds\n";
    let feature = scratch.file("a.feature", feature);
    let play = |said: &str, code| {
        scratch.file("said", said);
        scratch.play_on(&stack, &feature, "docker").exits(code)
    };
    let old = play("old", 1);
    // The older image loses its name to the newer one.
    let mut inspect = Command::new("docker");
    let inspect = inspect.args(["image", "inspect", "--format", "{{.Id}}", &image]);
    let id = String::from_utf8_lossy(&inspect.output()?.stdout)
        .trim()
        .to_owned();
    let played = old.and_then(|_| play("new", 0));
    let mut remove = Command::new("docker");
    remove.args(["rmi", "--force", &image, &id]).output()?;
    played.map(drop)
}

/// The images below those of the projects, by the folder that they are made from.
const BASES: [(&str, &str); 4] = [
    ("mariadb", "shakedown-fixtures/mariadb-server:10.11"),
    ("nginx", "shakedown-fixtures/nginx:1.22"),
    ("python", "shakedown-fixtures/python:3.11"),
    ("redis", "shakedown-fixtures/redis:7"),
];

/// A known project is built, started, struck, and holds.
fn project(name: &str, feature: &str, bases: &[&str]) -> Result<(), Failed> {
    make_bases(bases)?;
    let folder = root().join("fixtures/projects").join(name);
    let scratch = Scratch::new();
    let (stack, feature) = (folder.join("shakedown.yaml"), folder.join(feature));
    scratch
        .play_on(&stack, &feature, "docker")
        .exits(0)?
        .says(&["1 fault felt"])?;
    Ok(())
}

fn make_bases(bases: &[&str]) -> Result<(), Failed> {
    let images = root().join("fixtures/images/make.sh");
    for (base, tag) in BASES.iter().filter(|(base, _)| bases.contains(base)) {
        let made = Command::new("sh").arg(&images).args([base, tag]).output()?;
        check(made.status.success(), || {
            String::from_utf8_lossy(&made.stderr).into_owned()
        })?;
    }
    Ok(())
}

/// Answers with who it is and what it finds. Each start leaves a line in a file that all instances share.
const SERVER: &str = r#"
use IO::Socket::INET;
$| = 1;
sub content { open(my $f, '<', $_[0]) or return ''; local $/; my $text = <$f>; $text =~ s/\s+$//; $text }
open(my $seen, '>>', $ENV{SEEN}) or die "$ENV{SEEN}: $!";
print $seen "start\n";
close $seen;
my $own = open(my $script, '>>', $0) ? 'writable' : 'kept';
# In capitals, a secret is none that is known.
my ($secret, $config) = (uc(content('/run/secrets/key')), content('/paint'));
my $listener = IO::Socket::INET->new(Listen => 50, LocalAddr => $ENV{LISTEN}, ReuseAddr => 1) or die $!;
while (my $caller = $listener->accept) {
    my $head = <$caller> // next;
    while (my $line = <$caller>) { last if $line =~ /^\r?\n$/ }
    my ($id) = $head =~ m{/visits/(\w+)};
    my @starts = split /\n/, content($ENV{SEEN});
    my $who = "visitor=" . ($ENV{HOSTNAME} // '') . ".$$; starts=" . @starts . "; secret=$secret; config=$config; script=$own;";
    my $body = sprintf '{"id": "%s", "greeting": "%s", "who": "%s"}', $id // '', $ENV{GREETING}, $who;
    print $caller "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    close $caller;
}
"#;

/// Listens only once it has found the server by another name.
const CALLER: &str = r#"
use IO::Socket::INET;
$| = 1;
my ($said, $answer) = ('', '');
until ($answer =~ /greeting/) {
    my $server = IO::Socket::INET->new(PeerAddr => $ARGV[0], Timeout => 5) or select(undef, undef, undef, 0.02), next;
    print $server "GET /visits/0 HTTP/1.1\r\nHost: door\r\nConnection: close\r\n\r\n";
    local $/;
    $answer = <$server> // '';
}
my $folder = readlink '/proc/self/cwd';
print "found: $answer\nuser=$< folder=$folder\n";
my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => $ENV{LISTEN}, ReuseAddr => 1) or die $!;
while (my $caller = $listener->accept) { sleep 1 while <$caller> }
"#;

const BASE: &str = r#"
x-perl: &perl
  image: shakedown-fixtures/postgres:15
services:
  perl:
    <<: *perl
    entrypoint: [perl]
    profiles: [nobody starts it by itself]
    x-shakedown: {image_script: [sh, MAKE, postgres, "shakedown-fixtures/postgres:15"]}
  who:
    extends: perl
    command: [/server.pl]
    env_file: [who.env]
    environment: {LISTEN: "0.0.0.0:8000", SEEN: /shelf/seen}
    expose: ["8000"]
    profiles: !reset []
    user: root
    volumes: ["shelf-of-the-test:/shelf", "./server.pl:/server.pl:ro"]
    networks: {inner: {aliases: [door]}}
    secrets: [key]
    configs: [paint]
    x-shakedown: {ready: {http: /health}, process: {command: [perl, server.pl], environment: {SEEN: "${SHAKEDOWN_DATA}/seen"}}}
networks: {inner: }
volumes: {shelf-of-the-test: }
secrets: {key: {file: key.txt}}
configs: {paint: {content: "blue, $$ and all"}}
"#;

const MORE: &str = r#"
services:
  who: {deploy: {replicas: 3, resources: {limits: {memory: 128m}}}}
  caller:
    extends: {file: compose.yaml, service: perl}
    command: [/caller.pl, "door:8000"]
    profiles: !reset []
    environment: [LISTEN=0.0.0.0:8001]
    expose: [8001]
    user: "65534:65534"
    working_dir: /tmp
    read_only: true
    cap_drop: [ALL]
    volumes: [{type: bind, source: ./caller.pl, target: /caller.pl, read_only: true}]
    networks: [inner]
    depends_on: {who: {condition: service_started}}
    x-shakedown: {process: [perl, caller.pl, "door:8000"]}
"#;

const STACK: &str = r#"
stack: door
compose: [compose.yaml, more.yaml]
calls:
  visit: {link: workload -> who, request: "GET /visits/{visit}"}
entities:
  visit: {learn: [{call: visit, when: "response.status == 200", set: {greeting: response.body.greeting}}]}
workloads:
  visit: {request: "GET http://door:8000/visits/${n}", creates: {visit: string(response.body.id)}}
invariants:
  greeted: {for: visit, always: 'greeting == "hello"'}
"#;

const FEATURE: &str = "Feature: f
  Scenario: s
    Given the stack \"door\"
    When \"visit\" runs 6 times
    Given the service \"who\" is killed
    And all faults are healed
    When \"visit\" runs 6 times
    Then \"greeted\" holds
";

/// Plays it, and gives the folder and the history's text.
fn three(runtime: &str) -> Result<(Scratch, String), Failed> {
    let scratch = Scratch::new();
    let make = root().join("fixtures/images/make.sh");
    scratch.file(
        "compose.yaml",
        &BASE.replace("MAKE", &make.to_string_lossy()),
    );
    scratch.file("more.yaml", MORE);
    scratch.file("who.env", "export GREETING='hello'  # as everybody says\n");
    scratch.file("key.txt", "open sesame\n");
    scratch.file("server.pl", SERVER);
    scratch.file("caller.pl", CALLER);
    let (stack, feature) = (
        scratch.file("shakedown.yaml", STACK),
        scratch.file("a.feature", FEATURE),
    );
    let said = scratch.play_on(&stack, &feature, runtime).exits(0)?;
    let text = std::fs::read_to_string(scratch.history()?)?;
    let log = scratch.history()?.with_file_name("logs").join("caller.log");
    let log = std::fs::read_to_string(log)?;
    check(log.contains("\"greeting\": \"hello\""), || log)?;
    // Three instances take turns; as many come when those are dead, and all of them have the same file.
    let visitors = values(&text, "visitor=");
    let expected = if runtime == "process" { 6 } else { 3 };
    check(visitors.len() == expected, || {
        format!("{visitors:?}\n{}", said.all())
    })?;
    // The caller may have asked before all were there.
    let starts = values(&text, "starts=");
    let counted = starts.contains("3") && starts.last() == Some(&"6");
    check(counted, || format!("{starts:?}\n{}", said.all()))?;
    Ok((scratch, text))
}

/// What stands behind a name, up to the next semicolon.
fn values<'t>(text: &'t str, name: &str) -> BTreeSet<&'t str> {
    let found = text.split(name).skip(1);
    found.filter_map(|rest| rest.split(';').next()).collect()
}

fn in_containers() -> Result<(), Failed> {
    let (scratch, text) = three("docker")?;
    let only = |name, value| {
        let found = values(&text, name);
        check(found == BTreeSet::from([value]), || format!("{found:?}"))
    };
    only("secret=", "OPEN SESAME")?;
    only("config=", "blue, $ and all")?;
    only("script=", "kept")?;
    let log = scratch.history()?.with_file_name("logs").join("caller.log");
    let log = std::fs::read_to_string(log)?;
    check(log.contains("user=65534 folder=/tmp"), || log)?;
    let mut list = Command::new("docker");
    let list = list.args(["volume", "ls", "-q", "--filter", "name=shelf-of-the-test"]);
    let left = String::from_utf8_lossy(&list.output()?.stdout).into_owned();
    check(left.is_empty(), || {
        format!("these volumes are left: {left}")
    })
}

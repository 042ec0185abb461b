//! Compose files as people write them: those of well-known projects, each read with just the warnings that it earns.

use super::super::{Source, Stack};
use std::path::Path;

/// Reads the compose file of a project from a copy of its folder. Gives the stack and the warnings, as `file:line what`.
fn project(name: &str, compose: &str) -> (Stack, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stack/tests/compose");
    copy(&from.join(name), folder.path());
    let file = folder.path().join("shakedown.yaml");
    std::fs::write(&file, format!("stack: {name}\ncompose: {compose}\n")).unwrap();
    let read = Stack::read(&file).unwrap_or_else(|problems| panic!("{name}: {problems}"));
    let line = |place: &crate::problem::Place| {
        let file = place.file.file_name().unwrap_or_default();
        format!("{}:{}", file.to_string_lossy(), place.line)
    };
    let warnings = read.warnings.iter();
    let warnings = warnings
        .map(|warning| {
            let place = warning.place.as_ref().map(line).unwrap_or_default();
            format!("{place} {}", warning.what)
        })
        .collect();
    (read.stack, warnings)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(std::fs::copy(&path, &target).unwrap()),
        }
    }
}

type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

/// The project, its file, its services, and what is said about it.
const PROJECTS: [Case; 11] = [
    ("wordpress", "compose.yaml", "blog database", &[]),
    ("nextcloud", "compose.yaml", "app cron web db cache", &[]),
    ("gitea", "compose.yaml", "server db", &[]),
    (
        "mastodon",
        "compose.yaml",
        "db redis web streaming sidekiq",
        &["compose.yaml:56 `internal` of the network `internal_network` is not used by shakedown"],
    ),
    (
        "airflow",
        "compose.yaml",
        "postgres redis airflow-webserver airflow-worker airflow-init",
        &[],
    ),
    (
        "plausible",
        "compose.yml",
        "plausible_db plausible_events_db plausible",
        &[],
    ),
    (
        "immich",
        "docker-compose.yml",
        "immich-server immich-machine-learning redis database",
        &["docker-compose.yml:20 `device_cgroup_rules` is not used by shakedown"],
    ),
    (
        "monitoring",
        "compose.yaml",
        "prometheus grafana node-exporter cadvisor",
        &[
            "compose.yaml:19 `secrets.mode` is not used by shakedown",
            "compose.yaml:22 `logging` is not used by shakedown",
            "compose.yaml:23 `reservations.memory` is not used by shakedown",
            "compose.yaml:26 `pid` is not used by shakedown",
            "compose.yaml:27 `network_mode` is not used by shakedown",
            "compose.yaml:28 the mount option `rslave` is not used by shakedown",
        ],
    ),
    (
        "kafka",
        "compose.yaml",
        "zookeeper broker-1 broker-2 broker-3 ui",
        &[],
    ),
    ("supabase", "docker-compose.yml", "db kong auth rest", &[]),
    (
        "sentry",
        "compose.yaml",
        "redis postgres snuba-api web worker nginx",
        &[
            "compose.yaml:29 `platform` is not used by shakedown",
            "compose.yaml:47 `external` of the volume `sentry-data` is not used by shakedown",
            "compose.yaml:48 `external` of the volume `sentry-postgres` is not used by shakedown",
        ],
    ),
];

#[test]
fn compose_files_of_known_projects_are_read() {
    for (name, file, services, expected) in PROJECTS {
        let (stack, warnings) = project(name, file);
        let found: Vec<&str> = stack.services.keys().map(String::as_str).collect();
        assert_eq!(found.join(" "), services, "{name}");
        assert_eq!(warnings, expected, "{name}");
    }
}

#[test]
fn files_of_variables_and_the_services_own_are_laid_over_each_other() {
    let app = &project("nextcloud", "compose.yaml").0.services["app"];
    let value = |name: &str| app.environment.get(name).map(String::as_str);
    assert_eq!(value("POSTGRES_HOST"), Some("db:5432"));
    assert_eq!(value("OVERWRITECLIURL"), Some("http://$HOST"));
    assert_eq!(
        value("NEXTCLOUD_TRUSTED_DOMAINS"),
        Some("cloud.example.org web")
    );
    let stack = project("plausible", "compose.yml").0;
    let plausible = &stack.services["plausible"];
    // `.env` fills in variables, and gives a name without a value its own.
    assert_eq!(plausible.environment["BASE_URL"], "http://localhost:8000");
    assert_eq!(plausible.environment["SECRET_KEY_BASE"], "0123456789abcdef");
    // The file that overrides is read as well, as Compose does.
    assert!(plausible.ports.contains_key(&8000));
    // A port that only an environment mentions.
    assert!(stack.services["plausible_db"].ports.contains_key(&5432));
}

#[test]
fn a_file_of_variables_may_use_the_lines_before() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "a.env",
        "SHAKEDOWN_TEST_A=x\nB=${SHAKEDOWN_TEST_A}y\nC='${B}'\n",
    );
    write("b.env", "D=${SHAKEDOWN_TEST_A:-none}\n");
    write(
        "compose.yaml",
        "services: {s: {image: a, env_file: [a.env, b.env]}}\n",
    );
    write("shakedown.yaml", "stack: s\ncompose: compose.yaml\n");
    let read = Stack::read(&folder.path().join("shakedown.yaml")).unwrap();
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    let environment = &read.stack.services["s"].environment;
    assert_eq!(
        (environment["B"].as_str(), environment["C"].as_str()),
        ("xy", "${B}")
    );
    assert_eq!(environment["D"], "none", "another file knows nothing of it");
}

#[test]
fn what_a_service_extends_lies_below_it() {
    let stack = project("kafka", "compose.yaml").0;
    let environment = |service: &str| &stack.services[service].environment;
    assert_eq!(
        environment("broker-1")["KAFKA_ZOOKEEPER_CONNECT"],
        "zookeeper:2181"
    );
    assert_eq!(environment("broker-3")["KAFKA_BROKER_ID"], "3");
    let broker = &stack.services["broker-3"];
    assert_eq!(broker.mounts[0].source, Source::Anonymous);
    assert_eq!(broker.settings.stop_signal.as_deref(), Some("SIGTERM"));
    assert_eq!(broker.settings.ulimits[0].hard, 65536);
    assert!(broker.depends_on.contains_key("zookeeper"));
}

#[test]
fn files_and_secrets_are_found_from_the_file_that_names_them() {
    let stack = project("monitoring", "compose.yaml").0;
    let config = &stack.services["prometheus"].mounts[1];
    assert_eq!(config.target, "/etc/prometheus/prometheus.yml");
    assert!(config.read_only);
    assert!(matches!(&config.source, Source::Content(text) if text.contains("job_name")));
    let secret = &stack.services["grafana"].mounts[1];
    assert_eq!(secret.target, "/run/secrets/admin");
    assert_eq!(secret.source, Source::Content("open sesame".to_owned()));
    assert_eq!(stack.host("grafana", "metrics"), Some("prometheus"));
    assert_eq!(stack.host("cadvisor", "metrics"), None);
    let settings = &stack.services["grafana"].settings;
    assert_eq!(settings.memory_bytes, Some(256 << 20));
    assert_eq!(settings.cpus, Some(0.5));
    let blog = &project("wordpress", "compose.yaml").0;
    let mounts = &blog.services["blog"].mounts;
    assert_eq!(mounts[0].source, Source::Volume("content".to_owned()));
    assert!(matches!(&mounts[1].source, Source::Path(path) if path.ends_with("themes")));
    assert!(mounts[1].read_only);
    let db = &project("supabase", "docker-compose.yml").0.services["db"];
    assert!(matches!(&db.mounts[0].source, Source::Path(path) if path.ends_with("db/init")));
}

#[test]
fn names_times_and_numbers_are_those_of_the_file() {
    let gitea = project("gitea", "compose.yaml").0;
    assert_eq!(gitea.host("db", "gitea"), Some("server"));
    assert_eq!(gitea.host("server", "postgres"), Some("db"));
    assert_eq!(gitea.host("server", "runner"), None);
    let mastodon = project("mastodon", "compose.yaml").0;
    assert_eq!(mastodon.services["sidekiq"].replicas, 2);
    assert_eq!(mastodon.services["web"].replicas, 1);
    let sentry = project("sentry", "compose.yaml").0;
    assert_eq!(sentry.services["worker"].replicas, 3);
    assert!(sentry.services["worker"].settings.init);
    let check = sentry.services["redis"].healthcheck.clone().unwrap();
    assert_eq!(check.timeout.unwrap().as_secs(), 90);
    assert_eq!(check.retries, Some(10));
    let nginx = &sentry.services["nginx"].settings;
    assert_eq!(nginx.sysctls["net.core.somaxconn"], "1024");
    assert_eq!(nginx.memory_bytes, Some(64 << 20));
}

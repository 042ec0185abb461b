//! A service that shakedown itself plays.

use super::*;
use crate::stack::{Image, Probe, Service, Source};

const MAPPING: &str = r#"{"request": {"url": "/12:30"}, "response": {"body": "worker:1, http:\/\/no"},
    "serveEventListeners": [{"name": "webhook", "parameters": {"url": "http://worker:8000/{{x}}"}}]}"#;

/// The service `site` with these lines, and what local processes are warned of.
fn site(lines: &str) -> Result<(Service, Vec<String>), Problems> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    };
    write("doubles/site/mappings/a/b.json", MAPPING);
    write(
        "doubles/site/operations/c.json",
        r#"{"then": [{"url": "http://worker/"}]}"#,
    );
    write(
        "compose.yaml",
        &change(COMPOSE, "    expose: [\"8000\"]\n", lines),
    );
    let file = write("shakedown.yaml", SHAKEDOWN);
    let stack = Stack::read(&file)?.stack.with_seed(7);
    let warnings = stack.warnings_as_processes();
    let site = stack.services["site"].clone();
    Ok((site, warnings.into_iter().map(|one| one.what).collect()))
}

#[test]
fn a_double_is_played_from_its_folder_wherever_it_runs() {
    let lines = "    ports: [\"1:8000\", \"9000\"]\n    command: [--verbose]\n    user: wiremock\n    \
                 volumes: [\"./doubles/site:/home/wiremock\"]\n    \
                 healthcheck: {test: [CMD, curl, \"http://localhost\"]}\n    \
                 x-shakedown: {double: ./doubles/site}\n";
    let (site, warnings) = site(lines).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(site.image, Image::Own);
    assert_eq!(
        (site.entrypoint, site.healthcheck, site.settings.user),
        (None, None, None)
    );
    let asked = Probe::Http {
        port: Some(8000),
        path: "/__admin/health".to_owned(),
    };
    assert_eq!(site.ready.probe, Some(asked));
    let [mount] = &site.mounts[..] else {
        panic!("{:?}", site.mounts);
    };
    let Source::Path(folder) = &mount.source else {
        panic!("{mount:?}");
    };
    assert!(
        mount.read_only && folder.ends_with("doubles/site"),
        "{mount:?}"
    );
    let words = |folder: &str| {
        let told = [
            "--at=no/80=http://no:80",
            "--at=worker/80=http://worker:80",
            "--at=worker/8000=http://worker:8000",
        ];
        let words = [
            &["double", "--listen", "0.0.0.0:8000"],
            &told[..],
            &["--seed=7", folder],
        ]
        .concat();
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(site.command.unwrap(), words("/double"));
    let process = site.process.unwrap().command;
    assert_eq!(process[0], "shakedown");
    assert_eq!(process[1..], words(&folder.to_string_lossy()));
}

#[test]
fn its_port_is_that_of_wiremocks_image_where_nothing_is_said() {
    let (site, _) = site("    x-shakedown: {double: doubles/site}\n").unwrap();
    assert_eq!(site.process.unwrap().command[3], "0.0.0.0:8080");
    assert!(site.ports.contains_key(&8080), "{:?}", site.ports);
}

#[test]
fn a_double_has_a_folder_and_nothing_that_says_otherwise() {
    let told = |extension: &str| {
        let lines = format!("    expose: [\"8000\"]\n    x-shakedown: {{{extension}}}\n");
        site(&lines).map(|_| ()).unwrap_err().to_string()
    };
    let missing = told("double: ./doubles/sight");
    assert!(missing.contains("doubles/sight is no folder"), "{missing}");
    assert!(missing.contains("compose.yaml:5:"), "{missing}");
    let both = told("double: doubles/site, process: [sh], sql: \"sqlite:x\"");
    for key in ["process", "sql"] {
        let what = format!("`site` is a double, for which `{key}` means nothing");
        assert!(both.contains(&what), "{both}");
    }
}

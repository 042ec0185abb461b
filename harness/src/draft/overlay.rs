//! What is to be said beside the user's compose file: which ports speak what, and where databases are asked.

use super::yaml;
use crate::stack::{Image, Protocol, Service, Stack};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What images speak, told by a part of their names: the protocol, and the port that they listen at by themselves.
const IMAGES: [(&str, &str, u16); 16] = [
    ("postgres", "postgres", 5432),
    ("postgis", "postgres", 5432),
    ("timescale", "postgres", 5432),
    ("mysql", "tcp", 3306),
    ("mariadb", "tcp", 3306),
    ("percona", "tcp", 3306),
    ("redis", "tcp", 6379),
    ("redismod", "tcp", 6379),
    ("valkey", "tcp", 6379),
    ("rabbitmq", "tcp", 5672),
    ("kafka", "tcp", 9092),
    ("mongo", "tcp", 27017),
    ("memcached", "tcp", 11211),
    ("nats", "tcp", 4222),
    ("zookeeper", "tcp", 2181),
    ("cassandra", "tcp", 9042),
];

/// What a service speaks that is no HTTP, told by its image, and at which port.
pub(super) fn protocol(service: &Service) -> Option<(&'static str, u16)> {
    // What is built here has a name that tells nothing.
    let Image::Named {
        name, build: None, ..
    } = &service.image
    else {
        return None;
    };
    let name = name
        .rsplit('/')
        .next()
        .unwrap_or(name)
        .split([':', '@'])
        .next()
        .unwrap_or(name);
    // An exporter or a web page for a database is none itself.
    let words: Vec<&str> = name.split(['-', '_', '.']).collect();
    let beside = ["exporter", "commander", "admin", "express", "ui", "proxy"];
    let found = IMAGES
        .iter()
        .find(|(word, _, _)| words.iter().any(|part| part.starts_with(word)));
    let (_, protocol, port) = found.filter(|_| !words.iter().any(|part| beside.contains(part)))?;
    let declared = service.ports.keys().next().copied();
    let port = match service.ports.contains_key(port) {
        true => *port,
        false => declared.unwrap_or(*port),
    };
    Some((protocol, port))
}

/// Where a database is asked, with what its environment says of users and passwords.
fn sql(service: &Service, protocol: &str, port: u16) -> Option<String> {
    let any = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| service.environment.get(*name))
            .cloned()
    };
    let (scheme, user, password, database) = match (protocol, port) {
        ("postgres", _) => {
            let user = any(&["POSTGRES_USER"]).unwrap_or_else(|| "postgres".to_owned());
            let database = any(&["POSTGRES_DB"]).unwrap_or_else(|| user.clone());
            ("postgres", user, any(&["POSTGRES_PASSWORD"])?, database)
        }
        (_, 3306) => {
            let root = any(&["MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"])
                .map(|password| ("root".to_owned(), password));
            let own = any(&["MYSQL_USER", "MARIADB_USER"])
                .zip(any(&["MYSQL_PASSWORD", "MARIADB_PASSWORD"]));
            let (user, password) = own.or(root)?;
            (
                "mysql",
                user,
                password,
                any(&["MYSQL_DATABASE", "MARIADB_DATABASE"])?,
            )
        }
        _ => return None,
    };
    let mut url = url::Url::parse(&format!("{scheme}://{}:{port}", service.name)).ok()?;
    url.set_username(&user).ok()?;
    url.set_password(Some(&password)).ok()?;
    url.set_path(&database);
    Some(url.to_string())
}

/// A URL with a variable of `.env` in the place of its password, where one has it: what is kept out of compose files stays
/// out of this one.
fn by_name(sql: &str, variables: &BTreeMap<String, String>) -> String {
    let sql = sql.replace('$', "$$");
    let Some((user, rest)) = sql.split_once('@') else {
        return sql;
    };
    let Some((before, password)) = user.rsplit_once(':') else {
        return sql;
    };
    let has_it = |(name, value): &(&String, &String)| {
        *value == password && name.to_uppercase().contains("PASS")
    };
    match variables.iter().find(has_it) {
        Some((name, _)) => format!("{before}:${{{name}}}@{rest}"),
        None => sql.clone(),
    }
}

/// A compose file to be laid over the user's own; `None` where there is nothing to say.
pub fn overlay(stack: &Stack) -> Option<String> {
    let mut text = String::new();
    let variables = stack.dotenv();
    for service in stack.services.values() {
        let Some((protocol, port)) = protocol(service) else {
            continue;
        };
        let mut said = Vec::new();
        // What the user says counts.
        if matches!(service.ports.get(&port), None | Some(Protocol::Sniffed)) {
            said.push(format!("ports: {{{port}: {protocol}}}"));
        }
        let sql = sql(service, protocol, port).filter(|_| service.sql.is_none());
        let sql = sql.map(|sql| by_name(&sql, &variables));
        said.extend(sql.map(|sql| format!("sql: {}", yaml::text(&sql))));
        if said.is_empty() {
            continue;
        }
        let said = said.join(", ");
        let _ = writeln!(
            text,
            "  {}:\n    x-shakedown: {{{said}}}",
            yaml::text(&service.name)
        );
    }
    let head = "# Laid over compose.yaml by shakedown alone: what ports speak, and where databases are asked.\n\
                # A service can say here how it runs as a local process, and when it is ready:\n\
                #   x-shakedown: {process: [./web, --port, \"8000\"], ready: {http: /health, within: 20s}}\n\
                services:\n";
    (!text.is_empty()).then(|| format!("{head}{text}"))
}

//! Finds the hosts in what services are told: `http://site:8000`, `db:5432`, `site`.

use regex::{Captures, Regex};
use std::sync::LazyLock;

/// Something that may be a host: not part of a longer host name, a path or a word, and maybe with a port.
static HOST: LazyLock<Regex> = LazyLock::new(|| {
    const PATTERN: &str = concat!(
        r#"(?P<before>^|(?:(?P<scheme>[a-z]+):)?//|[@=,;\s("'\[])"#,
        r"(?P<host>[A-Za-z0-9][A-Za-z0-9_.-]*)",
        r#"(?P<after>:(?P<port>[0-9]+)|$|[/,;?\s)"'\]])"#
    );
    Regex::new(PATTERN).expect("the pattern is a constant")
});

/// What a text is that is one word and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// A host, if there is one of that name.
    Host,
    /// Just a word, such as a role, a user or a database.
    Word,
}

/// How the last word of a variable ends that is no host, though a host may be called so.
const NO_HOSTS: [&str; 7] = [
    "USER", "NAME", "PASS", "PASSWORD", "ROLE", "DATABASE", "_DB",
];
/// How an option ends that takes a host.
const HOST_OPTIONS: [&str; 8] = [
    "host", "hostname", "addr", "address", "server", "peer", "broker", "endpoint",
];

impl Bare {
    /// In the value of a variable.
    pub fn in_variable(name: &str) -> Bare {
        let name = name.to_uppercase();
        let host = ["HOSTNAME", "HOST_NAME"]
            .iter()
            .any(|end| name.ends_with(end));
        match !host && NO_HOSTS.iter().any(|end| name.ends_with(end)) {
            true => Bare::Word,
            false => Bare::Host,
        }
    }

    /// In an argument behind another one.
    pub fn in_argument(before: &str) -> Bare {
        match takes_host(before) {
            true => Bare::Host,
            false => Bare::Word,
        }
    }
}

/// Whether an argument is an option that takes a host.
fn takes_host(argument: &str) -> bool {
    let name = argument.to_lowercase();
    let ends = || HOST_OPTIONS.iter().any(|end| name.ends_with(end));
    name == "-h" || name.starts_with('-') && ends()
}

/// The hosts that a text certainly names, with their ports: in a URL, before a port, behind an option, or as the whole
/// text where that is one. A URL without a port has its scheme's.
pub fn mentions(text: &str, bare: Bare) -> Vec<(String, Option<u16>)> {
    let found = HOST
        .captures_iter(text)
        .filter(|found| certain(found, text, bare));
    found
        .map(|found| (found["host"].to_owned(), port(&found)))
        .collect()
}

/// The text with each host that it certainly names replaced, where `replace` gives something for it.
pub fn rewrite(text: &str, bare: Bare, replace: impl Fn(&str) -> Option<String>) -> String {
    let replaced = HOST.replace_all(text, |found: &Captures<'_>| {
        let other = replace(&found["host"]).filter(|_| certain(found, text, bare));
        match other {
            Some(other) => format!("{}{other}{}", &found["before"], &found["after"]),
            None => found[0].to_owned(),
        }
    });
    replaced.into_owned()
}

/// A bare word is a host only in a URL, before a port, behind an option that takes one, or when there is nothing else
/// and it stands where hosts do.
fn certain(found: &Captures<'_>, text: &str, bare: Bare) -> bool {
    let host = &found["host"];
    let option = || {
        let option = text.strip_suffix(host)?.strip_suffix('=')?;
        Some(takes_host(option))
    };
    found["before"].ends_with("//")
        || found.name("port").is_some()
        || host == text && bare == Bare::Host
        || host == "0.0.0.0"
        || option().unwrap_or_default()
}

fn port(found: &Captures<'_>) -> Option<u16> {
    let given = found
        .name("port")
        .and_then(|port| port.as_str().parse().ok());
    given.or_else(|| match found.name("scheme")?.as_str() {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_are_found_with_their_ports() {
        let cases = [
            ("http://site:8000/a", vec![("site", Some(8000))]),
            ("http://site/a", vec![("site", Some(80))]),
            ("postgres://u:p@db:5432/x", vec![("db", Some(5432))]),
            ("site:1, db:2", vec![("site", Some(1)), ("db", Some(2))]),
            ("db", vec![("db", None)]),
            ("a site of mine", vec![]),
        ];
        for (text, expected) in cases {
            let found = mentions(text, Bare::Host);
            // What stands before `@` is a user and a password; no service is called so by chance.
            let found: Vec<_> = found
                .iter()
                .map(|(host, port)| (host.as_str(), *port))
                .collect();
            let missing: Vec<_> = expected
                .iter()
                .filter(|wanted| !found.contains(wanted))
                .collect();
            assert!(
                missing.is_empty() && (!expected.is_empty() || found.is_empty()),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn names_are_replaced_where_they_stand_as_hosts_and_nowhere_else() {
        let address = |name: &str| match name {
            "site" => Some("127.9.1.1".to_owned()),
            "db" => Some("127.9.1.2".to_owned()),
            "0.0.0.0" => Some("127.9.0.4".to_owned()),
            _ => None,
        };
        let cases = [
            (
                "http://site:8000/a?b=db:1",
                "http://127.9.1.1:8000/a?b=127.9.1.2:1",
            ),
            ("http://site", "http://127.9.1.1"),
            ("http://site/a", "http://127.9.1.1/a"),
            (
                "postgres://u:p@db:5432/x",
                "postgres://u:p@127.9.1.2:5432/x",
            ),
            (
                "--peers=site:8000,db:5432",
                "--peers=127.9.1.1:8000,127.9.1.2:5432",
            ),
            ("site:8000 db:5432", "127.9.1.1:8000 127.9.1.2:5432"),
            ("db", "127.9.1.2"),
            ("0.0.0.0:8000", "127.9.0.4:8000"),
            ("my-site:8000", "my-site:8000"),
            ("site.example:8000", "site.example:8000"),
            ("a site of mine", "a site of mine"),
            ("/var/lib/db/data", "/var/lib/db/data"),
            ("site_x:1", "site_x:1"),
            ("serve codabench/site", "serve codabench/site"),
            ("db=1", "db=1"),
            ("10.0.0.0:80", "10.0.0.0:80"),
            ("--host=db", "--host=127.9.1.2"),
            ("--role=db", "--role=db"),
            ("host=db", "host=db"),
        ];
        for (text, expected) in cases {
            assert_eq!(rewrite(text, Bare::Host, address), expected, "{text}");
            let bare = text == "db";
            let expected = if bare { text } else { expected };
            assert_eq!(rewrite(text, Bare::Word, address), expected, "{text}");
        }
    }

    #[test]
    fn a_word_by_itself_is_a_host_where_hosts_stand() {
        for (name, expected) in [
            ("DB_HOST", Bare::Host),
            ("DB_HOSTNAME", Bare::Host),
            ("db_host_name", Bare::Host),
            ("DB", Bare::Host),
            ("USER_SERVICE", Bare::Host),
            ("DB_USER", Bare::Word),
            ("PGUSER", Bare::Word),
            ("db_username", Bare::Word),
            ("DB_PASSWORD", Bare::Word),
            ("DB_PASS", Bare::Word),
            ("MYSQL_DATABASE", Bare::Word),
            ("POSTGRES_DB", Bare::Word),
            ("APP_ROLE", Bare::Word),
        ] {
            assert_eq!(Bare::in_variable(name), expected, "{name}");
        }
        for (before, expected) in [
            ("--host", Bare::Host),
            ("--db-host", Bare::Host),
            ("-h", Bare::Host),
            ("--role", Bare::Word),
            ("host", Bare::Word),
        ] {
            assert_eq!(Bare::in_argument(before), expected, "{before}");
        }
    }

    proptest! {
        #[test]
        fn a_text_without_a_known_name_is_left_alone(text in "[a-z0-9:/@=,.? -]{0,40}") {
            prop_assert_eq!(rewrite(&text, Bare::Host, |_| None), text);
        }
    }
}

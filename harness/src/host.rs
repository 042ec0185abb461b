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

/// The hosts that a text certainly names, with their ports: in a URL, before a port, or as the whole text. A URL
/// without a port has its scheme's.
pub fn mentions(text: &str) -> Vec<(String, Option<u16>)> {
    let found = HOST
        .captures_iter(text)
        .filter(|found| certain(found, text));
    found
        .map(|found| (found["host"].to_owned(), port(&found)))
        .collect()
}

/// The text with each host that it certainly names replaced, where `replace` gives something for it.
pub fn rewrite(text: &str, replace: impl Fn(&str) -> Option<String>) -> String {
    let replaced = HOST.replace_all(text, |found: &Captures<'_>| {
        let other = replace(&found["host"]).filter(|_| certain(found, text));
        match other {
            Some(other) => format!("{}{other}{}", &found["before"], &found["after"]),
            None => found[0].to_owned(),
        }
    });
    replaced.into_owned()
}

/// A bare word is a host only in a URL, before a port, or when there is nothing else.
fn certain(found: &Captures<'_>, text: &str) -> bool {
    let host = &found["host"];
    found["before"].ends_with("//")
        || found.name("port").is_some()
        || host == text
        || host == "0.0.0.0"
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
            let found = mentions(text);
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
        ];
        for (text, expected) in cases {
            assert_eq!(rewrite(text, address), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_without_a_known_name_is_left_alone(text in "[a-z0-9:/@=,.? -]{0,40}") {
            prop_assert_eq!(rewrite(&text, |_| None), text);
        }
    }
}

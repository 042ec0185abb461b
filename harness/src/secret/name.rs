//! Names that say that what they name is a secret.

use std::collections::HashSet;

/// One word of a name is enough, in the singular or the plural.
const WORDS: [&str; 10] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "credential",
    "authorization",
    "cookie",
    "apikey",
];
/// These end a longer word: `PGPASSWORD`, `authtoken`.
const ENDS: [&str; 5] = ["token", "secret", "password", "passwd", "apikey"];
/// These are meant only at the end of a name that has more words: `DB_PASS`, `MYSQL_PWD`.
const LAST: [&str; 2] = ["pass", "pwd"];
/// A key is a secret behind one of these.
const KEYS: [&str; 12] = [
    "access",
    "account",
    "api",
    "auth",
    "encryption",
    "license",
    "master",
    "private",
    "secret",
    "session",
    "shared",
    "signing",
];
/// What is said about a secret is none: `TOKEN_URL`, `PASSWORD_MIN_LENGTH`.
const ABOUT: [&str; 47] = [
    "age",
    "algorithm",
    "attempts",
    "audience",
    "count",
    "days",
    "dir",
    "domain",
    "enabled",
    "endpoint",
    "expiration",
    "expires",
    "expiry",
    "file",
    "folder",
    "format",
    "header",
    "host",
    "hours",
    "id",
    "interval",
    "issuer",
    "length",
    "limit",
    "max",
    "min",
    "minutes",
    "name",
    "path",
    "policy",
    "port",
    "prefix",
    "region",
    "required",
    "retries",
    "samesite",
    "seconds",
    "secure",
    "size",
    "state",
    "status",
    "suffix",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
];

/// Which names name secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    declared: HashSet<String>,
    spared: HashSet<String>,
}

impl Names {
    /// Those that look like it, and those that somebody declares; `!NAME` is none, whatever it looks like. Large and
    /// small letters, `-` and `_` are the same.
    pub fn new(declared: &[String]) -> Names {
        let (spared, declared): (Vec<&String>, Vec<&String>) =
            declared.iter().partition(|name| name.starts_with('!'));
        Names {
            declared: declared.into_iter().map(|name| plain(name)).collect(),
            spared: spared.into_iter().map(|name| plain(&name[1..])).collect(),
        }
    }

    /// Whether a variable or a header has a secret: a word of its name says so anywhere.
    pub fn variable(&self, name: &str) -> bool {
        self.declares(name).unwrap_or_else(|| {
            let words = words(name);
            let about = words
                .last()
                .is_some_and(|word| ABOUT.contains(&word.as_str()));
            let told = (0..words.len()).any(|i| secret(&words, i));
            told && !about && !name.to_ascii_lowercase().starts_with("access-control-")
        })
    }

    /// Whether a field of a body or a parameter of a query has one: the last word says so. Bodies have many names, and
    /// `token_type` is no secret.
    pub fn field(&self, name: &str) -> bool {
        self.declares(name).unwrap_or_else(|| {
            let words = words(name);
            words
                .len()
                .checked_sub(1)
                .is_some_and(|last| secret(&words, last))
        })
    }

    /// Whether some are declared, which may look like anything.
    pub(super) fn declares_any(&self) -> bool {
        !self.declared.is_empty()
    }

    fn declares(&self, name: &str) -> Option<bool> {
        let name = plain(name);
        match self.spared.contains(&name) {
            true => Some(false),
            false => self.declared.contains(&name).then_some(true),
        }
    }
}

fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

/// Whether the word at a place of a name says that it names a secret.
fn secret(words: &[String], i: usize) -> bool {
    let word = words[i].as_str();
    let single = word.strip_suffix('s').unwrap_or(word);
    let last = i + 1 == words.len() && i > 0 && LAST.contains(&word);
    let key = i > 0 && single == "key" && KEYS.contains(&words[i - 1].as_str());
    WORDS.contains(&single) || ENDS.iter().any(|end| single.ends_with(end)) || last || key
}

/// The words of a name, in small letters: `accessToken`, `ACCESS_TOKEN` and `access-token` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for c in name.chars() {
        let begins = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if begins {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_those_about_them() {
        assert!(ABOUT.is_sorted() && KEYS.is_sorted());
        let names = Names::new(&["Dsn".to_owned(), "!page-token".to_owned()]);
        for name in [
            "POSTGRES_PASSWORD",
            "PGPASSWORD",
            "DB_PASS",
            "MYSQL_PWD",
            "API_TOKENS",
            "SECRET_KEY_BASE",
            "AWS_SECRET_ACCESS_KEY",
            "authorization",
            "Set-Cookie",
            "x-api-key",
            "X-ApiKey",
            "DSN",
            "TOKEN_GITHUB",
            "privateKey",
            "GOOGLE_CREDENTIALS",
        ] {
            assert!(names.variable(name), "{name}");
        }
        for name in [
            "PWD",
            "OLDPWD",
            "PASS",
            "TOKEN_URL",
            "PASSWORD_MIN_LENGTH",
            "COOKIE_DOMAIN",
            "PAGE_TOKEN",
            "POSTGRES_PASSWORD_FILE",
            "access-control-allow-credentials",
            "idempotency-key",
            "compass",
            "keyboard",
            "PUBLIC_KEY",
            "COMPASS_MODE",
        ] {
            assert!(!names.variable(name), "{name}");
        }
        for name in [
            "token",
            "accessToken",
            "refresh_token",
            "client_secret",
            "password",
            "api-key",
            "dsn",
        ] {
            assert!(names.field(name), "{name}");
        }
        for name in [
            "token_type",
            "tokenStatus",
            "password_changed_at",
            "page_token",
            "key",
            "secret_name",
        ] {
            assert!(!names.field(name), "{name}");
        }
    }
}

//! Values that are not searched for although a name says that they are secrets: replacing them wherever they turn up
//! would hide what is no secret.

/// Shorter ones turn up by chance.
const MIN_CHARS: usize = 8;
/// Numbers of fewer digits are ids and times.
const MIN_DIGITS: usize = 12;

/// What people write where a secret should be, and words that stand behind `Bearer` or `password` in prose.
const COMMON: [&str; 42] = [
    "admin123",
    "administrator",
    "application/json",
    "authentication",
    "authorization",
    "changeit",
    "changeme",
    "credential",
    "credentials",
    "database",
    "default-token",
    "development",
    "disabled",
    "insecure",
    "localhost",
    "minioadmin",
    "mypassword",
    "mysecret",
    "optional",
    "passphrase",
    "passw0rd",
    "password",
    "password1",
    "password123",
    "placeholder",
    "postgres",
    "postgresql",
    "production",
    "rabbitmq",
    "redacted",
    "required",
    "rootpassword",
    "secretkey",
    "supersecret",
    "test-token",
    "testpassword",
    "testtest",
    "unauthorized",
    "undefined",
    "username",
    "webmaster",
    "xxxxxxxx",
];

/// Whether a value may be searched for in texts.
pub(super) fn searchable(value: &str) -> bool {
    let number = value
        .chars()
        .all(|c| c.is_ascii_digit() || c == '.' || c == '-');
    let least = if number { MIN_DIGITS } else { MIN_CHARS };
    let mut chars = value.chars();
    let first = chars.next();
    let same = chars.all(|c| Some(c) == first);
    value.chars().count() >= least && !same && !common(value)
}

/// Whether a value is a word that many files have.
pub(super) fn common(value: &str) -> bool {
    let lower = value.to_lowercase();
    COMMON.binary_search(&lower.as_str()).is_ok() || lower.contains("[redacted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_or_common_or_a_plain_number_is_not_searched_for() {
        assert!(COMMON.is_sorted());
        for value in [
            "",
            "hunter2",
            "Postgres",
            "12345678",
            "2026-11-26",
            "--------",
            "[redacted 3]",
        ] {
            assert!(!searchable(value), "{value}");
        }
        for value in [
            "hunter22",
            "123456789012",
            "correct horse battery staple",
            "pässwörd",
        ] {
            assert!(searchable(value), "{value}");
        }
    }
}
